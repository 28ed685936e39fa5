//! Events in memory, for tests.
//!
//! Apart from fjall's, and simpler: sorted maps under one lock. It passes the
//! same conformance tests, so what a test learns here holds there.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    EventError, EventRow, EventStore, Happened, Newest, Note, NoteChange,
    notes::range,
    numbering::{Numbered, Numbering},
};

/// An [`EventStore`] that is gone with the process.
#[derive(Default)]
pub struct MemoryEvents {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    numbering: Numbering,
    rows: BTreeMap<(u64, u64), EventRow>,
    notes: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl MemoryEvents {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventStore for MemoryEvents {
    fn append(&self, happened: Vec<Happened>, through: u64) -> Result<Newest, EventError> {
        let mut tables = self.tables();
        let Numbered { rows, newest, gaps, through } =
            tables.numbering.number(happened, through)?;
        tables.rows.extend(rows.into_iter().map(|row| ((row.stream, row.sequence), row)));
        Ok(tables.numbering.accept(newest, gaps, through))
    }

    fn through(&self) -> Result<u64, EventError> {
        Ok(self.tables().numbering.through)
    }

    fn last(&self, stream: u64) -> Result<u64, EventError> {
        Ok(self.tables().numbering.last(stream))
    }

    fn streams(&self) -> Result<Newest, EventError> {
        Ok(self.tables().numbering.streams())
    }

    fn after(&self, stream: u64, after: u64, limit: usize) -> Result<Vec<EventRow>, EventError> {
        let Some(first) = after.checked_add(1) else {
            return Ok(Vec::new());
        };
        let tables = self.tables();
        let rows = tables.rows.range((stream, first)..=(stream, u64::MAX)).take(limit);
        Ok(rows.map(|(_, row)| row.clone()).collect())
    }

    fn get(&self, stream: u64, sequence: u64) -> Result<Option<EventRow>, EventError> {
        Ok(self.tables().rows.get(&(stream, sequence)).cloned())
    }

    fn write_notes(&self, notes: Vec<NoteChange>) -> Result<(), EventError> {
        let mut tables = self.tables();
        for (key, value) in notes {
            match value {
                Some(value) => tables.notes.insert(key, value),
                None => tables.notes.remove(&key),
            };
        }
        Ok(())
    }

    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EventError> {
        Ok(self.tables().notes.get(key).cloned())
    }

    fn notes(
        &self,
        prefix: &[u8],
        from: Option<&[u8]>,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Note>, EventError> {
        let Some(range) = range(prefix, from, backwards) else {
            return Ok(Vec::new());
        };
        let tables = self.tables();
        let notes = tables.notes.range(range).map(|(key, value)| (key.clone(), value.clone()));
        Ok(if backwards { notes.rev().take(limit).collect() } else { notes.take(limit).collect() })
    }

    fn persist(&self) -> Result<(), EventError> {
        Ok(())
    }
}
