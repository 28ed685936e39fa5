//! The archive in sled, packed: sled takes gigabytes when every payout is a key
//! of its own, so here a key holds a block of bodies or a page of index entries.
//!
//! The indexes are sorted runs, merged eight to one as they pile up; where a
//! single entry is looked up a Bloom filter says which runs need not be asked.
//! Everything lives in one tree of sled, whose keys find the page within a run.
//! No value exceeds 6 KiB: sled puts nodes above 128 KiB, up to 17 entries, in
//! files of their own that it never fsyncs.
//!
//! Left out, and to be added if this wins: removal of old rows, cleaning up
//! pages of a run that no manifest names, merging apart from the writer.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    fs::File,
    path::Path,
};

use sled::Db;

use crate::{
    contender::{CACHE_BYTES, Contender, Outcome, Row, must_be_new, row_of},
    workload::{Finished, Id, by_reference, by_time},
};

const VALUE_LIMIT: usize = 6 * 1024;
/// Bodies shrink to about half, so this much of them fits a value.
const BLOCK_BYTES: usize = 10 * 1024;
/// Payouts whose index entries wait in memory for their run.
const RECENT: usize = 16 * 1024;
const RUNS_PER_LEVEL: usize = 8;
const FILTER_PIECE: usize = 4096;

/// An index: its number, and how wide its entries are. `Filtered` ones are
/// asked for single keys that end in 16 random bytes.
#[derive(Clone, Copy)]
struct Table {
    number: usize,
    key: usize,
    value: usize,
    filtered: bool,
}

const LOCATIONS: Table = Table { number: 0, key: 16, value: 8, filtered: true };
const REFERENCES: Table = Table { number: 1, key: 24, value: 16, filtered: true };
const BY_TIME: Table = Table { number: 2, key: 32, value: 8, filtered: false };
const BY_STATUS: Table = Table { number: 3, key: 33, value: 8, filtered: false };
const DUE: Table = Table { number: 4, key: 24, value: 0, filtered: false };
const TABLES: [Table; 5] = [LOCATIONS, REFERENCES, BY_TIME, BY_STATUS, DUE];

type Entry = (Vec<u8>, Vec<u8>);

struct Run {
    number: u32,
    level: u8,
    filter: Vec<u8>,
}

pub struct InSledBlocks {
    db: Db,
    data_file: File,
    recent: [BTreeMap<Vec<u8>, Vec<u8>>; 5],
    /// Of each table, oldest first.
    runs: [Vec<Run>; 5],
    next_run: u32,
    next_block: u32,
}

