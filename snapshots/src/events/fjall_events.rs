//! Events in fjall: one database, a keyspace each for rows, notes and the
//! little that must be known before the first event is numbered.
//!
//! Apart because it is the only file here that speaks to fjall. A write is in
//! the kernel's hands when the call returns, so a killed process loses
//! nothing; a power cut may take the newest batches, whole and in reverse
//! order, and they are taken from the log again.
//!
//! Rows that no longer belong to the log are left with their keyspace: a new
//! one takes its place in the batch that moves the watermark back to nothing.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use fjall::{Database, Guard, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{
    EventError, EventRow, EventStore, Happened, Newest, Note, NoteChange,
    notes::range,
    numbering::{Numbered, Numbering},
    row,
};
use crate::guarded::{self, Fault};

const CUT: EventError = EventError::Damaged("a row is cut short");
const GAP: EventError = EventError::Damaged("an event is missing");
const LOG: &str = "log";
const THROUGH: &str = "through";
/// Which keyspace holds the rows.
const ROWS: &str = "rows";
/// Followed by a stream: its newest sequence.
const LAST: &[u8] = b"last/";

const MEMTABLE_BYTES: u64 = 16 * 1024 * 1024;

/// fjall's own journal, which an open reads again: the least that fjall takes.
const JOURNAL_BYTES: u64 = 64 * 1024 * 1024;

/// The log whose events are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfLog {
    pub(crate) log_id: u64,
    pub(crate) last_sequence: u64,
    /// The log was changed behind everybody's back; its id says nothing.
    pub(crate) distrust: bool,
}

/// Why rows were left behind at the start.
pub(crate) type TurnedAway = Option<&'static str>;

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
        cache_bytes: u64,
        deadline: Duration,
    ) -> Result<(Self, TurnedAway), Fault> {
        let dir = dir.to_owned();
        guarded::open("events", deadline, move || {
            fs::create_dir_all(&dir)?;
            guarded::patiently(|| match Self::open_unguarded(&dir, log, cache_bytes) {
                Err(EventError::Fjall(fjall::Error::Locked)) => Err(Fault::Busy),
                opened => Ok(opened?),
            })
        })
    }

    fn open_unguarded(
        dir: &Path,
        log: OfLog,
        cache_bytes: u64,
    ) -> Result<(Self, TurnedAway), EventError> {
        let database = Database::builder(dir)
            .cache_size(cache_bytes)
            .max_journaling_size(JOURNAL_BYTES)
            .open()?;
        let meta = keyspace(&database, "meta")?;
        let turned_away = reason_to_begin_again(&meta, log)?;
        if turned_away.is_some() || read_number(&meta, LOG)?.is_none() {
            begin_again(&database, &meta, log.log_id)?;
        }
        let rows = rows_name(read_number(&meta, ROWS)?.unwrap_or_default());
        remove_other_rows(&database, &rows)?;
        let events = Self {
            rows: keyspace(&database, &rows)?,
            notes: keyspace(&database, "notes")?,
            numbering: RwLock::new(read_numbering(&meta)?),
            meta,
            turn: Mutex::default(),
            database,
        };
        Ok((events, turned_away))
    }

    fn numbering(&self) -> RwLockReadGuard<'_, Numbering> {
        self.numbering.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, numbered: &Numbered) -> Result<(), EventError> {
        let mut batch = self.database.batch();
        for event in &numbered.rows {
            batch.insert(&self.rows, row::key(event.stream, event.sequence), row::encode(event));
        }
        for (stream, newest) in &numbered.newest {
            batch.insert(&self.meta, last_key(*stream), newest.to_be_bytes());
        }
        batch.insert(&self.meta, THROUGH, numbered.through.to_be_bytes());
        Ok(batch.commit()?)
    }
}

