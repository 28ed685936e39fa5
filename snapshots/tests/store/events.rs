//! Events are numbered once and for ever, whatever becomes of their store.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use snapshots::{EventRow, EventStore, Happened, LogVisitor, RecordRef};

use super::{lines::lines, *};

/// Takes one event from each record of an odd payout, two from an even one.
/// Each payout has a stream of its own.
struct Taker {
    events: Arc<dyn EventStore>,
    gathered: Vec<Happened>,
    stored: Sender<u64>,
}

impl LogVisitor for Taker {
    fn record(&mut self, record: RecordRef<'_>) {
        let events = if record.payout[0].is_multiple_of(2) { 2 } else { 1 };
        self.gathered.extend((0..events).map(|nth| Happened {
            stream: u64::from(record.payout[0]),
            payout: record.payout,
            version: record.version,
            kind: 1,
            nth,
            at: record.sequence as i64,
            detail: Vec::new(),
            above: 0,
        }));
    }

    fn flush(&mut self, through: u64) {
        self.events.append(std::mem::take(&mut self.gathered), through).unwrap();
        // Not every test waits for it.
        let _ = self.stored.send(through);
    }
}

/// Takes events from where the store says that they end.
fn take(running: &Running) -> Receiver<u64> {
    let (stored, watermarks) = crossbeam_channel::unbounded();
    let events = Arc::clone(&running.events);
    let through = events.through().unwrap();
    running.follow(Box::new(Taker { events, gathered: Vec::new(), stored }), through).unwrap();
    watermarks
}

fn rows(events: &dyn EventStore) -> Vec<EventRow> {
    let rows = [1, 2, 3].map(|stream| events.after(stream, 0, usize::MAX).unwrap());
    rows.concat()
}

/// A closed store of twelve records of two payouts, and its events.
fn closed() -> (TempDir, Vec<EventRow>) {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    take(&running);
    for version in 1..=6 {
        append(&running, 1, version..=version);
        append(&running, 2, version..=version);
    }
    running.close();
    let rows = rows(&*running.events);
    assert_eq!(rows.len(), 18);
    (data, rows)
}

/// Opens, follows, closes; gives the events and what was said until they were first asked for.
fn taken_again(data: &Path) -> (Vec<EventRow>, Vec<String>) {
    let (running, said) = lines(|| {
        let running = start(data);
        running.events.through().unwrap();
        running
    });
    take(&running);
    running.close();
    (rows(&*running.events), said)
}

#[test]
fn numbers_go_on_without_a_gap_over_restarts() {
    let (data, first) = closed();
    assert_eq!(taken_again(data.path()), (first.clone(), vec![]));
    let running = start(data.path());
    assert_eq!(running.events.through().unwrap(), 12);
    take(&running);
    append(&running, 1, 7..=8);
    running.close();
    let rows = running.events.after(1, 0, 99).unwrap();
    assert!(rows.starts_with(&first[..6]));
    let found = rows.iter().map(|row| (row.sequence, u64::from(row.version)));
    assert_eq!(found.collect::<Vec<_>>(), (1..=8).map(|n| (n, n)).collect::<Vec<_>>());
}

#[test]
fn a_kill_at_any_time_changes_no_number() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let watermarks = take(&running);
    let mut copies = Vec::new();
    for version in 1..=3 {
        append(&running, 1, version..=version);
        append(&running, 2, version..=version);
        // Some of the events may be stored by now, or none.
        copies.push(copy_of(data.path()));
        while watermarks.recv().unwrap() < u64::from(version) * 2 {}
        copies.push(copy_of(data.path()));
    }
    running.close();
    let rows = rows(&*running.events);
    for copy in copies {
        let (again, said) = taken_again(copy.path());
        assert_eq!(said, Vec::<String>::new());
        for stream in [1, 2] {
            let of = |rows: &[EventRow]| -> Vec<EventRow> {
                rows.iter().filter(|row| row.stream == stream).cloned().collect()
            };
            assert!(!of(&again).is_empty() && of(&rows).starts_with(&of(&again)));
        }
    }
}

#[test]
fn lost_events_are_read_from_the_log_again_with_the_same_numbers() {
    let (data, rows) = closed();
    fs::remove_dir_all(data.path().join("data/events")).unwrap();
    assert_eq!(taken_again(data.path()), (rows, vec![]));
}

#[test]
fn damaged_events_are_set_aside_and_read_again() {
    let (data, rows) = closed();
    for entry in fs::read_dir(data.path().join("data/events")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, b"garbage").unwrap();
        }
    }
    let (again, said) = taken_again(data.path());
    assert_eq!(names(data.path(), "events."), ["events.damaged-1"]);
    assert!(said.len() == 1 && said[0].contains("the notes beside them are lost"), "{said:?}");
    assert_eq!(again, rows);
}

#[test]
fn events_of_another_log_give_way_and_the_notes_stay() {
    let (data, rows) = closed();
    let other = tempfile::tempdir().unwrap();
    let running = start(other.path());
    take(&running);
    append(&running, 3, 1..=9);
    running.events.write_notes(vec![(b"read".to_vec(), Some(b"9".to_vec()))]).unwrap();
    close(running);
    fs::remove_dir_all(data.path().join("data/events")).unwrap();
    copy_into(&other.path().join("data/events"), &data.path().join("data/events"));
    let (again, said) = taken_again(data.path());
    assert_eq!(again, rows, "nothing of the third stream is left");
    assert!(said.len() == 1 && said[0].contains("left behind"), "{said:?}");
    let note = start(data.path()).events.note(b"read").unwrap();
    assert_eq!(note, Some(b"9".to_vec()));
}

#[test]
fn events_ahead_of_an_adopted_log_give_way() {
    let (data, _) = closed();
    let before = copy_of(data.path());
    let running = start(data.path());
    take(&running);
    append(&running, 1, 7..=9);
    close(running);
    fs::remove_dir_all(data.path().join("data/log")).unwrap();
    copy_into(&before.path().join("data/log"), &data.path().join("data/log"));
    let adopt =
        StoreOptions { anchor_policy: snapshots::AnchorPolicy::Adopt, ..options(data.path()) };
    let (store, said) = lines(|| Store::open(adopt).unwrap());
    assert!(said.iter().any(|line| line.contains("the events are left behind")), "{said:?}");
    assert_eq!((store.last_sequence(), store.events().through().unwrap()), (12, 0));
    drop(store);
    assert_eq!(taken_again(data.path()).0.len(), 18);
}

#[test]
fn the_events_open_when_they_are_first_asked_for_and_not_before() {
    let (data, _) = closed();
    fs::remove_dir_all(data.path().join("data/events")).unwrap();
    fs::write(data.path().join("data/events"), b"no directory at all").unwrap();
    let running = start(data.path());
    append(&running, 1, 7..=7);
    assert_eq!(names(data.path(), "events."), Vec::<String>::new());
    close(running);
    assert_eq!(names(data.path(), "events."), Vec::<String>::new(), "nor by the end");
    let running = start(data.path());
    assert_eq!(running.events.through().unwrap(), 0);
    assert_eq!(names(data.path(), "events."), ["events.damaged-1"]);
}
