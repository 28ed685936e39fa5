//! Writes before they are a batch.
//!
//! Apart from the archive because of one trap: a batch of fjall has no order
//! among its own writes to the same key, so a row that is removed and written
//! again must be settled before it becomes part of one.

use std::collections::{BTreeMap, HashMap};

use super::{Archived, Id};

/// What each key shall hold; none where it shall be gone.
pub(crate) type Settled = BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// The keyspaces that payouts are spread over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    Payouts,
    ByTime,
    ByStatus,
    References,
    Due,
}

/// The last write to a key counts.
#[derive(Default)]
pub(crate) struct Writes(Settled);

impl Writes {
    pub(crate) fn set(&mut self, table: Table, key: impl Into<Vec<u8>>, value: Vec<u8>) {
        self.0.insert((table, key.into()), Some(value));
    }

    pub(crate) fn remove(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.0.insert((table, key.into()), None);
    }

    /// None when the key was not written, else what was written.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Option<Option<&[u8]>> {
        self.0.get(&(table, key.to_vec())).map(Option::as_deref)
    }

    pub(crate) fn into_inner(self) -> Settled {
        self.0
    }
}

/// The batch without the payouts that appear again later in it.
pub(crate) fn last_of_each(batch: Vec<Archived>) -> impl Iterator<Item = Archived> {
    let places = batch.iter().enumerate();
    let last: HashMap<Id, usize> = places.map(|(place, archived)| (archived.id, place)).collect();
    let placed = batch.into_iter().enumerate();
    let kept = placed.filter(move |(place, archived)| last.get(&archived.id) == Some(place));
    kept.map(|(_, archived)| archived)
}
