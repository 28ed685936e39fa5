//! Malformed bodies, one row each: what is wrong, what stands there instead, and the fault that must
//! come first. Then what a good body becomes. Pure: no server, no engine.

use super::*;
use crate::problem::Problem;
use actix_web::ResponseError;
use domain::method::Method;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_795_167_000_000_000);

fn around() -> Circumstances {
    Circumstances {
        merchant: MerchantId(7),
        livemode: true,
        now: NOW,
        expires_in: Duration::from_secs(172_800),
    }
}

fn good() -> Value {
    json!({
        "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
        "recipient": {
            "type": "bank_account", "name": "Anna Schmidt",
            "iban": "DE89370400440532013000", "country": "DE",
        },
    })
}

/// The good body with this value at this place; null takes the field away.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(name)
    } else {
        parent.insert(name.to_owned(), value)
    };
    body
}

fn crypto() -> Value {
    json!({
        "amount": "125.40", "currency": "EUR", "method": "crypto",
        "recipient": {
            "type": "crypto_address", "network": "bitcoin",
            "address": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        },
    })
}

fn read_text(text: &str) -> Result<Request, Problem> {
    read(&Node::read(text.as_bytes())?, around()).map_err(Problem::fields)
}

fn read_value(value: &Value) -> Result<Request, Problem> {
    read_text(&value.to_string())
}

