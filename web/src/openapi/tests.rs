//! The document, the list of addresses and the golden list say the same, and the document's own
//! examples are good requests.

use super::*;
use crate::json::Node;
use serde_json::Value;
use std::collections::BTreeSet;

/// Changed by hand, on purpose: a new address is a promise.
const GOLDEN: &str = include_str!("../../tests/golden/routes.txt");

fn written() -> Value {
    serde_json::to_value(document()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let operations = item.as_object().unwrap().iter();
        let named =
            operations.map(|(method, one)| (line(&method.to_uppercase(), path), one.clone()));
        named.collect::<Vec<_>>()
    };
    paths.iter().flat_map(of).collect()
}

fn line(method: &str, path: &str) -> String {
    format!("{method:4} {path}")
}

#[test]
fn what_is_served_is_documented_and_what_is_documented_is_served() {
    let golden: BTreeSet<String> = GOLDEN.lines().map(str::to_owned).collect();
    let served = crate::api::endpoints().list();
    let served: BTreeSet<String> = served.iter().map(|(method, path)| line(method, path)).collect();
    let documented: BTreeSet<String> =
        operations(&written()).into_iter().map(|(operation, _)| operation).collect();
    assert_eq!(served, golden, "web/tests/golden/routes.txt");
    assert_eq!(documented, golden, "openapi.rs");
}

#[test]
fn every_operation_is_whole() {
    let document = written();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (operation, one) in operations(&document) {
        let id = one["operationId"].as_str().unwrap_or_else(|| panic!("{operation} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} twice");
        assert!(one["summary"].is_string() && one["tags"][0].is_string(), "{operation}");
        let needs_key = operation.contains("/v1/") && !operation.contains("/callbacks/");
        assert_eq!(one["security"].is_array(), needs_key, "{operation}");
        assert_eq!(one["responses"]["401"].is_object(), needs_key, "{operation}");
        let takes_body = operation.starts_with("POST") || operation.starts_with("PATCH");
        assert_eq!(one["responses"]["413"].is_object(), takes_body, "{operation}");
        let of_one_type = takes_body && !operation.contains("/callbacks/");
        assert_eq!(one["responses"]["415"].is_object(), of_one_type, "{operation}");
        let parameters = one["parameters"].to_string();
        let has_key = parameters.contains("Idempotency-Key");
        assert!(
            !has_key || one["responses"]["422"].is_object(),
            "{operation}: a key may be used again"
        );
        if needs_key {
            let kind = if operation.contains("/ops/") { "operator_key" } else { "merchant_key" };
            assert!(one["security"][0][kind].is_array(), "{operation}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = written();
    let mut left = vec![&document];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    let found = document.pointer(target.trim_start_matches('#'));
                    assert!(found.is_some(), "{target}");
                }
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
}

#[test]
fn the_examples_are_good_requests() {
    let document = written();
    let example = |name: &str| {
        let schema = &document["components"]["schemas"][name];
        schema["example"].to_string()
    };
    let text = example("PayoutRequest");
    let around = crate::api::payout_in::Circumstances {
        merchant: domain::id::MerchantId(1),
        livemode: false,
        now: domain::time::Timestamp(0),
        expires_in: std::time::Duration::from_secs(60),
    };
    crate::api::payout_in::read(&Node::read(text.as_bytes()).unwrap(), around).unwrap();
    for name in ["DetailsRequest", "ModerationRequest"] {
        assert!(
            Node::read(example(name).as_bytes()).is_ok_and(|node| node.kind() == "an object"),
            "{name}"
        );
    }
}

#[test]
fn the_payout_is_described_with_all_its_fields() {
    let document = written();
    let payout = &document["components"]["schemas"]["Payout"];
    let properties = payout["properties"].as_object().unwrap();
    for name in
        ["final", "money", "moderation", "attempts", "failure", "next_check_at", "recipient"]
    {
        assert!(properties.contains_key(name), "{name}: {payout:#}");
    }
    let recipient = &document["components"]["schemas"]["Recipient"]["oneOf"];
    assert_eq!(recipient.as_array().unwrap().len(), 5);
}
