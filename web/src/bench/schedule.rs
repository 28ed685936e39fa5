//! When requests of an open loop are meant to be sent: evenly, and whatever the server does. Apart from the
//! loop because it is pure arithmetic, in whole nanoseconds that do not drift.

use std::time::Duration;

const SECOND: u128 = 1_000_000_000;

/// Arrivals at an even rate.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    rate: u64,
    total: u64,
}

impl Schedule {
    /// So many a second, for so long.
    pub fn new(rate: u64, time: Duration) -> Schedule {
        let rate = rate.max(1);
        let total = u128::from(rate) * time.as_nanos() / SECOND;
        Schedule { rate, total: u64::try_from(total).unwrap_or(u64::MAX).max(1) }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many a second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// When arrival `number` is meant to be, from the begin on.
    pub fn at(&self, number: u64) -> Duration {
        let nanos = u128::from(number) * SECOND / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many are due by then.
    pub fn due(&self, elapsed: Duration) -> u64 {
        // One that is due within the nanosecond counts: `at` has rounded down.
        let nanos = elapsed.as_nanos() + 1;
        let due = (nanos * u128::from(self.rate)).div_ceil(SECOND);
        u64::try_from(due).unwrap_or(u64::MAX).min(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_even_and_none_is_lost_or_early() {
        for rate in [1, 3, 7, 1_000, 15_617, 999_983] {
            let schedule = Schedule::new(rate, Duration::from_secs(2));
            assert_eq!(schedule.total(), 2 * rate);
            for number in (0..schedule.total()).step_by(usize::try_from(rate).unwrap_or(1) / 3 + 1)
            {
                let at = schedule.at(number);
                assert_eq!(schedule.due(at), number + 1, "{rate}/s, arrival {number}");
                if let Some(before) = at.checked_sub(Duration::from_nanos(1)) {
                    assert_eq!(schedule.due(before), number, "{rate}/s, before {number}");
                }
            }
            assert_eq!(schedule.due(Duration::from_secs(60)), schedule.total());
        }
    }

    #[test]
    fn there_is_always_something_to_measure() {
        assert_eq!(Schedule::new(0, Duration::from_millis(1)).total(), 1);
    }
}
