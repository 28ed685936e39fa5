//! What the wall clock would show had nobody put it forward. It may be put forward while the gateway runs,
//! and nothing that concerns money may follow from that: a time that a restore has lost is over when it is
//! over, not when a clock says so. Apart from the clock, which only tells what it shows.
//!
//! How long an answer has been waited for needs no wall clock at all: see `slot::Life::waited`.

use super::Clock;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// What a process has seen of its wall clock, against the time that it has been running for.
#[derive(Debug)]
pub struct SureTime {
    /// What the wall clock would have shown at the beginning, by the earliest that it has shown since.
    began: AtomicI64,
}

impl SureTime {
    /// Of a process that begins now.
    pub fn beginning(wall: Timestamp) -> SureTime {
        SureTime { began: AtomicI64::new(wall.0) }
    }

    /// The wall clock shows this, and the process has been running for so long. Every time that is later
    /// counted from must have been seen here.
    pub fn see(&self, wall: Timestamp, running: Duration) {
        let began = wall.0.saturating_sub(micros(running));
        if began < self.began.load(Ordering::Relaxed) {
            self.began.fetch_min(began, Ordering::Relaxed);
        }
    }

    /// The present, as the clock would show it had nobody put it forward.
    pub fn not_put_forward(&self, now: Timestamp, running: Duration) -> Timestamp {
        now.min(Timestamp(self.began.load(Ordering::Relaxed)).plus(running))
    }
}

/// A clock, and what is sure of it.
pub(crate) struct SureClock {
    clock: Arc<dyn Clock>,
    /// What the clock had run for when this process began.
    began: Duration,
    sure: SureTime,
}

impl SureClock {
    /// Of a process that begins now.
    pub fn new(clock: Arc<dyn Clock>) -> SureClock {
        let (began, sure) = (clock.running(), SureTime::beginning(clock.now()));
        SureClock { clock, began, sure }
    }

    /// Now, in UTC, as the clock shows it.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        self.sure.see(now, self.running());
        now
    }

    /// For how long this process has been running.
    pub fn running(&self) -> Duration {
        self.clock.running().saturating_sub(self.began)
    }

    /// Now, had nobody put the clock forward since the process began.
    pub fn not_put_forward(&self) -> Timestamp {
        self.sure.not_put_forward(self.now(), self.running())
    }
}

impl Clock for SureClock {
    fn now(&self) -> Timestamp {
        SureClock::now(self)
    }

    fn running(&self) -> Duration {
        SureClock::running(self)
    }

    fn wait_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        self.clock.wait_until(time)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    //! Whatever is done to the wall clock, no more counts than has passed.

    use super::*;

    /// What was done to the clock; minutes that it shows, and of running, as they are seen one after the other;
    /// and what it would show had nobody put it forward.
    type Story = (&'static str, &'static [(i64, i64)], i64);

    const TABLE: [Story; 5] = [
        ("nothing was turned", &[(100, 0), (110, 10), (160, 60)], 160),
        ("put forward by a day", &[(100, 0), (110, 10), (1_600, 60)], 160),
        ("put forward, twice", &[(100, 0), (1_540, 10), (3_030, 60)], 160),
        ("put back by a day", &[(2_000, 0), (2_010, 10), (620, 60)], 620),
        ("put back, and forward again", &[(2_000, 0), (600, 10), (2_060, 60)], 650),
    ];

    #[test]
    fn no_more_counts_than_has_passed() {
        let wall = |minutes: i64| Timestamp(minutes * 60_000_000);
        let ran = |minutes: i64| Duration::from_secs(minutes.unsigned_abs() * 60);
        for (what, seen, counts) in TABLE {
            let sure = SureTime::beginning(wall(seen[0].0));
            seen.iter().for_each(|(shown, running)| sure.see(wall(*shown), ran(*running)));
            let (shown, running) = seen[seen.len() - 1];
            let present = sure.not_put_forward(wall(shown), ran(running));
            assert_eq!(present, wall(counts), "{what}");
        }
    }
}
