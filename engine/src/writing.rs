//! What is on its way to the journal and not yet believed. A snapshot's base is a durable sequence;
//! what is durable and not believed would be in neither the snapshot nor the replay after it. So
//! whoever takes one waits for what was on its way when the base was read.

use crate::partition::Partition;
use domain::id::PayoutId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The writes of one partition that are under way.
#[derive(Default)]
pub(crate) struct Writing(RefCell<Open>);

#[derive(Default)]
struct Open {
    next: u64,
    tickets: BTreeMap<u64, PayoutId>,
}

impl Writing {
    /// How many are under way.
    pub fn open(&self) -> usize {
        self.0.borrow().tickets.len()
    }

    /// Every write begun so far has a lower number.
    pub fn mark(&self) -> u64 {
        self.0.borrow().next
    }

    /// Whether every write below that number is believed, or was given up.
    pub fn is_settled(&self, mark: u64) -> bool {
        self.0.borrow().tickets.first_key_value().is_none_or(|(first, _)| *first >= mark)
    }

    /// Whatever this payout had under way when its actor died was read from the journal.
    pub fn revived(&self, id: PayoutId) {
        self.0.borrow_mut().tickets.retain(|_, writes| *writes != id);
    }

    fn begin(&self, id: PayoutId) -> u64 {
        let mut open = self.0.borrow_mut();
        let number = open.next;
        open.next += 1;
        open.tickets.insert(number, id);
        number
    }

    fn end(&self, number: u64) {
        self.0.borrow_mut().tickets.remove(&number);
    }
}

/// One write under way; ends when dropped. With an actor that dies it ends when the payout is revived: what it
/// wrote may be durable, and in memory is what it believed before.
pub(crate) struct Ticket {
    partition: Rc<Partition>,
    number: u64,
}

impl Ticket {
    /// A ticket for a step that writes something.
    pub fn take(partition: &Rc<Partition>, id: PayoutId) -> Ticket {
        Ticket { partition: partition.clone(), number: partition.writing.begin(id) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.partition.writing.end(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_waits_for_whoever_died_over_a_write_until_it_is_revived() {
        let writing = Writing::default();
        let (dead, other) = (PayoutId([1; 16]), PayoutId([2; 16]));
        writing.begin(dead);
        let believed = writing.begin(other);
        let mark = writing.mark();
        writing.end(believed);
        assert!(
            !writing.is_settled(mark),
            "its entry may be durable, and it is believed by nobody"
        );
        writing.revived(other);
        assert!(!writing.is_settled(mark));
        writing.revived(dead);
        assert!(writing.is_settled(mark) && writing.open() == 0);
    }
}
