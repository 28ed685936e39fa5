//! The chunks of one snapshot, read by several at once.
//!
//! Apart from reading them in order, because nobody needs the order: a payout
//! is in one chunk, and a chunk is in nobody else's hands. What is read here
//! was compared with its hash before, and each payout's state carries a
//! checksum of its own; what is left to compare is that none is missing.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::{chunk, manifest::Manifest, snapshot_error::SnapshotError, snapshots::VisitPayout};

/// Chunks that wait for a reader.
pub(crate) struct Chunks<'a> {
    stored: &'a [Vec<u8>],
    next: AtomicUsize,
    read: AtomicU64,
    expected: u64,
}

impl<'a> Chunks<'a> {
    /// All chunks of a snapshot, as stored and compared with their hashes.
    pub(crate) fn new(manifest: &Manifest, stored: &'a [Vec<u8>]) -> Self {
        let expected = manifest.payouts;
        Self { stored, next: AtomicUsize::new(0), read: AtomicU64::new(0), expected }
    }

    /// Takes chunks until there are no more, or somebody stopped.
    pub(crate) fn read<E: From<SnapshotError>>(
        &self,
        stopped: &AtomicBool,
        visit: &mut VisitPayout<'_, E>,
    ) -> Result<(), E> {
        while !stopped.load(Ordering::Relaxed) {
            let Some(stored) = self.stored.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            let raw = chunk::unpack(stored).map_err(SnapshotError::from)?;
            let mut payouts = 0;
            for entry in chunk::entries(&raw) {
                let (id, state) = entry.map_err(SnapshotError::from)?;
                visit(id, state)?;
                payouts += 1;
            }
            self.read.fetch_add(payouts, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether as many payouts were read as the manifest counts.
    pub(crate) fn were_all_read(&self) -> Result<(), SnapshotError> {
        if self.read.load(Ordering::Relaxed) == self.expected {
            return Ok(());
        }
        Err(SnapshotError::Damaged("the content does not match the manifest"))
    }
}
