//! Malformed requests, one row each: what is wrong, the answer's status and code, and the field it
//! names. None is a 5xx, and none leaves a trace.

use serde_json::{Value, json};
use tests::recipient::payout;
use tests::{Answer, World};

/// How a row is wrong.
enum Wrong {
    /// The good body with this pointer replaced; null removes it.
    Field(&'static str, Value),
    /// The good body with one more field.
    Extra(&'static str, &'static str, Value),
    /// These bytes instead of a body.
    Bytes(Vec<u8>),
    /// The good body under this content type.
    Type(&'static str),
    /// The good body with this Idempotency-Key, or none.
    Key(Option<&'static str>),
}

use Wrong::*;

type Row = (&'static str, Wrong, u16, &'static str, &'static str);

fn rows() -> Vec<Row> {
    let field = |pointer, value| Field(pointer, value);
    let bytes = |text: &str| Bytes(text.as_bytes().to_vec());
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let text_500 = "x".repeat(501);
    vec![
        ("no amount", field("/amount", Value::Null), 422, "required", "amount"),
        ("amount is an integer", field("/amount", json!(125)), 422, "invalid_type", "amount"),
        ("amount is a float", field("/amount", json!(125.4)), 422, "invalid_type", "amount"),
        ("amount is an object", field("/amount", json!({})), 422, "invalid_type", "amount"),
        ("amount is true", field("/amount", json!(true)), 422, "invalid_type", "amount"),
        ("amount is empty", field("/amount", json!("")), 422, "invalid_amount", "amount"),
        ("amount is a word", field("/amount", json!("ten")), 422, "invalid_amount", "amount"),
        ("amount has an exponent", field("/amount", json!("1e3")), 422, "invalid_amount", "amount"),
        (
            "amount has a comma",
            field("/amount", json!("1,000.00")),
            422,
            "invalid_amount",
            "amount",
        ),
        ("amount has a sign", field("/amount", json!("+1.00")), 422, "invalid_amount", "amount"),
        ("amount is negative", field("/amount", json!("-1.00")), 422, "invalid_amount", "amount"),
        ("amount has a space", field("/amount", json!(" 1.00")), 422, "invalid_amount", "amount"),
        ("amount is in hex", field("/amount", json!("0x10")), 422, "invalid_amount", "amount"),
        ("amount is not a number", field("/amount", json!("NaN")), 422, "invalid_amount", "amount"),
        ("amount is zero", field("/amount", json!("0.00")), 422, "amount_not_positive", "amount"),
        (
            "amount is too precise",
            field("/amount", json!("1.001")),
            422,
            "amount_too_precise",
            "amount",
        ),
        (
            "amount is too large",
            field("/amount", json!("1234567890123456789.00")),
            422,
            "amount_too_large",
            "amount",
        ),
        ("no currency", field("/currency", Value::Null), 422, "required", "currency"),
        (
            "currency in lower case",
            field("/currency", json!("eur")),
            422,
            "invalid_currency",
            "currency",
        ),
        (
            "currency of four letters",
            field("/currency", json!("EURO")),
            422,
            "invalid_currency",
            "currency",
        ),
        (
            "currency that is none",
            field("/currency", json!("ABC")),
            422,
            "invalid_currency",
            "currency",
        ),
        (
            "currency for tests",
            field("/currency", json!("XTS")),
            422,
            "invalid_currency",
            "currency",
        ),
        ("currency is gold", field("/currency", json!("XAU")), 422, "invalid_currency", "currency"),
        ("currency is a number", field("/currency", json!(978)), 422, "invalid_type", "currency"),
        ("no method", field("/method", Value::Null), 422, "required", "method"),
        ("method that is none", field("/method", json!("pigeon")), 422, "invalid_method", "method"),
        ("method is a list", field("/method", json!(["card"])), 422, "invalid_type", "method"),
        (
            "method for another recipient",
            field("/method", json!("mobile_money")),
            422,
            "recipient_mismatch",
            "recipient.type",
        ),
        ("no recipient", field("/recipient", Value::Null), 422, "required", "recipient"),
        (
            "recipient is a text",
            field("/recipient", json!("Anna")),
            422,
            "invalid_type",
            "recipient",
        ),
        ("recipient is empty", field("/recipient", json!({})), 422, "required", "recipient.type"),
        (
            "recipient of no type",
            field("/recipient/type", json!("friend")),
            422,
            "invalid_type",
            "recipient.type",
        ),
        (
            "IBAN with wrong check digits",
            field("/recipient/iban", json!("DE00370400440532013000")),
            422,
            "invalid_iban",
            "recipient.iban",
        ),
        (
            "IBAN too short",
            field("/recipient/iban", json!("DE8937040044053201300")),
            422,
            "invalid_iban",
            "recipient.iban",
        ),
        (
            "IBAN of no country",
            field("/recipient/iban", json!("XX89370400440532013000")),
            422,
            "invalid_iban",
            "recipient.iban",
        ),
        (
            "IBAN of another country",
            field("/recipient/country", json!("FR")),
            422,
            "country_mismatch",
            "recipient.iban",
        ),
        (
            "IBAN is a number",
            field("/recipient/iban", json!(1234)),
            422,
            "invalid_type",
            "recipient.iban",
        ),
        (
            "country that is none",
            field("/recipient/country", json!("ZZ")),
            422,
            "invalid_country",
            "recipient.country",
        ),
        (
            "no country",
            field("/recipient/country", Value::Null),
            422,
            "required",
            "recipient.country",
        ),
        (
            "name too long",
            field("/recipient/name", json!("x".repeat(141))),
            422,
            "invalid_name",
            "recipient.name",
        ),
        (
            "name with a control character",
            field("/recipient/name", json!("A\u{0}B")),
            422,
            "invalid_name",
            "recipient.name",
        ),
        (
            "a card number as name",
            field("/recipient/name", json!("4111 1111 1111 1111")),
            422,
            "card_number_refused",
            "recipient.name",
        ),
        (
            "a phone's field",
            Extra("/recipient", "number", json!("+49301234567")),
            422,
            "unexpected_field",
            "recipient.number",
        ),
        (
            "a misspelled field",
            Extra("/recipient", "ibann", json!("x")),
            422,
            "unknown_field",
            "recipient.ibann",
        ),
        ("an unknown field", Extra("", "colour", json!("red")), 422, "unknown_field", "colour"),
        (
            "reference is empty",
            Extra("", "reference", json!("")),
            422,
            "invalid_reference",
            "reference",
        ),
        (
            "reference too long",
            Extra("", "reference", json!("r".repeat(300))),
            422,
            "invalid_reference",
            "reference",
        ),
        (
            "reference is a number",
            Extra("", "reference", json!(7)),
            422,
            "invalid_type",
            "reference",
        ),
        (
            "description too long",
            Extra("", "description", json!(text_500)),
            422,
            "invalid_description",
            "description",
        ),
        ("metadata is a list", Extra("", "metadata", json!([])), 422, "invalid_type", "metadata"),
        (
            "metadata nests",
            Extra("", "metadata", json!({"a": {}})),
            422,
            "invalid_type",
            "metadata.a",
        ),
        (
            "metadata value is a number",
            Extra("", "metadata", json!({"a": 1})),
            422,
            "invalid_type",
            "metadata.a",
        ),
        (
            "metadata value too long",
            Extra("", "metadata", json!({"a": text_500})),
            422,
            "invalid_metadata",
            "metadata.a",
        ),
        (
            "metadata with too many keys",
            Extra("", "metadata", many(51)),
            422,
            "invalid_metadata",
            "metadata",
        ),
        (
            "autoprocess is a text",
            Extra("", "autoprocess", json!("yes")),
            422,
            "invalid_type",
            "autoprocess",
        ),
        (
            "expires_in is zero",
            Extra("", "expires_in", json!(0)),
            422,
            "invalid_expiry",
            "expires_in",
        ),
        (
            "expires_in is a float",
            Extra("", "expires_in", json!(1.5)),
            422,
            "invalid_type",
            "expires_in",
        ),
        (
            "expires_in is a text",
            Extra("", "expires_in", json!("60")),
            422,
            "invalid_type",
            "expires_in",
        ),
        (
            "expires_in is for ever",
            Extra("", "expires_in", json!(999_999_999)),
            422,
            "invalid_expiry",
            "expires_in",
        ),
        (
            "expires_at is past",
            Extra("", "expires_at", json!("2001-01-01T00:00:00Z")),
            422,
            "invalid_expiry",
            "expires_at",
        ),
        (
            "expires_at is no time",
            Extra("", "expires_at", json!("tomorrow")),
            422,
            "invalid_expiry",
            "expires_at",
        ),
        (
            "an account that is not there",
            Extra("", "provider_account", json!("nobody")),
            422,
            "no_route",
            "provider_account",
        ),
        ("not JSON", bytes("hello"), 400, "invalid_json", ""),
        ("an empty body", bytes(""), 400, "invalid_json", ""),
        ("half a body", bytes("{\"amount\": \"1"), 400, "invalid_json", ""),
        ("two bodies", bytes("{} {}"), 400, "invalid_json", ""),
        ("a list", bytes("[]"), 422, "invalid_type", ""),
        ("a text", bytes("\"a\""), 422, "invalid_type", ""),
        (
            "the same field twice",
            bytes("{\"amount\":\"1.00\",\"amount\":\"2.00\"}"),
            400,
            "duplicate_field",
            "amount",
        ),
        ("broken UTF-8", Bytes(vec![b'{', b'"', 0xff, 0xfe, b'"', b'}']), 400, "invalid_json", ""),
        ("very deep", Bytes(deep.into_bytes()), 400, "too_deep", ""),
        ("a byte-order mark", Bytes(b"\xef\xbb\xbf{}".to_vec()), 400, "invalid_json", ""),
        ("a comment", bytes("{/* */}"), 400, "invalid_json", ""),
        (
            "65 KiB",
            Bytes(format!("\"{}\"", "x".repeat(66_000)).into_bytes()),
            413,
            "body_too_large",
            "",
        ),
        ("a form", Type("application/x-www-form-urlencoded"), 415, "unsupported_media_type", ""),
        ("a plain text", Type("text/plain"), 415, "unsupported_media_type", ""),
        ("no idempotency key", Key(None), 400, "idempotency_key_required", ""),
        ("an empty idempotency key", Key(Some("")), 400, "invalid_idempotency_key", ""),
        ("a key with a space", Key(Some("a b")), 400, "invalid_idempotency_key", ""),
    ]
}

fn many(count: usize) -> Value {
    (0..count)
        .map(|number| (format!("k{number}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn send(world: &World, wrong: &Wrong) -> Answer {
    let mut body = payout("000", 1);
    let request = world.merchant.request("POST", "/v1/payouts");
    let json = |body: &Value| serde_json::to_vec(body).unwrap();
    let typed =
        |request: reqwest::RequestBuilder| request.header("Content-Type", "application/json");
    let keyed = |request: reqwest::RequestBuilder| request.header("Idempotency-Key", "wrong");
    let request = match wrong {
        Field(pointer, Value::Null) => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
            keyed(typed(request)).body(json(&body))
        }
        Field(pointer, value) => {
            *body.pointer_mut(pointer).unwrap() = value.clone();
            keyed(typed(request)).body(json(&body))
        }
        Extra(parent, name, value) => {
            body.pointer_mut(parent).unwrap()[*name] = value.clone();
            keyed(typed(request)).body(json(&body))
        }
        Bytes(bytes) => keyed(typed(request)).body(bytes.clone()),
        Type(kind) => keyed(request).header("Content-Type", *kind).body(json(&body)),
        Key(None) => typed(request).body(json(&body)),
        Key(Some(key)) => typed(request).header("Idempotency-Key", *key).body(json(&body)),
    };
    world.merchant.send(request).await.unwrap()
}

#[actix_rt::test]
async fn every_malformed_request_is_told_what_is_wrong() {
    let world = World::start().await;
    let rows = rows();
    assert!(rows.len() >= 60);
    let mut otherwise = String::new();
    for (what, wrong, status, code, field) in &rows {
        let answer = send(&world, wrong).await;
        let named = answer.at("/field").as_str().unwrap_or_default().to_owned();
        let told = (answer.status, answer.code(), named);
        if told != (*status, (*code).to_owned(), (*field).to_owned()) {
            otherwise.push_str(&format!("{what}: {told:?} instead of {status} {code} {field}\n"));
        }
        let kind = answer.header("Content-Type").to_owned();
        if !kind.starts_with("application/problem+json") || !answer.at("/request_id").is_string() {
            otherwise.push_str(&format!("{what}: not a problem: {kind}\n"));
        }
    }
    assert!(otherwise.is_empty(), "\n{otherwise}");
    assert_eq!(world.merchant.get("/v1/payouts").await.at("/data"), json!([]), "no trace");
    let good = world.merchant.create_as("wrong", &payout("000", 1)).await;
    assert_eq!(good.status, 201, "and the key is not burned");
    world.stop().await;
}

#[actix_rt::test]
async fn several_faults_are_told_at_once() {
    let world = World::start().await;
    let body = json!({"amount": 1, "currency": "eur", "method": "pigeon"});
    let answer = world.merchant.create(&body).await;
    assert_eq!(answer.status, 422);
    let fields: Vec<Value> =
        answer.at("/errors").as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, [json!("amount"), json!("currency"), json!("method"), json!("recipient")]);
    world.stop().await;
}

#[actix_rt::test]
async fn wrong_paths_and_methods_are_problems_too() {
    let world = World::start().await;
    for (method, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/payouts", 405),
        ("PUT", "/v1/payouts/po_00000000000000000000000000", 405),
        ("GET", "/v1/payouts/nonsense", 404),
        ("GET", "/v1/payouts/po_short", 404),
        ("GET", "/v1/payouts/po_00000000000000000000000000", 404),
    ] {
        let answer = world.merchant.send(world.merchant.request(method, path)).await.unwrap();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert!(
            answer.header("Content-Type").starts_with("application/problem+json"),
            "{method} {path}"
        );
        assert_eq!(status == 405, !answer.header("Allow").is_empty(), "{method} {path}");
    }
    world.stop().await;
}
