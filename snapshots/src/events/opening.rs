//! The events' database at the start, held against the log it belongs to.
//!
//! Apart from the store because what is decided here is decided once. Rows
//! that no longer belong to the log are left with their keyspace: an empty one
//! takes its place in the batch that moves the watermark back to nothing. So
//! they are gone at once, whatever interrupts the start, and the notes stay.

use std::{collections::HashMap, path::Path};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{
    EventError, EventRow, block,
    numbering::{Gap, Numbering},
};
use crate::options::{Room, workers_for};

/// Up to where in the log events were taken.
pub(crate) const THROUGH: &str = "through";
const LOG: &str = "log";
/// Rows, notes, and what is known of both.
const KEYSPACES: usize = 3;
/// Which keyspace holds the rows.
const ROWS: &str = "rows";
/// Followed by a stream: its newest sequence.
const LAST: &[u8] = b"last/";

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

/// The rows are written in a form that this build does not read.
pub(crate) const OF_ANOTHER_BUILD: &str = "they are of another build";

/// Why rows were left behind at the start.
pub(crate) type TurnedAway = Option<&'static str>;

/// A database whose rows are those of the log.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) rows: Keyspace,
    pub(crate) notes: Keyspace,
    pub(crate) meta: Keyspace,
    pub(crate) numbering: Numbering,
    pub(crate) turned_away: TurnedAway,
}

/// Opens or creates the events of one log in `dir`.
pub(crate) fn open(dir: &Path, log: OfLog, room: Room) -> Result<Opened, EventError> {
    let database = Database::builder(dir)
        .cache_size(room.cache_bytes)
        .max_journaling_size(JOURNAL_BYTES)
        .worker_threads(workers_for(KEYSPACES))
        .open()?;
    let meta = keyspace(&database, "meta", room)?;
    let turned_away = match reason_to_begin_again(&meta, log)? {
        None if !agree_with_their_numbers(&database, &meta, room)? => {
            Some("they do not end where their own numbers do")
        }
        reason => reason,
    };
    if turned_away.is_some() || read_number(&meta, LOG)?.is_none() {
        begin_again(&database, &meta, log.log_id)?;
    }
    let rows = rows_name(read_number(&meta, ROWS)?.unwrap_or_default());
    remove_other_rows(&database, &rows, room)?;
    Ok(Opened {
        rows: keyspace(&database, &rows, room)?,
        notes: keyspace(&database, "notes", room)?,
        numbering: read_numbering(&meta)?,
        turned_away,
        meta,
        database,
    })
}

/// Followed by a stream and the number before the gap: the first number behind it.
const GAP: &[u8] = b"gap/";

/// The key of a gap in a stream's numbers.
pub(crate) fn gap_key(stream: u64, before: u64) -> Vec<u8> {
    [GAP, &stream.to_be_bytes(), &before.to_be_bytes()].concat()
}

/// The key of a stream's newest sequence.
pub(crate) fn last_key(stream: u64) -> Vec<u8> {
    [LAST, &stream.to_be_bytes()].concat()
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
    } else if read_number(meta, &format_of(read_number(meta, ROWS)?))? != Some(block::FORMAT) {
        Some(OF_ANOTHER_BUILD)
    } else if distrust {
        Some("the log was adopted as it is")
    } else if through > last_sequence {
        Some("they are ahead of the log")
    } else {
        None
    })
}

