//! What a worker keeps over a restart: its book, its replays and the rows of its log, in one note of
//! all at once, a few times a second. What was not yet noted when the process was killed is sent
//! again, under the same id.

use super::Shared;
use crate::webhooks::book::{Book, Job, Saved};
use crate::webhooks::deliveries::{Delivery, DeliveryLog};
use crate::webhooks::endpoint::Endpoint;
use crate::webhooks::feed::{Feed, Note, Notebook, Unavailable};
use crate::webhooks::notes;
use crate::webhooks::replay::{Replay, Replays};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The time between two notes.
const KEEP_EVERY: Duration = Duration::from_millis(250);
/// Changes that wait while notes cannot be written; beyond them the oldest rows are let go.
const WAITING_MAX: usize = 8_192;

/// What the note of an endpoint holds.
#[derive(Default, Serialize, Deserialize)]
struct Noted {
    book: Saved,
    replays: Vec<Replay>,
}

/// What is to be noted, and when.
pub struct Keeping {
    key: Vec<u8>,
    log: Arc<DeliveryLog>,
    replays: Replays,
    rows: Vec<Note>,
    kept_at: Timestamp,
}

impl Keeping {
    /// Reads what was noted of the endpoint.
    ///
    /// # Errors
    /// Notes or events cannot be had now.
    pub fn open(
        shared: &Shared,
        feed: &Feed,
        endpoint: &Endpoint,
    ) -> Result<(Book, Keeping), Unavailable> {
        let key = notes::state(endpoint.id);
        let limits = shared.settings.limits;
        let noted = feed.notebook.note(&key)?.map(|bytes| serde_json::from_slice(&bytes));
        // An endpoint may be younger than what a gateway was put back to.
        let begin = || -> Result<Book, Unavailable> {
            let last = feed.source.last(endpoint.merchant)?;
            Ok(Book::new(limits, endpoint.starts_after.min(last)))
        };
        let (book, replays) = match noted {
            Some(Ok(Noted { book, replays })) => {
                (Book::restore(limits, book, endpoint.merchant, &*feed.source)?, replays)
            }
            None => (begin()?, Vec::new()),
            Some(Err(_)) => {
                // Telling everything twice is allowed; leaving something out is not.
                tracing::error!(endpoint = %endpoint.id, "the note of a webhook endpoint is damaged");
                (begin()?, Vec::new())
            }
        };
        let log = shared.logs.of(&*feed.notebook, endpoint.id)?;
        let (replays, kept_at) = (Replays::of(replays), Timestamp::default());
        Ok((book, Keeping { key, log, replays, rows: Vec::new(), kept_at }))
    }

    /// A row for the log.
    pub fn log(&mut self, row: &Delivery) {
        self.rows.extend(self.log.add(row));
        let too_many = self.rows.len().saturating_sub(WAITING_MAX);
        self.rows.drain(..too_many);
    }

    /// When there is something to note, if there is.
    pub fn due_at(&self, book: &Book) -> Option<Timestamp> {
        let any = book.is_changed() || self.replays.is_changed() || !self.rows.is_empty();
        any.then(|| self.kept_at.plus(KEEP_EVERY))
    }

    /// Notes everything that changed.
    pub fn keep(&mut self, notebook: &dyn Notebook, book: &mut Book, now: Timestamp) {
        self.kept_at = now;
        let mut changes = self.rows.clone();
        if book.is_changed() || self.replays.is_changed() {
            let noted = Noted { book: book.saved(), replays: self.replays.noted() };
            // Numbers and lists of them can always be written.
            changes.push((self.key.clone(), serde_json::to_vec(&noted).ok()));
        }
        if changes.is_empty() {
            return;
        }
        match notebook.write(changes) {
            Ok(()) => {
                self.rows.clear();
                book.is_kept();
                self.replays.is_kept();
            }
            Err(Unavailable) => tracing::warn!("the state of a webhook endpoint is not saved yet"),
        }
    }

    /// One more replay, if there is room.
    pub fn replay(&mut self, replay: Replay) -> bool {
        self.replays.add(replay)
    }

    /// The next event to be sent again, if one may be now.
    pub fn next_replayed(
        &mut self,
        feed: &Feed,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<Option<Job>, Unavailable> {
        let Some(replay) = self.replays.next(now) else { return Ok(None) };
        let mut found = feed.source.after(endpoint.merchant, replay.after, 1)?;
        let event = found.pop().filter(|event| event.sequence <= replay.until);
        match event {
            Some(event) if !replay.filtered || endpoint.events.wants(event.kind) => {
                self.replays.begin();
                Ok(Some(Job { event, attempt: 1 }))
            }
            Some(unwanted) => {
                self.replays.done(unwanted.sequence);
                Ok(None)
            }
            None => {
                self.replays.done(replay.until);
                Ok(None)
            }
        }
    }

    /// The clock was put back: nothing waits until it shows again what it showed before.
    pub fn clock_was_put_back(&mut self, now: Timestamp) {
        self.kept_at = self.kept_at.min(now);
        self.replays.clock_was_put_back(now);
    }

    /// When a replay goes on by itself.
    pub fn replay_at(&self) -> Option<Timestamp> {
        self.replays.wake_at()
    }

    /// A replayed event was sent.
    pub fn replayed(&mut self, sequence: u64) {
        self.replays.done(sequence);
    }

    /// The replay goes on then.
    pub fn put_replay_off(&mut self, until: Timestamp) {
        self.replays.put_off(until);
    }
}
