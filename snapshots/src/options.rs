//! What can be chosen when the store is opened.
//!
//! Apart so that the choices, their defaults and their reasons are one page.

use std::{path::PathBuf, time::Duration};

use crate::sled_store::Retention;

/// Where the store lives, and how it behaves.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Holds `log`, `sled`, `archive`, `events`, `lock` and, unless moved, `anchor`.
    pub data_dir: PathBuf,
    /// The anchor's file. Best on another disk: an anchor that is rolled back
    /// together with the log notices nothing.
    pub anchor_path: Option<PathBuf>,
    /// What a log that does not fit the anchor means.
    pub anchor_policy: AnchorPolicy,
    /// Whether commits are fsynced.
    pub durability: Durability,
    /// Size of a log segment, written ahead in zeros.
    pub segment_bytes: u64,
    /// Bytes after which a frame takes no further append.
    pub frame_bytes: usize,
    /// Appends that may wait before appending blocks.
    pub queue_depth: usize,
    /// sled's page cache. sled uses several times as much.
    pub sled_cache_bytes: u64,
    /// How many segments' worth of frames sled mirrors at most.
    pub mirror_segments: usize,
    /// fjall's block cache.
    pub archive_cache_bytes: u64,
    /// fjall's block cache for the events. Those that are read are mostly the
    /// newest, which are in memory anyway.
    pub events_cache_bytes: u64,
    /// Where the ledger of intents is kept, best on another disk; none: nowhere.
    pub intent_ledger: Option<PathBuf>,
    /// Bytes that a keyspace of either fjall gathers in memory before it writes
    /// a table.
    pub memtable_bytes: u64,
    /// How long each database may take to open before it counts as damaged.
    pub open_deadline: Duration,
    /// Which snapshots are kept.
    pub retention: Retention,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("bursar-data"),
            anchor_path: None,
            anchor_policy: AnchorPolicy::Enforce,
            durability: Durability::Fsync,
            segment_bytes: 64 * 1024 * 1024,
            frame_bytes: 1024 * 1024,
            queue_depth: 65_536,
            sled_cache_bytes: 16 * 1024 * 1024,
            mirror_segments: 8,
            archive_cache_bytes: 128 * 1024 * 1024,
            events_cache_bytes: 32 * 1024 * 1024,
            intent_ledger: None,
            memtable_bytes: 16 * 1024 * 1024,
            open_deadline: Duration::from_secs(120),
            retention: Retention::default(),
        }
    }
}

/// What one fjall may take of the memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) cache_bytes: u64,
    /// Small, because several keyspaces fill at once.
    pub(crate) memtable_bytes: u64,
}

/// Threads of one fjall with so many keyspaces: one that puts what is full onto
/// the disk, and one that merges for each. As long as merging waits for a thread
/// the first one hands it round and round and takes a processor for that; with so
/// many it seldom waits.
pub(crate) fn workers_for(keyspaces: usize) -> usize {
    1 + keyspaces
}

impl StoreOptions {
    pub(crate) fn archive_room(&self) -> Room {
        Room { cache_bytes: self.archive_cache_bytes, memtable_bytes: self.memtable_bytes }
    }

    pub(crate) fn events_room(&self) -> Room {
        Room { cache_bytes: self.events_cache_bytes, memtable_bytes: self.memtable_bytes }
    }
}

/// What an acknowledgement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The record is on the disk.
    Fsync,
    /// The kernel has the record; a power cut loses it. For measurements only,
    /// and the start says so loudly.
    None,
}

/// What the anchor's word is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorPolicy {
    /// A log that ends before the anchor, or looks different there, stops the
    /// start.
    Enforce,
    /// The operator's word, given once after a restore to an older point: the
    /// log is right as it is. sled and archive yield to it, and the anchor is
    /// written anew.
    Adopt,
}
