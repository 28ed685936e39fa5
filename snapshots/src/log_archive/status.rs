//! How far the archive of the log is: for metrics, and for whoever wants to know what would be
//! lost with the machine.
//!
//! Apart from the follower because it is asked from everywhere, and never waits for it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A handle to ask by; cheap to clone.
#[derive(Clone)]
pub struct LogArchive {
    state: Arc<Mutex<State>>,
    durable: Arc<dyn Fn() -> u64 + Send + Sync>,
}

/// How far the archive of the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogArchiveStatus {
    /// Sequence of the last record that is archived; 0 until the archive has been reached.
    pub through: u64,
    /// Durable records that are not archived.
    pub lag_records: u64,
    /// For how long a durable record may have been waiting; zero when none is.
    pub lag: Duration,
    /// How many pieces the archived log has.
    pub objects: u64,
    /// Bytes of pieces shipped since the start, compacted ones counting again.
    pub shipped_bytes: u64,
    /// How often shipping has failed since the start.
    pub errors: u64,
    /// What went wrong last, until it goes well again.
    pub last_error: Option<String>,
    /// Whether it has given up, because only a person can help.
    pub stopped: bool,
}

pub(super) struct State {
    pub(super) through: u64,
    pub(super) objects: u64,
    pub(super) shipped_bytes: u64,
    pub(super) errors: u64,
    pub(super) last_error: Option<String>,
    pub(super) stopped: bool,
    /// What was durable then is archived.
    pub(super) covered_at: Instant,
}

impl LogArchive {
    pub(super) fn new(durable: Arc<dyn Fn() -> u64 + Send + Sync>) -> Self {
        let state = State {
            through: 0,
            objects: 0,
            shipped_bytes: 0,
            errors: 0,
            last_error: None,
            stopped: false,
            covered_at: Instant::now(),
        };
        Self { state: Arc::new(Mutex::new(state)), durable }
    }

    /// How far it is now.
    pub fn status(&self) -> LogArchiveStatus {
        let state = self.state();
        // Asked second, so that it is never behind what is archived.
        let lag_records = self.durable().saturating_sub(state.through);
        let waiting = lag_records > 0;
        LogArchiveStatus {
            through: state.through,
            lag_records,
            lag: if waiting { state.covered_at.elapsed() } else { Duration::ZERO },
            objects: state.objects,
            shipped_bytes: state.shipped_bytes,
            errors: state.errors,
            last_error: state.last_error.clone(),
            stopped: state.stopped,
        }
    }

    pub(super) fn durable(&self) -> u64 {
        (self.durable)()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
