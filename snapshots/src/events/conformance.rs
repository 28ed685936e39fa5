//! What every store of events must do, run against each implementation.

use std::{path::Path, time::Duration};

use super::{opening::TurnedAway, *};

const LOG: OfLog = OfLog { log_id: 7, last_sequence: 1_000, distrust: false };

/// The event that record `number` of the log tells, in one of two streams.
fn happened(number: u64) -> Happened {
    Happened {
        stream: number % 2,
        payout: [number as u8; 16],
        version: number as u32,
        kind: 3,
        nth: 1,
        at: -5 + number as i64,
        detail: vec![number as u8; number as usize % 3],
        above: 0,
    }
}

/// Takes the events of the records `first..=last`.
fn take(events: &dyn EventStore, first: u64, last: u64) -> Newest {
    events.append((first..=last).map(happened).collect(), last).unwrap()
}

/// The versions of a stream's rows, whose numbers are checked on the way.
fn versions(events: &dyn EventStore, stream: u64) -> Vec<u32> {
    let rows = events.after(stream, 0, usize::MAX).unwrap();
    for (row, sequence) in rows.iter().zip(1..) {
        assert_eq!((row.stream, row.sequence), (stream, sequence));
    }
    rows.iter().map(|row| row.version).collect()
}

fn two_streams_are_numbered_each_by_itself(events: &dyn EventStore) {
    assert_eq!((events.through().unwrap(), events.last(0).unwrap()), (0, 0));
    assert_eq!(take(events, 1, 5), [(0, 2), (1, 3)]);
    assert_eq!(take(events, 6, 6), [(0, 3)]);
    assert_eq!(versions(events, 0), [2, 4, 6]);
    assert_eq!(versions(events, 1), [1, 3, 5]);
    assert_eq!(versions(events, 2), [0; 0]);
    assert_eq!((events.last(0).unwrap(), events.last(2).unwrap()), (3, 0));
    let Happened { stream, payout, version, kind, nth, at, detail, above: _ } = happened(4);
    let row = EventRow { stream, sequence: 2, payout, version, kind, nth, at, detail };
    assert_eq!(events.get(0, 2).unwrap(), Some(row));
    assert_eq!(events.get(0, 4).unwrap(), None);
    assert_eq!(events.get(0, 0).unwrap(), None);
}

fn numbers_are_given_above_those_that_may_be_taken(events: &dyn EventStore) {
    take(events, 1, 4);
    let lifted = (5..=8).map(|number| Happened { above: 1_000, ..happened(number) });
    events.append(lifted.collect(), 8).unwrap();
    take(events, 9, 10);
    let numbers = |stream| {
        let rows = events.after(stream, 0, 100).unwrap();
        rows.into_iter().map(|row| row.sequence).collect::<Vec<_>>()
    };
    assert_eq!(numbers(1), [1, 2, 1_001, 1_002, 1_003]);
    assert_eq!(numbers(0), [1, 2, 1_001, 1_002, 1_003]);
    for told in [2, 3, 999, 1_000] {
        let behind = events.after(1, told, 1).unwrap();
        assert_eq!(behind[0].sequence, 1_001, "whoever goes on from {told} misses nothing");
    }
    assert_eq!(events.get(1, 500).unwrap(), None);
    assert_eq!(events.get(1, 1_002).unwrap().map(|row| row.sequence), Some(1_002));
    assert_eq!(events.last(1).unwrap(), 1_003);
}

fn a_stream_is_read_in_pages(events: &dyn EventStore) {
    take(events, 1, 20);
    let page = |after, limit| {
        let rows = events.after(1, after, limit).unwrap();
        rows.iter().map(|row| row.sequence).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3), [1, 2, 3]);
    assert_eq!(page(3, 3), [4, 5, 6]);
    assert_eq!(page(9, 3), [10]);
    assert_eq!(page(10, 3), [0; 0]);
    assert_eq!(page(u64::MAX, 3), [0; 0]);
    assert_eq!(page(0, 0), [0; 0]);
}

