//! IBANs against an arithmetic of the tests' own. Apart because it is the one field where a typing error
//! is money in a stranger's account.

use super::*;
use proptest::prelude::*;

#[test]
fn an_iban_is_kept_in_one_spelling() {
    for spelling in
        ["DE89 3704 0044 0532 0130 00", "de89370400440532013000", "DE893704 00440532013000 "]
    {
        let spelled = build("bank_account", &[&format!("iban={spelling}"), "country=DE"]);
        assert_eq!(spelled, build("bank_account", &[IBAN, "country=DE"]));
    }
}

/// Spaces do not count, but nobody sends a page of them: 64 characters are read.
#[test]
fn an_iban_with_too_many_spaces_is_refused_unread() {
    for (length, allowed) in [(64, None), (65, Some("at most 34 letters and digits"))] {
        let spaced = format!("{}{}", IBAN, " ".repeat(length - 22));
        let read = Recipient::build(input("bank_account", &[&spaced, "country=DE"]));
        let refused = read.err().map(|errors| errors[0].detail.clone());
        assert_eq!(refused.as_deref(), allowed, "{length} characters");
    }
}

/// Division by 97 over the rearranged digits, written here anew.
fn passes_mod_97(iban: &str) -> bool {
    let (head, account) = iban.split_at(4);
    let step = |rest: u32, c: char| match c.to_digit(36) {
        Some(value) if value > 9 => (rest * 100 + value) % 97,
        Some(value) => (rest * 10 + value) % 97,
        None => 97,
    };
    account.chars().chain(head.chars()).fold(0, step) == 1
}

/// The examples of SWIFT's IBAN registry.
const IBANS: [&str; 8] = [
    "DE89370400440532013000",
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    "NL91ABNA0417164300",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
    "SA0380000000608010167519",
    "BR1800360305000010009795493C1",
];

proptest! {
    #[test]
    fn a_changed_character_in_an_iban_is_noticed(
        iban in prop::sample::select(IBANS.to_vec()),
        place in 0..34_usize,
        wrong in "[0-9A-Z]",
    ) {
        let mut changed = iban.to_owned();
        let place = place % iban.len();
        changed.replace_range(place..=place, &wrong);
        let country = &iban[..2];
        let fields = [format!("iban={changed}"), format!("country={country}")];
        let read = Recipient::build(input("bank_account", &[&fields[0], &fields[1]]));
        prop_assert!(read.is_err() || passes_mod_97(&changed));
        prop_assert!(changed != iban || read.is_ok());
        let digit_for_digit = iban.as_bytes()[place].is_ascii_digit() && wrong.as_bytes()[0].is_ascii_digit();
        prop_assert!(read.is_err() || !digit_for_digit || changed == iban, "97 is prime: a digit is never lost");
    }
}
