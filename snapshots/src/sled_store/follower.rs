//! Copies committed frames from the log to the mirror, off everyone's path.
//!
//! Apart because it is a thread that may lag, fail or panic without anybody
//! noticing but the log line. It is never handed a frame: it is woken and
//! reads the log's file, which the page cache still holds. So the writer
//! copies nothing for it, cannot be blocked by it, and catching up after a
//! second or after a rebuild is the same code. Each frame is checked on the
//! way, which makes the follower the log's first scrub.

use std::{
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::{
    database::Database,
    mirror::{Mirror, MirrorState},
};
use crate::{
    guarded,
    log::{self, Journal, LogError, LogReader},
};

/// How long copied frames may wait for their fsync. Losing them costs only
/// copying them again. Each fsync takes the disk from the log's commits for as
/// long as it has bytes to write, so a few short ones hold up fewer than a long
/// one does.
const SYNC_INTERVAL: Duration = Duration::from_millis(200);

/// How long frames gather before they are copied. The writer meets a follower
/// that was told already, and does not pay for waking it commit by commit.
const PACE: Duration = Duration::from_millis(10);

pub(crate) struct Follower {
    pub(crate) log_dir: PathBuf,
    pub(crate) database: Arc<Database>,
    pub(crate) journal: Journal,
    /// What the mirror was found to hold.
    pub(crate) mirrored: MirrorState,
    /// Ends when the writer does.
    pub(crate) committed: Receiver<()>,
    /// The mirror need not hold what ends before this sequence.
    pub(crate) floor: Arc<AtomicU64>,
    /// Nor more than the frames of so many segments.
    pub(crate) segments: usize,
}

impl Follower {
    /// Follows until the writer ends, and then to the last frame.
    pub(crate) fn run(self) {
        let ended = panic::catch_unwind(AssertUnwindSafe(|| self.follow()));
        let error = match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(payload) => format!("{:?}", guarded::panicked(payload.as_ref())),
        };
        tracing::error!(%error, "sled no longer follows the log; the next start repairs it");
    }

    fn follow(&self) -> Result<(), FollowError> {
        let mirror = Mirror::new(&self.database.journal);
        let (mut reader, mut copied) = self.resume(&mirror)?;
        let mut synced = Synced { at: Instant::now(), sequence: copied, floor: 0 };
        loop {
            let woken = if copied == synced.sequence {
                self.committed.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.committed.recv_deadline(synced.at + SYNC_INTERVAL)
            };
            let closing = woken == Err(RecvTimeoutError::Disconnected);
            if !closing {
                thread::sleep(PACE);
            }
            copied = self.catch_up(&mirror, &mut reader, copied)?;
            if closing || synced.at.elapsed() >= SYNC_INTERVAL {
                self.prune(&mirror, &mut synced)?;
                self.database.sync()?;
                synced = Synced { at: Instant::now(), sequence: copied, ..synced };
            }
            if closing {
                return Ok(());
            }
        }
    }

    /// A reader behind the mirror's last frame. A mirror that ends before the
    /// window it may cover starts over at the window.
    fn resume(&self, mirror: &Mirror) -> Result<(LogReader, u64), FollowError> {
        let window = window_start(&self.log_dir, self.segments)?;
        let last = match self.mirrored {
            MirrorState::UpTo { last, .. } if last + 1 >= window => last,
            _ => {
                mirror.clear()?;
                window - 1
            }
        };
        let mut reader = LogReader::seek(&self.log_dir, last + 1)?;
        // The segment begins with frames that the mirror has.
        while reader.position().next_sequence <= last && reader.next(last)?.is_some() {}
        Ok((reader, last))
    }

    fn catch_up(
        &self,
        mirror: &Mirror,
        reader: &mut LogReader,
        mut copied: u64,
    ) -> Result<u64, FollowError> {
        while let Some(frame) = reader.next(self.journal.durable_sequence())? {
            mirror.put(&frame)?;
            copied = frame.last_sequence();
        }
        Ok(copied)
    }

    fn prune(&self, mirror: &Mirror, synced: &mut Synced) -> Result<(), FollowError> {
        let window = window_start(&self.log_dir, self.segments)?;
        let floor = window.max(self.floor.load(Ordering::Acquire));
        if floor > synced.floor {
            mirror.remove_below(floor)?;
            synced.floor = floor;
        }
        Ok(())
    }
}

/// What is on disk, since when, and from where on.
struct Synced {
    at: Instant,
    sequence: u64,
    floor: u64,
}

/// First sequence of the oldest segment that the mirror may cover.
fn window_start(log_dir: &Path, segments: usize) -> Result<u64, LogError> {
    let firsts = log::first_sequences(log_dir)?;
    let oldest = firsts.len().saturating_sub(segments.max(1));
    Ok(firsts.get(oldest).copied().unwrap_or(1))
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Sled(#[from] sled::Error),
}
