//! What must be true of every answer of the gateway, whatever was asked. Apart from the targets because all
//! who send requests hold their answers to it.

use crate::gateway::Answer;
use crate::target::Trace;
use rust_decimal::Decimal;
use serde_json::Value;

/// A refusal must not be far longer than what it refuses.
const REFUSAL_MAX: usize = 64 * 1024;

/// The only problems of the gateway itself that a request may meet here: too much is under way, or the sandbox
/// has no rate for the pair.
const BUSY: [&str; 2] = ["overloaded", "rate_unavailable"];

/// Panics unless the answer is as documented; says what kind of answer it is.
pub fn judge(answer: &Answer) -> Trace {
    let Answer { status, text, .. } = answer;
    assert!(!answer.header("request-id").is_empty(), "no request id: {status} {text}");
    if *status < 400 {
        let json = answer.header("content-type").starts_with("application/json");
        assert!(!json || serde_json::from_str::<Value>(text).is_ok(), "no JSON: {text}");
        return Trace::of((*status, answer.header("idempotent-replayed").len()));
    }
    let problem = answer.json();
    let word = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let code = word("code");
    assert!(*status < 500 || BUSY.contains(&code.as_str()), "{status}: {text}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{status} {text}");
    assert!(text.len() <= REFUSAL_MAX, "a refusal of {} bytes", text.len());
    assert_eq!(problem["status"], *status, "{text}");
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    assert!(!code.is_empty() && code.bytes().all(plain), "{text}");
    for name in ["type", "title", "detail", "request_id"] {
        assert!(!word(name).is_empty(), "no {name}: {text}");
    }
    let field = word("field");
    let errors = problem["errors"].as_array().map_or(0, Vec::len);
    // What is wrong with a body that could be read is told with its place.
    if *status == 422 && errors == 0 {
        assert!(WITHOUT_FIELD.contains(&code.as_str()) || !field.is_empty(), "no field: {text}");
    }
    let mut trace = Trace::of((*status, code, field));
    for fault in problem["errors"].as_array().into_iter().flatten() {
        assert!(fault["code"].is_string() && fault["field"].is_string(), "{text}");
        assert!(fault["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{text}");
        trace = trace.and(Trace::of((fault["code"].as_str(), fault["field"].as_str())));
    }
    trace
}

/// Refusals with 422 that are about the whole request.
const WITHOUT_FIELD: [&str; 3] = ["idempotency_key_reused", "no_route", "invalid_type"];

/// That no amount of an answer was ever a float: they are texts, and exact.
pub fn amounts_are_texts(value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_amount = name == "amount" || name.ends_with("_amount");
                match value {
                    Value::String(text) if is_amount => {
                        assert!(text.parse::<Decimal>().is_ok(), "{name}: {text}");
                    }
                    Value::Number(number) if is_amount => panic!("{name} is a number: {number}"),
                    other => amounts_are_texts(other),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(amounts_are_texts),
        _ => {}
    }
}
