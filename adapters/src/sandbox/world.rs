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
mod index;
mod ledger;
mod life;
mod quotes;
mod reply;
mod row;
mod submission;
pub mod suffix;
#[cfg(test)]
mod tests;
mod transactions;
mod undo;
pub mod word;

pub use calling::Outgoing;
pub use ledger::PAGE_DEFAULT;
pub use quotes::{QuoteAsked, rate};
pub use reply::{Manner, Reply};
pub use submission::Asked;
pub use transactions::PageAsked;

use super::settings::SandboxSettings;
use domain::id::{Fingerprint, PayoutId};
use domain::time::Timestamp;
use faults::{Faults, Lots};
use index::Index;
use life::Due;
use row::Row;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

/// Before the reference in the sandbox's own ids, so that no index from one to the other is needed.
const ID_PREFIX: &str = "sbx_";

/// Everything the sandbox knows.
#[derive(Clone)]
pub struct World {
    settle_after: Duration,
    visibility_lag: Duration,
    faults: Faults,
    lots: Lots,
    now: Timestamp,
    /// One per reference ever seen, in the order of their first sight.
    rows: Vec<Row>,
    /// A row by the hash of its reference: as good as the text, and a third of its size.
    by_reference: Index<Fingerprint, u32>,
    /// The latest row of each payout; each row knows the one before it.
    by_payout: Index<PayoutId, u32>,
    due: BinaryHeap<Reverse<Due>>,
    /// Tells apart what is due at the same time: first planned, first done.
    planned: u64,
    outgoing: Vec<Outgoing>,
    /// The address of the last submission: nearly always that of the next one too.
    callback_url: Option<Arc<str>>,
    quotes_given: Index<PayoutId, u32>,
    /// The current second, and the calls in it.
    calls_this_second: (i64, u32),
    /// Pages of the list asked for so far: by their number chance spoils one and not another.
    pages_asked: u32,
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
            by_reference: Index::default(),
            by_payout: Index::default(),
            due: BinaryHeap::new(),
            planned: 0,
            outgoing: Vec::new(),
            callback_url: None,
            quotes_given: Index::default(),
            calls_this_second: (0, 0),
            pages_asked: 0,
        }
    }

    /// The callbacks that fell due since this was last asked, oldest first.
    pub fn take_callbacks(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outgoing)
    }

    /// A row by reference or by the sandbox's own id.
    fn find(&self, name: &str) -> Option<usize> {
        let place_of = |name: &str| self.by_reference.get(&Fingerprint::of(name.as_bytes()));
        let place = place_of(name).or_else(|| place_of(name.strip_prefix(ID_PREFIX)?))?;
        Some(*place as usize)
    }

    /// The row of a reference, new if it was never seen.
    fn find_or_add(&mut self, asked: &Asked<'_>) -> usize {
        let key = Fingerprint::of(asked.reference.as_bytes());
        if let Some(place) = self.by_reference.get(&key) {
            return *place as usize;
        }
        let place = self.rows.len();
        // Memory ends long before four thousand million rows.
        let short = u32::try_from(place).unwrap_or(u32::MAX);
        let older = self.by_payout.insert(asked.payout, short);
        self.by_reference.insert(key, short);
        self.rows.push(Row::new(asked, older));
        place
    }

    /// The rows of one payout, latest first.
    fn rows_of(&self, payout: PayoutId) -> impl Iterator<Item = &Row> {
        let row = |place: u32| &self.rows[place as usize];
        let first = self.by_payout.get(&payout).map(|place| row(*place));
        std::iter::successors(first, move |newer| newer.older.map(row))
    }
}
