//! Takes one snapshot, chunk by chunk, while the engine runs.
//!
//! Apart because the order at the end is what makes a snapshot worth having:
//! chunks durable, archive durable, everything read back and compared, and
//! only then the manifest. A crash anywhere before leaves chunks without a
//! manifest, which the next snapshot removes.

use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};

use super::{
    chunk::ChunkBuilder,
    database::Database,
    manifest::{self, Manifest, SnapshotInfo},
    pieces, pruning,
    snapshot_error::SnapshotError,
    snapshots::{self, Shared, Turn},
};
use crate::log::{ChainHash, LogError, LogReader};

/// A snapshot being taken. Blocking: give it a thread of its own. Dropping it
/// unfinished gives the snapshot up.
pub struct SnapshotWriter {
    shared: Arc<Shared>,
    manifest: Manifest,
    chunk: ChunkBuilder,
    content: blake3::Hasher,
    began: Instant,
    _turn: Turn,
}

impl SnapshotWriter {
    pub(crate) fn begin(shared: Arc<Shared>, base_sequence: u64) -> Result<Self, SnapshotError> {
        if base_sequence > shared.journal.durable_sequence() {
            return Err(SnapshotError::NotDurable(base_sequence));
        }
        let chunk = ChunkBuilder::new()?;
        let turn = Turn::take(&shared)?;
        let manifest = empty_manifest(base_sequence);
        let (content, began) = (blake3::Hasher::new(), Instant::now());
        let mut writer = Self { shared, manifest, chunk, content, began, _turn: turn };
        let (log_id, base_chain) = writer.head_at(base_sequence)?;
        let database = &writer.shared.database;
        let newest = manifest::ids(&database.manifests)?.first().copied().unwrap_or(0);
        remove_unfinished(database)?;
        writer.manifest.id = newest + 1;
        writer.manifest.log_id = log_id;
        writer.manifest.base_chain = base_chain;
        Ok(writer)
    }

    /// Says when the snapshot is taken, in microseconds since 1970, and keeps a
    /// note with it that [`super::SnapshotStore::note`] gives back unread.
    pub fn describe(&mut self, taken_at: i64, note: Vec<u8>) {
        self.manifest.taken_at = Some(taken_at);
        self.manifest.note = note;
    }

    /// Adds the state of one payout, as of the base sequence or later.
    pub fn push(&mut self, id: [u8; 16], state: &[u8]) -> Result<(), SnapshotError> {
        self.chunk.push(id, state);
        self.manifest.payouts += 1;
        if self.chunk.is_full() { self.store_chunk() } else { Ok(()) }
    }

    /// Makes the snapshot durable, reads it back, and only then declares it
    /// good. Then those are deleted that the retention policy does not keep.
    ///
    /// The archive is made durable on the way: what the snapshot leaves out
    /// because it is archived must not be lost with the page cache.
    pub fn finish(mut self) -> Result<SnapshotInfo, SnapshotError> {
        if !self.chunk.is_empty() {
            self.store_chunk()?;
        }
        self.manifest.content = *self.content.finalize().as_bytes();
        self.manifest.sealed_at = self.shared.journal.durable_sequence();
        let shared = &self.shared;
        shared.database.sync()?;
        shared.archive.persist()?;
        shared.archive.set_covers(self.manifest.base_sequence, self.manifest.id)?;
        snapshots::read::<SnapshotError>(&shared.database, &self.manifest, &mut |_, _| Ok(()))?;
        self.manifest.took_micros =
            u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.manifest.store(&shared.database.manifests)?;
        shared.database.sync()?;
        if Manifest::load(&shared.database.manifests, self.manifest.id)? != self.manifest {
            return Err(SnapshotError::Damaged("the manifest does not read back as written"));
        }
        let info = self.manifest.info();
        *shared.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(info);
        // Just read back: whatever the policy keeps, this one is good.
        pruning::prune(shared, info.id)?;
        Ok(info)
    }

    fn store_chunk(&mut self) -> Result<(), SnapshotError> {
        self.content.update(self.chunk.raw());
        let stored = self.chunk.close()?;
        let prefix = snapshots::chunk_prefix(self.manifest.id, self.manifest.chunks.len());
        pieces::put(&self.shared.database.chunks, &prefix, &stored)?;
        self.manifest.bytes += stored.len() as u64;
        self.manifest.chunks.push(*blake3::hash(&stored).as_bytes());
        Ok(())
    }

    /// The log's id, and the chain hash of the frame that holds `sequence`.
    fn head_at(&self, sequence: u64) -> Result<(u64, ChainHash), LogError> {
        let mut reader = LogReader::seek(&self.shared.log_dir, sequence)?;
        while reader.position().next_sequence <= sequence && reader.next(sequence)?.is_some() {}
        Ok((reader.position().log_id, reader.position().chain))
    }
}

/// Chunks whose snapshot was never finished.
fn remove_unfinished(database: &Database) -> Result<(), SnapshotError> {
    let finished = manifest::ids(&database.manifests)?;
    for key in database.chunks.iter().keys() {
        let key = key?;
        if pieces::leading_number(&key).is_none_or(|id| !finished.contains(&id)) {
            database.chunks.remove(key)?;
        }
    }
    Ok(())
}

fn empty_manifest(base_sequence: u64) -> Manifest {
    Manifest {
        version: Manifest::VERSION,
        id: 0,
        log_id: 0,
        base_sequence,
        base_chain: [0; 32],
        sealed_at: 0,
        payouts: 0,
        bytes: 0,
        chunks: Vec::new(),
        content: [0; 32],
        taken_at: None,
        took_micros: 0,
        note: Vec::new(),
    }
}
