//! A map that grows a piece at a time. Apart from what is kept in it, because it is only about memory.
//!
//! A hash table doubles when it is full: for a moment all of a million rows are moved while everybody waits,
//! and right afterwards half of it is empty. Here the rows are spread over sixteen tables of unequal shares,
//! so that they double one after the other: each moves little, and at any time all of them together are
//! about two thirds full.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What rows are kept by: hashes already, of which any byte is as good as another.
pub(crate) type Key = [u8; 16];

/// A map by hashes.
pub(crate) struct SpreadMap<V> {
    tables: [HashMap<Key, V, BuildHasherDefault<KeyHasher>>; TABLES],
}

const TABLES: usize = 16;

/// Where the share of each table ends, in 256ths: each is four percent wider than the one before, the last
/// twice as wide as the first.
const ENDS: [u16; TABLES] =
    [11, 23, 35, 48, 62, 76, 91, 107, 123, 140, 158, 176, 195, 215, 235, 256];

/// The table of each value of the byte that says so.
const TABLE_OF: [u8; 256] = {
    let mut of = [0; 256];
    let (mut byte, mut table) = (0, 0);
    while byte < 256 {
        if byte as u16 >= ENDS[table] {
            table += 1;
        }
        // Within u8: there are sixteen.
        of[byte] = table as u8;
        byte += 1;
    }
    of
};

/// Not one of those that a table looks at, nor the one that says whose partition a payout is.
const SAYS_WHICH: usize = 8;

fn table_of(key: &Key) -> usize {
    usize::from(TABLE_OF[usize::from(key[SAYS_WHICH])])
}

impl<V> Default for SpreadMap<V> {
    fn default() -> SpreadMap<V> {
        SpreadMap { tables: Default::default() }
    }
}

impl<V> SpreadMap<V> {
    /// The row of a key.
    pub fn get(&self, key: &Key) -> Option<&V> {
        self.tables[table_of(key)].get(key)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut V> {
        self.tables[table_of(key)].get_mut(key)
    }

    /// Puts a row; the one that was there before.
    pub fn insert(&mut self, key: Key, row: V) -> Option<V> {
        self.tables[table_of(&key)].insert(key, row)
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &Key) -> Option<V> {
        self.tables[table_of(key)].remove(key)
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.tables.iter().flat_map(HashMap::keys)
    }

    /// Makes room for so many rows more.
    pub fn reserve(&mut self, rows: usize) {
        let mut from = 0;
        for (table, end) in self.tables.iter_mut().zip(ENDS) {
            table.reserve(rows * usize::from(end - from) / 256);
            from = end;
        }
    }
}

/// The first bytes of a hash are as good as any hash of them.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(word) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*word);
        }
    }

    /// The length comes first, and is the same for all.
    fn write_usize(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn key(number: u32) -> Key {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(&number.to_le_bytes()).as_bytes()[..16]);
        key
    }

    #[test]
    fn every_row_is_found_changed_and_taken_out() {
        let mut map = SpreadMap::default();
        map.reserve(500);
        let mut model = BTreeMap::new();
        for number in 0..2_000 {
            assert_eq!(map.insert(key(number), number), model.insert(key(number), number));
        }
        for number in (0..2_000).step_by(3) {
            assert_eq!(map.remove(&key(number)), model.remove(&key(number)));
        }
        for number in (0..2_000).step_by(2) {
            map.get_mut(&key(number)).into_iter().for_each(|row| *row += 1);
            model.get_mut(&key(number)).into_iter().for_each(|row| *row += 1);
        }
        let mut keys: Vec<Key> = map.keys().copied().collect();
        keys.sort_unstable();
        assert!(keys.iter().eq(model.keys()));
        assert!((0..2_000).all(|number| map.get(&key(number)) == model.get(&key(number))));
    }

    #[test]
    fn however_many_rows_there_are_the_tables_are_never_near_half_empty() {
        let mut map = SpreadMap::default();
        for number in 0..120_000 {
            map.insert(key(number), ());
            if number >= 20_000 && number % 1_000 == 0 {
                let room: usize = map.tables.iter().map(HashMap::capacity).sum();
                // 100 percent of a table's capacity is seven eighths of its places.
                let full = 100 * number as usize / room;
                assert!((62..=82).contains(&full), "{full} percent at {number}");
            }
        }
    }

    #[test]
    fn the_shares_are_all_of_it() {
        assert_eq!(ENDS[TABLES - 1], 256);
        assert!(ENDS.windows(2).all(|pair| pair[1] > pair[0]));
        assert!(ENDS.windows(3).all(|three| three[2] - three[1] + 1 >= three[1] - three[0]));
    }
}
