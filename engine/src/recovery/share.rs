//! One share of what is read: the payouts of one partition, from the records that are theirs. Apart
//! from `recovery`, which runs all shares at once, because here everything happens in order.

use super::met::Met;
use super::roster::{Pile, Roster};
use super::{Contracts, Kept, Manner, RecoveryError, archived};
use crate::codec;
use crate::desk::{self, DESK, DeskState};
use crate::retire::is_finished;
use domain::id::PayoutId;
use domain::payout::BrokenHistory;
use snapshots::{ArchiveStore, Archived, RecordRef};

/// Finished payouts are handed to the archive in batches of this many.
const ARCHIVE_BATCH: usize = 1_024;

/// What was read so far of one share.
pub(super) struct Share<'a> {
    archive: &'a dyn ArchiveStore,
    contracts: &'a Contracts<'a>,
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
        contracts: &'a Contracts<'a>,
        manner: Manner,
    ) -> Share<'a> {
        let (pile, live, finished) = (Pile::default(), None, Vec::new());
        let (desk, records, finished_count) = (DeskState::default(), 0, 0);
        Share { archive, contracts, manner, pile, live, finished, desk, records, finished_count }
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
        let met = if let Some(met) = self.live().find(id) {
            met.follow(&record).map_err(bad)?;
            met
        } else if record.version == 1 {
            let met = Met::begun(id, &record).map_err(bad)?;
            self.live().insert(met)
        } else {
            let gap = || bad(BrokenHistory::NoCreation(id).into());
            let met = self.revisit(id)?.ok_or_else(gap)?;
            met.follow(&record).map_err(bad)?;
            met
        };
        if met.may_be_finished() { self.rest_if_finished(id) } else { Ok(()) }
    }

    /// The payouts that are still alive.
    pub fn finish(&mut self) -> Result<Kept, RecoveryError> {
        self.archive_batch()?;
        let live = self.live.take().map(Roster::into_pile);
        let mut asleep = live.unwrap_or_else(|| std::mem::take(&mut self.pile));
        let mut awake = Vec::new();
        for place in asleep.places() {
            let Some(met) = place else { continue };
            if let Some(payout) = met.settle(self.contracts)? {
                awake.push(payout);
                *place = None;
            }
        }
        Ok(Kept { asleep, awake })
    }

    fn live(&mut self) -> &mut Roster {
        self.live.get_or_insert_with(|| Roster::of(std::mem::take(&mut self.pile)))
    }

    /// A finished payout that something happened to later.
    fn revisit(&mut self, id: PayoutId) -> Result<Option<&mut Met>, RecoveryError> {
        self.archive_batch()?;
        let Some(payout) = archived(self.archive, id)? else { return Ok(None) };
        let met = Met::of(&payout, self.contracts)?;
        Ok(Some(self.live().insert(met)))
    }

    fn rest_if_finished(&mut self, id: PayoutId) -> Result<(), RecoveryError> {
        if self.manner == Manner::Looking {
            return Ok(());
        }
        let Some(payout) = self.live().find(id).map(|met| met.fold()).transpose()? else {
            return Ok(());
        };
        if !is_finished(&payout) {
            return Ok(());
        }
        self.live().remove(id);
        let due = (self.contracts.watch_for)(&payout);
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
