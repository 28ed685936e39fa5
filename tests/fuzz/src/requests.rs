//! Any request to any address, with any key or none: methods, paths, queries, cursors, headers, bodies of
//! merchants and operators. Apart from `creates`, which looks at one kind of body much closer.

use crate::answers;
use crate::gateway::{Answer, Gateway};
use crate::request_text::{self, Known};
use crate::target::{Check, Target, Trace};
use adapters::sandbox::{SandboxSettings, VirtualClock};
use serde_json::Value;

pub const TARGET: Target =
    Target { name: "requests", text: true, longest: 80_000, usual: 2000, examples: Vec::new, open };

fn open() -> Check {
    let gateway = Gateway::open(&SandboxSettings::default(), VirtualClock::running());
    let mut known = Known::new();
    let mut number = 0_u64;
    for name in ["payout", "endpoint", "snapshot", "cursor", "event"] {
        known.insert(name, "none".to_owned());
    }
    Box::new(move |input| {
        number += 1;
        known.insert("fresh", format!("key-{number}"));
        let Some(sent) = request_text::read(input, &gateway, &known) else {
            return Trace::of("no request");
        };
        let place = sent.uri.path().split('/').take(4).map(str::len).sum::<usize>();
        let method = sent.method.clone();
        let answer = gateway.ask(sent);
        learn(&answer, &mut known);
        let value = answer.json();
        answers::amounts_are_texts(&value);
        answers::judge(&answer).and(Trace::of((method, place)))
    })
}

/// Later requests may speak of what this answer made.
fn learn(answer: &Answer, known: &mut Known) {
    let value = answer.json();
    let made = value["id"].as_str().or(value["data"][0]["id"].as_str());
    let kinds = [("po_", "payout"), ("whk_", "endpoint"), ("snp_", "snapshot"), ("evt_", "event")];
    for (prefix, name) in kinds {
        if let Some(id) = made.filter(|id| id.starts_with(prefix)) {
            known.insert(name, id.to_owned());
        }
    }
    if let Value::String(cursor) = &value["next_cursor"] {
        known.insert("cursor", cursor.clone());
    }
}
