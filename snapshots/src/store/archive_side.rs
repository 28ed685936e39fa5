//! The archive at the start: opened, compared with the log, replaced if need be.
//!
//! Apart because the archive cannot be compared row by row. What can be said
//! is which log it belongs to, and up to where it is known to be complete; an
//! archive that covers less than the snapshot that replay begins with would
//! silently miss payouts, so it is filled again from the log's start.

use std::path::Path;

use crate::{
    archive::{ArchiveStore, FjallArchive},
    guarded::{self, Fault},
    log::{Tail, sync_directory},
    open_error::{OpenError, refused},
    options::StoreOptions,
    sled_store::Manifest,
};

pub(crate) struct ArchiveSide {
    pub(crate) archive: FjallArchive,
    /// It has to be filled by a replay from the log's start.
    pub(crate) rebuilt: bool,
}

/// Opens the archive of the log that ends in `tail`. `newest` is the snapshot
/// that the replay would begin with; `distrust` replaces the archive unread.
pub(crate) fn open(
    dir: &Path,
    tail: &Tail,
    newest: Option<&Manifest>,
    distrust: bool,
    options: &StoreOptions,
) -> Result<ArchiveSide, OpenError> {
    let last_sequence = tail.next_sequence() - 1;
    let absent = !dir.exists();
    if distrust && !absent {
        set_aside(dir, options, "the log was adopted as it is")?;
    }
    let mut archive = open_or_replace(dir, tail.log_id(), options)?;
    if archive.covers()?.is_some_and(|covers| covers > last_sequence) {
        drop(archive);
        set_aside(dir, options, "it is ahead of the log")?;
        archive = open_or_replace(dir, tail.log_id(), options)?;
    }
    let (base, snapshot) = newest.map_or((0, 0), |one| (one.base_sequence, one.id));
    if last_sequence == 0 {
        // Of an empty log it has everything, also as of a snapshot that was taken of it.
        archive.set_covers(0, snapshot)?;
    }
    // The number tells an archive that is older than the snapshot even when the
    // log had not grown since the snapshot before.
    let rebuilt = archive.covers()?.is_none_or(|covers| covers < base)
        || archive.covered_by()?.is_some_and(|number| number < snapshot);
    if rebuilt {
        tracing::warn!(absent, "the archive is incomplete; the log is replayed from its start");
    }
    Ok(ArchiveSide { archive, rebuilt })
}

fn open_or_replace(
    dir: &Path,
    log_id: u64,
    options: &StoreOptions,
) -> Result<FjallArchive, OpenError> {
    let open = || FjallArchive::open(dir, log_id, options.archive_room(), options.open_deadline);
    match open() {
        Ok(archive) => Ok(archive),
        Err(Fault::Unusable(reason)) => {
            set_aside(dir, options, &reason)?;
            open().map_err(|fault| refused(dir, fault, OpenError::Archive))
        }
        Err(fault) => Err(refused(dir, fault, OpenError::Archive)),
    }
}

fn set_aside(dir: &Path, options: &StoreOptions, reason: &str) -> Result<(), OpenError> {
    let set_aside = || {
        let aside = guarded::set_aside(dir)?;
        sync_directory(&options.data_dir)?;
        Ok(aside)
    };
    let aside = set_aside().map_err(|source| OpenError::Io { path: dir.to_owned(), source })?;
    tracing::error!(reason, kept = %aside.display(), "the archive is set aside");
    Ok(())
}
