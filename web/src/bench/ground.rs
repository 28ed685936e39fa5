//! Where everything of a bench lies: one directory on the disk that the gateway would use. Apart so that
//! every scenario begins in a directory of its own, and all of them leave nothing.

use super::machine::file_system;
use crate::cli::Failure;
use crate::config::Config;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory of our own that goes away in the end.
pub struct Ground {
    path: PathBuf,
    file_system: String,
}

impl Ground {
    /// Below the chosen directory, or else beside the configured one: a temporary directory is often
    /// in memory, and an fsync there costs nothing.
    pub fn prepare(config: &Config, chosen: Option<PathBuf>) -> Result<Ground, Failure> {
        let beside = config.store.data_dir.parent().map(Path::to_owned);
        let parent = chosen.or(beside).filter(|path| !path.as_os_str().is_empty());
        let parent = parent.unwrap_or_else(|| PathBuf::from("."));
        let path = parent.join(format!("bursar-bench-{}", std::process::id()));
        let made = crate::identity::make_private(&path);
        made.map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        Ok(Ground { file_system: file_system(&path), path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The kind of file system it is on.
    pub fn file_system(&self) -> &str {
        &self.file_system
    }

    /// A directory in it that nobody had yet; it is not made.
    pub fn fresh(&self) -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        self.path.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the bench's data was not removed");
        }
    }
}
