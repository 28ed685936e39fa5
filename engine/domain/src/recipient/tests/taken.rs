//! What merchants may send, and what it still wants before sending. Apart from `refused.rs`, its other
//! half, so that each table can be read whole.

use super::*;
use proptest::prelude::*;

/// Type, fields, what is missing before sending.
#[rustfmt::skip]
const TAKEN: &[(&str, &[&str], &[&str])] = &[
    ("bank_account", &[ANNA, IBAN, "country=DE"],                                  &[]),
    ("bank_account", &[ANNA, IBAN, "country=DE", "bic=COBADEFFXXX"],               &[]),
    ("bank_account", &[ANNA, IBAN, "country=DE", "bic=cobadeff"],                  &[]),
    ("bank_account", &["name=Zoë Ünal-Meier", IBAN, "country=DE"],                 &[]),
    ("bank_account", &[ANNA, "country=DE"],                                        &["recipient.iban"]),
    ("bank_account", &[IBAN, "country=DE"],                                        &["recipient.name"]),
    ("bank_account", &["country=DE"],                                              &["recipient.name", "recipient.iban"]),
    ("bank_account", &[ANNA, "country=US"],                                        &["recipient.account_number", "recipient.bank_code"]),
    ("bank_account", &[ANNA, "country=US", "account_number=000123456789", "bank_code=021000021"], &[]),
    ("bank_account", &[ANNA, "country=FR", "iban=FR1420041010050500013M02606", "bic=SOGEGPGXXXX"], &[]),
    ("phone",        &["country=KE", "number=+254712345678", "network=Safaricom"], &[]),
    ("phone",        &["country=KE"],                                              &["recipient.number"]),
    ("phone",        &["country=BS", "number=+12423456789"],                       &[]),
    ("phone",        &["country=US", "number=+12125550123"],                       &[]),
    ("phone",        &["country=KZ", "number=+77012345678"],                       &[]),
    ("card",         &["token=tok_1a2B-3c"],                                       &[]),
    ("card",         &["sim_status=PROCESS_FAILED", "sim_resolution=DECLINED_ERROR"], &["recipient.token"]),
    ("wallet",       &["email=name+001@example.com"],                              &[]),
    ("wallet",       &["email=a.b-c_d@mail.example.co.uk"],                        &[]),
    ("wallet",       &["wallet_id=acct:4711.x"],                                   &[]),
    ("wallet",       &[],                                                          &["recipient.email"]),
    ("crypto_address", &["network=tron", TRON],                                    &[]),
    ("crypto_address", &["network=xrp", "address=rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "memo=104729"], &[]),
];

#[test]
fn recipients_that_are_taken_and_what_they_still_want() {
    for (kind, fields, missing) in TAKEN {
        let recipient = build(kind, fields);
        assert_eq!(recipient.missing_details(), *missing, "{kind} {fields:?}");
        assert_eq!(recipient.complete(), missing.is_empty());
        assert_eq!(recipient.kind().word(), *kind);
        assert_eq!(
            Recipient::build(recipient.to_input()).as_ref(),
            Ok(&recipient),
            "its own words are refused"
        );
    }
}

/// Only banks and phones are in a country; a provider is chosen by it.
#[test]
fn where_the_money_goes() {
    for (kind, fields, _) in TAKEN {
        let named = fields.iter().find_map(|field| field.strip_prefix("country="));
        let country = build(kind, fields).country();
        assert_eq!(country.as_ref().map(Country::code), named, "{kind} {fields:?}");
    }
}

#[test]
fn only_an_address_on_a_chain_settles_in_an_asset() {
    for (kind, fields, _) in TAKEN {
        let settles = build(kind, fields).settles_in().map(|asset| asset.symbol());
        let expected = match *kind {
            "crypto_address" if fields.contains(&"network=tron") => Some("USDT"),
            "crypto_address" => Some("XRP"),
            _ => None,
        };
        assert_eq!(settles, expected, "{kind} {fields:?}");
    }
}

proptest! {
    #[test]
    fn no_input_is_a_panic(
        kind in prop::sample::select(RecipientKind::ALL.to_vec()),
        field in prop::sample::select(Field::ALL.to_vec()),
        text in "\\PC{0,60}|[A-Z0-9+@. -]{0,40}",
    ) {
        let mut input = input(kind.word(), &[]);
        *input.slot(field) = Some(text);
        if let Ok(recipient) = Recipient::build(input) {
            prop_assert_eq!(recipient.merge(recipient.to_input()), Ok(recipient.clone()));
            let _ = (recipient.masked(), recipient.suffix(), recipient.missing_details());
        }
    }
}
