//! Finding rows by names that are hashes already. Apart from `world.rs` because hashing them once
//! more is what a benchmark of millions would notice first: when such a map grows, every key is
//! hashed again while everybody waits.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from keys whose bytes are evenly spread: fingerprints and payout ids.
pub(super) type Index<K, V> = HashMap<K, V, BuildHasherDefault<First8>>;

/// Takes the first eight bytes for the hash.
#[derive(Default)]
pub(super) struct First8(u64);

impl Hasher for First8 {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    /// The length that is written before the bytes is the same for all keys.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
