//! A book as it is kept: up to where events were loaded, and which of those are still open. The events
//! themselves are read again, so a note stays small however much they say.

use super::{Book, Limits, Open};
use crate::webhooks::feed::{Event, EventSource, Unavailable};
use domain::id::MerchantId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Events read at once when a book is opened again.
const READ_AT_ONCE: usize = 64;

/// What a note holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Saved {
    /// Up to here everything is done but for what follows.
    pub loaded: u64,
    /// Open and never tried.
    pub fresh: Vec<u64>,
    /// Open and tried.
    pub retries: Vec<SavedRetry>,
    /// How many failures there were in a row.
    pub failures_in_a_row: u32,
    /// Since when.
    pub failing_since: Option<Timestamp>,
}

/// One event that waits for another attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedRetry {
    /// Its sequence.
    pub sequence: u64,
    /// Attempts made.
    pub tries: u32,
    /// Attempts of the schedule that failed.
    pub failed: u32,
    /// When the next one comes.
    pub scheduled: Timestamp,
    /// Whether it may not come sooner.
    pub hurried: bool,
}

impl Book {
    /// Whether it differs from what was noted.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// It was noted as it is.
    pub fn is_kept(&mut self) {
        self.changed = false;
    }

    /// As it is noted.
    pub fn saved(&self) -> Saved {
        let mut saved = Saved {
            loaded: self.loaded,
            failures_in_a_row: self.failures_in_a_row,
            failing_since: self.failing_since,
            ..Saved::default()
        };
        for (sequence, open) in &self.open {
            let Open { event: _, tries, failed, scheduled, began: _, hurried } = *open;
            let sequence = *sequence;
            if tries == 0 {
                saved.fresh.push(sequence);
            } else {
                saved.retries.push(SavedRetry { sequence, tries, failed, scheduled, hurried });
            }
        }
        saved
    }

    /// The book of a note. What is open is read again; an event that is gone counts as done. Behind a
    /// gateway that was put back to an earlier time, the book goes back too: what happens from then on
    /// has numbers that it would take for done.
    ///
    /// # Errors
    /// The events cannot be had now.
    pub fn restore(
        limits: Limits,
        saved: Saved,
        merchant: MerchantId,
        source: &dyn EventSource,
    ) -> Result<Book, Unavailable> {
        let Saved { loaded, fresh, retries, failures_in_a_row, failing_since } = saved;
        let mut book = Book::new(limits, loaded.min(source.last(merchant)?));
        (book.failures_in_a_row, book.failing_since) = (failures_in_a_row, failing_since);
        let tried = |sequence| retries.iter().find(|retry| retry.sequence == sequence);
        let mut wanted: Vec<u64> = retries.iter().map(|retry| retry.sequence).collect();
        wanted.extend(fresh);
        wanted.sort_unstable();
        wanted.dedup();
        // What lies beyond is loaded in its turn, and would stand in its lane twice.
        let known = book.loaded;
        for event in
            read(&wanted, merchant, source)?.into_iter().filter(|one| one.sequence <= known)
        {
            let open = match tried(event.sequence) {
                None => Open::new(event),
                Some(&SavedRetry { sequence: _, tries, failed, scheduled, hurried }) => {
                    Open { tries, failed, scheduled, hurried, ..Open::new(event) }
                }
            };
            book.insert(open);
        }
        Ok(book)
    }
}

/// These events, in order, by as few readings as their gaps allow.
fn read(
    wanted: &[u64],
    merchant: MerchantId,
    source: &dyn EventSource,
) -> Result<Vec<Event>, Unavailable> {
    let mut events = Vec::with_capacity(wanted.len());
    let mut left = wanted;
    while let Some(first) = left.first() {
        let run = source.after(merchant, first.saturating_sub(1), READ_AT_ONCE)?;
        let last = run.last().map_or(*first, |event| event.sequence.max(*first));
        let (here, beyond) = left.split_at(left.partition_point(|one| *one <= last));
        events.extend(run.into_iter().filter(|event| here.binary_search(&event.sequence).is_ok()));
        left = beyond;
    }
    Ok(events)
}
