//! The log of attempts: a row for each, the newest ones kept, read backwards in pages. What was sent
//! is not in it: the same event gives the same bytes, so it is rendered again for whoever asks.

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use super::attempt::Answer;
use super::book::{Job, Verdict};
use super::endpoint::EndpointId;
use super::feed::{Note, Notebook, Unavailable};
use super::notes;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that are kept of an endpoint.
pub const ROWS_MAX: u64 = 10_000;
/// Rows read at once while a filter looks for its own.
const READ_AT_ONCE: usize = 256;

/// One attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Its place in the log; rises.
    #[serde(skip)]
    pub number: u64,
    /// The event's id.
    pub event: String,
    /// The event's type.
    pub kind: String,
    /// The event's sequence; 0 for a test message.
    pub sequence: u64,
    /// Which attempt at this event it was, from 1.
    pub attempt: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why there was none, as a stable word.
    pub error: Option<String>,
    /// The beginning of the answer.
    pub answer: String,
    /// Asked for by hand: a test or a replay.
    pub manual: bool,
    /// Any 2xx.
    pub delivered: bool,
    /// The last attempt there will be, and it failed.
    pub dead_lettered: bool,
    /// When the next one comes, at the latest.
    pub next_attempt_at: Option<Timestamp>,
}

impl Delivery {
    /// The row of an attempt; without a verdict it was asked for by hand.
    pub fn of(job: &Job, answer: &Answer, verdict: Option<Verdict>) -> Delivery {
        let (status, error, text) = match &answer.outcome {
            Ok(said) => (Some(said.status), None, said.text.clone()),
            Err(none) => (None, Some(none.word().to_owned()), String::new()),
        };
        Delivery {
            number: 0,
            event: job.event.id.clone(),
            kind: job.event.kind.to_owned(),
            sequence: job.event.sequence,
            attempt: job.attempt,
            at: answer.at,
            duration_ms: u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX),
            status,
            error,
            answer: text,
            manual: verdict.is_none(),
            delivered: answer.is_delivered(),
            dead_lettered: verdict == Some(Verdict::DeadLettered),
            next_attempt_at: match verdict {
                Some(Verdict::Retry(at)) => Some(at),
                _ => None,
            },
        }
    }
}

/// The log of one endpoint, for whoever writes it.
#[derive(Debug)]
pub struct DeliveryLog {
    endpoint: EndpointId,
    next: AtomicU64,
}

impl DeliveryLog {
    fn open(notebook: &dyn Notebook, endpoint: EndpointId) -> Result<DeliveryLog, Unavailable> {
        let newest = notebook.notes(&notes::deliveries(endpoint), None, true, 1)?;
        let newest = newest.first().and_then(|(key, _)| notes::number_of(key));
        let next = AtomicU64::new(newest.map_or(1, |number| number + 1));
        Ok(DeliveryLog { endpoint, next })
    }

    /// The notes that add this row, and remove the one that it pushes out.
    pub fn add(&self, row: &Delivery) -> Vec<Note> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // A row of plain texts and numbers can always be written.
        let value = serde_json::to_vec(row).unwrap_or_default();
        let mut changes = vec![(notes::delivery(self.endpoint, number), Some(value))];
        if let Some(old) = number.checked_sub(ROWS_MAX) {
            changes.push((notes::delivery(self.endpoint, old), None));
        }
        changes
    }
}

/// The logs that somebody writes. One for each endpoint, so that no two rows get the same place.
#[derive(Debug, Default)]
pub struct Logs(Mutex<HashMap<EndpointId, Arc<DeliveryLog>>>);

impl Logs {
    /// The log of this endpoint.
    ///
    /// # Errors
    /// The notes cannot be had now.
    pub fn of(
        &self,
        notebook: &dyn Notebook,
        endpoint: EndpointId,
    ) -> Result<Arc<DeliveryLog>, Unavailable> {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(&endpoint) {
            return Ok(log.clone());
        }
        let log = Arc::new(DeliveryLog::open(notebook, endpoint)?);
        logs.insert(endpoint, log.clone());
        Ok(log)
    }

    /// The endpoint is no more.
    pub fn forget(&self, endpoint: EndpointId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&endpoint);
    }
}

/// Which rows are asked for.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQuery {
    /// Only those of this event.
    pub event: Option<String>,
    /// Only those that were delivered, or only those that were not.
    pub delivered: Option<bool>,
    /// Only those before this place.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// Rows, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryPage {
    /// The rows.
    pub rows: Vec<Delivery>,
    /// `before` of the next page, if there is one.
    pub next: Option<u64>,
}

/// Reads one page.
///
/// # Errors
/// The notes cannot be had now.
pub fn page(
    notebook: &dyn Notebook,
    endpoint: EndpointId,
    query: &DeliveryQuery,
) -> Result<DeliveryPage, Unavailable> {
    let DeliveryQuery { event, delivered, before, limit } = query;
    let wanted = |row: &Delivery| {
        event.as_ref().is_none_or(|event| *event == row.event)
            && delivered.is_none_or(|delivered| delivered == row.delivered)
    };
    let prefix = notes::deliveries(endpoint);
    let mut from = before.map(|number| notes::delivery(endpoint, number));
    let mut rows: Vec<Delivery> = Vec::new();
    loop {
        let found = notebook.notes(&prefix, from.as_deref(), true, READ_AT_ONCE)?;
        let at_end = found.len() < READ_AT_ONCE;
        from = found.last().map(|(key, _)| key.clone());
        rows.extend(found.iter().filter_map(|(key, value)| read(key, value)).filter(&wanted));
        if rows.len() > *limit {
            rows.truncate(*limit);
            let next = rows.last().map(|row| row.number);
            return Ok(DeliveryPage { rows, next });
        }
        if at_end {
            return Ok(DeliveryPage { rows, next: None });
        }
    }
}

fn read(key: &[u8], value: &[u8]) -> Option<Delivery> {
    let row: Delivery = serde_json::from_slice(value).ok()?;
    Some(Delivery { number: notes::number_of(key)?, ..row })
}
