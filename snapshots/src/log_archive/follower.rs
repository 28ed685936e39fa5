//! The thread that ships: when, how often, and until when.
//!
//! Apart from shipping because this is all about time, and because it must not touch anybody
//! else's: the thread reads the log's files like any stranger, has a runtime of its own for the
//! store's calls, and is waited for at an orderly stop only so long.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

use super::{
    LogArchive, LogArchiveError, LogArchiveOptions, ReadSideFiles, place::Place, shipper::Shipper,
};
use crate::{guarded, log::Journal};

/// After the first failure it is tried again so soon, or sooner; then half as often each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What there is to follow.
pub(crate) struct Following {
    pub(crate) log_dir: PathBuf,
    pub(crate) log_id: u64,
    pub(crate) journal: Journal,
    pub(crate) side_files: ReadSideFiles,
}

/// The running thread.
pub(crate) struct FollowerThread {
    ending: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

struct Follower {
    shipper: Shipper,
    every: Duration,
    stop_within: Duration,
    ending: watch::Receiver<bool>,
}

impl FollowerThread {
    /// Starts to ship to where the options say. Whether it can be reached, the status tells.
    pub(crate) fn start(
        following: Following,
        options: &LogArchiveOptions,
    ) -> Result<(Self, LogArchive), LogArchiveError> {
        let place = Place::open(options)?;
        let Following { log_dir, log_id, journal, side_files } = following;
        let archive = LogArchive::new(Arc::new(move || journal.durable_sequence()));
        let (ending, ended) = watch::channel(false);
        let shipper = Shipper {
            place,
            log_dir,
            log_id,
            piece_bytes: options.piece_bytes,
            side_files,
            archive: archive.clone(),
            session: None,
        };
        let (every, stop_within) = (options.every, options.stop_within);
        let follower = Follower { shipper, every, stop_within, ending: ended };
        let thread = runtime()
            .and_then(|runtime| {
                let name = "log-archive".to_owned();
                thread::Builder::new().name(name).spawn(move || follower.run(runtime))
            })
            .map_err(|error| LogArchiveError::Thread(error.to_string()))?;
        Ok((Self { ending, thread }, archive))
    }

    /// Asks it to ship the rest and end. Nothing may be appended any more.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until it has ended.
    pub(crate) fn join(self) {
        self.end();
        // What it had to say it has logged; a panic was caught in it.
        let _ = self.thread.join();
    }
}

/// A runtime for one thread.
pub(super) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl Follower {
    fn run(mut self, runtime: Runtime) {
        let archive = self.shipper.archive.clone();
        let (mut ending, stop_within) = (self.ending.clone(), self.stop_within);
        let ended = panic::catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                let overdue = async {
                    // An error means that nobody holds the other end: the store was dropped.
                    let _ = ending.wait_for(|ending| *ending).await;
                    tokio::time::sleep(stop_within).await;
                };
                tokio::select! {
                    biased;
                    () = self.follow() => {}
                    () = overdue => {
                        let behind = archive.status().lag_records;
                        tracing::warn!(behind, "the log archive did not get the rest in time; the next start ships it");
                    }
                }
            });
        }));
        if let Err(payload) = ended {
            give_up(&archive, &format!("{:?}", guarded::panicked(payload.as_ref())));
        }
        // Its calls may hang in a file system that does not answer.
        runtime.shutdown_background();
    }

    /// Ships until it is asked to end, and then once more.
    async fn follow(&mut self) {
        let mut pause = Duration::ZERO;
        let mut failures = 0;
        loop {
            let last = tokio::select! {
                biased;
                _ = self.ending.wait_for(|ending| *ending) => true,
                () = tokio::time::sleep(pause) => false,
            };
            match self.shipper.ship().await {
                Ok(()) => {
                    self.went_well(failures);
                    (failures, pause) = (0, self.every);
                }
                Err(error) if error.is_final() => {
                    give_up(&self.shipper.archive, &error.to_string());
                    return;
                }
                Err(error) => {
                    failures += 1;
                    pause = self.pause_after(failures);
                    self.went_wrong(&error);
                }
            }
            if last {
                return;
            }
        }
    }

    fn pause_after(&self, failures: u32) -> Duration {
        let first = self.every.min(FIRST_PAUSE);
        first.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_PAUSE)
    }

    fn went_well(&self, failures: u32) {
        self.shipper.archive.state().last_error = None;
        if failures > 0 {
            tracing::info!(failures, "the log archive is reached again");
        }
    }

    fn went_wrong(&mut self, error: &LogArchiveError) {
        self.shipper.session = None;
        let mut state = self.shipper.archive.state();
        state.errors += 1;
        state.last_error = Some(error.to_string());
        tracing::warn!(%error, "the log was not archived; it is tried again");
    }
}

fn give_up(archive: &LogArchive, error: &str) {
    let mut state = archive.state();
    state.errors += 1;
    state.last_error = Some(error.to_owned());
    state.stopped = true;
    tracing::error!(error, "the log is not archived any more; payouts go on, somebody has to look");
}
