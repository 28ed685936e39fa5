//! Copies of the databases, and their end.
//!
//! Apart because a copy of gigabytes that stays behind is a full disk the next
//! time: it is removed when it has been read, and one that a killed inspection
//! left behind is removed by the next.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Where the copies are while they are read.
    pub to: PathBuf,
    /// The directories, by name.
    pub names: Vec<String>,
    /// How much of them had to be written; tables of the archive and the events
    /// never change, and are linked.
    pub bytes: u64,
}

/// A directory that is gone when this is dropped.
pub(super) struct Scratch {
    copied: Copied,
}

impl Scratch {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        remove(path)?;
        fs::create_dir_all(path)?;
        Ok(Self { copied: Copied { to: path.to_owned(), ..Copied::default() } })
    }

    /// Copies a directory under its own name.
    pub(super) fn copy(&mut self, original: &Path) -> io::Result<PathBuf> {
        let name = original.file_name().unwrap_or_default();
        let to = self.copied.to.join(name);
        self.copied.bytes += copy(original, &to, false)?;
        self.copied.names.push(name.to_string_lossy().into_owned());
        Ok(to)
    }

    pub(super) fn copied(&self) -> Copied {
        self.copied.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.copied.to) {
            let path = self.copied.to.display();
            tracing::warn!(%path, %error, "copies were left behind; they can be deleted");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Bytes that were written.
fn copy(from: &Path, to: &Path, unchanging: bool) -> io::Result<u64> {
    fs::create_dir_all(to)?;
    let mut bytes = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy_to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            let unchanging = ["tables", "blobs"].iter().any(|name| entry.file_name() == *name);
            bytes += copy(&path, &copy_to, unchanging)?;
        } else if !(unchanging && fs::hard_link(&path, &copy_to).is_ok()) {
            bytes += fs::copy(&path, &copy_to)?;
        }
    }
    Ok(bytes)
}
