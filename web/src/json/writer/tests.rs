//! What is written here is what `serde_json` writes.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Everything<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    none: Option<u8>,
    some: Option<&'a str>,
    numbers: (i8, i64, u64, u16),
    nothing: (),
    letter: char,
    empty: [u8; 0],
    inner: Inner<'a>,
    list: Vec<Inner<'a>>,
    by_number: BTreeMap<u8, bool>,
    share: f64,
    choice: Choice,
}

#[derive(Serialize)]
struct Inner<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u8>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    BankAccount,
}

#[derive(Serialize)]
enum Choice {
    One(u8),
}

fn inner(text: &str) -> Inner<'_> {
    let more = [("a".to_owned(), json!({"b\n": [1, null]}))].into();
    Inner { text, left_out: None, more }
}

#[test]
fn every_kind_of_value_is_written_alike() {
    let whole = Everything {
        kind: Kind::BankAccount,
        none: None,
        some: Some("\u{1}\u{7f}é\\\"/"),
        numbers: (i8::MIN, i64::MIN, u64::MAX, 0),
        nothing: (),
        letter: '"',
        empty: [],
        inner: inner("eight by eight by eight"),
        list: vec![inner(""), inner("a\tb")],
        by_number: [(1, true)].into(),
        share: 0.5,
        choice: Choice::One(1),
    };
    assert_eq!(to_json(&whole).unwrap(), serde_json::to_vec(&whole).unwrap());
    for part in [&whole.inner, &whole.list[0], &whole.list[1]] {
        assert_eq!(to_json(part).unwrap(), serde_json::to_vec(part).unwrap());
    }
    let nothing: [Inner<'_>; 0] = [];
    assert_eq!(
        to_json(&(&nothing, &whole.numbers)).unwrap(),
        b"[[],[-128,-9223372036854775808,18446744073709551615,0]]"
    );
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[a-z\"\\\\\n\u{1f}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_written_alike(value in values()) {
        prop_assert_eq!(to_json(&value).unwrap(), serde_json::to_vec(&value).unwrap());
    }
}
