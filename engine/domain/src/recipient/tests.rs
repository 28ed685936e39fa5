//! Recipients in the words of merchants. Here is how they are written in the tables of the files below;
//! apart from `recipient.rs` so that the rules there fit a screen or two.

mod ibans;
mod later;
mod refused;
mod shown;
mod taken;

use super::*;

/// A recipient as merchants write it: type, then "field=value" for each field.
fn input(kind: &str, fields: &[&str]) -> RecipientInput {
    let mut input = RecipientInput { kind: Some(kind.to_owned()), ..RecipientInput::default() };
    fill(&mut input, fields);
    input
}

fn later(fields: &[&str]) -> RecipientInput {
    let mut input = RecipientInput::default();
    fill(&mut input, fields);
    input
}

fn fill(input: &mut RecipientInput, fields: &[&str]) {
    for pair in fields {
        let (name, value) = pair.split_once('=').unwrap();
        let field = Field::ALL.into_iter().find(|field| field.name() == name).unwrap();
        *input.slot(field) = Some(value.to_owned());
    }
}

fn build(kind: &str, fields: &[&str]) -> Recipient {
    Recipient::build(input(kind, fields))
        .unwrap_or_else(|errors| panic!("{kind} {fields:?}: {errors:?}"))
}

/// "iban invalid_iban, country required"
fn words(errors: &[FieldError]) -> String {
    let word = |error: &FieldError| {
        format!("{} {}", error.field.trim_start_matches("recipient."), error.code)
    };
    errors.iter().map(word).collect::<Vec<_>>().join(", ")
}

const ANNA: &str = "name=Anna Schmidt";
const IBAN: &str = "iban=DE89370400440532013000";
const TRON: &str = "address=TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
