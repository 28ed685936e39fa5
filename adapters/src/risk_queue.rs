//! Which question is asked next: the one with the most money at risk for the longest time. Apart
//! from the queue for permits, which is fair between merchants: a merchant can wait for its turn to
//! pay, but money of which nobody knows where it is costs the more, the more it is and the older.
//!
//! What counts is amount × age, and the age grows while a question waits; so a small one that waits
//! long enough passes every larger one that came later, and none waits for ever. That order changes
//! all the time, so it is not kept: questions lie in buckets by the binary logarithm of their
//! amount, oldest first, and only the fronts of the buckets are compared, each with the amount that
//! its bucket begins with. An amount is thereby rounded down to a power of two, by less than half.
//!
//! Questions on which no money hangs go when no other waits, in the order of their coming, and one of
//! them after every hundred others: a queue of questions about money that never runs empty must not
//! shut them out for good.

use crate::provider::AtRisk;
use rust_decimal::prelude::ToPrimitive;
use std::array;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// One for every whole binary logarithm of 64 bits.
const BUCKETS: usize = u64::BITS as usize;
/// After so many others one goes on which no money hangs.
const OTHERS_BEFORE_LAST: u32 = 100;

/// Questions in the order of the money at risk × its age.
#[derive(Debug)]
pub(crate) struct RiskQueue<V> {
    buckets: [BTreeMap<Place, V>; BUCKETS],
    /// Nothing is at risk with these.
    last: VecDeque<V>,
    /// So many others went while one of these waited, since the last of these went.
    passed: u32,
    arrivals: u64,
    len: usize,
}

/// Where a question stands among those of about its amount.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    /// The time from which it counts as waiting, in microseconds on the caller's clock: when the
    /// money went to the provider, usually long before the question came.
    since: i64,
    /// Of two equally old ones the first to come is the first to go.
    arrival: u64,
}

impl<V> RiskQueue<V> {
    /// An empty queue.
    pub(crate) fn new() -> RiskQueue<V> {
        let buckets = array::from_fn(|_| BTreeMap::new());
        RiskQueue { buckets, last: VecDeque::new(), passed: 0, arrivals: 0, len: 0 }
    }

    /// Puts in a question that comes now.
    pub(crate) fn push(&mut self, now: Duration, at_risk: AtRisk, value: V) {
        let since = micros(now).saturating_sub(micros(at_risk.age));
        let place = Place { since, arrival: self.arrivals };
        self.arrivals += 1;
        self.buckets[bucket(at_risk)].insert(place, value);
        self.len += 1;
    }

    /// Puts in a question on which no money hangs.
    pub(crate) fn push_last(&mut self, value: V) {
        self.last.push_back(value);
        self.len += 1;
    }

    /// Takes out the question with the most at risk now; of two with the same, the larger amount. One on
    /// which no money hangs goes when there is no other, or when its turn among them has come.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<V> {
        let due = self.passed >= OTHERS_BEFORE_LAST;
        let value = match self.most_at_risk(now).filter(|_| !due) {
            Some(most) => {
                self.passed = if self.last.is_empty() { 0 } else { self.passed + 1 };
                self.buckets[most].pop_first().map(|(_, value)| value)?
            }
            None => {
                self.passed = 0;
                self.last.pop_front()?
            }
        };
        self.len -= 1;
        Some(value)
    }

    /// The bucket whose front has the most at risk now.
    fn most_at_risk(&self, now: Duration) -> Option<usize> {
        let fronts = self.buckets.iter().enumerate().filter_map(|(bucket, waiting)| {
            let (place, _) = waiting.first_key_value()?;
            Some((risk(bucket, place.since, now), bucket))
        });
        fronts.max().map(|(_, bucket)| bucket)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The binary logarithm of the amount in whole units, rounded down; less than one unit counts as one.
fn bucket(at_risk: AtRisk) -> usize {
    let units = at_risk.amount.value().trunc().to_u64().unwrap_or(u64::MAX);
    units.max(1).ilog2() as usize
}

/// What a bucket's front has at risk. The youngest question is not nothing: among those of this
/// very moment the amount decides.
fn risk(bucket: usize, since: i64, now: Duration) -> u128 {
    let age = u64::try_from(micros(now).saturating_sub(since)).unwrap_or(0);
    (1_u128 << bucket) * u128::from(age.max(1))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
