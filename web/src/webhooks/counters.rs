//! What the dispatcher counts, over all endpoints. Totals only: a label for each endpoint would be as
//! many as merchants like to make.

use std::sync::atomic::{AtomicU64, Ordering};

/// Totals since the start, and one gauge.
#[derive(Debug, Default)]
pub struct Counters {
    /// Attempts that were answered with 2xx.
    pub delivered: AtomicU64,
    /// Attempts that were not.
    pub failed: AtomicU64,
    /// Events given up.
    pub dead_lettered: AtomicU64,
    /// Events loaded and neither told nor given up: a gauge.
    pub pending: AtomicU64,
    /// Endpoints that ended because nothing reached them.
    pub disabled: AtomicU64,
}

impl Counters {
    pub(super) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// One endpoint's share of the gauge, given back when its worker ends, however it ends.
#[derive(Debug)]
pub(super) struct Share<'c> {
    gauge: &'c AtomicU64,
    shown: u64,
}

impl<'c> Share<'c> {
    pub fn new(gauge: &'c AtomicU64) -> Share<'c> {
        Share { gauge, shown: 0 }
    }

    pub fn set(&mut self, pending: u64) {
        // Wraps around for a moment at worst, and the sum is right again with the second step.
        self.gauge.fetch_add(pending.wrapping_sub(self.shown), Ordering::Relaxed);
        self.shown = pending;
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.set(0);
    }
}
