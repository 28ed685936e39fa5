//! How often a provider account may be called. Pure and apart from the actor, because the bound it
//! keeps is shown here for every pattern of arrivals.
//!
//! Two rules, and a grant obeys both. *The bound*: of N + 1 grants in a row the last comes a whole window
//! after the first, so no window holds more than N. *The pace*: GCRA, a leaky bucket kept as one number,
//! which leaks N in a window and lets nobody catch up on more than a pause of `CATCH_UP_MAX`. The bound
//! alone would let N leave at once; the pace alone would have to be slower than N by whatever may be
//! caught up on.
//!
//! A restart keeps the bound too: a limiter starts as if an earlier one of the same account had kept the
//! pace until that moment and had caught up just then, which none can have been ahead of.

use std::collections::VecDeque;
use std::time::Duration;

/// Timers wake late and journals stall; a longer pause than this is lost, or a tenth of a window.
const CATCH_UP_MAX: u64 = 100_000_000;

/// A call leaves some time after its grant, and not always the same: the window is kept longer by one part in
/// so many, or calls that left late and others that left at once would be too many for who counts them.
const SLACK_PART: u128 = 200;

/// So many grants are remembered at most. Who may be called more often is paced by parts of the window.
const REMEMBERED_MAX: u32 = 16_384;

/// A limiter of grants. Times are durations since some fixed start, and never go back.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Nanoseconds that one grant uses up; 0 means no limit.
    interval: u64,
    /// How far ahead of its due time a grant may come, in nanoseconds.
    tolerance: u64,
    /// When the bucket will have leaked empty, in nanoseconds.
    empty_at: u64,
    /// The window, in nanoseconds.
    window: u64,
    /// When each of the last N grants will have left the window, in nanoseconds; the first is next.
    gone_at: VecDeque<u64>,
}

impl RateLimit {
    /// At most `calls` grants in any half-open window of `per`; no limit when either is zero.
    /// Begins exhausted at time zero: the first grant comes one interval after what an earlier limiter
    /// may have caught up on.
    pub fn new(calls: u32, per: Duration) -> RateLimit {
        if calls == 0 || per.is_zero() {
            let gone_at = VecDeque::new();
            return RateLimit { interval: 0, tolerance: 0, empty_at: 0, window: 0, gone_at };
        }
        // A part of the calls in each part of the window is no more than all of them in the whole.
        let parts = calls.div_ceil(REMEMBERED_MAX);
        let calls = calls / parts;
        let kept = per.as_nanos() + per.as_nanos().div_ceil(SLACK_PART);
        let window = nanos(kept.div_ceil(u128::from(parts)));
        let interval = window.div_ceil(u64::from(calls));
        let tolerance = CATCH_UP_MAX.min(window / 10);
        let since = |earlier: u32| u64::from(earlier).saturating_mul(interval);
        let left = |earlier: u32| since(earlier).saturating_sub(tolerance).min(window);
        let gone_at = (0..calls).rev().map(|earlier| window - left(earlier)).collect();
        let empty_at = tolerance.saturating_add(interval);
        RateLimit { interval, tolerance, empty_at, window, gone_at }
    }

    /// Grants one call, or says how long to wait before asking again.
    pub fn try_take(&mut self, now: Duration) -> Result<(), Duration> {
        if self.interval == 0 {
            return Ok(());
        }
        let now = nanos(now.as_nanos());
        let paced = self.empty_at.saturating_sub(self.tolerance);
        let earliest = self.gone_at.front().map_or(paced, |gone| paced.max(*gone));
        if now < earliest {
            return Err(Duration::from_nanos(earliest - now));
        }
        self.empty_at = self.empty_at.max(now).saturating_add(self.interval);
        self.gone_at.pop_front();
        self.gone_at.push_back(now.saturating_add(self.window));
        Ok(())
    }

    /// Whether it never refuses.
    pub fn is_unlimited(&self) -> bool {
        self.interval == 0
    }
}

