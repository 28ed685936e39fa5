//! How much time has passed for sure. A wall clock may be put forward while a payout waits, and nothing that
//! concerns money may follow from that: where a contract says "not found" is final a day after the last
//! send, it is a day of waiting that makes it so, not a clock that says so. Apart from the clock, which only
//! tells what it shows.
//!
//! Two bounds, and the time that has passed is the smaller one. What this process has lived through it has
//! seen pass; of the time before it there is no witness, and none of it counts. And within its life the
//! clock may have been put forward: then it is counted as if it had not been.

use super::Clock;
use domain::payout::Payout;
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

    /// When a question about a payout is asked now, for what its provider's contract lets follow.
    pub fn asks_at(&self, payout: &Payout, now: Timestamp, running: Duration) -> Timestamp {
        match sent_or_lost_at(payout) {
            Some(since) => self.not_later_than_sure(now, since, running),
            None => now,
        }
    }

    /// The present, not later than as much behind that time as has passed for sure.
    fn not_later_than_sure(
        &self,
        now: Timestamp,
        since: Timestamp,
        running: Duration,
    ) -> Timestamp {
        self.not_put_forward(now, running).min(since.plus(running))
    }
}

/// From when on a provider's "not found" is waited for: the last submission that is known, or the restore
/// that may have lost a later one. None where there is neither.
fn sent_or_lost_at(payout: &Payout) -> Option<Timestamp> {
    let sent = payout.intents().next_back().map(|(at, _)| at);
    sent.max(payout.standing().sought_since)
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

    /// Now, had nobody put the clock forward since the process began.
    pub fn not_put_forward(&self) -> Timestamp {
        self.sure.not_put_forward(self.now(), self.running())
    }

    /// When a question about a payout is asked now, for what its provider's contract lets follow.
    pub fn asks_at(&self, payout: &Payout) -> Timestamp {
        self.sure.asks_at(payout, self.now(), self.running())
    }
}

impl Clock for SureClock {
    fn now(&self) -> Timestamp {
        SureClock::now(self)
    }

    fn running(&self) -> Duration {
        self.clock.running().saturating_sub(self.began)
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
    /// when the payout was sent by the wall clock; and up to when it counts.
    type Story = (&'static str, &'static [(i64, i64)], i64, i64);

    const TABLE: [Story; 7] = [
        ("nothing was turned", &[(100, 0), (110, 10), (160, 60)], 110, 160),
        ("put forward by a day", &[(100, 0), (110, 10), (1_600, 60)], 110, 160),
        ("put forward, then sent", &[(100, 0), (1_540, 10), (1_590, 60)], 1_540, 160),
        ("put back by a day", &[(2_000, 0), (2_010, 10), (620, 60)], 2_010, 620),
        ("put back, and forward again", &[(2_000, 0), (600, 10), (2_060, 60)], 600, 650),
        ("sent before the process began", &[(5_000, 0), (5_060, 60)], 110, 170),
        ("sent when the clock was ahead", &[(100, 0), (160, 60)], 5_000, 160),
    ];

    #[test]
    fn no_more_counts_than_has_passed() {
        let wall = |minutes: i64| Timestamp(minutes * 60_000_000);
        let ran = |minutes: i64| Duration::from_secs(minutes.unsigned_abs() * 60);
        for (what, seen, sent, counts) in TABLE {
            let sure = SureTime::beginning(wall(seen[0].0));
            seen.iter().for_each(|(shown, running)| sure.see(wall(*shown), ran(*running)));
            let (shown, running) = seen[seen.len() - 1];
            let sure = sure.not_later_than_sure(wall(shown), wall(sent), ran(running));
            assert_eq!(sure, wall(counts), "{what}");
        }
    }
}
