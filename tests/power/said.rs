//! What the gateway had said to others before the power went: answers to merchants, submissions, messages.
//! Read from the very bytes that it gave to its sockets, so that no clock is in it: something counts as said
//! from the moment at which it began to be sent. Apart from the judge, who holds a start against it.

use crate::calls::{Effect, What};
use domain::id::{EventId, PayoutId, read_provider_reference};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One thing said, at a place of the recording.
#[derive(Debug)]
pub struct Said {
    pub at: u64,
    pub what: Word,
}

#[derive(Debug)]
pub enum Word {
    /// A payout at this version: acknowledged, shown, or told.
    Payout(PayoutId, u32),
    /// An event of this id, which carries its place.
    Event(EventId),
    /// A submission of this payout's attempt left, with this body.
    Submission(PayoutId, u8, String),
    /// A receiver of messages was accepted.
    Endpoint(String),
}

/// All that others knew at some place of the recording.
#[derive(Debug, Default)]
pub struct Known {
    pub payouts: BTreeMap<PayoutId, u32>,
    pub events: BTreeSet<EventId>,
    /// The submissions that left: the first order of each attempt.
    pub orders: BTreeMap<(PayoutId, u8), String>,
    pub endpoints: BTreeSet<String>,
}

/// Everything that was said in a recording.
pub fn said(effects: &[Effect]) -> Vec<Said> {
    let mut found = Vec::new();
    for effect in effects {
        if let What::Send(bytes) = &effect.what {
            let words = words(&String::from_utf8_lossy(bytes));
            found.extend(words.into_iter().map(|what| Said { at: effect.begin, what }));
        }
    }
    found
}

/// What was known when the power went at this place.
pub fn known(said: &[Said], cut: u64) -> Known {
    let mut known = Known::default();
    for Said { at: _, what } in said.iter().filter(|said| said.at < cut) {
        match what {
            Word::Payout(id, version) => {
                let highest = known.payouts.entry(*id).or_default();
                *highest = (*version).max(*highest);
            }
            Word::Event(id) => drop(known.events.insert(*id)),
            Word::Submission(id, attempt, order) => {
                known.orders.entry((*id, *attempt)).or_insert_with(|| order.clone());
            }
            Word::Endpoint(id) => drop(known.endpoints.insert(id.clone())),
        }
    }
    known
}

fn words(message: &str) -> Vec<Word> {
    let (head, body) = message.split_once("\r\n\r\n").unwrap_or((message, ""));
    let text = body;
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let mut found = Vec::new();
    if head.starts_with("POST /v1/payouts HTTP") {
        let reference = body["reference"].as_str().unwrap_or_default();
        if let Ok((id, attempt)) = read_provider_reference(reference) {
            found.push(Word::Submission(id, attempt, text.to_owned()));
        }
    } else if head.starts_with("HTTP/1.1 2") || head.contains("\r\nwebhook-id:") {
        collect(&body, &mut found);
    }
    found
}

/// Payouts, events and endpoints, wherever they are in an answer.
fn collect(value: &Value, found: &mut Vec<Word>) {
    match value {
        Value::Array(rows) => rows.iter().for_each(|row| collect(row, found)),
        Value::Object(fields) => {
            let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
            let version = fields.get("version").and_then(Value::as_u64);
            if let (Ok(id), Some(version)) = (id.parse(), version) {
                found.push(Word::Payout(id, version as u32));
            } else if let Ok(id) = id.parse() {
                found.push(Word::Event(id));
            } else if id.starts_with("whk_") {
                found.push(Word::Endpoint(id.to_owned()));
            }
            fields.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}