/// Nanoseconds as they are counted here; 584 years are as good as for ever.
fn nanos(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MILLI: u64 = 1_000_000;

    /// Tries at every time, and says when it was granted.
    fn grants(limit: &mut RateLimit, tries: impl Iterator<Item = u64>) -> Vec<u64> {
        tries.filter(|now| limit.try_take(Duration::from_nanos(*now)).is_ok()).collect()
    }

    fn times(from: u64, gaps: &[u64]) -> Vec<u64> {
        gaps.iter()
            .scan(from, |now, gap| {
                *now += gap;
                Some(*now)
            })
            .collect()
    }

    fn bound_holds(grants: &[u64], calls: usize, per: Duration) -> bool {
        let window = per.as_nanos() as u64;
        grants.windows(calls + 1).all(|run| run[calls] - run[0] >= window)
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(
            calls in 1_u32..400,
            per in 1_u64..5_000,
            gaps in prop::collection::vec(prop_oneof![Just(0), 0_u64..MILLI, 0..200 * MILLI], 1..1500),
        ) {
            let per = Duration::from_millis(per);
            let mut limit = RateLimit::new(calls, per);
            let granted = grants(&mut limit, times(0, &gaps).into_iter());
            prop_assert!(bound_holds(&granted, calls as usize, per));
        }

        #[test]
        fn not_even_across_restarts(
            calls in 1_u32..300,
            per in 1_u64..2_000,
            lives in prop::collection::vec(prop::collection::vec(0_u64..3 * MILLI, 0..400), 1..6),
        ) {
            let per = Duration::from_millis(per);
            let (mut born, mut granted) = (0, Vec::new());
            for gaps in lives {
                let mut limit = RateLimit::new(calls, per);
                let life = times(0, &gaps);
                granted.extend(grants(&mut limit, life.iter().copied()).iter().map(|at| born + at));
                born += life.last().copied().unwrap_or(0);
            }
            prop_assert!(bound_holds(&granted, calls as usize, per));
        }

        #[test]
        fn the_wait_it_names_is_enough_and_not_too_long(
            calls in 1_u32..5_000,
            gaps in prop::collection::vec(0_u64..3 * MILLI, 1..300),
        ) {
            let mut limit = RateLimit::new(calls, Duration::from_secs(1));
            for now in times(0, &gaps) {
                if let Err(wait) = limit.try_take(Duration::from_nanos(now)) {
                    let then = Duration::from_nanos(now) + wait;
                    prop_assert!(limit.clone().try_take(then - Duration::from_nanos(1)).is_err());
                    prop_assert!(limit.clone().try_take(then).is_ok());
                }
            }
        }
    }

    #[test]
    fn constant_demand_gets_nearly_all_of_it_by_millisecond_timers() {
        for per in [Duration::from_secs(1), Duration::from_secs(60)] {
            for calls in [100_u32, 101, 250, 999, 1_000, 12_345, 100_000] {
                let window = per.as_nanos() as u64;
                let (mut limit, mut now, mut granted) = (RateLimit::new(calls, per), 0, 0_u64);
                // The first window is left out: it begins exhausted.
                while now < 6 * window {
                    match limit.try_take(Duration::from_nanos(now)) {
                        Ok(()) => granted += u64::from(now >= window),
                        Err(wait) => now = (now + wait.as_nanos() as u64).next_multiple_of(MILLI),
                    }
                }
                let due = 5 * u64::from(calls);
                assert!((granted + 1) * 100 >= due * 99, "{granted} of {due} in {per:?}");
                assert!(granted <= due);
            }
        }
    }

    #[test]
    fn what_a_stalled_journal_keeps_back_is_caught_up_on_within_the_limit() {
        let (calls, window) = (100, 1_000 * MILLI);
        let (mut limit, mut now, mut granted) =
            (RateLimit::new(calls, Duration::from_nanos(window)), 0, Vec::new());
        while now < 31 * window {
            match limit.try_take(Duration::from_nanos(now)) {
                Ok(()) => granted.push(now),
                // Twice a second nobody gets up for 80 milliseconds.
                Err(wait) => {
                    now = (now + wait.as_nanos() as u64).next_multiple_of(MILLI);
                    if now % (500 * MILLI) < 80 * MILLI {
                        now = now - now % (500 * MILLI) + 80 * MILLI;
                    }
                }
            }
        }
        // The first window is left out: it begins exhausted.
        let due = 30 * calls as usize;
        let kept = granted.iter().filter(|at| **at >= window).count();
        assert!((kept + 1) * 100 >= due * 99 && kept <= due, "{kept} of {due}");
        assert!(bound_holds(&granted, calls as usize, Duration::from_nanos(window)));
    }

    #[test]
    fn calls_that_leave_some_milliseconds_after_their_grants_are_not_too_many_either() {
        let (calls, window) = (100, 1_000 * MILLI);
        let mut limit = RateLimit::new(calls, Duration::from_nanos(window));
        let granted = grants(&mut limit, (0..10_000).map(|now| now * MILLI));
        let late = |(number, at): (usize, &u64)| at + (number as u64 * 7 % 5) * MILLI;
        let mut left: Vec<u64> = granted.iter().enumerate().map(late).collect();
        left.sort_unstable();
        assert!(bound_holds(&left, calls as usize, Duration::from_nanos(window)));
    }

    #[test]
    fn after_an_idle_hour_no_more_than_a_tenth_of_a_window_leaves_at_once() {
        let mut limit = RateLimit::new(100, Duration::from_secs(1));
        let hour = Duration::from_secs(3_600);
        let at_once = (0..1_000).filter(|_| limit.try_take(hour).is_ok()).count();
        assert_eq!(at_once, 10, "not quite a tenth, and the one that was due");
    }

    #[test]
    fn it_begins_exhausted() {
        let mut limit = RateLimit::new(10, Duration::from_secs(1));
        // An interval, after what an earlier limiter may have caught up on.
        let interval = Duration::from_micros(100_500);
        let first = interval + Duration::from_millis(100);
        assert_eq!(limit.try_take(Duration::ZERO), Err(first));
        assert_eq!(limit.try_take(first), Ok(()));
        assert_eq!(limit.try_take(first), Err(interval));
    }

    #[test]
    fn zero_means_no_limit() {
        for mut limit in
            [RateLimit::new(0, Duration::from_secs(1)), RateLimit::new(1, Duration::ZERO)]
        {
            assert!(limit.is_unlimited());
            assert!((0..1000).all(|_| limit.try_take(Duration::ZERO).is_ok()));
        }
    }
}
