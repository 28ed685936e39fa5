//! The sandbox's own time: the machine's clock moved forward by hand, or a clock that only moves by
//! hand. Apart from `world.rs`, which is told every `now`, so that an hour passes in a test at once.

use domain::time::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// A clock that can be turned forward, never back.
#[derive(Debug)]
pub struct VirtualClock {
    runs: bool,
    /// Microseconds ahead of the machine's clock; of a standing clock, the time itself.
    ahead: AtomicI64,
}

impl VirtualClock {
    /// The machine's time, until it is advanced.
    pub const fn running() -> VirtualClock {
        VirtualClock { runs: true, ahead: AtomicI64::new(0) }
    }

    /// Stands at `start` and moves only when it is advanced: nothing happens unasked.
    pub const fn standing(start: Timestamp) -> VirtualClock {
        VirtualClock { runs: false, ahead: AtomicI64::new(start.0) }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        let base = if self.runs { machine_time() } else { Timestamp(0) };
        Timestamp(base.0.saturating_add(self.ahead.load(Ordering::Acquire)))
    }

    /// Turns it forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        // The closure always answers, so the update cannot be refused.
        let _ = self.ahead.fetch_update(Ordering::AcqRel, Ordering::Acquire, |ahead| {
            Some(ahead.saturating_add(micros))
        });
    }

    /// Whether it moves by itself.
    pub const fn runs(&self) -> bool {
        self.runs
    }
}

/// The machine's time; signatures carry it, because whoever checks them has no virtual clock.
pub(super) fn machine_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(0).plus(since)
}

/// Whole seconds since 1970, as they stand in signatures, tokens and quotes.
pub(super) const fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_by_hand_only() {
        let clock = VirtualClock::standing(Timestamp(5));
        assert_eq!((clock.now(), clock.now()), (Timestamp(5), Timestamp(5)));
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now(), Timestamp(2_000_005));
    }

    #[test]
    fn a_running_clock_is_ahead_by_what_it_was_advanced() {
        let clock = VirtualClock::running();
        let before = machine_time();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now().since(before) >= Duration::from_secs(3600));
    }
}
