//! The log, copied as it grows to where this machine's end does not reach.
//!
//! Apart from the archive of finished payouts, which is an index that the log rebuilds: this is the
//! log itself, frame by frame, in an object store. Apart from the export, which is made once and
//! carried: this never ends. It follows what is durable from a thread of its own and nobody waits
//! for it; what it has not shipped yet is what is lost with the machine.
//!
//! `<prefix>/<log id>/manifest.json` names the pieces in `segments/` and the files beside the log
//! in `side/`, with the hash of each. It is written after what it names, so whatever it names is
//! there; what it does not name is no part of the archive.
//!
//! In reading order: `place` is the object store, `manifest` and `piece` are what lies there,
//! `shipper` puts it there, `compaction` keeps the pieces few, `follower` is the thread, `status`
//! how far it is; `frames` reads the log back, through `courier`.

mod archive_error;
mod compaction;
mod courier;
mod follower;
mod frames;
pub(crate) mod manifest;
mod options;
mod piece;
mod place;
mod shipper;
mod status;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use archive_error::LogArchiveError;
pub use frames::{ArchivedFrames, ArchivedLog, logs, verify};
pub use options::{LogArchiveOptions, S3Options};
pub use place::check;
pub use status::{LogArchive, LogArchiveStatus};

pub(crate) use follower::{FollowerThread, Following};

use crate::export::SideFiles;

/// Reads the files beside the log, each time anew: they may change while the gateway runs.
pub type ReadSideFiles = Box<dyn FnMut() -> std::io::Result<SideFiles> + Send>;
