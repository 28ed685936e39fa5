//! A test message: sent once, whatever the endpoint's filter says and whether it is enabled or not.

use crate::webhooks::attempt::{Answer, Message};
use crate::webhooks::book::Job;
use crate::webhooks::deliveries::Delivery;
use crate::webhooks::endpoint::{Endpoint, random};
use crate::webhooks::feed::{Event, Feed, Unavailable};
use crate::webhooks::kinds;
use crate::webhooks::worker::Shared;
use domain::id::PayoutId;
use domain::time::Timestamp;
use serde_json::json;
use std::time::Duration;

/// Sends one; the answer comes with the id that the message had.
pub async fn send(
    shared: &Shared,
    feed: Option<&Feed>,
    endpoint: &Endpoint,
    timeout: Duration,
) -> (String, Answer) {
    let now = shared.clock.now();
    // An id that comes twice would harm a receiver's test and nothing else.
    let id = format!("evt_{}", PayoutId(random().unwrap_or_default()).base32());
    let Timestamp(micros) = now;
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    let body = json!({
        "id": id, "type": kinds::TEST, "sequence": 0, "created_at": format!("{at:.6}"),
        "data": { "endpoint": endpoint.id.to_string() },
    });
    let body = body.to_string();
    let message = Message { id: &id, body: body.as_bytes() };
    let answer = shared.sender.send(endpoint, message, timeout).await;
    let event = Event { sequence: 0, id: id.clone(), kind: kinds::TEST, payout: None, at: now };
    let row = Delivery::of(&Job { event, attempt: 1 }, &answer, None);
    if let Some(Err(error)) = feed.map(|feed| log(shared, feed, endpoint, &row)) {
        tracing::warn!(endpoint = %endpoint.id, %error, "a test message is not in the log");
    }
    (id, answer)
}

fn log(
    shared: &Shared,
    feed: &Feed,
    endpoint: &Endpoint,
    row: &Delivery,
) -> Result<(), Unavailable> {
    let log = shared.logs.of(&*feed.notebook, endpoint.id)?;
    feed.notebook.write(log.add(row))
}
