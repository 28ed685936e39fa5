//! Back from the journal: newest good snapshot, or nothing, and the log after it. What was in
//! flight is asked for; nothing is sent again.

mod roster;
mod share;

pub(crate) use roster::Pile;

use crate::codec;
use crate::desk::{self, DESK, DeskState};
use crate::gateway::partition_of;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::time::Timestamp;
use share::Share;
use snapshots::{ArchiveStore, RecordRef, ReplayError, Running, Store};

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

/// What becomes of a payout that is finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    /// It leaves memory for the archive.
    Serving,
    /// For a look: it stays among what lives, and nothing is written.
    Looking,
}

/// What one visitor of the snapshot read, sorted into shares.
struct Unpacked {
    shares: Vec<Pile>,
    desk: Option<DeskState>,
}

/// What the store held.
pub(crate) struct Recollected {
    /// The live payouts of each partition.
    pub shares: Vec<Pile>,
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
    manner: Manner,
) -> Result<Recollected, ReplayError<RecoveryError>> {
    let archive = store.archive();
    let with_desk = partition_of(PayoutId(DESK), partitions);
    let mut shares: Vec<Share> =
        (0..partitions).map(|_| Share::new(archive.as_ref(), watch_for, manner)).collect();
    for Unpacked { shares: found, desk } in unpack(store, partitions)? {
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
    let finished = shares.iter_mut().map(Share::finish).collect::<Result<_, _>>();
    Ok(Recollected {
        shares: finished.map_err(ReplayError::Visitor)?,
        records: shares.iter().map(|share| share.records).sum(),
        finished: shares.iter().map(|share| share.finished_count).sum(),
        desk: shares.swap_remove(with_desk).desk,
    })
}

/// The payouts of the snapshot, decoded by as many threads as there are partitions.
fn unpack(store: &Store, partitions: usize) -> Result<Vec<Unpacked>, ReplayError<RecoveryError>> {
    let empty =
        || Unpacked { shares: (0..partitions).map(|_| Pile::default()).collect(), desk: None };
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
