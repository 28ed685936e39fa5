//! The verification that somebody ordered: one at a time, and the last one's findings until there is
//! another. Apart from the scrub because this is what operators look at while it goes on.

use crate::desk::Signature;
use crate::verify::Report;
use domain::time::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A verification that somebody ordered.
#[derive(Clone, Debug)]
pub struct Verification {
    /// When.
    pub started_at: Timestamp,
    /// Who.
    pub by: Arc<str>,
    /// Why, in their words.
    pub reason: Box<str>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a verification is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// It reads.
    Running {
        /// Records of the log, states in snapshots and archived payouts that were read.
        read: u64,
        /// About how many there are; a log that does not fit into memory at once is read several times.
        of: u64,
        /// Bytes of them.
        bytes: u64,
    },
    /// It has read everything.
    Done {
        /// When it ended.
        at: Timestamp,
        /// What it found.
        report: Arc<Report>,
    },
    /// It ended before it had read everything, and says nothing.
    BrokenOff {
        /// When.
        at: Timestamp,
    },
}

/// The one that is under way, or the last one.
#[derive(Default)]
pub(super) struct Orders {
    last: Mutex<Option<Verification>>,
    under_way: AtomicBool,
    read: AtomicU64,
    of: AtomicU64,
    bytes: AtomicU64,
}

/// The place of the one verification that may be under way. Given back when it is dropped; one that was
/// begun and has not ended is broken off then.
pub(crate) struct Place {
    scrub: Arc<super::Scrub>,
    now: Box<dyn Fn() -> Timestamp + Send>,
    begun: bool,
    found: Option<Report>,
}

impl Orders {
    pub fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::SeqCst)
    }

    pub fn expect(&self, all: u64) {
        self.of.store(all, Ordering::Relaxed);
    }

    pub fn read(&self, count: u64, bytes: u64) {
        self.read.fetch_add(count, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Verification>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Stage {
        let seen = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        Stage::Running { read: seen(&self.read), of: seen(&self.of), bytes: seen(&self.bytes) }
    }

    /// Nothing is under way any more; whoever sees an end may begin the next.
    fn end(&self, stage: Option<Stage>) {
        let mut last = self.lock();
        if let (Some(last), Some(stage)) = (&mut *last, stage) {
            last.stage = stage;
        }
        self.under_way.store(false, Ordering::SeqCst);
    }
}

impl super::Scrub {
    /// The verification that is under way, or the last one.
    pub fn last_ordered(&self) -> Option<Verification> {
        let last = self.ordered.lock().clone()?;
        let stage = match last.stage {
            Stage::Running { .. } => self.ordered.running(),
            ended => ended,
        };
        Some(Verification { stage, ..last })
    }

    /// Takes the place of the one that may be under way; none while it is taken.
    pub fn take_place(
        self: &Arc<Self>,
        now: impl Fn() -> Timestamp + Send + 'static,
    ) -> Option<Place> {
        let _last = self.ordered.lock();
        if self.ordered.under_way.swap(true, Ordering::SeqCst) {
            return None;
        }
        Some(Place { scrub: self.clone(), now: Box::new(now), begun: false, found: None })
    }
}

impl Place {
    /// From now on it is to be seen.
    pub fn begin(&mut self, signed: &Signature) -> Verification {
        let Signature { by, reason, from: _ } = signed;
        let orders = &self.scrub.ordered;
        for figure in [&orders.read, &orders.of, &orders.bytes] {
            figure.store(0, Ordering::Relaxed);
        }
        let (started_at, by, reason) = ((self.now)(), by.clone(), reason.clone());
        let begun = Verification { started_at, by, reason, stage: orders.running() };
        *orders.lock() = Some(begun.clone());
        self.begun = true;
        begun
    }

    /// It has ended; without a report it was broken off.
    pub fn end(mut self, found: Option<Report>) {
        self.found = found;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (at, found) = ((self.now)(), self.found.take());
        let stage = || match found {
            Some(report) => Stage::Done { at, report: Arc::new(report) },
            None => Stage::BrokenOff { at },
        };
        self.scrub.ordered.end(self.begun.then(stage));
    }
}
