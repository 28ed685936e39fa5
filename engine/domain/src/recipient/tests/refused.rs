//! What is refused, in which field and by which word. Apart from `taken.rs` so that each table can be
//! read whole.

use super::*;

/// Type, fields, refused fields with their words.
#[rustfmt::skip]
const REFUSED: &[(&str, &[&str], &str)] = &[
    ("cash",         &[],                                                "type invalid_type"),
    ("bank_account", &[ANNA, IBAN],                                      "country required"),
    ("bank_account", &[ANNA, IBAN, "country=de"],                        "country invalid_country"),
    ("bank_account", &[ANNA, IBAN, "country=XX"],                        "country invalid_country"),
    ("bank_account", &[ANNA, IBAN, "country=AT"],                        "iban country_mismatch"),
    ("bank_account", &["name=", "country=DE"],                           "name invalid_name"),
    ("bank_account", &["name=  ", "country=DE"],                         "name invalid_name"),
    ("bank_account", &["name=Anna\nSchmidt", "country=DE"],              "name invalid_name"),
    ("bank_account", &["name=Anna \u{202e}tdimhcS", "country=DE"],       "name invalid_name"),
    ("bank_account", &["iban=DE88370400440532013000", "country=DE"],     "iban invalid_iban"),
    ("bank_account", &["iban=DE8937040044053201300", "country=DE"],      "iban invalid_iban"),
    // Divisible as they should be, but with check digits that no bank issues.
    ("bank_account", &["iban=DE00500105170000000001", "country=DE"],     "iban invalid_iban"),
    ("bank_account", &["iban=DE01500105170000000080", "country=DE"],     "iban invalid_iban"),
    ("bank_account", &["iban=DE99500105170000000062", "country=DE"],     "iban invalid_iban"),
    ("bank_account", &["iban=", "country=DE"],                           "iban invalid_iban"),
    ("bank_account", &[IBAN, "account_number=1234", "bank_code=37040044", "country=DE"], "iban conflicting_fields"),
    ("bank_account", &[IBAN, "bank_code=37040044", "country=DE"],        "iban conflicting_fields"),
    ("bank_account", &["account_number=1234", "country=US"],             "bank_code required"),
    ("bank_account", &["bank_code=021000021", "country=US"],             "account_number required"),
    ("bank_account", &["account_number=123", "bank_code=1", "country=US"], "account_number invalid_account_number, bank_code invalid_bank_code"),
    ("bank_account", &[IBAN, "country=DE", "bic=DEUTDEFFX"],             "bic invalid_bic"),
    ("bank_account", &[IBAN, "country=DE", "bic=COBAXXFF"],              "bic invalid_bic"),
    ("bank_account", &[IBAN, "country=DE", "bic=BNPAFRPP"],              "bic country_mismatch"),
    ("bank_account", &[IBAN, "country=DE", "number=+4915112345678"],     "number unexpected_field"),
    ("bank_account", &["name=4111 1111 1111 1111", "country=DE"],        "name card_number_refused"),
    ("phone",        &["number=+254712345678"],                          "country required"),
    ("phone",        &["number=254712345678", "country=KE"],             "number invalid_number"),
    ("phone",        &["number=+254 712 345678", "country=KE"],          "number invalid_number"),
    ("phone",        &["number=+2547123", "country=KE"],                 "number invalid_number"),
    ("phone",        &["number=+2547123456789012", "country=KE"],        "number invalid_number"),
    ("phone",        &["number=+254712345678", "country=UG"],            "number country_mismatch"),
    ("phone",        &["number=+12423456789", "country=US"],             "number country_mismatch"),
    ("phone",        &["number=+12125550123", "country=BS"],             "number country_mismatch"),
    ("phone",        &["number=+77012345678", "country=RU"],             "number country_mismatch"),
    ("phone",        &["number=+99912345678", "country=KE"],             "number country_mismatch"),
    ("phone",        &["country=KE", "network="],                        "network invalid_network"),
    ("card",         &["token=4111111111111111"],                        "token card_number_refused"),
    ("card",         &["token=4111-1111-1111-1111"],                     "token card_number_refused"),
    ("card",         &["number=4111111111111111"],                       "number card_number_refused"),
    ("card",         &["token=tok_1", "account_number=5555555555554444"], "account_number card_number_refused"),
    ("card",         &["token=tok 1"],                                   "token invalid_token"),
    ("card",         &["token=tok_1", "name=Anna"],                      "name unexpected_field"),
    ("card",         &["token=tok_1", "sim_status=processed"],           "sim_status invalid_control_word"),
    ("wallet",       &["email=a@example.com", "wallet_id=1"],            "email conflicting_fields"),
    ("wallet",       &["wallet_id=5555 5555 5555 4444"],                 "wallet_id card_number_refused"),
    ("wallet",       &["wallet_id=<script>"],                            "wallet_id invalid_wallet_id"),
    ("wallet",       &["wallet_id=1", "sim_status=PROCESSED"],           "sim_status unexpected_field"),
    ("crypto_address", &[TRON],                                          "network required"),
    ("crypto_address", &["network=tron"],                                "address required"),
    ("crypto_address", &["network=dogecoin", TRON],                      "network invalid_network"),
    ("crypto_address", &["network=ethereum", TRON],                      "address invalid_address"),
    ("crypto_address", &["network=tron", TRON, "memo=\u{7}"],            "memo invalid_memo"),
    ("crypto_address", &["network=tron", TRON, "memo=4111111111111111"], "memo card_number_refused"),
];

