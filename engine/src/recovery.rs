//! Back from the journal: newest good snapshot, or nothing, and the log after it. What was in
//! flight is asked for; nothing is sent again.

use crate::codec;
use crate::desk::{self, DESK, DeskState};
use crate::gateway::partition_of;
use crate::partition::IdHasher;
use crate::retire::is_finished;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::time::Timestamp;
use snapshots::{ArchiveStore, Archived, RecordRef, ReplayError, Running, Store};
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::hash::BuildHasherDefault;

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
pub(crate) type WatchFor<'a> = &'a (dyn Fn(&Payout) -> Option<Timestamp> + Sync);

/// What recovery has read so far of one share: the payouts of one partition.
pub(crate) struct Recovery<'a> {
    archive: &'a dyn ArchiveStore,
    watch_for: WatchFor<'a>,
    desk: DeskState,
    /// From the snapshot, until a record asks for one of them.
    unfolded: Vec<Vec<Payout>>,
    live: HashMap<PayoutId, Payout, BuildHasherDefault<IdHasher>>,
    finished: Vec<Archived>,
    records: u64,
    finished_count: u64,
}

/// What one visitor of the snapshot read, sorted into shares.
struct Unpacked {
    shares: Vec<Vec<Payout>>,
    desk: Option<DeskState>,
}

/// What the store held.
pub(crate) struct Recollected {
    /// The live payouts of each partition.
    pub shares: Vec<Vec<Payout>>,
    /// What operators decided.
    pub desk: DeskState,
    /// Records read.
    pub records: u64,
    /// Payouts that were finished when they were met.
    pub finished: u64,
}

/// Folds all that the store holds, one thread to a partition.
pub(crate) fn recollect(
    store: &Store,
    partitions: usize,
    watch_for: WatchFor<'_>,
) -> Result<Recollected, ReplayError<RecoveryError>> {
    let archive = store.archive();
    let mut shares: Vec<Recovery> =
        (0..partitions).map(|_| Recovery::new(archive.as_ref(), watch_for)).collect();
    for Unpacked { shares: found, desk } in unpack(store, partitions)? {
        for (share, payouts) in shares.iter_mut().zip(found) {
            share.unfolded.push(payouts);
        }
        if let Some(desk) = desk {
            shares[partition_of(PayoutId(DESK), partitions)].desk = desk;
        }
    }
    let mut visitors: Vec<_> =
        shares.iter_mut().map(|share| |record: RecordRef<'_>| share.take(record)).collect();
    store.replay_records(&mut visitors, |payout| partition_of(PayoutId(*payout), partitions))?;
    drop(visitors);
    let mut all = Recollected::empty();
    for (number, share) in shares.into_iter().enumerate() {
        let has_desk = number == partition_of(PayoutId(DESK), partitions);
        all.add(share, has_desk).map_err(ReplayError::Visitor)?;
    }
    Ok(all)
}

/// The payouts of the snapshot, decoded by as many threads as there are partitions.
fn unpack(store: &Store, partitions: usize) -> Result<Vec<Unpacked>, ReplayError<RecoveryError>> {
    let empty = || Unpacked { shares: vec![Vec::new(); partitions], desk: None };
    let mut unpacked: Vec<Unpacked> = (0..partitions).map(|_| empty()).collect();
    let mut visitors: Vec<_> = unpacked
        .iter_mut()
        .map(|unpacked| |payout: [u8; 16], body: &[u8]| unpacked.take(payout, body))
        .collect();
    store.replay_snapshot(&mut visitors)?;
    drop(visitors);
    Ok(unpacked)
}

impl Unpacked {
    fn take(&mut self, payout: [u8; 16], body: &[u8]) -> Result<(), RecoveryError> {
        if payout == DESK {
            self.desk = Some(desk::state(body).map_err(RecoveryError::Desk)?);
            return Ok(());
        }
        let id = PayoutId(payout);
        let payout = codec::payout(id, body).map_err(|why| RecoveryError::State { id, why })?;
        let partitions = self.shares.len();
        self.shares[partition_of(id, partitions)].push(payout);
        Ok(())
    }
}

impl Recollected {
    fn empty() -> Recollected {
        let (shares, desk) = (Vec::new(), DeskState::default());
        Recollected { shares, desk, records: 0, finished: 0 }
    }

    fn add(&mut self, share: Recovery<'_>, has_desk: bool) -> Result<(), RecoveryError> {
        self.records += share.records;
        self.finished += share.finished_count;
        let (payouts, desk) = share.finish()?;
        self.shares.push(payouts);
        if has_desk {
            self.desk = desk;
        }
        Ok(())
    }
}

impl<'a> Recovery<'a> {
    fn new(archive: &'a dyn ArchiveStore, watch_for: WatchFor<'a>) -> Recovery<'a> {
        let desk = DeskState::default();
        let (unfolded, live, finished) = (Vec::new(), HashMap::default(), Vec::new());
        let (records, finished_count) = (0, 0);
        Recovery { archive, watch_for, desk, unfolded, live, finished, records, finished_count }
    }

    /// Takes in one record of the share, in order.
    fn take(&mut self, record: RecordRef<'_>) -> Result<(), RecoveryError> {
        if record.payout == DESK {
            self.records += 1;
            self.desk.apply(desk::entry(record.body).map_err(RecoveryError::Desk)?);
            return Ok(());
        }
        self.find_by_id();
        self.record(record)
    }

    /// The snapshot's payouts by their ids; without a record nobody looks for one.
    fn find_by_id(&mut self) {
        if self.unfolded.is_empty() {
            return;
        }
        self.live.reserve(self.unfolded.iter().map(Vec::len).sum());
        for payouts in self.unfolded.drain(..) {
            self.live.extend(payouts.into_iter().map(|payout| (payout.id(), payout)));
        }
    }

    /// The payouts that are still alive, and the desk.
    fn finish(mut self) -> Result<(Vec<Payout>, DeskState), RecoveryError> {
        self.archive_batch()?;
        let mut live: Vec<Payout> = self.live.into_values().collect();
        for mut payouts in self.unfolded {
            if live.is_empty() { live = payouts } else { live.append(&mut payouts) }
        }
        Ok((live, self.desk))
    }

    fn record(&mut self, record: RecordRef<'_>) -> Result<(), RecoveryError> {
        self.records += 1;
        let sequence = record.sequence;
        let id = PayoutId(record.payout);
        let bad = |why: codec::Unreadable| RecoveryError::Record { sequence, id, why };
        let entry = codec::entry(record.body).map_err(|why| bad(why.into()))?;
        let payout = match self.live.entry(id) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(free) if entry.version == 1 => {
                free.insert(Payout::begin(id, entry).map_err(|why| bad(why.into()))?);
                return Ok(());
            }
            Slot::Vacant(_) => {
                let gap = domain::payout::BrokenHistory::NoCreation(id);
                self.revisit(id)?.ok_or_else(|| bad(gap.into()))?
            }
        };
        // A snapshot's states, and the archive's, may be ahead of the record.
        if entry.version > payout.version() {
            payout.apply(entry).map_err(|why| bad(why.into()))?;
        }
        if is_finished(payout) {
            self.rest(id)?;
        }
        Ok(())
    }

    /// A finished payout that something happened to later.
    fn revisit(&mut self, id: PayoutId) -> Result<Option<&mut Payout>, RecoveryError> {
        self.archive_batch()?;
        let payout = archived(self.archive, id)?;
        Ok(payout.map(|payout| self.live.entry(id).insert_entry(payout).into_mut()))
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
