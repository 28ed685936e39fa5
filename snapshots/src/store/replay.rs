//! Replay: everything the store holds, in the order the engine needs it.
//!
//! Apart because it is the other half of the journal's promise: what was
//! acknowledged comes back. First the payouts of the snapshot, then every
//! record behind its base; a payout's records that the fuzzy snapshot already
//! has are told by their versions (I-14).

use thiserror::Error;

use super::Store;
use crate::{
    log::{LogError, LogReader, RecordRef},
    sled_store::{self, SnapshotError},
};

/// One thing that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed<'a> {
    /// A payout as the snapshot has it.
    Snapshot {
        /// The payout.
        payout: [u8; 16],
        /// Its state, as it was pushed.
        body: &'a [u8],
    },
    /// A record behind the snapshot's base, or any record without a snapshot.
    Record(RecordRef<'a>),
}

/// Why a replay ended early.
#[derive(Debug, Error)]
pub enum ReplayError<E> {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The snapshot could not be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The visitor did not want to go on.
    #[error("the replay was ended by its visitor")]
    Visitor(E),
}

impl Store {
    /// Hands everything on, checking all of it once more on the way.
    pub fn replay<E>(
        &self,
        visit: &mut dyn FnMut(Replayed<'_>) -> Result<(), E>,
    ) -> Result<(), ReplayError<E>> {
        let mut visit = |replayed: Replayed<'_>| visit(replayed).map_err(ReplayError::Visitor);
        if let Some(manifest) = self.sled.snapshot().filter(|_| !self.archive_rebuilt) {
            sled_store::read(self.sled.database(), manifest, &mut |payout, body| {
                visit(Replayed::Snapshot { payout, body })
            })?;
        }
        let base = self.replay_base();
        let last = self.last_sequence();
        let mut reader = LogReader::seek(&self.directory.log, base + 1)?;
        while let Some(frame) = reader.next(last)? {
            for record in frame.records().filter(|record| record.sequence > base) {
                visit(Replayed::Record(record))?;
            }
        }
        Ok(())
    }

    /// The records behind this sequence are replayed.
    pub(super) fn replay_base(&self) -> u64 {
        let snapshot = self.sled.snapshot().filter(|_| !self.archive_rebuilt);
        snapshot.map_or(0, |manifest| manifest.base_sequence)
    }
}
