//! Deletes the snapshots that the retention policy does not keep.
//!
//! Apart from the policy, which only judges, and from the writer, because an
//! operator may ask for it at any time. A manifest goes before its chunks, so
//! that a crash in between leaves chunks without a name and never a name
//! without its chunks.

use std::sync::atomic::Ordering;

use super::{
    database::Database,
    manifest::{self, Manifest, SnapshotInfo},
    pieces,
    snapshot_error::SnapshotError,
    snapshots::Shared,
};

/// What a pruning did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// What is gone, or would be, newest first.
    pub removed: Vec<SnapshotInfo>,
    /// What stays, newest first.
    pub kept: Vec<SnapshotInfo>,
    /// Bytes of sled's file. Its room is used again for what comes; the file
    /// itself never gets shorter.
    pub file_bytes: u64,
}

/// Judges all snapshots; `good` stays whatever the policy says.
pub(crate) fn judge(shared: &Shared, good: u64) -> Result<(Vec<u64>, Pruned), SnapshotError> {
    let Database { manifests, .. } = &*shared.database;
    let all = manifest::ids(manifests)?;
    let sound: Vec<SnapshotInfo> =
        all.iter().filter_map(|id| Some(Manifest::load(manifests, *id).ok()?.info())).collect();
    let mut keep = shared.retention.keep(&sound);
    keep.insert(good);
    let (kept, removed) = sound.iter().partition(|info| keep.contains(&info.id));
    // A manifest that cannot be read is nobody's fallback; it goes with the rest.
    let gone = all.into_iter().filter(|id| !keep.contains(id)).collect();
    Ok((gone, Pruned { removed, kept, file_bytes: shared.database.size_on_disk()? }))
}

/// Deletes what is not kept, and lets the mirror forget the frames that the
/// newest two do not need.
pub(crate) fn prune(shared: &Shared, good: u64) -> Result<Pruned, SnapshotError> {
    let Database { manifests, chunks, .. } = &*shared.database;
    let (gone, mut pruned) = judge(shared, good)?;
    for id in gone {
        pieces::remove(manifests, &id.to_be_bytes())?;
        pieces::remove(chunks, &id.to_be_bytes())?;
    }
    shared.database.sync()?;
    pruned.file_bytes = shared.database.size_on_disk()?;
    if let Some(second) = pruned.kept.get(1) {
        shared.mirror_floor.store(second.base_sequence + 1, Ordering::Release);
    }
    Ok(pruned)
}
