//! Back from the journal: newest good snapshot, or nothing, and the log after it. What was in
//! flight is asked for; nothing is sent again.

use crate::codec;
use crate::desk::{self, DESK, DeskState};
use crate::retire::is_finished;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::time::Timestamp;
use snapshots::{ArchiveStore, Archived, RecordRef, Replayed, Running};
use std::collections::HashMap;

/// Finished payouts are handed to the archive in batches of this many.
const ARCHIVE_BATCH: usize = 1_024;

/// Why a journal does not make payouts.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A record that cannot be read, although its frame is intact.
    #[error("the journal's record {sequence} of {id} cannot be read: {why}")]
    Record {
        /// Where.
        sequence: u64,
        /// Whose.
        id: PayoutId,
        /// What is wrong.
        why: codec::Unreadable,
    },
    /// A payout in a snapshot or the archive that cannot be read.
    #[error("the stored state of {id} cannot be read: {why}")]
    State {
        /// Whose.
        id: PayoutId,
        /// What is wrong.
        why: codec::Unreadable,
    },
    /// The archive does not answer.
    #[error("the archive does not answer: {0}")]
    Archive(String),
    /// What operators decided at the desk cannot be read.
    #[error("the desk's record cannot be read: {0}")]
    Desk(snapshots::codec::CodecError),
}

/// When an archived payout is to be looked at again, by its provider's contract.
pub(crate) type WatchFor<'a> = &'a dyn Fn(&Payout) -> Option<Timestamp>;

/// What recovery has read so far.
pub(crate) struct Recovery<'a> {
    archive: &'a dyn ArchiveStore,
    watch_for: WatchFor<'a>,
    desk: DeskState,
    live: HashMap<PayoutId, Payout>,
    finished: Vec<Archived>,
    /// Finished payouts stay among the live ones, and nothing is written to the archive.
    reads_only: bool,
    /// Records read.
    pub records: u64,
    /// Payouts that were finished when they were met.
    pub finished_count: u64,
}

impl<'a> Recovery<'a> {
    pub fn new(archive: &'a dyn ArchiveStore, watch_for: WatchFor<'a>) -> Recovery<'a> {
        let (live, finished, desk) = (HashMap::new(), Vec::new(), DeskState::default());
        Recovery {
            archive,
            watch_for,
            desk,
            live,
            finished,
            reads_only: false,
            records: 0,
            finished_count: 0,
        }
    }

    /// For a look: the archive stays as it is, and what has finished stays among what lives.
    pub fn for_reading(archive: &'a dyn ArchiveStore) -> Recovery<'a> {
        Recovery { reads_only: true, ..Recovery::new(archive, &|_| None) }
    }

    /// Takes in one item of the replay, in order.
    pub fn take(&mut self, item: Replayed<'_>) -> Result<(), RecoveryError> {
        match item {
            Replayed::Snapshot { payout: DESK, body } => {
                self.desk = desk::state(body).map_err(RecoveryError::Desk)?;
                Ok(())
            }
            Replayed::Record(record) if record.payout == DESK => {
                self.records += 1;
                self.desk.apply(desk::entry(record.body).map_err(RecoveryError::Desk)?);
                Ok(())
            }
            Replayed::Snapshot { payout, body } => {
                let id = PayoutId(payout);
                let payout =
                    codec::payout(id, body).map_err(|why| RecoveryError::State { id, why })?;
                self.live.insert(id, payout);
                Ok(())
            }
            Replayed::Record(record) => self.record(record),
        }
    }

    /// The payouts that are still alive, and the desk.
    pub fn finish(mut self) -> Result<(Vec<Payout>, DeskState), RecoveryError> {
        self.archive_batch()?;
        Ok((self.live.into_values().collect(), self.desk))
    }

    fn record(&mut self, record: RecordRef<'_>) -> Result<(), RecoveryError> {
        self.records += 1;
        let sequence = record.sequence;
        let id = PayoutId(record.payout);
        let bad = |why: codec::Unreadable| RecoveryError::Record { sequence, id, why };
        let entry = codec::entry(record.body).map_err(|why| bad(why.into()))?;
        let known = self.live.contains_key(&id);
        if !known && entry.version == 1 {
            let payout = Payout::begin(id, entry).map_err(|why| bad(why.into()))?;
            self.live.insert(id, payout);
            return Ok(());
        }
        if !known {
            self.revisit(id)?;
        }
        let Some(payout) = self.live.get_mut(&id) else {
            let gap = domain::payout::BrokenHistory::NoCreation(id);
            return Err(bad(gap.into()));
        };
        // A snapshot's states, and the archive's, may be ahead of the record.
        if entry.version > payout.version() {
            payout.apply(entry).map_err(|why| bad(why.into()))?;
        }
        if is_finished(payout) && !self.reads_only {
            self.rest(id)?;
        }
        Ok(())
    }

    /// A finished payout that something happened to later.
    fn revisit(&mut self, id: PayoutId) -> Result<(), RecoveryError> {
        self.archive_batch()?;
        if let Some(payout) = archived(self.archive, id)? {
            self.live.insert(id, payout);
        }
        Ok(())
    }

    fn rest(&mut self, id: PayoutId) -> Result<(), RecoveryError> {
        let Some(payout) = self.live.remove(&id) else { return Ok(()) };
        let due = (self.watch_for)(&payout);
        let archived = codec::archived(&payout, due)
            .map_err(|why| RecoveryError::State { id, why: why.into() })?;
        self.finished.push(archived);
        self.finished_count += 1;
        if self.finished.len() >= ARCHIVE_BATCH { self.archive_batch() } else { Ok(()) }
    }

    fn archive_batch(&mut self) -> Result<(), RecoveryError> {
        if self.finished.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.finished);
        self.archive.put(batch).map_err(|error| RecoveryError::Archive(error.to_string()))
    }
}

fn archived(archive: &dyn ArchiveStore, id: PayoutId) -> Result<Option<Payout>, RecoveryError> {
    let body = archive.get(id.0).map_err(|error| RecoveryError::Archive(error.to_string()))?;
    let Some(body) = body else { return Ok(None) };
    codec::payout(id, &body).map(Some).map_err(|why| RecoveryError::State { id, why })
}

/// One payout read again while the engine runs, after its actor died.
pub(crate) fn find(store: &Running, id: PayoutId) -> Result<Option<Payout>, RecoveryError> {
    let found = store.find(id.0).map_err(|error| RecoveryError::Archive(error.to_string()))?;
    let Some(found) = found else { return Ok(None) };
    let mut payout = match &found.state {
        Some((_, body)) => {
            Some(codec::payout(id, body).map_err(|why| RecoveryError::State { id, why })?)
        }
        None => None,
    };
    for (sequence, record) in &found.records {
        let bad = |why: codec::Unreadable| RecoveryError::Record { sequence: *sequence, id, why };
        let entry = codec::entry(&record.body).map_err(|why| bad(why.into()))?;
        match &mut payout {
            Some(payout) if entry.version > payout.version() => {
                payout.apply(entry).map_err(|why| bad(why.into()))?;
            }
            Some(_) => {}
            None => payout = Some(Payout::begin(id, entry).map_err(|why| bad(why.into()))?),
        }
    }
    Ok(payout)
}