fn the_watermark_moves_with_the_events_and_never_back(events: &dyn EventStore) {
    take(events, 1, 4);
    assert_eq!(events.append(Vec::new(), 9).unwrap(), []);
    assert_eq!(events.append(Vec::new(), 9).unwrap(), []);
    assert_eq!(events.through().unwrap(), 9);
    for (again, through) in [(vec![happened(4)], 9), (vec![happened(4)], 4), (vec![], 8)] {
        let refused = events.append(again, through);
        assert!(matches!(refused, Err(EventError::Covered { through: 9, .. })));
    }
    assert_eq!(versions(events, 0), [2, 4]);
    assert_eq!(take(events, 10, 10), [(0, 3)]);
}

fn notes_say_what_was_written_last(events: &dyn EventStore) {
    let set = |key: &str, value: &str| (key.into(), Some(value.into()));
    let gone = |key: &str| (key.into(), None);
    events.write_notes(vec![set("a", "1"), set("b", "1"), set("a", "2")]).unwrap();
    assert_eq!(events.note(b"a").unwrap(), Some(b"2".to_vec()));
    events
        .write_notes(vec![gone("a"), set("b", "3"), gone("c"), set("d", "4"), gone("d")])
        .unwrap();
    let found = ["a", "b", "c", "d"].map(|key| events.note(key.as_bytes()).unwrap());
    assert_eq!(found, [None, Some(b"3".to_vec()), None, None]);
    events.write_notes(Vec::new()).unwrap();
}

fn notes_are_listed_by_prefix_in_both_directions(events: &dyn EventStore) {
    let keys = ["at", "log/1", "log/2", "log/3", "log0", "lo"];
    events.write_notes(keys.map(|key| (key.into(), Some(vec![1]))).to_vec()).unwrap();
    let list = |prefix: &str, from: Option<&str>, backwards, limit| {
        let from = from.map(str::as_bytes);
        let notes = events.notes(prefix.as_bytes(), from, backwards, limit).unwrap();
        let keys = notes.into_iter().map(|(key, _)| String::from_utf8(key).unwrap());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(list("log/", None, false, 9), ["log/1", "log/2", "log/3"]);
    assert_eq!(list("log/", None, true, 2), ["log/3", "log/2"]);
    assert_eq!(list("log/", Some("log/1"), false, 1), ["log/2"]);
    assert_eq!(list("log/", Some("log/2"), true, 9), ["log/1"]);
    assert_eq!(list("log/", Some("a"), false, 9), ["log/1", "log/2", "log/3"]);
    assert_eq!(list("log/", Some("z"), true, 1), ["log/3"]);
    assert_eq!(list("log/", Some("z"), false, 9), [""; 0]);
    assert_eq!(list("log/", Some("a"), true, 9), [""; 0]);
    assert_eq!(list("", None, false, 2), ["at", "lo"]);
}

/// Each test with each implementation, on a fresh store.
macro_rules! conformance {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(#[test] fn $test() { super::$test(&super::MemoryEvents::new()); })*
        }
        mod in_fjall {
            $(#[test] fn $test() {
                let dir = tempfile::tempdir().unwrap();
                super::$test(&super::fjall_in(dir.path(), super::LOG).0);
            })*
        }
    };
}

conformance!(
    two_streams_are_numbered_each_by_itself,
    a_stream_is_read_in_pages,
    numbers_are_given_above_those_that_may_be_taken,
    the_watermark_moves_with_the_events_and_never_back,
    notes_say_what_was_written_last,
    notes_are_listed_by_prefix_in_both_directions,
);

const ROOM: crate::options::Room =
    crate::options::Room { cache_bytes: 1 << 20, memtable_bytes: 1 << 24 };

fn fjall_in(dir: &Path, log: OfLog) -> (FjallEvents, TurnedAway) {
    FjallEvents::open(dir, log, ROOM, Duration::from_secs(60)).unwrap()
}

#[test]
fn fjall_goes_on_numbering_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    for batch in 0..5 {
        let (events, turned_away) = fjall_in(dir.path(), LOG);
        assert_eq!(turned_away, None);
        assert_eq!(events.through().unwrap(), batch * 10);
        take(&events, batch * 10 + 1, batch * 10 + 10);
    }
    let (events, _) = fjall_in(dir.path(), LOG);
    assert_eq!(versions(&events, 0), (1..=25).map(|half| half * 2).collect::<Vec<_>>());
    assert_eq!(versions(&events, 1), (0..25).map(|half| half * 2 + 1).collect::<Vec<_>>());
}

