//! The data directory: where each thing lies, and who may use it.
//!
//! Apart because the lock must be held before the first file is read and until
//! the last is written.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::{log::sync_directory, options::StoreOptions};

/// Paths of an exclusively locked data directory.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) log: PathBuf,
    pub(crate) sled: PathBuf,
    pub(crate) archive: PathBuf,
    pub(crate) events: PathBuf,
    pub(crate) anchor: PathBuf,
    /// Locked while it is open; the kernel unlocks it even for a killed process.
    _lock: File,
}

/// Why the directory could not be locked.
#[derive(Debug)]
pub(crate) enum LockError {
    InUse,
    Io(io::Error),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Directory {
    /// Creates what is missing and takes the lock.
    pub(crate) fn lock(options: &StoreOptions) -> Result<Self, LockError> {
        let data = &options.data_dir;
        let log = data.join("log");
        let new = !data.exists();
        fs::create_dir_all(&log)?;
        let lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(data.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => LockError::InUse,
            TryLockError::Error(error) => LockError::Io(error),
        })?;
        sync_directory(data)?;
        let parent = data.parent().filter(|parent| !parent.as_os_str().is_empty());
        let named = sync_directory(parent.unwrap_or(Path::new(".")));
        if new {
            // An old one's name is on disk, unless whoever made it was killed at once, and its parent may not
            // be ours to read.
            named?;
        }
        Ok(Self {
            log,
            sled: data.join("sled"),
            archive: data.join("archive"),
            events: data.join("events"),
            anchor: options.anchor_path.clone().unwrap_or_else(|| data.join("anchor")),
            _lock: lock,
        })
    }
}
