//! Bodies of `POST /v1/payouts`, each asked four ways: as it is, spelled otherwise under the same key, and,
//! where it was refused, a good one under its key. Apart from `requests` because here the answers of several
//! requests have to agree.

use crate::answers;
use crate::gateway::{Answer, Gateway, Sent};
use crate::target::{Check, Target};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use adapters::sandbox::{SandboxSettings, VirtualClock};
use domain::time::Timestamp;
use rust_decimal::Decimal;
use serde::de::IgnoredAny;
use serde_json::Value;

pub const TARGET: Target =
    Target { name: "creates", text: true, longest: 80_000, usual: 400, examples: Vec::new, open };

const GOOD: &str = r#"{"amount":"125.40","currency":"EUR","method":"bank_transfer","recipient":
    {"type":"bank_account","name":"Anna Schmidt","iban":"DE89370400440532013000","country":"DE"}}"#;

fn open() -> Check {
    let gateway = Gateway::open(&SandboxSettings::default(), VirtualClock::standing(Timestamp(0)));
    let mut number = 0_u64;
    Box::new(move |input| {
        number += 1;
        let create = |body: &[u8]| create(&gateway, &format!("key-{number}"), body);
        let answer = create(input);
        let trace = answers::judge(&answer);
        if serde_json::from_slice::<IgnoredAny>(input).is_ok() {
            same_however_spelled(&answer, &create(&spelled_otherwise(input)));
        }
        if answer.status == 201 {
            as_asked_for(input, &answer);
        } else {
            let good = create(GOOD.as_bytes());
            assert_eq!(good.status, 201, "a refused body left something under its key");
            assert_eq!(good.header("idempotent-replayed"), "", "a refused body was kept");
        }
        trace
    })
}

fn create(gateway: &Gateway, key: &str, body: &[u8]) -> Answer {
    let header = |name, value: &str| {
        (HeaderName::from_static(name), HeaderValue::try_from(value).expect("plain words"))
    };
    gateway.ask(Sent {
        method: Method::POST,
        uri: Uri::from_static("/v1/payouts"),
        headers: vec![
            header("authorization", &format!("Bearer {}", gateway.keys.merchant)),
            header("content-type", "application/json"),
            header("idempotency-key", key),
        ],
        body: body.to_vec(),
    })
}

/// The same JSON as other bytes: a space behind each colon and comma, and the first letter of each text as an
/// escape. No reader may make more of it, or less.
fn spelled_otherwise(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() * 2);
    let (mut in_text, mut escaped, mut first) = (false, false, false);
    for byte in body {
        if first && byte.is_ascii_alphanumeric() {
            out.extend_from_slice(format!("\\u{:04x}", *byte).as_bytes());
        } else {
            out.push(*byte);
        }
        first = false;
        match *byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => {
                in_text = !in_text;
                first = in_text;
            }
            b':' | b',' if !in_text => out.push(b' '),
            _ => {}
        }
    }
    out
}

fn same_however_spelled(one: &Answer, other: &Answer) {
    // It has become longer, and may be too long now.
    if other.status == 413 {
        return;
    }
    let of = |answer: &Answer, name: &str| answer.json()[name].clone();
    assert_eq!(other.status, one.status, "{} and {}", one.text, other.text);
    if one.status == 201 {
        assert_eq!(other.text, one.text, "the same key and body, and another answer");
        assert_eq!(other.header("idempotent-replayed"), "true");
    } else {
        assert_eq!(of(other, "code"), of(one, "code"));
        assert_eq!(of(other, "field"), of(one, "field"));
    }
}

/// What was made is what was asked for, to the last digit.
fn as_asked_for(body: &[u8], answer: &Answer) {
    let (asked, made): (Value, Value) = (serde_json::from_slice(body).unwrap(), answer.json());
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<Decimal>().ok());
    let amount = number(&asked["amount"]);
    assert!(amount.is_some_and(|amount| amount > Decimal::ZERO), "made from {}", asked["amount"]);
    assert_eq!(number(&made["amount"]), amount);
    for name in ["currency", "method", "reference", "description"] {
        assert_eq!(made[name], asked[name], "{name}");
    }
    let recipient = made["recipient"].to_string();
    assert!(!recipient.contains("\"token\":"), "a card's token is shown: {recipient}");
    answers::amounts_are_texts(&made);
}