impl EventStore for FjallEvents {
    fn append(&self, happened: Vec<Happened>, through: u64) -> Result<Newest, EventError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let numbered = self.numbering().number(happened, through)?;
        self.store(&numbered)?;
        let mut numbering = self.numbering.write().unwrap_or_else(PoisonError::into_inner);
        Ok(numbering.accept(numbered.newest, numbered.through))
    }

    fn through(&self) -> Result<u64, EventError> {
        Ok(self.numbering().through)
    }

    fn last(&self, stream: u64) -> Result<u64, EventError> {
        Ok(self.numbering().last(stream))
    }

    fn after(&self, stream: u64, after: u64, limit: usize) -> Result<Vec<EventRow>, EventError> {
        let last = self.last(stream)?;
        if after >= last {
            return Ok(Vec::new());
        }
        let wanted = row::key(stream, after + 1)..=row::key(stream, last);
        let found = self.rows.range(wanted).take(limit).map(|entry| {
            let (key, value) = entry.into_inner()?;
            row::decode(&key, &value).ok_or(CUT)
        });
        let rows = found.collect::<Result<Vec<_>, _>>()?;
        let gapless = rows.iter().zip(after + 1..).all(|(row, wanted)| row.sequence == wanted);
        let complete = rows.len() as u64 == (last - after).min(limit as u64);
        if gapless && complete { Ok(rows) } else { Err(GAP) }
    }

    fn get(&self, stream: u64, sequence: u64) -> Result<Option<EventRow>, EventError> {
        if sequence == 0 || sequence > self.last(stream)? {
            return Ok(None);
        }
        let key = row::key(stream, sequence);
        let value = self.rows.get(key)?.ok_or(GAP)?;
        row::decode(&key, &value).ok_or(CUT).map(Some)
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

/// Why the rows cannot be those of this log, if they cannot.
fn reason_to_begin_again(meta: &Keyspace, log: OfLog) -> Result<TurnedAway, EventError> {
    let OfLog { log_id, last_sequence, distrust } = log;
    let Some(found) = read_number(meta, LOG)? else {
        return Ok(None);
    };
    let through = read_number(meta, THROUGH)?.unwrap_or(0);
    Ok(if found != log_id {
        Some("they belong to another log")
    } else if distrust {
        Some("the log was adopted as it is")
    } else if through > last_sequence {
        Some("they are ahead of the log")
    } else {
        None
    })
}

/// Moves the watermark to nothing and the rows to a keyspace of their own, and
/// says so durably: the reason may be gone at the next start.
fn begin_again(database: &Database, meta: &Keyspace, log_id: u64) -> Result<(), EventError> {
    let rows = read_number(meta, ROWS)?.map_or(0, |rows| rows + 1);
    let mut batch = database.batch();
    for entry in meta.prefix(LAST) {
        batch.remove(meta, entry.key()?);
    }
    batch.remove(meta, THROUGH);
    batch.insert(meta, LOG, log_id.to_be_bytes());
    batch.insert(meta, ROWS, rows.to_be_bytes());
    batch.commit()?;
    Ok(database.persist(PersistMode::SyncAll)?)
}

fn rows_name(number: u64) -> String {
    format!("rows-{number}")
}

/// Removes the rows that were left behind, now or by a start that was killed.
fn remove_other_rows(database: &Database, kept: &str) -> Result<(), EventError> {
    for name in database.list_keyspace_names() {
        if name.starts_with("rows-") && name[..] != *kept {
            database.delete_keyspace(keyspace(database, &name)?)?;
        }
    }
    Ok(())
}

fn keyspace(database: &Database, name: &str) -> Result<Keyspace, EventError> {
    let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
    Ok(database.keyspace(name, options)?)
}

fn read_numbering(meta: &Keyspace) -> Result<Numbering, EventError> {
    let mut last = HashMap::new();
    for entry in meta.prefix(LAST) {
        let (key, value) = entry.into_inner()?;
        last.insert(number(&key[LAST.len()..])?, number(&value)?);
    }
    Ok(Numbering { last, through: read_number(meta, THROUGH)?.unwrap_or(0) })
}

fn last_key(stream: u64) -> Vec<u8> {
    [LAST, &stream.to_be_bytes()].concat()
}

fn read_number(meta: &Keyspace, key: &str) -> Result<Option<u64>, EventError> {
    meta.get(key)?.map(|bytes| number(&bytes)).transpose()
}

fn number(bytes: &[u8]) -> Result<u64, EventError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| CUT)
}
