//! Details that come after creation. Apart because here two inputs meet.

use super::*;

/// First given, then later, then what became of it: missing fields or refusals.
#[rustfmt::skip]
const LATER: &[(&str, &[&str], &[&str], &str)] = &[
    ("bank_account", &["country=DE"],             &[ANNA, IBAN],                      ""),
    ("bank_account", &["country=DE"],             &[IBAN],                            "recipient.name"),
    ("bank_account", &["country=DE"],             &[],                                "recipient.name recipient.iban"),
    ("bank_account", &["country=DE", ANNA, IBAN], &[ANNA, "iban=de89 3704 0044 0532 0130 00"], ""),
    ("bank_account", &["country=DE", IBAN],       &["type=bank_account", "country=DE", ANNA], ""),
    ("bank_account", &["country=DE", ANNA, IBAN], &["name=Eve Schmidt"],              "name already_given"),
    ("bank_account", &["country=DE", ANNA],       &["country=AT", "iban=AT611904300234573201"], "country already_given, iban country_mismatch"),
    ("bank_account", &["country=DE", ANNA],       &["type=phone"],                    "type already_given"),
    ("bank_account", &["country=DE", ANNA, IBAN], &["account_number=1234", "bank_code=37040044"], "iban conflicting_fields"),
    ("bank_account", &["country=DE"],             &["iban=DE88370400440532013000"],   "iban invalid_iban"),
    ("bank_account", &["country=DE"],             &["email=a@example.com"],           "email unexpected_field"),
    ("phone",        &["country=KE"],             &["number=+254712345678"],          ""),
    ("phone",        &["country=KE"],             &["number=+256712345678"],          "number country_mismatch"),
    ("card",         &[],                         &["token=tok_1"],                   ""),
    ("card",         &[],                         &["token=4111111111111111"],        "token card_number_refused"),
    ("card",         &["token=tok_1"],            &["token=tok_2"],                   "token already_given"),
    ("wallet",       &[],                         &["wallet_id=1"],                   ""),
    ("crypto_address", &["network=tron", TRON],   &["memo=1"],                        ""),
];

#[test]
fn details_that_come_later_add_and_never_change() {
    for (kind, first, then, expected) in LATER {
        let outcome = match build(kind, first).merge(later(then)) {
            Ok(recipient) => recipient.missing_details().join(" "),
            Err(errors) => words(&errors),
        };
        assert_eq!(outcome, *expected, "{kind} {first:?} then {then:?}");
    }
}