#[test]
fn every_malformed_body_is_told_what_is_wrong() {
    let invalid_type = "invalid_type";
    #[rustfmt::skip]
    let rows: Vec<(&str, String, u16, &str, &str)> = [
        ("no amount", "/amount", Value::Null, "required", "amount"),
        ("an integer", "/amount", json!(125), invalid_type, "amount"),
        ("a float", "/amount", json!(125.4), invalid_type, "amount"),
        ("a huge number", "/amount", json!(1e300), invalid_type, "amount"),
        ("an object", "/amount", json!({"value": "1"}), invalid_type, "amount"),
        ("empty", "/amount", json!(""), "invalid_amount", "amount"),
        ("a word", "/amount", json!("ten"), "invalid_amount", "amount"),
        ("an exponent", "/amount", json!("1e3"), "invalid_amount", "amount"),
        ("a comma", "/amount", json!("1,50"), "invalid_amount", "amount"),
        ("a sign", "/amount", json!("+1"), "invalid_amount", "amount"),
        ("negative", "/amount", json!("-1"), "invalid_amount", "amount"),
        ("a space", "/amount", json!("1 "), "invalid_amount", "amount"),
        ("a bare point", "/amount", json!(".5"), "invalid_amount", "amount"),
        ("a leading zero", "/amount", json!("01"), "invalid_amount", "amount"),
        ("other digits", "/amount", json!("١٢"), "invalid_amount", "amount"),
        ("zero", "/amount", json!("0.00"), "amount_not_positive", "amount"),
        ("too precise", "/amount", json!("1.001"), "amount_too_precise", "amount"),
        ("too large", "/amount", json!("1234567890123456789"), "amount_too_large", "amount"),
        ("no currency", "/currency", Value::Null, "required", "currency"),
        ("lower case", "/currency", json!("eur"), "invalid_currency", "currency"),
        ("no such code", "/currency", json!("ABC"), "invalid_currency", "currency"),
        ("gold", "/currency", json!("XAU"), "invalid_currency", "currency"),
        ("an asset", "/currency", json!("BTC"), "invalid_currency", "currency"),
        ("a number", "/currency", json!(978), invalid_type, "currency"),
        ("yen with decimals", "/currency", json!("JPY"), "amount_too_precise", "amount"),
        ("no method", "/method", Value::Null, "required", "method"),
        ("no such method", "/method", json!("pigeon"), "invalid_method", "method"),
        ("a list", "/method", json!(["card"]), invalid_type, "method"),
        ("a method for another recipient", "/method", json!("card"), "recipient_mismatch", "recipient.type"),
        ("no recipient", "/recipient", Value::Null, "required", "recipient"),
        ("a text", "/recipient", json!("Anna"), invalid_type, "recipient"),
        ("a list", "/recipient", json!([]), invalid_type, "recipient"),
        ("nothing in it", "/recipient", json!({}), "required", "recipient.type"),
        ("no such type", "/recipient/type", json!("friend"), "invalid_type", "recipient.type"),
        ("a type that is no text", "/recipient/type", json!(1), invalid_type, "recipient.type"),
        ("wrong check digits", "/recipient/iban", json!("DE00370400440532013000"), "invalid_iban", "recipient.iban"),
        ("a number", "/recipient/iban", json!(89), invalid_type, "recipient.iban"),
        ("another country", "/recipient/country", json!("FR"), "country_mismatch", "recipient.iban"),
        ("no country", "/recipient/country", Value::Null, "required", "recipient.country"),
        ("no such country", "/recipient/country", json!("ZZ"), "invalid_country", "recipient.country"),
        ("a control character", "/recipient/name", json!("A\u{0}B"), "invalid_name", "recipient.name"),
        ("a card number", "/recipient/name", json!("4111 1111 1111 1111"), "card_number_refused", "recipient.name"),
        ("a phone's field", "/recipient/number", json!("+4930123"), "unexpected_field", "recipient.number"),
        ("misspelled", "/recipient/ibann", json!("x"), "unknown_field", "recipient.ibann"),
        ("a card number as a field", "/recipient/pan", json!("4111111111111111"), "unknown_field", "recipient.pan"),
        ("nobody's field", "/colour", json!("red"), "unknown_field", "colour"),
        ("a derived field", "/status", json!("PROCESSED"), "unknown_field", "status"),
        ("empty", "/reference", json!(""), "invalid_reference", "reference"),
        ("too long", "/reference", json!("r".repeat(129)), "invalid_reference", "reference"),
        ("a space at the end", "/reference", json!("r "), "invalid_reference", "reference"),
        ("a line break", "/reference", json!("a\nb"), "invalid_reference", "reference"),
        ("reordered text", "/reference", json!("a\u{202e}b"), "invalid_reference", "reference"),
        ("a number", "/reference", json!(7), invalid_type, "reference"),
        ("too long", "/description", json!("d".repeat(501)), "invalid_description", "description"),
        ("empty", "/description", json!(""), "invalid_description", "description"),
        ("true", "/description", json!(true), invalid_type, "description"),
        ("a list", "/metadata", json!([]), invalid_type, "metadata"),
        ("nested", "/metadata", json!({"a": {"b": "c"}}), invalid_type, "metadata.a"),
        ("a number in it", "/metadata", json!({"a": 1}), invalid_type, "metadata.a"),
        ("null in it", "/metadata", json!({"a": null}), invalid_type, "metadata.a"),
        ("a long value", "/metadata", json!({"a": "v".repeat(501)}), "invalid_metadata", "metadata.a"),
        ("a long key", "/metadata", json!({"k".repeat(41): "v"}), "invalid_metadata", "metadata"),
        ("an empty key", "/metadata", json!({"": "v"}), "invalid_metadata", "metadata"),
        ("many keys", "/metadata", many(51), "invalid_metadata", "metadata"),
        ("a text", "/autoprocess", json!("true"), invalid_type, "autoprocess"),
        ("a number", "/autoprocess", json!(1), invalid_type, "autoprocess"),
        ("zero", "/expires_in", json!(0), "invalid_expiry", "expires_in"),
        ("negative", "/expires_in", json!(-5), "invalid_expiry", "expires_in"),
        ("over a year", "/expires_in", json!(31_536_001), "invalid_expiry", "expires_in"),
        ("a float", "/expires_in", json!(1.5), invalid_type, "expires_in"),
        ("a text", "/expires_in", json!("60"), invalid_type, "expires_in"),
        ("past", "/expires_at", json!("2001-01-01T00:00:00Z"), "invalid_expiry", "expires_at"),
        ("far", "/expires_at", json!("2099-01-01T00:00:00Z"), "invalid_expiry", "expires_at"),
        ("without offset", "/expires_at", json!("2026-11-21T00:00:00"), "invalid_expiry", "expires_at"),
        ("a day", "/expires_at", json!("2026-11-21"), "invalid_expiry", "expires_at"),
        ("a number", "/expires_at", json!(1_795_200_000), invalid_type, "expires_at"),
        ("empty", "/provider_account", json!(""), "invalid_provider_account", "provider_account"),
        ("two words", "/provider_account", json!("sand box"), "invalid_provider_account", "provider_account"),
        ("a number", "/provider_account", json!(1), invalid_type, "provider_account"),
        ("not for this method", "/max_slippage_bps", json!(10), "unexpected_field", "max_slippage_bps"),
        ("more than all", "/max_slippage_bps", json!(10_001), "invalid_max_slippage_bps", "max_slippage_bps"),
    ]
    .into_iter()
    .map(|(what, pointer, value, code, field)| (what, with(pointer, value).to_string(), 422, code, field))
    .chain([
        ("a list", "[]".to_owned(), 422, invalid_type, ""),
        ("a text", "\"a\"".to_owned(), 422, invalid_type, ""),
        ("null", "null".to_owned(), 422, invalid_type, ""),
        ("not JSON", "hello".to_owned(), 400, "invalid_json", ""),
        ("nothing", String::new(), 400, "invalid_json", ""),
        ("half", "{\"amount\": \"1".to_owned(), 400, "invalid_json", ""),
        ("two", "{}{}".to_owned(), 400, "invalid_json", ""),
        ("deep", "[".repeat(200) + &"]".repeat(200), 400, "too_deep", ""),
        ("twice", "{\"amount\":\"1\",\"amount\":\"2\"}".to_owned(), 400, "duplicate_field", "amount"),
    ])
    .collect();
    assert!(rows.len() >= 80);
    for (what, body, status, code, field) in rows {
        let problem = read_text(&body).expect_err(what);
        let told =
            (problem.status_code().as_u16(), problem.code(), problem.field().unwrap_or_default());
        assert_eq!(told, (status, code, field), "{what}: {problem}");
        assert!(!problem.detail().contains("4111"), "nothing is repeated: {problem}");
    }
}

