//! Events in fjall: one database, a keyspace each for rows, notes and the
//! little that must be known before the first event is numbered.
//!
//! Apart because it is the disk's side of the contract. A write is in the
//! kernel's hands when the call returns, so a killed process loses nothing; a
//! power cut may take the newest batches, whole and in reverse order, and they
//! are taken from the log again.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use fjall::{Database, Guard, Keyspace, PersistMode};

use super::{
    EventError, EventRow, EventStore, Happened, Newest, Note, NoteChange, block,
    notes::range,
    numbering::{Numbered, Numbering},
    opening::{self, OfLog, Opened, TurnedAway},
};
use crate::{
    guarded::{self, AfterPanic, Fault},
    options::Room,
};

const CUT: EventError = EventError::Damaged("a row is cut short");
const GAP: EventError = EventError::Damaged("an event is missing");
/// An [`EventStore`] on disk.
pub struct FjallEvents {
    database: Database,
    rows: Keyspace,
    notes: Keyspace,
    meta: Keyspace,
    numbering: RwLock<Numbering>,
    /// Whose turn it is to number. Reading goes on meanwhile.
    turn: Mutex<()>,
}

impl FjallEvents {
    /// Opens or creates the events of one log in `dir`, while a panic is still
    /// an answer. Says too why it begins without the rows that it had.
    pub(crate) fn open(
        dir: &Path,
        log: OfLog,
        room: Room,
        deadline: Duration,
    ) -> Result<(Self, TurnedAway), Fault> {
        let dir = dir.to_owned();
        guarded::open("events", deadline, AfterPanic::StayPut, move || {
            let opened = guarded::whole(&dir, || {
                Fault::of_versions(&dir)?;
                guarded::patiently(|| match opening::open(&dir, log, room) {
                    Err(EventError::Fjall(fjall::Error::Locked)) => Err(Fault::Busy),
                    opened => Ok(opened?),
                })
            })?;
            let Opened { database, rows, notes, meta, numbering, turned_away } = opened;
            let (numbering, turn) = (RwLock::new(numbering), Mutex::default());
            Ok((Self { database, rows, notes, meta, numbering, turn }, turned_away))
        })
    }

    /// The block that the event of this number lies in, if it is there.
    fn block_with(&self, stream: u64, sequence: u64) -> Result<Option<Vec<EventRow>>, EventError> {
        Ok(opening::block_before(&self.rows, stream, sequence)?.map(|(_, block)| block))
    }

    fn numbering(&self) -> RwLockReadGuard<'_, Numbering> {
        self.numbering.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, rows: Vec<EventRow>, numbered: &Numbered) -> Result<(), EventError> {
        let mut batch = self.database.batch();
        for (key, block) in block::blocks(rows) {
            batch.insert(&self.rows, key, block::stored(numbered.through, &block));
        }
        for (stream, newest) in &numbered.newest {
            batch.insert(&self.meta, opening::last_key(*stream), newest.to_be_bytes());
        }
        for (stream, gap) in &numbered.gaps {
            let first = gap.first.to_be_bytes();
            batch.insert(&self.meta, opening::gap_key(*stream, gap.before), first);
        }
        batch.insert(&self.meta, opening::THROUGH, numbered.through.to_be_bytes());
        Ok(batch.commit()?)
    }
}

impl EventStore for FjallEvents {
    fn append(&self, happened: Vec<Happened>, through: u64) -> Result<Newest, EventError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut numbered = self.numbering().number(happened, through)?;
        let rows = std::mem::take(&mut numbered.rows);
        self.store(rows, &numbered)?;
        let mut numbering = self.numbering.write().unwrap_or_else(PoisonError::into_inner);
        Ok(numbering.accept(numbered.newest, numbered.gaps, numbered.through))
    }

    fn through(&self) -> Result<u64, EventError> {
        Ok(self.numbering().through)
    }

    fn last(&self, stream: u64) -> Result<u64, EventError> {
        Ok(self.numbering().last(stream))
    }

    fn streams(&self) -> Result<Newest, EventError> {
        Ok(self.numbering().streams())
    }

    fn after(&self, stream: u64, after: u64, limit: usize) -> Result<Vec<EventRow>, EventError> {
        let last = self.last(stream)?;
        if after >= last {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        // The block that the first lies in may begin before it.
        let first = self.block_with(stream, after + 1)?.unwrap_or_default();
        rows.extend(first.into_iter().filter(|event| event.sequence > after));
        if after + 1 < last {
            let wanted = block::key(stream, after + 2)..=block::key(stream, last);
            let mut blocks = self.rows.range(wanted);
            while rows.len() < limit
                && let Some(entry) = blocks.next()
            {
                let (key, stored) = entry.into_inner()?;
                let (_, block) = block::opened(&stored).ok_or(CUT)?;
                rows.extend(block::events(&key, block).ok_or(CUT)?);
            }
        }
        // Those behind the last are on their way, and not told yet.
        rows.retain(|event| event.sequence <= last);
        rows.truncate(limit);
        let mut before = after;
        for row in &rows {
            if row.sequence != self.numbering().next_after(stream, before) {
                return Err(GAP);
            }
            before = row.sequence;
        }
        let complete = rows.len() == limit || before == last;
        if complete { Ok(rows) } else { Err(GAP) }
    }

    fn get(&self, stream: u64, sequence: u64) -> Result<Option<EventRow>, EventError> {
        let numbering = self.numbering();
        let given = (1..=numbering.last(stream)).contains(&sequence)
            && numbering.next_after(stream, sequence - 1) == sequence;
        drop(numbering);
        if !given {
            return Ok(None);
        }
        let block = self.block_with(stream, sequence)?.ok_or(GAP)?;
        let event = block.into_iter().find(|event| event.sequence == sequence);
        event.ok_or(GAP).map(Some)
    }

    fn write_notes(&self, notes: Vec<NoteChange>) -> Result<(), EventError> {
        // A batch has no order among its own writes to the same key.
        let settled: BTreeMap<_, _> = notes.into_iter().collect();
        let mut batch = self.database.batch();
        for (key, value) in settled {
            match value {
                Some(value) => batch.insert(&self.notes, key, value),
                None => batch.remove(&self.notes, key),
            }
        }
        Ok(batch.commit()?)
    }

    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EventError> {
        Ok(self.notes.get(key)?.map(|value| value.to_vec()))
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
        let read = |entry: Guard| {
            let (key, value) = entry.into_inner()?;
            Ok((key.to_vec(), value.to_vec()))
        };
        let notes = self.notes.range(range);
        if backwards {
            notes.rev().take(limit).map(read).collect()
        } else {
            notes.take(limit).map(read).collect()
        }
    }

    fn persist(&self) -> Result<(), EventError> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }
}
