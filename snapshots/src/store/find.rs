//! Finding one payout again, when its actor has died.
//!
//! Apart from the replay, which finds all of them: this one runs while the
//! engine does, and reads only what has been acknowledged.

use thiserror::Error;

use super::running::{Ground, Running};
use crate::{
    archive::ArchiveError,
    log::{Frame, FrameSource, LogError, LogReader, Record, image::ImageFrames},
    sled_store::SnapshotError,
};

/// All that the store knows of one payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// A state from which the records continue, and where it was. None when
    /// the payout is younger than the newest snapshot.
    pub state: Option<(FoundIn, Vec<u8>)>,
    /// Its records behind the newest snapshot's base, in order, with their
    /// sequences. The state may have some of them already: go by the version.
    pub records: Vec<(u64, Record)>,
}

/// Where a state was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundIn {
    /// The newest snapshot.
    Snapshot,
    /// The archive.
    Archive,
}

/// Why a payout could not be looked for.
#[derive(Debug, Error)]
pub enum FindError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The snapshot could not be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The archive could not be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl Running {
    /// What is known of one payout, for bringing it back after its actor died.
    /// Blocking and slow, it reads the newest snapshot and the log behind it.
    ///
    /// The snapshot's state counts before the archive's: together with the
    /// records behind its base it is complete, whereas a payout may have left
    /// the archive again before the base.
    pub fn find(&self, payout: [u8; 16]) -> Result<Option<Found>, FindError> {
        let last = self.journal.durable_sequence();
        let base = self.snapshots.newest().map_or(0, |snapshot| snapshot.base_sequence);
        let state = match self.snapshots.find(payout)? {
            Some(state) => Some((FoundIn::Snapshot, state)),
            None => self.archive.get(payout)?.map(|state| (FoundIn::Archive, state)),
        };
        let mut records = Vec::new();
        let mut take = |frame: &Frame<'_>| {
            let wanted = frame.records().filter(|r| r.payout == payout && r.sequence > base);
            records.extend(wanted.map(|record| (record.sequence, record.to_record())));
        };
        if let Ground::Memory(image, _) = &self.ground {
            let bytes = image.durable();
            let mut frames = ImageFrames::of(&bytes)?;
            while let Some(frame) = frames.next_frame()? {
                take(&frame);
            }
        } else {
            let mut reader = LogReader::seek(&self.log_dir, base + 1)?;
            while let Some(frame) = reader.next(last)? {
                take(&frame);
            }
        }
        let known = state.is_some() || !records.is_empty();
        Ok(known.then_some(Found { state, records }))
    }
}