fn many(count: usize) -> Value {
    (0..count)
        .map(|number| (format!("k{number}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_documentation() {
    let body = json!({
        "zebra": 1, "expires_in": 0, "amount": 1, "currency": "eur", "method": "pigeon",
        "recipient": {"type": "bank_account", "country": "ZZ", "colour": "x"},
    });
    let problem = read_value(&body).unwrap_err();
    let told: Vec<(&str, &str)> =
        problem.errors().iter().map(|one| (one.field.as_str(), one.code)).collect();
    let expected = [
        ("amount", "invalid_type"),
        ("currency", "invalid_currency"),
        ("method", "invalid_method"),
        ("recipient.colour", "unknown_field"),
        ("recipient.country", "invalid_country"),
        ("expires_in", "invalid_expiry"),
        ("zebra", "unknown_field"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn without_a_currency_the_amount_is_still_read() {
    for (amount, expected) in [("ten", 2), ("0", 2), ("1.00000", 1), ("1", 1)] {
        let mut body = with("/currency", json!("eur"));
        body["amount"] = json!(amount);
        let problem = read_value(&body).unwrap_err();
        assert_eq!(problem.errors().len(), expected, "{amount}: {:?}", problem.errors());
    }
}

#[test]
fn faults_are_not_told_without_end() {
    let body: Value = many(5_000);
    assert_eq!(read_value(&body).unwrap_err().errors().len(), 100);
}

#[test]
fn a_good_body_becomes_a_request() {
    let request = read_value(&good()).unwrap();
    let Request { merchant, livemode, amount, currency, method, .. } = &request;
    assert_eq!(
        (*merchant, *livemode, amount.to_string()),
        (MerchantId(7), true, "125.40".to_owned())
    );
    assert_eq!((currency.code(), *method), ("EUR", Method::BankTransfer));
    assert!(request.recipient.complete() && request.autoprocess && request.metadata.is_empty());
    assert_eq!(
        (request.reference, request.description, request.provider_account),
        (None, None, None)
    );
    assert_eq!(request.expires_at, NOW.plus(Duration::from_secs(172_800)));
    assert_eq!(request.body, Node::read(good().to_string().as_bytes()).unwrap().fingerprint());
}

#[test]
fn what_may_be_left_out_may_be_null() {
    let mut body = good();
    for name in &FIELDS[4..] {
        body[*name] = Value::Null;
    }
    let request = read_value(&body).unwrap();
    assert_eq!((request.autoprocess, request.provider_account), (true, None));
}

#[test]
fn everything_optional_is_taken() {
    let mut body = crypto();
    let more = json!({
        "reference": "order-1001", "description": "September", "metadata": {"b": "2", "a": "1\n2"},
        "autoprocess": false, "expires_at": "2026-11-20T11:30:00+01:00", "provider_account": "sandbox",
        "max_slippage_bps": 50,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = read_value(&body).unwrap();
    assert_eq!(request.reference.as_deref(), Some("order-1001"));
    assert_eq!(request.description.as_deref(), Some("September"));
    let metadata: Vec<(&str, &str)> =
        request.metadata.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(metadata, [("a", "1\n2"), ("b", "2")]);
    assert_eq!(request.expires_at, NOW.plus(Duration::from_secs(3_600)));
    assert_eq!((request.autoprocess, request.max_slippage_bps), (false, Some(50)));
}

#[test]
fn the_deadline_is_given_once() {
    let mut body = with("/expires_in", json!(60));
    assert_eq!(read_value(&body).unwrap().expires_at, NOW.plus(Duration::from_secs(60)));
    body["expires_at"] = json!("2026-11-21T00:00:00Z");
    let problem = read_value(&body).unwrap_err();
    assert_eq!((problem.code(), problem.field()), ("conflicting_fields", Some("expires_at")));
}

#[test]
fn a_request_is_the_same_whenever_it_is_sent() {
    let later = Circumstances { now: NOW.plus(Duration::from_secs(3_600)), ..around() };
    let body = with("/expires_in", json!(60)).to_string();
    let node = Node::read(body.as_bytes()).unwrap();
    let (one, other) = (read(&node, around()).unwrap(), read(&node, later).unwrap());
    assert_eq!(one.body, other.body);
    assert_ne!(one.expires_at, other.expires_at);
}

#[test]
fn every_field_of_the_documentation_is_read() {
    let mut body: Value = json!({});
    for name in FIELDS {
        body[name] = json!([1]);
    }
    let problem = read_value(&body).unwrap_err();
    let told: Vec<&str> = problem.errors().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(told, FIELDS);
    assert!(problem.errors().iter().all(|one| one.code == "invalid_type"));
}
