//! Amounts in the words of merchants: what they may write, what it becomes, what is refused. Apart
//! from `money.rs` so that the rules there fit one screen.

use super::*;
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn amount(text: &str, code: &str) -> Amount {
    Amount::parse(text, currency(code)).unwrap()
}

#[test]
fn an_amount_prints_as_its_currency_is_written() {
    let table = [
        ("125.4", "EUR", "125.40", 12_540),
        ("125.40", "EUR", "125.40", 12_540),
        ("125", "EUR", "125.00", 12_500),
        ("0.01", "EUR", "0.01", 1),
        ("125", "JPY", "125", 125),
        ("1.5", "KWD", "1.500", 1_500),
        ("999999999999999999.99", "USD", "999999999999999999.99", 99_999_999_999_999_999_999),
    ];
    for (text, code, printed, minor) in table {
        let read = amount(text, code);
        assert_eq!(
            (read.to_string().as_str(), read.minor_units()),
            (printed, minor),
            "{text} {code}"
        );
        assert_eq!(Amount::from_minor_units(minor, currency(code)), Ok(read));
        assert_eq!(Amount::from_decimal(read.value().normalize(), currency(code)), Ok(read));
    }
}

#[test]
fn what_is_no_amount_is_refused_with_a_stable_code() {
    let table = [
        ("", "EUR", "invalid_amount"),
        ("-5", "EUR", "invalid_amount"),
        ("+5", "EUR", "invalid_amount"),
        (" 5", "EUR", "invalid_amount"),
        ("5 ", "EUR", "invalid_amount"),
        ("5.", "EUR", "invalid_amount"),
        (".5", "EUR", "invalid_amount"),
        (".", "EUR", "invalid_amount"),
        ("1.2.3", "EUR", "invalid_amount"),
        ("1,5", "EUR", "invalid_amount"),
        ("1_000", "EUR", "invalid_amount"),
        ("1e3", "EUR", "invalid_amount"),
        ("NaN", "EUR", "invalid_amount"),
        ("05", "EUR", "invalid_amount"),
        ("00.5", "EUR", "invalid_amount"),
        ("٣", "EUR", "invalid_amount"),
        ("1.234", "EUR", "amount_too_precise"),
        ("1.230", "EUR", "amount_too_precise"),
        ("1.0", "JPY", "amount_too_precise"),
        ("0", "EUR", "amount_not_positive"),
        ("0.00", "EUR", "amount_not_positive"),
        ("1000000000000000000", "EUR", "amount_too_large"),
        ("99999999999999999999999999999999999999999999", "EUR", "amount_too_large"),
    ];
    for (text, code, refusal) in table {
        let error = Amount::parse(text, currency(code)).unwrap_err();
        assert_eq!(error.code(), refusal, "{text:?} {code}");
        assert!(
            text.len() < 6 || !error.to_string().contains(text),
            "the refusal repeats {text:?}"
        );
    }
}

#[test]
fn a_reported_decimal_may_have_idle_zeros_but_no_idle_cents() {
    let report = |text: &str| Amount::from_decimal(text.parse().unwrap(), currency("EUR"));
    assert_eq!(report("60.000000"), Ok(amount("60", "EUR")));
    assert_eq!(report("60.001"), Err(InvalidAmount::TooPrecise { allowed: 2 }));
    assert_eq!(report("-1"), Err(InvalidAmount::NotPositive));
    assert_eq!(report("0"), Err(InvalidAmount::NotPositive));
    assert_eq!(report("1000000000000000000"), Err(InvalidAmount::TooLarge));
    assert_eq!(Amount::from_minor_units(u128::MAX, currency("EUR")), Err(InvalidAmount::TooLarge));
    assert_eq!(Amount::from_minor_units(0, currency("EUR")), Err(InvalidAmount::NotPositive));
}

#[test]
fn sums_and_differences_are_checked() {
    let (ten, four) = (amount("10", "EUR"), amount("4.01", "EUR"));
    assert_eq!(ten.checked_add(four), Some(amount("14.01", "EUR")));
    assert_eq!(ten.checked_sub(four), Some(amount("5.99", "EUR")));
    assert_eq!(four.checked_sub(ten), None, "less than zero");
    assert_eq!(ten.checked_sub(ten), None, "nothing left");
    assert_eq!(ten.checked_add(amount("10", "JPY")), None, "two currencies");
    let most = amount("999999999999999999", "EUR");
    assert_eq!(most.checked_add(most), None, "too large");
    assert!(four < ten);
}

