//! The archive in memory, for tests of the engine.
//!
//! Apart from fjall's, and simpler: sorted maps under one lock. It passes the
//! same conformance tests, so what an engine test learns here holds there.

use std::{
    collections::BTreeMap,
    ops::{Bound, ControlFlow},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    ArchiveError, ArchiveStore, Archived, Facets, Id, Listing, Row, RowAmiss, RowsChecked,
    keys::{self, DueKey, Indexed, ReferenceKey, StatusKey, TimeKey},
};

/// An [`ArchiveStore`] that is gone with the process.
#[derive(Default)]
pub struct MemoryArchive {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    payouts: BTreeMap<Id, Archived>,
    by_time: BTreeMap<TimeKey, Facets>,
    by_status: BTreeMap<StatusKey, Facets>,
    references: BTreeMap<ReferenceKey, Id>,
    due: BTreeMap<DueKey, ()>,
    covers: Option<(u64, u64)>,
}

impl MemoryArchive {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ArchiveStore for MemoryArchive {
    fn put(&self, batch: Vec<Archived>) -> Result<(), ArchiveError> {
        let mut tables = self.tables();
        batch.into_iter().for_each(|archived| tables.replace(archived));
        Ok(())
    }

    fn get(&self, id: Id) -> Result<Option<Vec<u8>>, ArchiveError> {
        Ok(self.tables().payouts.get(&id).map(|archived| archived.body.clone()))
    }

    fn contains(&self, id: Id) -> Result<bool, ArchiveError> {
        Ok(self.tables().payouts.contains_key(&id))
    }

    fn list(
        &self,
        listing: Listing,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        // Collected first: the visitor may ask the archive something else.
        let rows = self.tables().rows(&listing);
        for row in rows {
            if visit(row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Result<Option<Id>, ArchiveError> {
        Ok(self.tables().references.get(&keys::reference(merchant, hash)).copied())
    }

    fn due_before(&self, time: i64, limit: usize) -> Result<Vec<(i64, Id)>, ArchiveError> {
        let end = keys::due(time, [0; 16]);
        let tables = self.tables();
        let keys = tables.due.range(..end).take(limit);
        Ok(keys.filter_map(|(key, ())| keys::read_due(key)).collect())
    }

    fn persist(&self) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn len(&self) -> usize {
        self.tables().payouts.len()
    }

    fn covers(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(self.tables().covers.map(|(sequence, _)| sequence))
    }

    fn covered_by(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(Some(self.tables().covers.map_or(0, |(_, snapshot)| snapshot)))
    }

    fn set_covers(&self, sequence: u64, snapshot: u64) -> Result<(), ArchiveError> {
        self.tables().covers = Some((sequence, snapshot));
        Ok(())
    }

    fn visit(
        &self,
        visit: &mut dyn FnMut(Archived) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        let payouts: Vec<Archived> = self.tables().payouts.values().cloned().collect();
        let _ = payouts.into_iter().try_for_each(visit);
        Ok(())
    }

    /// Maps in memory are changed together, under one lock: they always fit.
    fn check_rows(&self, _: &mut dyn FnMut(RowAmiss)) -> Result<RowsChecked, ArchiveError> {
        let tables = self.tables();
        let rows = tables.by_time.len() + tables.by_status.len();
        let rows = rows + tables.references.len() + tables.due.len();
        Ok(RowsChecked { payouts: tables.payouts.len() as u64, rows: rows as u64 })
    }
}

impl Tables {
    fn replace(&mut self, archived: Archived) {
        if let Some(old) = self.payouts.get(&archived.id).map(Indexed::of) {
            self.remove_rows(&old);
        }
        let new = Indexed::of(&archived);
        self.by_time.insert(new.by_time(), new.facets);
        self.by_status.insert(new.by_status(), new.facets);
        self.references.extend(new.reference().map(|key| (key, new.id)));
        self.due.extend(new.due().map(|key| (key, ())));
        self.payouts.insert(archived.id, archived);
    }

    fn remove_rows(&mut self, old: &Indexed) {
        self.by_time.remove(&old.by_time());
        self.by_status.remove(&old.by_status());
        if let Some(key) = old.due() {
            self.due.remove(&key);
        }
        // Another payout may carry the reference by now.
        if let Some(key) = old.reference()
            && self.references.get(&key) == Some(&old.id)
        {
            self.references.remove(&key);
        }
    }

    fn rows(&self, listing: &Listing) -> Vec<Row> {
        let Listing { merchant, status, after, limit } = *listing;
        match status {
            None => {
                let last = keys::by_time(merchant, i64::MIN, [0xFF; 16]);
                let start = after.map(|(time, id)| keys::by_time(merchant, time, id));
                let first = keys::by_time(merchant, i64::MAX, [0; 16]);
                rows(&self.by_time, start, first, last, limit)
            }
            Some(status) => {
                let last = keys::by_status(merchant, status, i64::MIN, [0xFF; 16]);
                let start = after.map(|(time, id)| keys::by_status(merchant, status, time, id));
                let first = keys::by_status(merchant, status, i64::MAX, [0; 16]);
                rows(&self.by_status, start, first, last, limit)
            }
        }
    }
}

fn rows<K: Ord + AsRef<[u8]>>(
    table: &BTreeMap<K, Facets>,
    after: Option<K>,
    first: K,
    last: K,
    limit: usize,
) -> Vec<Row> {
    let start = after.map_or(Bound::Included(first), Bound::Excluded);
    let found = table.range((start, Bound::Included(last))).take(limit);
    found
        .filter_map(|(key, facets)| keys::read_row(key.as_ref(), &facets.0.to_be_bytes()))
        .collect()
}
