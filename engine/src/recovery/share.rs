//! The fold of one share: the payouts of one partition, from the records that are theirs. Apart from
//! `recovery`, which runs all shares at once, because here everything happens in order.

use super::roster::{Pile, Roster};
use super::{Manner, RecoveryError, WatchFor, archived};
use crate::codec;
use crate::desk::{self, DESK, DeskState};
use crate::retire::is_finished;
use domain::id::PayoutId;
use domain::payout::{BrokenHistory, Payout};
use snapshots::{ArchiveStore, Archived, RecordRef};

/// Finished payouts are handed to the archive in batches of this many.
const ARCHIVE_BATCH: usize = 1_024;

/// What was read so far of one share.
pub(super) struct Share<'a> {
    archive: &'a dyn ArchiveStore,
    watch_for: WatchFor<'a>,
    manner: Manner,
    /// From the snapshot; a roster is made of it when the first record comes.
    pub pile: Pile,
    live: Option<Roster>,
    finished: Vec<Archived>,
    /// Folded by the share whose partition would own the desk's id.
    pub desk: DeskState,
    /// Records read.
    pub records: u64,
    /// Payouts that were finished when they were met.
    pub finished_count: u64,
}

impl<'a> Share<'a> {
    pub fn new(
        archive: &'a dyn ArchiveStore,
        watch_for: WatchFor<'a>,
        manner: Manner,
    ) -> Share<'a> {
        let (pile, live, finished) = (Pile::default(), None, Vec::new());
        let (desk, records, finished_count) = (DeskState::default(), 0, 0);
        Share { archive, watch_for, manner, pile, live, finished, desk, records, finished_count }
    }

    /// Takes in one record of the share, in order.
    pub fn take(&mut self, record: RecordRef<'_>) -> Result<(), RecoveryError> {
        self.records += 1;
        if record.payout == DESK {
            self.desk.apply(desk::entry(record.body).map_err(RecoveryError::Desk)?);
            return Ok(());
        }
        let (sequence, id) = (record.sequence, PayoutId(record.payout));
        let bad = |why: codec::Unreadable| RecoveryError::Record { sequence, id, why };
        let entry = codec::entry(record.body).map_err(|why| bad(why.into()))?;
        if let Some(payout) = self.live().find(id) {
            // A snapshot's states, and the archive's, may be ahead of the record.
            if entry.version > payout.version() {
                payout.apply(entry).map_err(|why| bad(why.into()))?;
            }
        } else if entry.version == 1 {
            self.live().insert(Payout::begin(id, entry).map_err(|why| bad(why.into()))?);
            return Ok(());
        } else {
            let gap = || bad(BrokenHistory::NoCreation(id).into());
            let payout = self.revisit(id)?.ok_or_else(gap)?;
            if entry.version > payout.version() {
                payout.apply(entry).map_err(|why| bad(why.into()))?;
            }
        }
        self.rest_if_finished(id)
    }

    /// The payouts that are still alive.
    pub fn finish(&mut self) -> Result<Pile, RecoveryError> {
        self.archive_batch()?;
        let live = self.live.take().map(Roster::into_pile);
        Ok(live.unwrap_or_else(|| std::mem::take(&mut self.pile)))
    }

    fn live(&mut self) -> &mut Roster {
        self.live.get_or_insert_with(|| Roster::of(std::mem::take(&mut self.pile)))
    }

    /// A finished payout that something happened to later.
    fn revisit(&mut self, id: PayoutId) -> Result<Option<&mut Payout>, RecoveryError> {
        self.archive_batch()?;
        let payout = archived(self.archive, id)?;
        Ok(payout.map(|payout| self.live().insert(payout)))
    }

    fn rest_if_finished(&mut self, id: PayoutId) -> Result<(), RecoveryError> {
        let looking = self.manner == Manner::Looking;
        if looking || !self.live().find(id).is_some_and(|payout| is_finished(payout)) {
            return Ok(());
        }
        let Some(payout) = self.live().remove(id) else { return Ok(()) };
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
