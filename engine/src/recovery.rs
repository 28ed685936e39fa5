//! Back from the journal: newest good snapshot, or nothing, and the log after it. What was in
//! flight is asked for; nothing is sent again.

mod met;
mod roster;
mod share;

use crate::codec;
use crate::desk::{self, DESK, DeskState};
use crate::gateway::partition_of;
use crate::live_index::LiveRow;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::time::Timestamp;
use met::Met;
pub(crate) use roster::Pile;
use share::Share;
use snapshots::{ArchiveStore, RecordRef, ReplayError, Running, Store};
use std::time::Duration;
use std::{panic, thread};

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
    /// Records that cannot be folded, although each has its place.
    #[error("the journal's records of {id} up to {sequence} cannot be read: {why}")]
    UpTo {
        /// The last of them.
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
    /// A payout's card in a snapshot says what cannot be.
    #[error("the card of {0} in the snapshot names no status")]
    Card(PayoutId),
    /// The archive does not answer.
    #[error("the archive does not answer: {0}")]
    Archive(String),
    /// What operators decided at the desk cannot be read.
    #[error("the desk's record cannot be read: {0}")]
    Desk(snapshots::codec::CodecError),
}

/// What the providers' contracts say about the times of a payout.
pub(crate) struct Contracts<'a> {
    /// When an archived payout is to be looked at again.
    pub watch_for: &'a (dyn Fn(&Payout) -> Option<Timestamp> + Sync),
    /// How long after the last news an account is asked for the first time.
    pub first_pause: &'a (dyn Fn(&str) -> Duration + Sync),
    /// What the clock says; it may have been turned back since the last news.
    pub now: Timestamp,
}

/// What becomes of a payout that is finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    /// It leaves memory for the archive.
    Serving,
    /// For a look: it stays among what lives, and nothing is written.
    Looking,
}

/// What one visitor of the snapshot read, sorted into shares.
struct Unpacked<'a> {
    contracts: &'a Contracts<'a>,
    shares: Vec<Pile>,
    desk: Option<DeskState>,
}

/// The live payouts of one partition.
#[derive(Default)]
pub(crate) struct Kept {
    /// Those that only wait; all are settled.
    pub asleep: Pile,
    /// Those that a start has something to do for, or that others must know of.
    pub awake: Vec<Payout>,
}

impl Kept {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.asleep.len() + self.awake.len()
    }

    /// Their rows in the index of live payouts.
    pub fn rows(&self) -> impl Iterator<Item = LiveRow> {
        self.asleep.iter().filter_map(Met::row).chain(self.awake.iter().map(LiveRow::of))
    }
}

/// What the store held.
pub(crate) struct Recollected {
    /// The live payouts of each partition.
    pub shares: Vec<Kept>,
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
    contracts: &Contracts<'_>,
    manner: Manner,
) -> Result<Recollected, ReplayError<RecoveryError>> {
    let archive = store.archive();
    let with_desk = partition_of(PayoutId(DESK), partitions);
    let mut shares: Vec<Share> =
        (0..partitions).map(|_| Share::new(archive.as_ref(), contracts, manner)).collect();
    for Unpacked { shares: found, desk, .. } in unpack(store, partitions, contracts)? {
        for (share, payouts) in shares.iter_mut().zip(found) {
            share.pile.append(payouts);
        }
        if let Some(desk) = desk {
            shares[with_desk].desk = desk;
        }
    }
    let mut visitors: Vec<_> =
        shares.iter_mut().map(|share| |record: RecordRef<'_>| share.take(record)).collect();
    store.replay_records(&mut visitors, |payout| partition_of(PayoutId(*payout), partitions))?;
    drop(visitors);
    Ok(Recollected {
        shares: finish(&mut shares).map_err(ReplayError::Visitor)?,
        records: shares.iter().map(|share| share.records).sum(),
        finished: shares.iter().map(|share| share.finished_count).sum(),
        desk: shares.swap_remove(with_desk).desk,
    })
}

/// The same on the caller's thread, from wherever the snapshot's states and the log's records come.
pub(crate) fn recollect_from<'r>(
    archive: &dyn ArchiveStore,
    partitions: usize,
    contracts: &Contracts<'_>,
    snapshot: impl Iterator<Item = ([u8; 16], &'r [u8])>,
    records: impl Iterator<Item = RecordRef<'r>>,
) -> Result<Recollected, RecoveryError> {
    let piles = (0..partitions).map(|_| Pile::default()).collect();
    let mut unpacked = Unpacked { contracts, shares: piles, desk: None };
    for (payout, body) in snapshot {
        unpacked.take(payout, body)?;
    }
    let with_desk = partition_of(PayoutId(DESK), partitions);
    let mut shares: Vec<Share> =
        (0..partitions).map(|_| Share::new(archive, contracts, Manner::Serving)).collect();
    shares.iter_mut().zip(unpacked.shares).for_each(|(share, pile)| share.pile.append(pile));
    shares[with_desk].desk = unpacked.desk.unwrap_or_default();
    for record in records {
        shares[partition_of(PayoutId(record.payout), partitions)].take(record)?;
    }
    let kept = shares.iter_mut().map(Share::finish).collect::<Result<_, _>>()?;
    Ok(Recollected {
        shares: kept,
        records: shares.iter().map(|share| share.records).sum(),
        finished: shares.iter().map(|share| share.finished_count).sum(),
        desk: shares.swap_remove(with_desk).desk,
    })
}

/// What the shares came to, each made up on a thread of its own.
fn finish(shares: &mut [Share<'_>]) -> Result<Vec<Kept>, RecoveryError> {
    thread::scope(|scope| {
        let finishing: Vec<_> =
            shares.iter_mut().map(|share| scope.spawn(|| share.finish())).collect();
        let finished = finishing.into_iter().map(|thread| thread.join());
        finished.map(|one| one.unwrap_or_else(|payload| panic::resume_unwind(payload))).collect()
    })
}

/// The payouts of the snapshot, sorted by as many threads as there are partitions.
fn unpack<'a>(
    store: &Store,
    partitions: usize,
    contracts: &'a Contracts<'a>,
) -> Result<Vec<Unpacked<'a>>, ReplayError<RecoveryError>> {
    let piles = || (0..partitions).map(|_| Pile::default()).collect();
    let empty = || Unpacked { contracts, shares: piles(), desk: None };
    let mut unpacked: Vec<Unpacked<'_>> = (0..partitions).map(|_| empty()).collect();
    let mut visitors: Vec<_> = unpacked
        .iter_mut()
        .map(|unpacked| |payout: [u8; 16], body: &[u8]| unpacked.take(payout, body))
        .collect();
    store.replay_snapshot(&mut visitors)?;
    drop(visitors);
    Ok(unpacked)
}

impl Unpacked<'_> {
    fn take(&mut self, payout: [u8; 16], body: &[u8]) -> Result<(), RecoveryError> {
        if payout == DESK {
            self.desk = Some(desk::state(body).map_err(RecoveryError::Desk)?);
            return Ok(());
        }
        let id = PayoutId(payout);
        let met = Met::in_snapshot(id, body, self.contracts)?;
        let partitions = self.shares.len();
        self.shares[partition_of(id, partitions)].push(met);
        Ok(())
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
