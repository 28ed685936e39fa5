//! The short way and the general one never differ: what the short way reads, the general one reads alike,
//! to the fingerprint; and what is usual is read the short way.

use super::*;
use crate::api::payout_in::{FIELDS, read};
use crate::json::Node;
use domain::id::MerchantId;
use domain::time::Timestamp;
use proptest::prelude::*;
use std::time::Duration;

const AROUND: Circumstances = Circumstances {
    merchant: MerchantId(7),
    livemode: true,
    now: Timestamp(1_795_167_000_000_000),
    expires_in: Duration::from_secs(172_800),
};

const BANK: &str = r#"{"type":"bank_account","name":"Zoë Müller","iban":"DE89370400440532013000","country":"DE","bic":null}"#;

/// By the general way; none: refused.
fn generally(body: &[u8]) -> Option<Request> {
    read(&Node::read(body).ok()?, AROUND).ok()
}

/// What each field may be given, good and bad.
fn value_of(name: &str) -> &'static [&'static str] {
    match name {
        "amount" => &["\"125.40\"", "\"1\"", "\"125.\\u0034\"", "125.40", "null", "\"\"", "{}"],
        "currency" => &["\"EUR\"", "\"JPY\"", "\"eur\"", "\"EU\\u0052\"", "[]"],
        "method" => &["\"bank_transfer\"", "\"card\"", "\"crypto\"", "\"x\"", "true"],
        "recipient" => &[
            BANK,
            r#"{"type" : "bank_account", "country":"DE"}"#,
            r#"{"type":"card","token":"tok_1","sim_status":"PROCESSED"}"#,
            r#"{"type":"card","token":"tok_1","tok\u0065n":"tok_1"}"#,
            r#"{"type":"bank_account","type":"bank_account","country":"DE"}"#,
            r#"{"type":"bank_account","country":"DE","iban":5}"#,
            r#"{"type":"bank_account","country":"DE","wallet":"x"}"#,
            r#"{"type":"crypto_address","network":"bitcoin","address":"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}"#,
            "null",
            "{}",
        ],
        "reference" => &["\"order-1001\"", "\"ö \u{7f}\"", "\" \"", "7", "null"],
        "description" => &["\"September\"", "\"a\\nb\"", "\"\u{202e}\"", "null"],
        "metadata" => &[
            r#"{"b":"2", "a":"1", "a b":"", "é":"x", "":"y"}"#,
            r#"{"order":"1001","customer":"c-1","a":"\"","orde":"0"}"#,
            r#"{"a":"1","a":"2"}"#,
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"order":"1"}"#,
            "{ }",
            "null",
            "[[[[]]]]",
        ],
        "autoprocess" => &["true", "false", "null", "\"true\"", "1"],
        "expires_in" => &[
            "60",
            "0",
            "31536000",
            "31536001",
            "1e3",
            "060",
            "1.0",
            "-5",
            "null",
            "99999999999999999999",
        ],
        "expires_at" => &["\"2026-11-21T00:00:00Z\"", "\"yesterday\"", "null"],
        "provider_account" => &["\"sandbox\"", "null", "\"é\""],
        "max_slippage_bps" => &["50", "0", "10001", "null", "\"50\""],
        _ => &["1", "null"],
    }
}

/// Mostly good fields, in any order, some twice, some that nobody knows.
fn bodies() -> impl Strategy<Value = String> {
    let usual = ["amount", "currency", "method", "recipient"];
    let names: Vec<&'static str> =
        FIELDS.into_iter().chain(["colour", "amoun", "Amount"]).collect();
    let more = prop::collection::vec(prop::sample::select(names), 0..5);
    let picks = prop::collection::vec((0..12_usize, 0..8_usize), 9);
    let space = prop::sample::select(vec!["", "", " ", "\n\t", "\r\n  ", "\u{b}", "\u{feff}"]);
    let shuffled = more.prop_map(move |more| usual.into_iter().chain(more).collect::<Vec<_>>());
    (shuffled.prop_shuffle(), picks, space).prop_map(|(names, picks, space)| {
        let members = names.into_iter().zip(picks).map(|(name, (pick, luck))| {
            let values = value_of(name);
            // Seven of eight are the first, which is good.
            let value = if luck > 0 { values[0] } else { values[pick % values.len()] };
            format!("{space}\"{name}\"{space}:{space}{value}{space}")
        });
        format!("{space}{{{}}}{space}", members.collect::<Vec<_>>().join(","))
    })
}

