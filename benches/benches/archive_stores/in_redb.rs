//! The archive in redb: one copy-on-write B-tree per index.
//!
//! Set up in redb's favour: fixed-width keys, each batch sorted before it goes
//! in, and durable commits that save the allocator's state, without which an
//! open after a crash walks the whole file.

use std::{ops::Bound, path::Path};

use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::{
    contender::{CACHE_BYTES, Contender, Outcome, Row, must_be_new, row_of},
    workload::{Finished, Id, by_reference, by_time},
};

const PAYOUTS: TableDefinition<'_, &[u8; 16], &[u8]> = TableDefinition::new("payouts");
const BY_TIME: TableDefinition<'_, &[u8; 32], &[u8; 8]> = TableDefinition::new("by_time");
const BY_STATUS: TableDefinition<'_, &[u8; 33], &[u8; 8]> = TableDefinition::new("by_status");
const REFERENCES: TableDefinition<'_, &[u8; 24], &[u8; 16]> = TableDefinition::new("references");
const DUE: TableDefinition<'_, &[u8; 24], ()> = TableDefinition::new("due");

pub struct InRedb(Database);

impl InRedb {
    pub fn open(dir: &Path) -> Outcome<Self> {
        let database =
            Database::builder().set_cache_size(CACHE_BYTES).create(dir.join("archive.redb"))?;
        Ok(Self(database))
    }
}

impl Contender for InRedb {
    fn put(&mut self, mut batch: Vec<Finished>) -> Outcome<()> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::None)?;
        {
            let mut payouts = transaction.open_table(PAYOUTS)?;
            batch.sort_unstable_by_key(|payout| payout.id);
            for payout in &batch {
                must_be_new(payouts.get(&payout.id)?.is_some())?;
                payouts.insert(&payout.id, payout.body.as_slice())?;
            }
            let mut references = transaction.open_table(REFERENCES)?;
            batch.sort_unstable_by_key(Finished::by_reference);
            for payout in &batch {
                references.insert(&payout.by_reference(), &payout.id)?;
            }
            let mut times = transaction.open_table(BY_TIME)?;
            let mut statuses = transaction.open_table(BY_STATUS)?;
            let mut due = transaction.open_table(DUE)?;
            batch.sort_unstable_by_key(Finished::by_time);
            for payout in &batch {
                times.insert(&payout.by_time(), &payout.facets)?;
                statuses.insert(&payout.by_status(), &payout.facets)?;
                due.insert(&payout.by_due(), ())?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn persist(&mut self) -> Outcome<()> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        Ok(transaction.commit()?)
    }

    fn get(&self, id: &Id) -> Outcome<Option<Vec<u8>>> {
        let payouts = self.0.begin_read()?.open_table(PAYOUTS)?;
        Ok(payouts.get(id)?.map(|body| body.value().to_vec()))
    }

    fn page(&self, merchant: u64, after: Row, limit: usize) -> Outcome<Vec<Row>> {
        let times = self.0.begin_read()?.open_table(BY_TIME)?;
        let first = by_time(merchant, after.0, after.1);
        let last = by_time(merchant, 0, [0xFF; 16]);
        let rows = times.range::<&[u8; 32]>((Bound::Excluded(&first), Bound::Included(&last)))?;
        rows.take(limit).map(|row| row_of(row?.0.value())).collect()
    }

    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Outcome<Option<Id>> {
        let references = self.0.begin_read()?.open_table(REFERENCES)?;
        Ok(references.get(&by_reference(merchant, hash))?.map(|id| *id.value()))
    }
}
