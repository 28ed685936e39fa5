//! What came of a load: how many answers, how late, and when. Apart from the loops because both of them
//! count in the same way, and runs in slices are added up.

use super::latency::{Latency, per_second};
use crate::cli::Failure;
use std::time::Duration;

/// So long are the parts in which throughput is counted.
const PART: Duration = Duration::from_millis(100);

/// What came of a load.
pub struct Tally {
    /// How long the requests took.
    pub latency: Latency,
    /// How many were answered.
    pub count: u64,
    /// From the first request to the last answer.
    pub took: Duration,
    /// How many were answered in each tenth of a second.
    pub tenths: Vec<u64>,
}

impl Tally {
    /// Of nothing yet.
    pub fn new() -> Result<Tally, Failure> {
        let latency = Latency::new().map_err(Failure::failed)?;
        Ok(Tally { latency, count: 0, took: Duration::ZERO, tenths: Vec::new() })
    }

    /// One more answer, so long after the first request.
    pub fn add(&mut self, latency: Duration, elapsed: Duration) {
        self.latency.record(latency);
        self.count += 1;
        let part = usize::try_from(elapsed.as_millis() / PART.as_millis()).unwrap_or(0);
        if self.tenths.len() <= part {
            self.tenths.resize(part + 1, 0);
        }
        self.tenths[part] += 1;
    }

    /// The next slice of the same.
    pub fn join(&mut self, next: &Tally) {
        self.latency.join(&next.latency);
        self.count += next.count;
        self.took += next.took;
        // The last tenth of a slice is not a whole one.
        let whole = next.tenths.len().saturating_sub(1).max(1);
        self.tenths.extend(next.tenths.iter().take(whole));
    }

    /// Answers a second.
    pub fn rate(&self) -> u64 {
        per_second(self.count, self.took)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn slices_add_up() {
        let millis = Duration::from_millis;
        let mut slice = Tally::new().unwrap();
        for elapsed in [10, 20, 150, 210] {
            slice.add(millis(5), millis(elapsed));
        }
        slice.took = millis(210);
        assert_eq!(slice.tenths, [2, 1, 1]);
        let mut all = Tally::new().unwrap();
        all.join(&slice);
        all.join(&slice);
        assert_eq!((all.count, all.took, all.rate()), (8, millis(420), 19));
        assert_eq!(all.tenths, [2, 1, 2, 1]);
    }
}
