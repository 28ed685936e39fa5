//! The archive in fjall: a log-structured merge tree per index, as fjall comes;
//! or as `snapshots/src/archive/fjall_archive.rs` sets it up, with the bodies
//! kept out of the tree, so that compaction moves ids only.

use std::{ops::Bound, path::Path};

use fjall::{
    CompressionType, Database, Keyspace, KeyspaceCreateOptions as Options, KvSeparationOptions,
    PersistMode, config::FilterPolicy,
};

use crate::{
    contender::{CACHE_BYTES, Contender, Outcome, Row, must_be_new, row_of},
    workload::{Finished, Id, by_reference, by_time},
};

const MEMTABLE_BYTES: u64 = 16 * 1024 * 1024;
const JOURNAL_BYTES: u64 = 256 * 1024 * 1024;
/// Larger values go to files of their own, where bodies are kept apart.
const SPLIT_ABOVE: u32 = 128;
/// One for each keyspace, and one for what is full; and what fjall takes on two processors.
const WORKERS: usize = 6;
const FJALLS_WORKERS: usize = 2;

/// Where the bodies are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    InTree,
    Apart,
}

pub struct InFjall {
    database: Database,
    payouts: Keyspace,
    by_time: Keyspace,
    by_status: Keyspace,
    references: Keyspace,
    due: Keyspace,
}

impl InFjall {
    pub fn open(dir: &Path, bodies: Bodies) -> Outcome<Self> {
        let apart = bodies == Bodies::Apart;
        let database = Database::builder(dir)
            .cache_size(CACHE_BYTES as u64)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(if apart { WORKERS } else { FJALLS_WORKERS })
            .open()?;
        let options = || Options::default().max_memtable_size(MEMTABLE_BYTES);
        let split = KvSeparationOptions::default()
            .separation_threshold(SPLIT_ABOVE)
            .compression(CompressionType::None);
        let split = apart.then_some(split);
        let scanned = || match apart {
            true => options().filter_policy(FilterPolicy::disabled()),
            false => options(),
        };
        Ok(Self {
            payouts: database.keyspace("payouts", || options().with_kv_separation(split))?,
            by_time: database.keyspace("by_time", scanned)?,
            by_status: database.keyspace("by_status", scanned)?,
            references: database.keyspace("references", options)?,
            due: database.keyspace("due", scanned)?,
            database,
        })
    }
}

impl Contender for InFjall {
    fn put(&mut self, batch: Vec<Finished>) -> Outcome<()> {
        let mut writes = self.database.batch();
        for payout in batch {
            must_be_new(self.payouts.contains_key(payout.id)?)?;
            writes.insert(&self.by_time, payout.by_time(), payout.facets);
            writes.insert(&self.by_status, payout.by_status(), payout.facets);
            writes.insert(&self.references, payout.by_reference(), payout.id);
            writes.insert(&self.due, payout.by_due(), []);
            writes.insert(&self.payouts, payout.id, payout.body);
        }
        Ok(writes.commit()?)
    }

    fn persist(&mut self) -> Outcome<()> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    fn get(&self, id: &Id) -> Outcome<Option<Vec<u8>>> {
        Ok(self.payouts.get(id)?.map(|body| body.to_vec()))
    }

    fn page(&self, merchant: u64, after: Row, limit: usize) -> Outcome<Vec<Row>> {
        let first = by_time(merchant, after.0, after.1);
        let last = by_time(merchant, 0, [0xFF; 16]);
        let rows = self.by_time.range((Bound::Excluded(first), Bound::Included(last)));
        rows.take(limit).map(|row| row_of(&row.into_inner()?.0)).collect()
    }

    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Outcome<Option<Id>> {
        let found = self.references.get(by_reference(merchant, hash))?;
        Ok(found.and_then(|id| id.first_chunk().copied()))
    }
}
