//! What is on its way to the journal and not yet believed. A snapshot's base is a durable sequence;
//! what is durable and not believed would be in neither the snapshot nor the replay after it. So
//! whoever takes one waits for what was on its way when the base was read.

use crate::partition::Partition;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// The writes of one partition that are under way.
#[derive(Default)]
pub(crate) struct Writing(RefCell<Open>);

#[derive(Default)]
struct Open {
    next: u64,
    tickets: BTreeSet<u64>,
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
        self.0.borrow().tickets.first().is_none_or(|first| *first >= mark)
    }
}

/// One write under way; ends when dropped, also with an actor that dies.
pub(crate) struct Ticket {
    partition: Rc<Partition>,
    number: u64,
}

impl Ticket {
    /// A ticket for a step that writes something.
    pub fn take(partition: &Rc<Partition>) -> Ticket {
        let mut open = partition.writing.0.borrow_mut();
        let number = open.next;
        open.next += 1;
        open.tickets.insert(number);
        Ticket { partition: partition.clone(), number }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.partition.writing.0.borrow_mut().tickets.remove(&self.number);
    }
}
