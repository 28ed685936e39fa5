//! How often a provider account may be called: GCRA, a leaky bucket kept as one number. Pure and
//! apart from the actor, because the bound it keeps is shown here for every pattern of arrivals.
//!
//! N calls in a window W are kept with a burst of b and an interval T of at least W / (N - b + 1):
//! of k grants the last comes (k - b) T or more after the first, so N + 1 grants take W or longer.
//! A restart keeps the bound too: a limiter starts as if its burst had been granted that moment,
//! which no earlier limiter of the same account can have been ahead of.

use std::time::Duration;

/// Timers wake up to a millisecond or two late; what falls due meanwhile is granted in one go.
const LATENESS_NANOS: u128 = 2_000_000;

/// A limiter of grants. Times are durations since some fixed start, and never go back.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// Nanoseconds that one grant uses up; 0 means no limit.
    interval: u64,
    /// How far ahead of its due time a grant may come: the burst, less one, in nanoseconds.
    tolerance: u64,
    /// When the bucket will have leaked empty, in nanoseconds.
    empty_at: u64,
}

impl RateLimit {
    /// At most `calls` grants in any half-open window of `per`; no limit when either is zero.
    /// Begins exhausted at time zero: the first grant comes no earlier than one interval later.
    pub fn new(calls: u32, per: Duration) -> RateLimit {
        let window = per.as_nanos();
        if calls == 0 || window == 0 {
            return RateLimit { interval: 0, tolerance: 0, empty_at: 0 };
        }
        let calls = u128::from(calls);
        // Each extra grant of burst costs one of the N, so it is kept to one in a hundred.
        let extra = (calls * LATENESS_NANOS).div_ceil(window).min(calls / 100);
        let interval = nanos(window.div_ceil(calls - extra));
        let tolerance = interval.saturating_mul(nanos(extra));
        RateLimit { interval, tolerance, empty_at: tolerance.saturating_add(interval) }
    }

    /// Grants one call, or says how long to wait before asking again.
    pub fn try_take(&mut self, now: Duration) -> Result<(), Duration> {
        if self.interval == 0 {
            return Ok(());
        }
        let now = nanos(now.as_nanos());
        let earliest = self.empty_at.saturating_sub(self.tolerance);
        if now < earliest {
            return Err(Duration::from_nanos(earliest - now));
        }
        self.empty_at = self.empty_at.max(now).saturating_add(self.interval);
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
    fn it_begins_exhausted() {
        let mut limit = RateLimit::new(10, Duration::from_secs(1));
        let interval = Duration::from_millis(100);
        assert_eq!(limit.try_take(Duration::ZERO), Err(interval));
        assert_eq!(limit.try_take(interval), Ok(()));
        assert_eq!(limit.try_take(interval), Err(interval));
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
