//! The store as the engine uses it: opened, hurt, opened again.
//!
//! One binary, one story per file. Every directory is a temporary one; a kill
//! is played by copying the directory while the store runs, a power cut or a
//! bad disk by changing the copy.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod archive;
mod events;
mod journal;
mod life;
mod lines;
mod log_archive;
mod retention;
mod rollback;
mod shares;
mod sled_lost;
mod snapshot;
mod visitors;

use std::{
    fs,
    path::{Path, PathBuf},
};

use snapshots::{Record, Replayed, Running, Store, StoreOptions};
use tempfile::TempDir;

/// Options that make many segments out of few records.
fn options(data: &Path) -> StoreOptions {
    StoreOptions {
        data_dir: data.join("data"),
        anchor_path: Some(data.join("anchor")),
        segment_bytes: 16 * 1024,
        sled_cache_bytes: 4 << 20,
        archive_cache_bytes: 4 << 20,
        events_cache_bytes: 4 << 20,
        ..StoreOptions::default()
    }
}

fn open(data: &Path) -> Store {
    Store::open(options(data)).unwrap()
}

/// Opens, replays into nothing, and starts.
fn start(data: &Path) -> Running {
    open(data).start().unwrap()
}

/// Closes, and lets go of the directory.
fn close(running: Running) {
    running.close();
}

fn record(payout: u8, version: u32) -> Record {
    Record { payout: [payout; 16], version, body: vec![payout; 200] }
}

/// Appends versions `from..=to` of one payout, each durable before the next.
fn append(running: &Running, payout: u8, versions: std::ops::RangeInclusive<u32>) {
    for version in versions {
        running.journal.append_blocking(vec![record(payout, version)]).unwrap();
    }
}

/// A payout's first byte, and its state in a snapshot.
type State = (u8, Vec<u8>);
/// A record's sequence, its payout's first byte, and its version.
type Entry = (u64, u8, u32);

/// What a replay hands on.
fn replayed(store: &Store) -> (Vec<State>, Vec<Entry>) {
    let (mut states, mut records) = (Vec::new(), Vec::new());
    let ended = store.replay::<()>(&mut |replayed| {
        match replayed {
            Replayed::Snapshot { payout, body } => states.push((payout[0], body.to_vec())),
            Replayed::Record(record) => {
                records.push((record.sequence, record.payout[0], record.version));
            }
        }
        Ok(())
    });
    ended.unwrap();
    (states, records)
}

fn sequences(store: &Store) -> Vec<u64> {
    replayed(store).1.into_iter().map(|(sequence, ..)| sequence).collect()
}

/// The directory as it is this moment, as a kill would leave it.
fn copy_of(data: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(data, copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &target);
        } else if let Err(error) = fs::copy(entry.path(), target) {
            // A database may drop a file between the listing and the copy.
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
}

/// The segments of the log, oldest first.
fn segments(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join("data/log")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == "seg"));
    paths.sort();
    paths
}

/// Names in the data directory that begin with `prefix`.
fn names(data: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(data.join("data")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(prefix)).collect()
}

/// Flips one bit of a file, `from_end` bytes before its last written byte.
fn flip(path: &Path, from_end: usize) -> usize {
    let mut bytes = fs::read(path).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[last - from_end] ^= 1;
    fs::write(path, bytes).unwrap();
    last - from_end
}
