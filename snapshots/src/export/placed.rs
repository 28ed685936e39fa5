//! A file that appears under its name whole, or not at all.
//!
//! Apart because it is about names and disks, whatever is in the file. It is written beside its
//! place, for its owner's eyes only, and put there without ever replacing anything.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};

use super::ExportError;
use crate::log::sync_directory;

/// A file on its way. Dropped before [`place`], it leaves nothing behind.
///
/// [`place`]: Self::place
pub(super) struct Unplaced {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    placed: bool,
}

impl Unplaced {
    /// An empty file beside `place`. What a killed process left there is begun anew.
    pub(super) fn create(place: &Path) -> Result<Self, ExportError> {
        if place.symlink_metadata().is_ok() {
            return Err(ExportError::Exists(place.to_owned()));
        }
        let mut name = place.as_os_str().to_owned();
        name.push(".part");
        let beside = PathBuf::from(name);
        let failed = ExportError::io(&beside);
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(&beside)
        };
        let file = open().map_err(&failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ExportError::Busy(beside.clone()),
            TryLockError::Error(error) => failed(error),
        })?;
        let this = Self { file, beside: beside.clone(), place: place.to_owned(), placed: false };
        // Somebody else may have left it, with other eyes in mind.
        let ours = fs::Permissions::from_mode(0o600);
        this.file.set_permissions(ours).and_then(|()| this.file.set_len(0)).map_err(&failed)?;
        Ok(this)
    }

    /// Where to write.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it lies for now.
    pub(super) fn path(&self) -> &Path {
        &self.beside
    }

    /// Makes what was written durable.
    pub(super) fn sync(&self) -> Result<(), ExportError> {
        self.file.sync_all().map_err(ExportError::io(&self.beside))
    }

    /// Gives it its name, and makes the name durable.
    pub(super) fn place(mut self) -> Result<(), ExportError> {
        rename_to_free(&self.beside, &self.place).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(self.place.clone()),
            _ => ExportError::io(&self.place)(error),
        })?;
        self.placed = true;
        let parent = self.place.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        sync_directory(parent).map_err(ExportError::io(parent))
    }
}

impl Drop for Unplaced {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed is begun anew by the next one.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Network file systems know no such flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if to.symlink_metadata().is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        renamed => renamed.map_err(io::Error::from),
    }
}
