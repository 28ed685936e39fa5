//! sled: a mirror of the recent journal, and the snapshots.
//!
//! Apart from the log because it follows it: nothing waits for sled, nothing
//! is true because sled says so, and the whole directory can be deleted at any
//! time. What it gives is a short recovery, and a second copy of the newest
//! frames, from which a log that lost its end on the disk can be completed.
//!
//! In reading order: `database` opens and syncs, `pieces` is how values
//! are stored, `mirror` and `follower` are the journal, `manifest`,
//! `chunk`, `chunks`, `snapshot_writer` and `snapshots` the snapshots,
//! `retention` and `pruning` their end.

pub(crate) mod chunk;
mod chunks;
mod database;
mod follower;
pub(crate) mod manifest;
mod mirror;
mod pieces;
mod pruning;
mod retention;
mod snapshot_error;
mod snapshot_writer;
mod snapshots;

pub use manifest::SnapshotInfo;
pub use mirror::MirrorError;
pub use pruning::Pruned;
pub use retention::Retention;
pub use snapshot_error::SnapshotError;
pub use snapshot_writer::SnapshotWriter;
pub use snapshots::{SnapshotReader, SnapshotStore, VisitPayout};

pub(crate) use chunks::Chunks;
pub(crate) use database::{Database, Opened, open};
pub(crate) use follower::Follower;
pub(crate) use manifest::Manifest;
pub(crate) use mirror::{Mirror, MirrorState};
pub(crate) use snapshots::{Shared, read};