#[test]
fn assets_have_their_own_decimals_and_chains() {
    let table = [
        ("BTC", "0.00211", "0.00211000"),
        ("ETH", "1", "1.000000000000000000"),
        ("XRP", "2.5", "2.500000"),
    ];
    for (symbol, text, printed) in table {
        let asset: Asset = symbol.parse().unwrap();
        assert_eq!(asset.to_string(), symbol);
        assert_eq!(AssetAmount::parse(text, asset).unwrap().to_string(), printed);
    }
    assert_eq!(
        AssetAmount::parse("0.000000001", Asset::Btc),
        Err(InvalidAmount::TooPrecise { allowed: 8 })
    );
    assert_eq!(AssetAmount::parse("99999999999", Asset::Eth), Err(InvalidAmount::TooLarge));
    assert_eq!("DOGE".parse::<Asset>(), Err(UnknownAsset));
    assert!(Asset::ALL.iter().all(|asset| !asset.networks().is_empty() && asset.decimals() <= 18));
}

#[test]
fn what_is_sent_on_a_chain_can_be_sent_there() {
    for network in crate::recipient::Network::ALL {
        let asset = Asset::sent_on(network);
        assert!(asset.networks().contains(&network), "{asset} on {network}");
    }
}

#[test]
fn a_conversion_never_settles_more_than_its_rate_says() {
    let convert =
        |text: &str, asset| AssetAmount::from_decimal_rounded_down(text.parse().unwrap(), asset);
    assert_eq!(convert("0.002119999999", Asset::Btc).unwrap().to_string(), "0.00211999");
    assert_eq!(convert("2", Asset::Sol).unwrap().smallest_units(), 2_000_000_000);
    assert_eq!(convert("0.000000001", Asset::Btc), Err(InvalidAmount::NotPositive));
    assert_eq!(convert("99999999999", Asset::Eth), Err(InvalidAmount::TooLarge));
}

#[test]
fn damaged_bytes_are_noticed() {
    let good = <[u8; 16]>::from(amount("125.40", "EUR"));
    let read = |bytes: [u8; 16]| {
        let read = bincode::decode_from_slice::<Amount, _>(&bytes, bincode::config::standard());
        read.map(|(amount, _)| amount)
    };
    assert_eq!(read(good).unwrap(), amount("125.40", "EUR"));
    let damage: [(&str, usize, u8); 4] =
        [("a flag", 0, 1), ("a flag", 1, 1), ("a scale of 28", 2, 28), ("a sign", 3, 0x80)];
    for (what, place, byte) in damage {
        let mut bad = good;
        bad[place] = byte;
        assert!(read(bad).is_err(), "{what}");
    }
    assert!(read(Decimal::ZERO.serialize()).is_err(), "zero");
    assert!(read(Decimal::MAX.serialize()).is_err(), "too large");
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(minor in 1_u128..10_u128.pow(18), code in prop::sample::select(vec!["EUR", "JPY", "KWD"])) {
        let made = Amount::from_minor_units(minor, currency(code)).unwrap();
        let read = Amount::parse(&made.to_string(), currency(code)).unwrap();
        prop_assert_eq!(read, made);
        prop_assert_eq!(read.to_string(), made.to_string());
        prop_assert_eq!(Amount::try_from(<[u8; 16]>::from(made)), Ok(made));
    }

    #[test]
    fn adding_and_taking_away_come_back(a in 1_u128..10_u128.pow(15), b in 1_u128..10_u128.pow(15)) {
        let eur = currency("EUR");
        let (a, b) = (Amount::from_minor_units(a, eur).unwrap(), Amount::from_minor_units(b, eur).unwrap());
        prop_assert_eq!(a.checked_add(b).and_then(|sum| sum.checked_sub(b)), Some(a));
    }

    #[test]
    fn no_text_is_a_panic(text in "\\PC{0,40}|[0-9.+-]{0,60}") {
        let _ = Amount::parse(&text, currency("EUR"));
        let _ = AssetAmount::parse(&text, Asset::Eth);
    }
}