impl InSledBlocks {
    pub fn open(dir: &Path) -> Outcome<Self> {
        let db = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES as u64).open()?;
        let data_file = File::open(dir.join("db"))?;
        let mut store = Self {
            data_file,
            recent: Default::default(),
            runs: Default::default(),
            next_run: 0,
            next_block: 0,
            db,
        };
        if let Some(manifest) = store.db.get("M")? {
            store.recover(&manifest)?;
        }
        Ok(store)
    }

    fn recover(&mut self, manifest: &[u8]) -> Outcome<()> {
        let number = |bytes: &[u8]| bytes.first_chunk().copied().map_or(0, u32::from_be_bytes);
        self.next_run = number(&manifest[0..]);
        self.next_block = number(&manifest[4..]);
        for run in manifest[8..].chunks_exact(6) {
            let mut filter = Vec::new();
            for piece in self.db.scan_prefix(filter_key(number(&run[2..]))) {
                filter.extend_from_slice(&piece?.1);
            }
            let run_of = Run { number: number(&run[2..]), level: run[1], filter };
            self.runs[usize::from(run[0])].push(run_of);
        }
        Ok(())
    }

    fn write_manifest(&self) -> Outcome<()> {
        let mut manifest = [self.next_run.to_be_bytes(), self.next_block.to_be_bytes()].concat();
        for (table, runs) in self.runs.iter().enumerate() {
            for run in runs {
                manifest.extend_from_slice(&[table as u8, run.level]);
                manifest.extend_from_slice(&run.number.to_be_bytes());
            }
        }
        self.db.insert("M", manifest)?;
        Ok(())
    }

    /// Packs bodies into a block, or two if they do not shrink enough; notes
    /// where each one went.
    fn write_block(&mut self, bodies: &[(Id, Vec<u8>)]) -> Outcome<()> {
        let mut plain = Vec::with_capacity(BLOCK_BYTES + 1024);
        for (_, body) in bodies {
            plain.extend_from_slice(&(body.len() as u16).to_be_bytes());
            plain.extend_from_slice(body);
        }
        let packed = zstd::bulk::compress(&plain, 1)?;
        if packed.len() > VALUE_LIMIT && bodies.len() > 1 {
            let (first, second) = bodies.split_at(bodies.len() / 2);
            self.write_block(first)?;
            return self.write_block(second);
        }
        let key = [&b"B"[..], &self.next_block.to_be_bytes()].concat();
        self.db.insert(key, packed)?;
        for (slot, (id, _)) in bodies.iter().enumerate() {
            let place = [self.next_block.to_be_bytes(), (slot as u32).to_be_bytes()].concat();
            self.recent[LOCATIONS.number].insert(id.to_vec(), place);
        }
        self.next_block += 1;
        Ok(())
    }

    /// Makes a run of what waits in memory, and merges where runs pile up.
    fn write_recent(&mut self) -> Outcome<()> {
        if self.recent[LOCATIONS.number].is_empty() {
            return Ok(());
        }
        for table in TABLES {
            let entries = std::mem::take(&mut self.recent[table.number]);
            let count = entries.len();
            self.write_run(table, 0, count, entries.into_iter().map(Ok))?;
            while let Some(level) = self.full_level(table) {
                self.merge(table, level)?;
            }
        }
        self.write_manifest()
    }

    fn full_level(&self, table: Table) -> Option<u8> {
        let at = |level| self.runs[table.number].iter().filter(move |run| run.level == level);
        (0..8).find(|level| at(*level).count() >= RUNS_PER_LEVEL)
    }

    fn merge(&mut self, table: Table, level: u8) -> Outcome<()> {
        let runs = std::mem::take(&mut self.runs[table.number]);
        let (merged, kept): (Vec<Run>, Vec<Run>) =
            runs.into_iter().partition(|run| run.level == level);
        self.runs[table.number] = kept;
        let cursors =
            merged.iter().map(|run| self.cursor(table, run, &[])).collect::<Outcome<_>>()?;
        let count = RECENT * RUNS_PER_LEVEL.pow(u32::from(level) + 1);
        self.write_run(table, level + 1, count, Merged::new(cursors)?)?;
        for run in merged {
            for prefix in [page_key(run.number, &[]), filter_key(run.number)] {
                for key in self.db.scan_prefix(prefix).keys() {
                    self.db.remove(key?)?;
                }
            }
        }
        Ok(())
    }

    fn write_run(
        &mut self,
        table: Table,
        level: u8,
        count: usize,
        entries: impl Iterator<Item = Outcome<Entry>>,
    ) -> Outcome<()> {
        let number = self.next_run;
        self.next_run += 1;
        // Ten bits an entry let one look-up in a hundred ask a run in vain.
        let mut filter = vec![0; if table.filtered { count * 10 / 8 + 1 } else { 0 }];
        let mut page = Vec::new();
        let write_page = |db: &Db, page: &mut Vec<u8>| -> Outcome<()> {
            let key = page_key(number, &page[..table.key]);
            db.insert(key, zstd::bulk::compress(page, 1)?)?;
            page.clear();
            Ok(())
        };
        for entry in entries {
            let (key, value) = entry?;
            if page.len() + table.key + table.value > VALUE_LIMIT - 64 {
                write_page(&self.db, &mut page)?;
            }
            for bit in filter_bits(&key, filter.len()) {
                filter[bit / 8] |= 1 << (bit % 8);
            }
            page.extend_from_slice(&key);
            page.extend_from_slice(&value);
        }
        if !page.is_empty() {
            write_page(&self.db, &mut page)?;
        }
        for (piece, bytes) in filter.chunks(FILTER_PIECE).enumerate() {
            let key = [filter_key(number), (piece as u32).to_be_bytes().to_vec()].concat();
            self.db.insert(key, bytes)?;
        }
        self.runs[table.number].push(Run { number, level, filter });
        Ok(())
    }

    /// The entries of a run from `first` on.
    fn cursor(&self, table: Table, run: &Run, first: &[u8]) -> Outcome<Cursor> {
        let start = page_key(run.number, first);
        let bounds = page_key(run.number, &[])..page_key(run.number + 1, &[]);
        let page = self.db.range(bounds.start.clone()..=start.clone()).next_back().transpose()?;
        let from = page.map_or(start, |(key, _)| key.to_vec());
        let pages = self.db.range(from..bounds.end);
        let mut cursor = Cursor { table, pages, page: Vec::new(), at: 0 };
        cursor.skip_to(first)?;
        Ok(cursor)
    }

    fn find(&self, table: Table, key: &[u8]) -> Outcome<Option<Vec<u8>>> {
        if let Some(value) = self.recent[table.number].get(key) {
            return Ok(Some(value.clone()));
        }
        for run in self.runs[table.number].iter().rev() {
            let set = |bit: usize| run.filter[bit / 8] & (1 << (bit % 8)) != 0;
            if !filter_bits(key, run.filter.len()).all(set) {
                continue;
            }
            if let Some((found, value)) = self.cursor(table, run, key)?.next().transpose()?
                && found == key
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

impl Contender for InSledBlocks {
    fn put(&mut self, batch: Vec<Finished>) -> Outcome<()> {
        let mut bodies = Vec::new();
        let mut bytes = 0;
        for payout in batch {
            must_be_new(self.find(LOCATIONS, &payout.id)?.is_some())?;
            let facets = payout.facets.to_vec();
            self.recent[BY_TIME.number].insert(payout.by_time().to_vec(), facets.clone());
            self.recent[BY_STATUS.number].insert(payout.by_status().to_vec(), facets);
            let reference = payout.by_reference().to_vec();
            self.recent[REFERENCES.number].insert(reference, payout.id.to_vec());
            self.recent[DUE.number].insert(payout.by_due().to_vec(), Vec::new());
            bytes += payout.body.len();
            bodies.push((payout.id, payout.body));
            if bytes >= BLOCK_BYTES {
                self.write_block(&bodies)?;
                bodies.clear();
                bytes = 0;
            }
        }
        if !bodies.is_empty() {
            self.write_block(&bodies)?;
        }
        if self.recent[LOCATIONS.number].len() >= RECENT {
            self.write_recent()?;
        }
        Ok(())
    }

    fn persist(&mut self) -> Outcome<()> {
        self.write_recent()?;
        self.db.flush()?;
        // flush() hands the bytes to the kernel only.
        Ok(self.data_file.sync_all()?)
    }

    fn get(&self, id: &Id) -> Outcome<Option<Vec<u8>>> {
        let Some(place) = self.find(LOCATIONS, id)? else {
            return Ok(None);
        };
        let (block, slot) = place.split_first_chunk::<4>().ok_or("a location is cut short")?;
        let slot = slot.first_chunk().copied().map_or(0, u32::from_be_bytes);
        let key = [&b"B"[..], block].concat();
        let packed = self.db.get(key)?.ok_or("a block is missing")?;
        let plain = zstd::bulk::decompress(&packed, 4 * BLOCK_BYTES)?;
        let mut rest = plain.as_slice();
        for _ in 0..slot {
            rest = split_body(rest)?.1;
        }
        Ok(Some(split_body(rest)?.0.to_vec()))
    }

    fn page(&self, merchant: u64, after: Row, limit: usize) -> Outcome<Vec<Row>> {
        let first = by_time(merchant, after.0, after.1);
        let last = by_time(merchant, 0, [0xFF; 16]);
        let runs = self.runs[BY_TIME.number].iter();
        let cursors = runs.map(|run| self.cursor(BY_TIME, run, &first)).collect::<Outcome<_>>()?;
        let mut stored = Merged::new(cursors)?.peekable();
        let bounds = first.to_vec()..=last.to_vec();
        let mut recent =
            self.recent[BY_TIME.number].range(bounds).map(|row| row.0.clone()).peekable();
        let mut rows = Vec::with_capacity(limit);
        while rows.len() < limit {
            let stored_first = match (stored.peek(), recent.peek()) {
                (Some(Ok(stored)), Some(recent)) => stored.0 < *recent,
                (stored, _) => stored.is_some(),
            };
            let next = if stored_first {
                stored.next().transpose()?.map(|entry| entry.0)
            } else {
                recent.next()
            };
            match next.filter(|key| key.as_slice() <= last.as_slice()) {
                Some(key) if key == first => {}
                Some(key) => rows.push(row_of(&key)?),
                None => break,
            }
        }
        Ok(rows)
    }

    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Outcome<Option<Id>> {
        let found = self.find(REFERENCES, &by_reference(merchant, hash))?;
        Ok(found.and_then(|id| id.first_chunk().copied()))
    }
}

/// Walks the entries of one run.
struct Cursor {
    table: Table,
    pages: sled::Iter,
    page: Vec<u8>,
    at: usize,
}

impl Cursor {
    fn next_page(&mut self) -> Outcome<bool> {
        let Some(page) = self.pages.next().transpose()? else {
            return Ok(false);
        };
        self.page = zstd::bulk::decompress(&page.1, VALUE_LIMIT)?;
        self.at = 0;
        Ok(true)
    }

    fn skip_to(&mut self, first: &[u8]) -> Outcome<()> {
        if !self.next_page()? {
            return Ok(());
        }
        let width = self.table.key + self.table.value;
        let key = |entry: usize| &self.page[entry * width..][..self.table.key];
        let (mut low, mut high) = (0, self.page.len() / width);
        while low < high {
            let middle = low.midpoint(high);
            if key(middle) < first {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.at = low * width;
        Ok(())
    }
}

impl Iterator for Cursor {
    type Item = Outcome<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == self.page.len() {
            match self.next_page() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        let width = self.table.key + self.table.value;
        let (key, value) = self.page[self.at..][..width].split_at(self.table.key);
        self.at += width;
        Some(Ok((key.to_vec(), value.to_vec())))
    }
}

/// The entries of several runs in one order.
struct Merged {
    heads: BinaryHeap<Reverse<(Entry, usize)>>,
    cursors: Vec<Cursor>,
}

impl Merged {
    fn new(cursors: Vec<Cursor>) -> Outcome<Self> {
        let mut merged = Self { heads: BinaryHeap::new(), cursors };
        for cursor in 0..merged.cursors.len() {
            merged.refill(cursor)?;
        }
        Ok(merged)
    }

    fn refill(&mut self, cursor: usize) -> Outcome<()> {
        if let Some(entry) = self.cursors[cursor].next().transpose()? {
            self.heads.push(Reverse((entry, cursor)));
        }
        Ok(())
    }
}

impl Iterator for Merged {
    type Item = Outcome<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((entry, cursor)) = self.heads.pop()?;
        Some(self.refill(cursor).map(|()| entry))
    }
}

fn page_key(run: u32, first: &[u8]) -> Vec<u8> {
    [&b"P"[..], &run.to_be_bytes(), first].concat()
}

fn filter_key(run: u32) -> Vec<u8> {
    [&b"F"[..], &run.to_be_bytes()].concat()
}

/// Where a key shows in a filter of so many bytes. Its last 16 bytes are random
/// already, so they need no hash.
fn filter_bits(key: &[u8], bytes: usize) -> impl Iterator<Item = usize> + use<> {
    let half = |at: usize| {
        let part = key.get(key.len() - at..).and_then(|end| end.first_chunk());
        part.copied().map_or(0, u64::from_be_bytes)
    };
    let (start, stride) = (half(16), half(8) | 1);
    let bits = bytes as u64 * 8;
    let count = if bytes == 0 { 0 } else { 7 };
    (0..count).map(move |turn: u64| (start.wrapping_add(turn.wrapping_mul(stride)) % bits) as usize)
}

fn split_body(bytes: &[u8]) -> Outcome<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk().ok_or("a block is cut short")?;
    Ok(rest
        .split_at_checked(usize::from(u16::from_be_bytes(*length)))
        .ok_or("a block is cut short")?)
}