#[test]
fn recipients_that_are_refused() {
    for (kind, fields, expected) in REFUSED {
        let errors = Recipient::build(input(kind, fields)).unwrap_err();
        assert_eq!(words(&errors), *expected, "{kind} {fields:?}");
        for (error, value) in
            errors.iter().flat_map(|error| fields.iter().map(move |pair| (error, pair)))
        {
            let (_, value) = value.split_once('=').unwrap();
            assert!(
                value.len() < 5 || !error.detail.contains(value),
                "{} repeats the value",
                error.field
            );
        }
    }
    assert_eq!(words(&Recipient::build(later(&[ANNA])).unwrap_err()), "type required");
}

#[test]
fn lengths_are_limited() {
    let table = [
        ("bank_account", Field::Name, 140, "n"),
        ("phone", Field::Network, 40, "n"),
        ("card", Field::Token, 128, "t"),
        ("card", Field::SimStatus, 40, "S"),
        ("wallet", Field::WalletId, 128, "w"),
        ("crypto_address", Field::Memo, 100, "m"),
    ];
    for (kind, field, max, letter) in table {
        let refused = |length: usize| {
            let mut input = input(kind, &[]);
            *input.slot(field) = Some(letter.repeat(length));
            let errors = Recipient::build(input).err().unwrap_or_default();
            errors.iter().any(|error| error.field == field.path())
        };
        assert_eq!((refused(max), refused(max + 1)), (false, true), "{kind} {field:?}");
    }
}

#[test]
fn email_addresses_are_checked_strictly() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_domain = format!("a@{}.com", "d".repeat(64));
    let long_address = format!("a@{}com", "domain.".repeat(36));
    let refused = [
        "",
        "@",
        "a@",
        "@example.com",
        "a@b@example.com",
        "a example@example.com",
        "a@example",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a@-example.com",
        "a@example-.com",
        "a@example..com",
        "a@.com",
        "a@example.c",
        "a@127.0.0.1",
        "a@[127.0.0.1]",
        "\"a\"@example.com",
        "ä@example.com",
        "a@exämple.com",
        "=cmd@example.com",
        "a<b@example.com",
        "a@example.com ",
        "a@example.com\n",
        &long_local,
        &long_domain,
        &long_address,
    ];
    for email in refused {
        let wallet = Recipient::build(RecipientInput {
            email: Some(email.to_owned()),
            ..input("wallet", &[])
        });
        assert_eq!(words(&wallet.unwrap_err()), "email invalid_email", "{email:?}");
    }
}