/// Opens a store of ten events, and one note, for `log`: the rows are gone, the
/// note is there, and numbering begins anew, now and after reopening.
#[track_caller]
fn begins_again(log: OfLog, reason: &'static str) {
    let dir = tempfile::tempdir().unwrap();
    let (events, _) = fjall_in(dir.path(), LOG);
    take(&events, 1, 10);
    events.write_notes(vec![(b"read".to_vec(), Some(vec![5]))]).unwrap();
    drop(events);
    let (events, turned_away) = fjall_in(dir.path(), log);
    assert_eq!(turned_away, Some(reason));
    assert_eq!((events.through().unwrap(), events.last(1).unwrap()), (0, 0));
    assert_eq!((events.after(1, 0, 9).unwrap(), events.get(1, 1).unwrap()), (vec![], None));
    assert_eq!(events.note(b"read").unwrap(), Some(vec![5]));
    assert_eq!(events.append(vec![happened(3)], 3).unwrap(), [(1, 1)]);
    drop(events);
    let (events, turned_away) = fjall_in(dir.path(), OfLog { distrust: false, ..log });
    assert_eq!(turned_away, None);
    assert_eq!((versions(&events, 1), versions(&events, 0)), (vec![3], vec![]));
    assert_eq!(events.note(b"read").unwrap(), Some(vec![5]));
}

#[test]
fn events_of_another_log_are_left_behind() {
    begins_again(OfLog { log_id: 8, ..LOG }, "they belong to another log");
}

#[test]
fn events_ahead_of_the_log_are_left_behind() {
    begins_again(OfLog { last_sequence: 9, ..LOG }, "they are ahead of the log");
}

#[test]
fn events_of_an_adopted_log_are_left_behind() {
    begins_again(OfLog { distrust: true, ..LOG }, "the log was adopted as it is");
}

#[test]
fn events_in_use_are_busy_and_not_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let _events = fjall_in(dir.path(), LOG);
    let second = FjallEvents::open(dir.path(), LOG, ROOM, Duration::from_secs(60));
    assert!(matches!(second.err(), Some(crate::guarded::Fault::Busy)));
}

/// Where the numbers stand by which fjall orders its batches, in its journal: behind the mark of a batch and how
/// much is in it. No checksum covers them.
fn order_numbers(journal: &[u8]) -> Vec<usize> {
    let begins = |at: &usize| {
        let Some(&[1, count, 0, 0, 0, _, 0, 0, 0, 0, 0, 0, 0, 2]) = journal.get(*at..at + 14)
        else {
            return false;
        };
        (1..=8).contains(&count)
    };
    (0..journal.len()).filter(begins).map(|at| at + 5).collect()
}

fn copy_all_but_the_journal(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy_all_but_the_journal(&from, &to);
        } else if entry.file_name() != "0.jnl" {
            std::fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn a_batch_in_the_wrong_place_hides_no_newer_one() {
    let dir = tempfile::tempdir().unwrap();
    let (events, _) = fjall_in(dir.path(), LOG);
    (1..=6).for_each(|number| drop(take(&events, number, number)));
    drop(events);
    let mut journal = std::fs::read(dir.path().join("0.jnl")).unwrap();
    journal.truncate(journal.iter().rposition(|byte| *byte != 0).unwrap() + 1);
    let places = order_numbers(&journal);
    assert!(places.len() >= 6, "{places:?}");
    let mut begun_again = 0;
    for (place, bit) in places.iter().flat_map(|place| (0..6).map(move |bit| (*place, bit))) {
        let copy = tempfile::tempdir().unwrap();
        copy_all_but_the_journal(dir.path(), copy.path());
        let mut hurt = journal.clone();
        hurt[place] ^= 1 << bit;
        std::fs::write(copy.path().join("0.jnl"), hurt).unwrap();
        let (events, turned_away) = fjall_in(copy.path(), LOG);
        begun_again += usize::from(turned_away.is_some());
        if turned_away.is_none() {
            assert_eq!(events.through().unwrap(), 6, "byte {place}, bit {bit}");
            let found = (versions(&events, 0), versions(&events, 1));
            assert_eq!(found, (vec![2, 4, 6], vec![1, 3, 5]), "byte {place}, bit {bit}");
        }
    }
    assert!(begun_again > 0, "none of them hid anything");
}