/// A byte taken away, put in, or changed.
fn damage() -> impl Strategy<Value = (u8, prop::sample::Index, u8)> {
    let bytes = *b"\"\\{}[]:,0 1etn\n\0\x7f\xc3\xff\xed";
    (0..3_u8, any::<prop::sample::Index>(), prop::sample::select(bytes.to_vec()))
}

fn damaged(body: String, damages: Vec<(u8, prop::sample::Index, u8)>) -> Vec<u8> {
    let mut bytes = body.into_bytes();
    for (how, place, byte) in damages {
        let place = place.index(bytes.len().max(1));
        match how {
            0 if place < bytes.len() => drop(bytes.remove(place)),
            1 if place < bytes.len() => bytes[place] = byte,
            _ => bytes.insert(place, byte),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_short_way_and_the_general_one_agree(
        body in bodies(),
        damages in prop::collection::vec(damage(), 0..3),
    ) {
        let body = damaged(body, damages);
        if let Some(request) = read_plain(&body, AROUND) {
            prop_assert_eq!(Some(request), generally(&body));
        }
    }
}

#[test]
fn what_is_usual_is_read_the_short_way() {
    let whole = format!(
        r#"{{"amount":"125.40","currency":"EUR","method":"bank_transfer","recipient":{BANK},
        "reference":"order-1001","description":"September, grüezi","metadata":{{"b":"2","a":"1"}},
        "autoprocess":false,"expires_in":60,"expires_at":null,"provider_account":"sandbox"}}"#
    );
    let least = format!(
        r#" {{ "amount" : "1" , "currency" : "EUR" , "method" : "bank_transfer" , "recipient" : {BANK} }} "#
    );
    for body in [whole, least] {
        let request = read_plain(body.as_bytes(), AROUND);
        assert!(request.is_some(), "{body}");
        assert_eq!(request, generally(body.as_bytes()));
    }
}

#[test]
fn each_value_of_each_field_is_read_alike() {
    for name in FIELDS {
        for value in value_of(name) {
            let others = ["amount", "currency", "method", "recipient"].into_iter();
            let others = others.filter(|other| *other != name);
            let rest: String =
                others.map(|other| format!(",\"{other}\":{}", value_of(other)[0])).collect();
            let body = format!("{{\"{name}\":{value}{rest}}}");
            if let Some(request) = read_plain(body.as_bytes(), AROUND) {
                assert_eq!(Some(request), generally(body.as_bytes()), "{body}");
            }
        }
    }
}

#[test]
fn what_is_no_body_is_left_to_the_general_way() {
    let good =
        format!(r#"{{"amount":"1","currency":"EUR","method":"bank_transfer","recipient":{BANK}}}"#);
    assert!(read_plain(good.as_bytes(), AROUND).is_some());
    let deep = good.replace(BANK, &format!("{}{BANK}{}", "[".repeat(40), "]".repeat(40)));
    let odd = [
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        format!("{good}x"),
        format!("{good},"),
        format!("[{good}]"),
        good.replace("}}", "},}"),
        good.replace("\"1\"", "1"),
        good.replace("{\"amount", "{,\"amount"),
        good.replace("\"amount\"", "amount"),
        good.replace("\"amount\"", "\"\\u0061mount\""),
        good.replace("\"amount\":\"1\"", "\"amount\":\"1\",\"amount\":\"1\""),
        good.replace("\"amount\"", "\"colour\":null,\"amount\""),
        deep,
    ];
    for body in odd {
        assert_eq!(read_plain(body.as_bytes(), AROUND), None, "{body}");
    }
    let latin = good.replace("Zoë", "Zo\u{fffd}").into_bytes();
    let latin: Vec<u8> = latin.into_iter().filter(|byte| !matches!(byte, 0xbf | 0xbd)).collect();
    assert_eq!(read_plain(&latin, AROUND), None);
}

#[test]
fn the_tables_are_sorted_and_whole() {
    let bare = |name: &'static str| name.trim_matches([':', '"']);
    let body = BODY.map(bare);
    assert!(body.is_sorted() && FIELDS.iter().all(|name| body.contains(name)));
    let recipient = OF_RECIPIENT.map(|(name, field)| (bare(name), field));
    assert!(recipient.is_sorted_by_key(|(name, _)| *name));
    assert!(Field::ALL.iter().all(|field| recipient.contains(&(field.name(), *field))));
    for name in BODY.into_iter().chain(OF_RECIPIENT.map(|(name, _)| name)) {
        assert_eq!(name, format!("\"{}\":", bare(name)));
    }
}
