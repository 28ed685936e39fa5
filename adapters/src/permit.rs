//! The right to one submission, now. Apart from the actor that grants it, because it outlives the
//! actor's turn: it goes to the payout, waits there for the journal, and comes back with the order.
//!
//! A permit is never taken back by a clock. Whoever holds it may be about to send money; only its
//! own end, used or not, frees the slot.

use crate::call_schedule::Side;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// The right to one submission to one provider account. Dropping it frees its concurrency slot and
/// wakes the account's actor, on whatever thread that happens.
#[derive(Debug)]
pub struct Permit {
    account: Arc<str>,
    slot: Slot,
}

impl Permit {
    pub(crate) fn new(account: Arc<str>, slot: Slot) -> Permit {
        Permit { account, slot }
    }

    /// The provider account that it is good for.
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// Whether these slots, and not those of an earlier actor of the same account, granted it.
    pub(crate) fn is_from(&self, slots: &Arc<Slots>) -> bool {
        Arc::ptr_eq(&self.slot.slots, slots)
    }
}

/// One call under way, or about to be. Frees its place when dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    side: Side,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({:?})", self.side)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.count(self.side).fetch_sub(1, SeqCst);
        // Swapped, so that many at once wake the actor once.
        if self.slots.wanted.swap(false, SeqCst) {
            (self.slots.wake)();
        }
    }
}

/// The concurrency slots of one provider account, a part of them kept for questions: submissions
/// that hang must not keep anyone from asking what became of them.
pub(crate) struct Slots {
    submits: AtomicUsize,
    verifies: AtomicUsize,
    submits_max: usize,
    verifies_max: usize,
    limit: usize,
    /// Someone waits for a slot.
    wanted: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Slots {
    /// Slots for `limit` calls at once, `verify_share` percent of them for questions, but at least
    /// one for each side. With a limit of one the two sides share it. `wake` is called when a slot
    /// was freed and [`Slots::want`] had said that someone waits.
    pub(crate) fn new(
        limit: usize,
        verify_share: u8,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> Arc<Slots> {
        let limit = limit.max(1);
        let share = usize::from(verify_share.min(100));
        let verifies_max = limit.saturating_mul(share).div_ceil(100).clamp(1, (limit - 1).max(1));
        Arc::new(Slots {
            submits: AtomicUsize::new(0),
            verifies: AtomicUsize::new(0),
            submits_max: (limit - verifies_max).max(1),
            verifies_max,
            limit,
            wanted: AtomicBool::new(false),
            wake,
        })
    }

    /// Takes a slot, if one is free. Only the account's actor takes slots; anyone may free them.
    pub(crate) fn take(self: &Arc<Self>, side: Side) -> Option<Slot> {
        if !self.has_free(side) {
            return None;
        }
        self.count(side).fetch_add(1, SeqCst);
        Some(Slot { slots: self.clone(), side })
    }

    /// Whether a slot is free.
    pub(crate) fn has_free(&self, side: Side) -> bool {
        if crate::planted!(ConcurrencyIgnored) {
            return true;
        }
        let most = match side {
            Side::Submit => self.submits_max,
            Side::Verify => self.verifies_max,
        };
        self.in_use(side) < most
            && self.in_use(Side::Submit) + self.in_use(Side::Verify) < self.limit
    }

    /// How many slots are taken.
    pub(crate) fn in_use(&self, side: Side) -> usize {
        self.count(side).load(SeqCst)
    }

    /// Says whether someone waits. Said *before* looking for a free slot, so that one freed
    /// meanwhile is either seen or wakes.
    pub(crate) fn want(&self, waits: bool) {
        self.wanted.store(waits, SeqCst);
    }

    fn count(&self, side: Side) -> &AtomicUsize {
        match side {
            Side::Submit => &self.submits,
            Side::Verify => &self.verifies,
        }
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (submits, verifies) = (self.in_use(Side::Submit), self.in_use(Side::Verify));
        write!(f, "Slots({submits} + {verifies} of {})", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(limit: usize, share: u8) -> (Arc<Slots>, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = woken.clone();
        let wake = Box::new(move || {
            counter.fetch_add(1, SeqCst);
        });
        (Slots::new(limit, share, wake), woken)
    }

    fn take_all(slots: &Arc<Slots>, side: Side) -> Vec<Slot> {
        std::iter::from_fn(|| slots.take(side)).collect()
    }

    #[test]
    fn both_sides_together_never_exceed_the_limit_and_neither_is_shut_out() {
        for limit in 2..40 {
            for share in [0, 1, 20, 50, 99, 100] {
                let (slots, _) = slots(limit, share);
                let submits = take_all(&slots, Side::Submit);
                let verifies = take_all(&slots, Side::Verify);
                assert_eq!(submits.len() + verifies.len(), limit);
                assert!(!submits.is_empty() && !verifies.is_empty(), "{limit} {share}");
            }
        }
    }

    #[test]
    fn a_single_slot_is_shared() {
        let (slots, _) = slots(1, 20);
        let submit = slots.take(Side::Submit);
        assert!(submit.is_some() && slots.take(Side::Verify).is_none());
        drop(submit);
        let verify = slots.take(Side::Verify);
        assert!(verify.is_some() && slots.take(Side::Submit).is_none());
    }

    #[test]
    fn a_dropped_slot_is_free_and_wakes_whoever_waits_once() {
        let (slots, woken) = slots(10, 20);
        let mut taken = take_all(&slots, Side::Submit);
        taken.pop();
        assert_eq!((woken.load(SeqCst), slots.in_use(Side::Submit)), (0, 7), "nobody waits");
        slots.want(true);
        taken.truncate(4);
        assert_eq!((woken.load(SeqCst), slots.in_use(Side::Submit)), (1, 4));
    }
}