/// Whether each stream ends with its newest row, and the log was read as far as
/// the rows say. The numbers and the rows are in different files; where those
/// of the rows lost their end, no reader could get past the gap, and nothing
/// would ever fill it. Where an older number hides the newest, events would be
/// numbered a second time: fjall orders what stands under one key by a number
/// in its journal that none of its checksums covers.
fn agree_with_their_numbers(
    database: &Database,
    meta: &Keyspace,
    room: Room,
) -> Result<bool, EventError> {
    let Some(number) = read_number(meta, ROWS)? else {
        return Ok(true);
    };
    let rows = keyspace(database, &rows_name(number), room)?;
    let numbering = read_numbering(meta)?;
    let streams = numbering.streams();
    if streams.is_empty() {
        return Ok(rows.first_key_value().is_none());
    }
    for (stream, last) in streams {
        let found = match block_before(&rows, stream, u64::MAX) {
            // Rows of another form are as good as none; the notes beside them are not.
            Err(EventError::Damaged(_)) => return Ok(false),
            found => found?,
        };
        let agrees = found.is_some_and(|(through, block)| {
            let newest = block.last().map(|event| event.sequence);
            newest == Some(last) && through <= numbering.through
        });
        if !agrees {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The last block that begins with the event of this number, or before it; and
/// up to where the log was read for it.
pub(crate) fn block_before(
    rows: &Keyspace,
    stream: u64,
    sequence: u64,
) -> Result<Option<(u64, Vec<EventRow>)>, EventError> {
    let Some(entry) = rows.range(block::keys_before(stream, sequence)).next_back() else {
        return Ok(None);
    };
    let (key, stored) = entry.into_inner()?;
    let read = block::opened(&stored)
        .and_then(|(through, block)| Some((through, block::events(&key, block)?)));
    read.ok_or(EventError::Damaged("a block is cut short")).map(Some)
}

/// Moves the watermark to nothing and the rows to a keyspace of their own, and
/// says so durably: the reason may be gone at the next start.
fn begin_again(database: &Database, meta: &Keyspace, log_id: u64) -> Result<(), EventError> {
    let rows = read_number(meta, ROWS)?.map_or(0, |rows| rows + 1);
    let mut batch = database.batch();
    for entry in meta.prefix(LAST).chain(meta.prefix(GAP)) {
        batch.remove(meta, entry.key()?);
    }
    batch.remove(meta, THROUGH);
    batch.insert(meta, LOG, log_id.to_be_bytes());
    batch.insert(meta, ROWS, rows.to_be_bytes());
    batch.insert(meta, format_of(Some(rows)), block::FORMAT.to_be_bytes());
    batch.commit()?;
    Ok(database.persist(PersistMode::SyncAll)?)
}

/// The key of how the rows in a keyspace are written. An older build that begins again leaves it unsaid of
/// its own rows.
fn format_of(rows: Option<u64>) -> String {
    format!("format/{}", rows.unwrap_or_default())
}

fn rows_name(number: u64) -> String {
    format!("rows-{number}")
}

/// Removes the rows that were left behind, now or by a start that was killed.
fn remove_other_rows(database: &Database, kept: &str, room: Room) -> Result<(), EventError> {
    for name in database.list_keyspace_names() {
        if name.starts_with("rows-") && name[..] != *kept {
            database.delete_keyspace(keyspace(database, &name, room)?)?;
        }
    }
    Ok(())
}

fn keyspace(database: &Database, name: &str, room: Room) -> Result<Keyspace, EventError> {
    let options = || KeyspaceCreateOptions::default().max_memtable_size(room.memtable_bytes);
    Ok(database.keyspace(name, options)?)
}

fn read_numbering(meta: &Keyspace) -> Result<Numbering, EventError> {
    let mut last = HashMap::new();
    for entry in meta.prefix(LAST) {
        let (key, value) = entry.into_inner()?;
        last.insert(number(&key[LAST.len()..])?, number(&value)?);
    }
    let mut gaps: HashMap<u64, Vec<Gap>> = HashMap::new();
    for entry in meta.prefix(GAP) {
        let (key, value) = entry.into_inner()?;
        let (stream, before) = key[GAP.len()..].split_at_checked(8).ok_or(CUT)?;
        let gap = Gap { before: number(before)?, first: number(&value)? };
        gaps.entry(number(stream)?).or_default().push(gap);
    }
    Ok(Numbering { last, gaps, through: read_number(meta, THROUGH)?.unwrap_or(0) })
}

const CUT: EventError = EventError::Damaged("a number is cut short");

fn read_number(meta: &Keyspace, key: &str) -> Result<Option<u64>, EventError> {
    meta.get(key)?.map(|bytes| number(&bytes)).transpose()
}

fn number(bytes: &[u8]) -> Result<u64, EventError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| CUT)
}
