//! Those who follow the log see all of it, each record once and in order.

use std::{io, sync::Arc, thread};

use crossbeam_channel::{Receiver, Sender};
use snapshots::{LogVisitor, RecordRef};

use super::*;

/// What a visitor was told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Record(u64, u8, u32),
    Flush(u64),
}

struct Teller(Sender<Told>);

impl LogVisitor for Teller {
    fn record(&mut self, record: RecordRef<'_>) {
        assert_eq!(record.body, vec![record.payout[0]; 200]);
        self.0.send(Told::Record(record.sequence, record.payout[0], record.version)).unwrap();
    }

    fn flush(&mut self, through: u64) {
        self.0.send(Told::Flush(through)).unwrap();
    }
}

fn follow(running: &Running, after: u64) -> Receiver<Told> {
    let (tell, told) = crossbeam_channel::unbounded();
    running.follow(Box::new(Teller(tell)), after).unwrap();
    told
}

/// What was told until the end, whose flushes are checked on the way: each is
/// behind the records before it, says more than the last, and nothing stays
/// unflushed.
fn until_the_end(told: &Receiver<Told>) -> Vec<Entry> {
    let (mut entries, mut flushed, mut latest) = (Vec::new(), 0, 0);
    for told in told {
        match told {
            Told::Record(sequence, payout, version) => {
                latest = sequence;
                entries.push((sequence, payout, version));
            }
            Told::Flush(through) => {
                assert!(through == latest && through > flushed);
                flushed = through;
            }
        }
    }
    assert_eq!(flushed, latest);
    entries
}

#[test]
fn every_record_is_seen_once_and_in_order_while_appends_go_on() {
    let data = tempfile::tempdir().unwrap();
    let running = Arc::new(start(data.path()));
    append(&running, 9, 1..=5);
    let (early, midway) = (follow(&running, 0), follow(&running, 3));
    let writers = (1..=3).map(|payout| {
        let running = Arc::clone(&running);
        thread::spawn(move || {
            // Frames of many records and of few, over many segments.
            for first in (1..300).step_by(3) {
                let records = (first..first + 3).map(|version| record(payout, version));
                running.journal.append_blocking(records.collect()).unwrap();
            }
        })
    });
    writers.collect::<Vec<_>>().into_iter().for_each(|writer| writer.join().unwrap());
    let late = follow(&running, 900);
    running.close();
    drop(running);
    let (_, logged) = replayed(&open(data.path()));
    assert_eq!(logged.len(), 905);
    assert_eq!(until_the_end(&early), logged);
    assert_eq!(until_the_end(&midway), logged[3..]);
    assert_eq!(until_the_end(&late), logged[900..]);
}

#[test]
fn a_record_reaches_its_visitor_while_the_store_is_idle() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let told = follow(&running, 0);
    for version in 1..=3 {
        append(&running, 1, version..=version);
        let sequence = u64::from(version);
        assert_eq!(told.recv().unwrap(), Told::Record(sequence, 1, version));
        assert_eq!(told.recv().unwrap(), Told::Flush(sequence));
    }
}

#[test]
fn a_visitor_that_knows_more_than_the_log_waits_for_it() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    let told = follow(&running, 4);
    append(&running, 1, 1..=6);
    close(running);
    assert_eq!(until_the_end(&told), [(5, 1, 5), (6, 1, 6)]);
}

#[test]
fn a_long_log_is_flushed_on_the_way() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    for _ in 0..100 {
        let records = (1..=100).map(|version| record(1, version)).collect();
        running.journal.append_blocking(records).unwrap();
    }
    let told = follow(&running, 0);
    close(running);
    let flushes = told.iter().filter_map(|told| match told {
        Told::Flush(through) => Some(through),
        Told::Record(..) => None,
    });
    let flushes: Vec<_> = flushes.collect();
    assert!(flushes.len() > 1 && flushes.last() == Some(&10_000), "{flushes:?}");
}

/// Fails at its third record.
struct Failing;

impl LogVisitor for Failing {
    fn record(&mut self, record: RecordRef<'_>) {
        assert!(record.sequence < 3, "a fault of the visitor");
    }

    fn flush(&mut self, _: u64) {}
}

#[test]
fn a_visitor_that_fails_ends_alone() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    running.follow(Box::new(Failing), 0).unwrap();
    let told = follow(&running, 0);
    append(&running, 1, 1..=10);
    close(running);
    assert_eq!(until_the_end(&told).len(), 10);
    assert_eq!(open(data.path()).last_sequence(), 10);
}

#[test]
fn a_damaged_log_ends_the_visitor_and_not_the_store() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    append(&running, 1, 1..=10);
    flip(&segments(data.path())[0], 100);
    let told = follow(&running, 0);
    let seen = told.iter().filter(|told| matches!(told, Told::Record(..))).count();
    assert!(seen < 10, "the last record is not what was written");
    append(&running, 1, 11..=11);
}

#[test]
fn a_closed_store_cannot_be_followed() {
    let data = tempfile::tempdir().unwrap();
    let running = start(data.path());
    running.close();
    let refused = running.follow(Box::new(Failing), 0);
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::Other);
}
