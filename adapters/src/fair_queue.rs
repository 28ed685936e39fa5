//! Who is next: payouts that wait for a permit, fair between merchants. Apart from the actor because
//! fairness is a property of this data structure alone, and because a million payouts may wait here:
//! some 40 bytes each, and every operation in constant time.
//!
//! `lanes.rs` takes turns between merchants; `payout_index.rs` finds a payout among those waiting.

pub(crate) mod lanes;
mod payout_index;
#[cfg(test)]
mod tests;

use domain::id::{MerchantId, PayoutId};
use lanes::Lanes;
use payout_index::PayoutIndex;
use std::num::NonZeroU16;

/// As many wait as may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the queue of this provider account is full")]
pub struct QueueFull;

/// Payouts in the order of their merchants' turns, each at most once, with a value beside each.
#[derive(Debug)]
pub struct FairQueue<T> {
    lanes: Lanes<(PayoutId, T)>,
    index: PayoutIndex,
    bound: usize,
}

impl<T> FairQueue<T> {
    /// An empty queue in which at most `bound` payouts may wait.
    pub fn new(bound: usize) -> FairQueue<T> {
        // Places are counted in 32 bits, which is what keeps an entry small.
        let bound = bound.min(lanes::LENGTH_MAX);
        FairQueue { lanes: Lanes::new(), index: PayoutIndex::new(), bound }
    }

    /// How many payouts of this merchant leave in one turn; 1 unless said otherwise. Counts from
    /// the merchant's next arrival in an empty lane.
    pub fn set_weight(&mut self, merchant: MerchantId, weight: NonZeroU16) {
        self.lanes.set_weight(merchant, weight);
    }

    /// Puts a payout at the end of its merchant's lane. One that waits already keeps its place and
    /// gets the new value; the old one is returned.
    ///
    /// # Errors
    /// [`QueueFull`], with nothing changed, when the bound is reached.
    pub fn push(
        &mut self,
        merchant: MerchantId,
        payout: PayoutId,
        value: T,
    ) -> Result<Option<T>, QueueFull> {
        let known = self.find(payout).and_then(|place| self.lanes.get_mut(place));
        if let Some((_, waiting)) = known {
            return Ok(Some(std::mem::replace(waiting, value)));
        }
        if self.lanes.len() >= self.bound {
            return Err(QueueFull);
        }
        let place = self.lanes.push(merchant, (payout, value));
        let lanes = &self.lanes;
        self.index.insert(payout, place, |place| payout_at(lanes, place));
        Ok(None)
    }

    /// Takes the payout whose turn it is.
    pub fn pop(&mut self) -> Option<(PayoutId, T)> {
        let place = self.lanes.front()?;
        self.forget(place)?;
        self.lanes.pop()
    }

    /// Takes a payout out, wherever it stands; its merchant loses no turn by it.
    pub fn remove(&mut self, payout: PayoutId) -> Option<T> {
        let place = self.find(payout)?;
        self.forget(place)?;
        self.lanes.take(place).map(|(_, value)| value)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Nobody waits.
    pub fn is_empty(&self) -> bool {
        self.lanes.len() == 0
    }

    fn find(&self, payout: PayoutId) -> Option<u32> {
        self.index.find(payout, |place| payout_at(&self.lanes, place))
    }

    /// Takes the payout at a place out of the index, which it must leave before its lane.
    fn forget(&mut self, place: u32) -> Option<()> {
        let payout = payout_at(&self.lanes, place)?;
        let lanes = &self.lanes;
        self.index.remove(payout, |place| payout_at(lanes, place));
        Some(())
    }
}

fn payout_at<T>(lanes: &Lanes<(PayoutId, T)>, place: u32) -> Option<PayoutId> {
    lanes.get(place).map(|(payout, _)| *payout)
}
