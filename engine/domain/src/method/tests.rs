//! The declaration against the checks, and the rules against examples. Apart from `method.rs` because
//! they build recipients, and the declaration itself needs none.

use super::Wanted::AtCreation;
use super::*;
use crate::money::{Amount, Currency};
use crate::recipient::{Field, Recipient, RecipientInput};

fn good_value(field: Field) -> &'static str {
    match field {
        Field::Country => "KE",
        Field::Network => "tron",
        Field::Address => "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8",
        other => unreachable!("{other:?} is not wanted at creation"),
    }
}

fn input(method: Method, fields: impl Iterator<Item = Field>) -> RecipientInput {
    let mut input = RecipientInput {
        kind: Some(method.recipient_kind().word().to_owned()),
        ..Default::default()
    };
    for field in fields {
        *input.slot(field) = Some(good_value(field).to_owned());
    }
    input
}

#[test]
fn what_is_declared_is_what_is_checked() {
    for method in Method::ALL {
        let at_creation = || method.fields().iter().filter(|rule| rule.required == AtCreation);
        let least = Recipient::build(input(method, at_creation().map(|rule| rule.field))).unwrap();
        assert!(method.accepts(least.kind()));
        for left_out in at_creation() {
            let others =
                at_creation().map(|rule| rule.field).filter(|field| *field != left_out.field);
            let errors = Recipient::build(input(method, others)).unwrap_err();
            assert!(
                errors
                    .iter()
                    .any(|error| error.field == left_out.field.path() && error.code == "required")
            );
        }
        for missing in least.missing_details() {
            let declared = method.fields().iter().any(|rule| rule.field.path() == missing);
            assert!(declared, "{method} wants {missing} without having said so");
        }
    }
}

#[test]
fn undeclared_fields_are_unexpected_and_no_others_are() {
    for method in Method::ALL {
        for field in Field::ALL.into_iter().filter(|field| *field != Field::Type) {
            let mut input = input(method, std::iter::empty());
            *input.slot(field) = Some("?".to_owned());
            let errors = Recipient::build(input).unwrap_err();
            let refused = errors
                .iter()
                .any(|error| error.field == field.path() && error.code == "unexpected_field");
            let declared = method.fields().iter().any(|rule| rule.field == field);
            assert_eq!(refused, !declared, "{method} {field:?}");
        }
    }
}

#[test]
fn words_read_back() {
    for method in Method::ALL {
        assert_eq!(method.word().parse(), Ok(method));
        assert!(
            method
                .fields()
                .iter()
                .all(|rule| !rule.name().is_empty() && rule.required.word() != "")
        );
    }
    assert_eq!("sepa".parse::<Method>(), Err(UnknownMethod));
    assert!(Method::MobileMoney.is_mobile_money() && !Method::Card.is_mobile_money());
}

#[test]
fn a_rule_that_is_declared_is_kept() {
    let limits = &[Limit { currency: "EUR", min: Some(100), max: Some(100_000) }];
    let rules = Rules { currencies: Currencies::Only(&["EUR", "KES"]), limits };
    let table = [
        ("0.99", "EUR", Err("amount_below_minimum")),
        ("1.00", "EUR", Ok(())),
        ("1000.00", "EUR", Ok(())),
        ("1000.01", "EUR", Err("amount_above_maximum")),
        ("0.01", "KES", Ok(())),
        ("5.00", "USD", Err("currency_not_supported")),
    ];
    for (text, code, expected) in table {
        let currency = Currency::parse(code).unwrap();
        let amount = Amount::parse(text, currency).unwrap();
        assert_eq!(
            rules.check(amount, currency).map_err(OutsideRules::code),
            expected,
            "{text} {code}"
        );
        assert_eq!(Method::BankTransfer.rules().check(amount, currency), Ok(()));
    }
}
