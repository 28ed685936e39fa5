//! The log's tests: a writer on a real directory, and ways to hurt its files.

mod damage;
mod writing;

use std::{fs, sync::Arc, thread::JoinHandle};

use super::*;
use crate::anchor::{Anchor, Mark};

const RULES: SegmentRules = SegmentRules { bytes: 64 * 1024, durable: true };

struct Running {
    journal: Journal,
    thread: JoinHandle<()>,
    fatal: crossbeam_channel::Receiver<String>,
}

/// A writer on `dir` with its threads, resumed where the log ends.
fn start(dir: &Path) -> Running {
    if !exists(dir).unwrap() {
        Tail::create(dir, RULES).unwrap();
    }
    let tip = scan(dir, 1, 0, &[]).unwrap().tip;
    start_on(dir, Tail::resume(dir, &tip, RULES).unwrap())
}

fn start_on(dir: &Path, tail: Tail) -> Running {
    let mark =
        Mark { log_id: tail.log_id(), sequence: tail.next_sequence() - 1, chain: tail.chain() };
    let shared = Arc::new(Shared::new(mark.sequence));
    let (messages, queue) = crossbeam_channel::bounded(4096);
    let (fatal_sender, fatal) = crossbeam_channel::bounded(1);
    let writer = Writer {
        tail,
        anchor: Anchor::open(&dir.join("anchor"), mark, true).unwrap(),
        queue,
        batch: Batch::default(),
        shared: Arc::clone(&shared),
        committed: crossbeam_channel::bounded(1).0,
        on_fatal: Box::new(move |error| fatal_sender.send(error.to_string()).unwrap()),
        frame_bytes: 1 << 20,
    };
    let thread = std::thread::spawn(move || writer.run());
    Running { journal: Journal::new(messages, shared), thread, fatal }
}

impl Running {
    fn close(self) {
        self.journal.close();
        self.thread.join().unwrap();
    }
}

fn record(payout: u8, version: u32, length: usize) -> Record {
    Record { payout: [payout; 16], version, body: vec![payout ^ version as u8; length] }
}

fn read_all(dir: &Path) -> Vec<(u64, Record)> {
    let mut reader = LogReader::seek(dir, 1).unwrap();
    let mut found = Vec::new();
    while let Some(frame) = reader.next(u64::MAX).unwrap() {
        found.extend(frame.records().map(|found: RecordRef| (found.sequence, found.to_record())));
    }
    found
}
