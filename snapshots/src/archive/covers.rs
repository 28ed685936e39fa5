//! Up to where an archive is complete, said in each of its keyspaces.
//!
//! Apart because a database of several keyspaces can lose the end of one and
//! keep that of another: each has files of its own, and what is in none of
//! them yet lies in a journal that ends at the first byte it cannot read. So
//! every keyspace holds the same word as its last row, written in one batch;
//! an archive whose keyspaces disagree has lost something, and says so at the
//! start instead of answering "no such payout" to a repeated key.

use fjall::{Database, Keyspace};

use super::ArchiveError;

const CUT: ArchiveError = ArchiveError::Damaged("a row is cut short");

/// Behind every key that a payout makes, and longer than any of them.
const KEY: [u8; 40] = [0xFF; 40];

/// Where archives of the time before kept it: a sequence alone, in `meta`.
const BEFORE: &str = "covers";

/// What an archive says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covers {
    /// Up to here nothing is missing.
    pub(crate) sequence: u64,
    /// The snapshot that said so, 0 for none; unknown in archives of the time
    /// before it was kept.
    pub(crate) snapshot: Option<u64>,
}

/// Whether a key is the word and not a payout's.
pub(crate) fn is_word(key: &[u8]) -> bool {
    *key == KEY
}

/// What all keyspaces agree on; `meta` is among them.
pub(crate) fn read(meta: &Keyspace, all: &[&Keyspace]) -> Result<Option<Covers>, ArchiveError> {
    let word = word(meta)?;
    for keyspace in all {
        if self::word(keyspace)? != word {
            return Err(ArchiveError::Damaged("one of its keyspaces has lost its end"));
        }
    }
    match word {
        Some(word) => Ok(Some(word)),
        None => before(meta),
    }
}

/// Says it in every keyspace, all at once; `meta` is among them.
pub(crate) fn write(
    database: &Database,
    meta: &Keyspace,
    all: &[&Keyspace],
    sequence: u64,
    snapshot: u64,
) -> Result<(), ArchiveError> {
    let mut batch = database.batch();
    let value = [sequence.to_be_bytes(), snapshot.to_be_bytes()].concat();
    for keyspace in all {
        batch.insert(keyspace, KEY, value.clone());
    }
    batch.remove(meta, BEFORE);
    Ok(batch.commit()?)
}

fn word(keyspace: &Keyspace) -> Result<Option<Covers>, ArchiveError> {
    let Some(bytes) = keyspace.get(KEY)? else { return Ok(None) };
    let (sequence, rest) = bytes.split_first_chunk().ok_or(CUT)?;
    let snapshot = u64::from_be_bytes(*rest.first_chunk().ok_or(CUT)?);
    Ok(Some(Covers { sequence: u64::from_be_bytes(*sequence), snapshot: Some(snapshot) }))
}

/// The word of an archive that was made before each keyspace had one. It is
/// believed until the next snapshot says it everywhere.
fn before(meta: &Keyspace) -> Result<Option<Covers>, ArchiveError> {
    let Some(bytes) = meta.get(BEFORE)? else { return Ok(None) };
    let sequence = u64::from_be_bytes(*bytes.first_chunk().ok_or(CUT)?);
    Ok(Some(Covers { sequence, snapshot: None }))
}
