//! The running store's log, copied elsewhere as it grows.
//!
//! Apart from the other threads because this one speaks to machines that may not answer: it is
//! started last, and waited for only so long.

use std::sync::PoisonError;

use super::Running;
use crate::log_archive::{
    FollowerThread, Following, LogArchive, LogArchiveError, LogArchiveOptions, ReadSideFiles,
};

impl Running {
    /// Copies the log to where the options say, from a thread of its own that nobody waits for,
    /// and the files beside the log that `side_files` reads. It begins where the archive ends,
    /// and ends with the store, after [`LogArchiveOptions::stop_within`] at the latest.
    ///
    /// # Errors
    /// The options name no place, the log is being archived already, or the store is closed. That
    /// the place cannot be reached is no error: it is tried again, and [`Self::log_archive`] tells.
    pub fn archive_log(
        &self,
        options: &LogArchiveOptions,
        side_files: ReadSideFiles,
    ) -> Result<LogArchive, LogArchiveError> {
        let refused = |why: &str| LogArchiveError::Thread(why.to_owned());
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = threads.as_mut().ok_or_else(|| refused("the store is closed"))?;
        if threads.log_archive.is_some() {
            return Err(refused("the log is being archived already"));
        }
        let following = Following {
            log_dir: self.log_dir.clone(),
            log_id: self.log_id,
            journal: self.journal.clone(),
            side_files,
        };
        let (thread, archive) = FollowerThread::start(following, options)?;
        threads.log_archive = Some(thread);
        Ok(self.log_archive.get_or_init(|| archive).clone())
    }

    /// How far the archive of the log is, if there is one.
    pub fn log_archive(&self) -> Option<&LogArchive> {
        self.log_archive.get()
    }

    /// Drawn at random when the log began; names it wherever it is archived.
    pub fn log_id(&self) -> u64 {
        self.log_id
    }
}
