//! The sandbox without a network: every payout it was sent, what becomes of each in virtual time, and
//! the ledger of what truly happened to the money. Pure: the same calls at the same times make the
//! same answers and the same callbacks, whichever transport carries them.
//!
//! Callers hand in `now` and take the callbacks out. Nothing happens between two calls: whatever
//! fell due meanwhile happens at the beginning of the next one, in the order of its times.

pub mod behaviour;
mod calling;
mod enquiry;
pub mod faults;
mod front_door;
mod ledger;
mod life;
mod quotes;
mod reply;
mod row;
mod submission;
pub mod suffix;
#[cfg(test)]
mod tests;
mod undo;
pub mod word;

pub use calling::Outgoing;
pub use ledger::PAGE_DEFAULT;
pub use quotes::{QuoteAsked, rate};
pub use reply::{Manner, Reply};
pub use submission::Asked;

use super::settings::SandboxSettings;
use domain::id::{Fingerprint, PayoutId};
use domain::time::Timestamp;
use faults::{Faults, Lots};
use life::Due;
use row::Row;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Before the reference in the sandbox's own ids, so that no index from one to the other is needed.
const ID_PREFIX: &str = "sbx_";

/// Everything the sandbox knows.
pub struct World {
    settle_after: Duration,
    visibility_lag: Duration,
    faults: Faults,
    lots: Lots,
    now: Timestamp,
    /// One per reference ever seen, in the order of their first sight.
    rows: Vec<Row>,
    /// A row by the hash of its reference: as good as the text, and a third of its size.
    by_reference: HashMap<Fingerprint, usize>,
    /// The latest row of each payout; each row knows the one before it.
    by_payout: HashMap<PayoutId, usize>,
    due: BinaryHeap<Reverse<Due>>,
    /// Tells apart what is due at the same time: first planned, first done.
    planned: u64,
    outgoing: Vec<Outgoing>,
    /// The address of the last submission: nearly always that of the next one too.
    callback_url: Option<Arc<str>>,
    quotes_given: HashMap<PayoutId, u32>,
    /// The current second, and the calls in it.
    calls_this_second: (i64, u32),
}

impl World {
    /// An empty one.
    pub fn new(settings: &SandboxSettings) -> World {
        World {
            settle_after: settings.settle_after,
            visibility_lag: settings.visibility_lag,
            faults: settings.faults.clone(),
            lots: Lots::new(settings.seed),
            now: Timestamp::default(),
            rows: Vec::new(),
            by_reference: HashMap::new(),
            by_payout: HashMap::new(),
            due: BinaryHeap::new(),
            planned: 0,
            outgoing: Vec::new(),
            callback_url: None,
            quotes_given: HashMap::new(),
            calls_this_second: (0, 0),
        }
    }

    /// The callbacks that fell due since this was last asked, oldest first.
    pub fn take_callbacks(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outgoing)
    }

    /// A row by reference or by the sandbox's own id.
    fn find(&self, name: &str) -> Option<usize> {
        let reference = name.strip_prefix(ID_PREFIX).unwrap_or(name);
        let place = *self.by_reference.get(&Fingerprint::of(reference.as_bytes()))?;
        // A reference of somebody's own could begin with the prefix.
        (*self.rows[place].reference == *reference).then_some(place)
    }

    /// The row of a reference, new if it was never seen.
    fn find_or_add(&mut self, asked: &Asked<'_>) -> usize {
        let key = Fingerprint::of(asked.reference.as_bytes());
        if let Some(place) = self.by_reference.get(&key) {
            return *place;
        }
        let place = self.rows.len();
        let older = self.by_payout.insert(asked.payout, place);
        self.by_reference.insert(key, place);
        self.rows.push(Row::new(asked, older));
        place
    }

    /// The rows of one payout, latest first.
    fn rows_of(&self, payout: PayoutId) -> impl Iterator<Item = &Row> {
        let first = self.by_payout.get(&payout).map(|place| &self.rows[*place]);
        std::iter::successors(first, |row| row.older().map(|place| &self.rows[place]))
    }
}
