//! One payout as the journal's files tell it: every record with its place, and the fold. Apart from the
//! gateway because it takes no lock and asks nobody: it reads beside a gateway that runs, and where
//! none will start.

use crate::codec;
use crate::desk::DESK;
use domain::entry::{Entry, Fact};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::time::Timestamp;
use snapshots::log::{LogError, LogFrames, LogReader};
use std::path::{Path, PathBuf};

/// A payout and what it is made of.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What its entries fold to.
    pub payout: Payout,
    /// Its records, in order.
    pub records: Vec<Written>,
    /// BLAKE3 of the payout as snapshots and the archive keep it: the same history has the same hash on
    /// every machine.
    pub state_hash: [u8; 32],
}

/// One record of the journal.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its place in the log.
    pub sequence: u64,
    /// The segment.
    pub file: PathBuf,
    /// Its first byte in the segment.
    pub offset: u64,
    /// Bytes of the entry.
    pub bytes: usize,
    /// The entry.
    pub entry: Entry,
}

/// Why a payout cannot be told from the journal.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record cannot be read, or does not follow the one before it.
    #[error("{}, byte {offset}: {why}", file.display())]
    Record {
        /// The segment.
        file: PathBuf,
        /// The record's first byte.
        offset: u64,
        /// What is wrong with it.
        why: codec::Unreadable,
    },
}

/// Reads the payout from the log in `log_dir`: all that is durable, or what had happened by `until`.
/// None: the log does not know it, or did not know it then.
///
/// # Errors
/// The log is damaged, or the payout's records are.
pub fn inspect(
    log_dir: &Path,
    id: PayoutId,
    until: Option<Timestamp>,
) -> Result<Option<Inspected>, InspectError> {
    if id.0 == DESK {
        // What operators decide has records of its own under it, and is no payout.
        return Ok(None);
    }
    let through = LogFrames::open(log_dir)?.through();
    let mut reader = LogReader::seek(log_dir, 1)?;
    let (mut records, mut payout) = (Vec::new(), None);
    while let Some(placed) = reader.next_placed(through)? {
        for (offset, record) in placed.records().filter(|(_, one)| one.payout == id.0) {
            let bad = |why: codec::Unreadable| {
                let file = placed.file.to_owned();
                InspectError::Record { file, offset, why }
            };
            let entry = codec::entry(record.body).map_err(|error| bad(error.into()))?;
            if until.is_some_and(|until| entry.at > until) {
                continue;
            }
            follow(&mut payout, id, entry.clone()).map_err(bad)?;
            let (sequence, bytes) = (record.sequence, record.body.len());
            let file = placed.file.to_owned();
            records.push(Written { sequence, file, offset, bytes, entry });
        }
    }
    let Some(payout) = payout else { return Ok(None) };
    let state_hash = state_hash(&payout).unwrap_or_default();
    Ok(Some(Inspected { payout, records, state_hash }))
}

fn follow(
    payout: &mut Option<Payout>,
    id: PayoutId,
    entry: Entry,
) -> Result<(), codec::Unreadable> {
    match payout {
        Some(payout) => payout.apply(entry)?,
        None => *payout = Some(Payout::begin(id, entry)?),
    }
    Ok(())
}

/// BLAKE3 of the payout as it is kept; none if it is too large to be.
pub fn state_hash(payout: &Payout) -> Option<[u8; 32]> {
    Some(*blake3::hash(&codec::body(payout).ok()?).as_bytes())
}

/// What an entry is, in a word. No details: they may be a recipient's.
pub fn word_of(fact: &Fact) -> &'static str {
    match fact {
        Fact::Created(_) => "created",
        Fact::DetailsGiven(_) => "details_given",
        Fact::DetailsRejected(_) => "details_rejected",
        Fact::ProcessAsked => "process_asked",
        Fact::Moved => "moved",
        Fact::Invoked(_) => "intent",
        Fact::Learned(_) => "statement",
        Fact::UndoSent => "undo_sent",
        Fact::Held(_) => "held",
        Fact::Released => "released",
        Fact::ResubmitAsked => "resubmit_asked",
        Fact::Commanded { .. } => "command_answered",
        Fact::Operated(act) => act.deed.word(),
        Fact::Quoted(_) => "quoted",
        Fact::RateMissed(_) => "rate_missed",
        Fact::Adopted(_) => "adopted",
    }
}
