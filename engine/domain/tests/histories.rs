//! Histories as they are read back, also those that nobody could write today. Apart from the lives, which are
//! made by deciding.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::entry::{By, Entry, Fact, Move};
use domain::id::PayoutId;
use domain::payout::{BrokenHistory, Payout};
use domain::status::Status;
use domain::transition::{Trigger, next};

type Reader = fn(PayoutId, Vec<Entry>) -> Result<Payout, BrokenHistory>;

const BOTH_READERS: [Reader; 2] =
    [Payout::from_history, |id, entries| Payout::from_entries(id, entries)];

/// A table may change; what was written down stays what happened.
#[test]
fn a_step_of_another_table_is_folded_as_it_was_written() {
    let paid = telling::tell("permit accepted settled");
    let (on, to) = (Trigger::TerminateAsked, Status::Created);
    assert_eq!(next(paid.status(), on), None);
    let mut history = paid.entries().to_vec();
    let at = history.last().unwrap().at;
    let version = paid.version() + 1;
    history.push(Entry {
        version,
        at,
        by: By::Engine,
        moved: Some(Move { on, to }),
        fact: Fact::Moved,
    });
    for read in BOTH_READERS {
        let read = read(paid.id(), history.clone()).unwrap();
        assert_eq!((read.status(), read.version()), (Status::Created, version));
    }
}

#[test]
fn a_history_with_a_gap_or_without_a_beginning_is_refused() {
    let paid = telling::tell("permit accepted settled");
    let (id, entries) = (paid.id(), paid.entries().to_vec());
    let missing = |place: usize| {
        let mut rest = entries.clone();
        rest.remove(place);
        rest
    };
    let gap = BrokenHistory::Gap { id, expected: 2, found: 3 };
    for read in BOTH_READERS {
        assert_eq!(read(id, missing(1)), Err(gap.clone()));
        assert_eq!(read(id, missing(0)), Err(BrokenHistory::NoCreation(id)));
        assert_eq!(read(id, Vec::new()), Err(BrokenHistory::NoCreation(id)));
        let twice = [&entries[..2], &entries[1..]].concat();
        assert_eq!(read(id, twice), Err(BrokenHistory::Gap { id, expected: 3, found: 2 }));
    }
}
