//! The archive in fjall: one database, a keyspace per index.
//!
//! Apart because it is the only file that speaks to fjall. A write is in the
//! kernel's hands when `put` returns, so a killed process loses nothing;
//! `persist` brings it to the disk, and snapshots call it before they count.

use std::{
    ops::{Bound, ControlFlow},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fjall::{
    CompressionType, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, PersistMode,
    config::FilterPolicy,
};

use super::{
    ArchiveError, ArchiveStore, Archived, Id, Listing, Row, RowAmiss, RowsChecked,
    covers::{self, Covers},
    fjall_rows::Rows,
    keys::{self, Indexed},
    stored,
    writes::{Table, Writes, last_of_each},
};
use crate::{
    guarded::{self, AfterPanic, Fault},
    options::{Room, workers_for},
};

const CUT: ArchiveError = ArchiveError::Damaged("a row is cut short");
const KEYSPACES: usize = 6;
const COUNT: &str = "count";
const LOG: &str = "log";

/// Larger values stand in files of their own, and their tree only says where: a tree of random keys is
/// merged over and over as it grows, and would carry every payout along each time.
const APART_ABOVE: u32 = 128;

/// fjall's own journal, which an open after a kill reads again.
const JOURNAL_BYTES: u64 = 256 * 1024 * 1024;

/// An [`ArchiveStore`] on disk.
pub struct FjallArchive {
    database: Database,
    payouts: Keyspace,
    by_time: Keyspace,
    by_status: Keyspace,
    references: Keyspace,
    due: Keyspace,
    meta: Keyspace,
    /// How many payouts there are; its lock is the one writer's turn.
    count: Mutex<u64>,
}

impl FjallArchive {
    /// Opens or creates the archive of one log in `dir`, while a panic is still
    /// an answer.
    pub(crate) fn open(
        dir: &Path,
        log_id: u64,
        room: Room,
        deadline: Duration,
    ) -> Result<Self, Fault> {
        let dir = dir.to_owned();
        guarded::open("archive", deadline, AfterPanic::StayPut, move || {
            guarded::whole(&dir, || {
                Fault::of_versions(&dir)?;
                guarded::patiently(|| match Self::open_unguarded(&dir, log_id, room) {
                    Err(ArchiveError::Fjall(fjall::Error::Locked)) => Err(Fault::Busy),
                    opened => Ok(opened?),
                })
            })
        })
    }

    fn open_unguarded(dir: &Path, log_id: u64, room: Room) -> Result<Self, ArchiveError> {
        let database = Database::builder(dir)
            .cache_size(room.cache_bytes)
            .max_journaling_size(JOURNAL_BYTES)
            .worker_threads(workers_for(KEYSPACES))
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(room.memtable_bytes);
        // A filter only tells whether a key is there, and nobody asks these for one.
        let scanned = || options().filter_policy(FilterPolicy::disabled());
        // Not compressed: the length that a compressed value takes then is under no checksum.
        let apart = KvSeparationOptions::default()
            .separation_threshold(APART_ABOVE)
            .compression(CompressionType::None);
        let meta = database.keyspace("meta", options)?;
        // Rows of another log would be believed like our own.
        match read_number(&meta, LOG)? {
            Some(found) if found != log_id => {
                return Err(ArchiveError::Damaged("it belongs to another log"));
            }
            Some(_) => {}
            None => meta.insert(LOG, log_id.to_be_bytes())?,
        }
        let count = read_number(&meta, COUNT)?.unwrap_or(0);
        let archive = Self {
            // Keyspaces keep what they were made with: an older archive is only slower.
            payouts: database.keyspace("payouts", || options().with_kv_separation(Some(apart)))?,
            by_time: database.keyspace("by_time", scanned)?,
            by_status: database.keyspace("by_status", scanned)?,
            references: database.keyspace("references", options)?,
            due: database.keyspace("due", scanned)?,
            meta,
            count: Mutex::new(count),
            database,
        };
        // Keyspaces that disagree must not be filled up, but left behind.
        archive.covered()?;
        Ok(archive)
    }

    fn keyspaces(&self) -> [&Keyspace; KEYSPACES] {
        [&self.payouts, &self.by_time, &self.by_status, &self.references, &self.due, &self.meta]
    }

    fn covered(&self) -> Result<Option<Covers>, ArchiveError> {
        covers::read(&self.meta, &self.keyspaces())
    }

    fn rows(&self) -> Rows<'_> {
        let Self { payouts, by_time, by_status, references, due, .. } = self;
        Rows { payouts, by_time, by_status, references, due }
    }

    fn turn(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one payout, and the end of its old rows, among `writes`. True if
    /// it was not there before.
    fn stage(&self, archived: &Archived, writes: &mut Writes) -> Result<bool, ArchiveError> {
        let new = Indexed::of(archived);
        let stored = self.payouts.get(new.id)?;
        if let Some(stored) = &stored {
            self.stage_removal(&stored::decode(new.id, stored)?.0, writes)?;
        }
        let facets = new.facets.0.to_be_bytes().to_vec();
        writes.set(Table::Payouts, new.id, stored::encode(archived));
        writes.set(Table::ByTime, new.by_time(), facets.clone());
        writes.set(Table::ByStatus, new.by_status(), facets);
        if let Some(key) = new.due() {
            writes.set(Table::Due, key, Vec::new());
        }
        if let Some(key) = new.reference() {
            writes.set(Table::References, key, new.id.to_vec());
        }
        Ok(stored.is_none())
    }

    fn stage_removal(&self, old: &Indexed, writes: &mut Writes) -> Result<(), ArchiveError> {
        writes.remove(Table::ByTime, old.by_time());
        writes.remove(Table::ByStatus, old.by_status());
        if let Some(key) = old.due() {
            writes.remove(Table::Due, key);
        }
        let Some(key) = old.reference() else {
            return Ok(());
        };
        // Another payout may carry the reference by now, even one of this batch.
        let holds = match writes.get(Table::References, &key) {
            Some(holder) => holder == Some(old.id.as_slice()),
            None => self.references.get(key)?.is_some_and(|holder| *holder == old.id),
        };
        if holds {
            writes.remove(Table::References, key);
        }
        Ok(())
    }

    fn commit(&self, writes: Writes, count: u64) -> Result<(), ArchiveError> {
        let mut batch = self.database.batch();
        for ((table, key), value) in writes.into_inner() {
            let keyspace = match table {
                Table::Payouts => &self.payouts,
                Table::ByTime => &self.by_time,
                Table::ByStatus => &self.by_status,
                Table::References => &self.references,
                Table::Due => &self.due,
            };
            match value {
                Some(value) => batch.insert(keyspace, key, value),
                None => batch.remove(keyspace, key),
            }
        }
        batch.insert(&self.meta, COUNT, count.to_be_bytes());
        Ok(batch.commit()?)
    }
}

impl ArchiveStore for FjallArchive {
    fn put(&self, batch: Vec<Archived>) -> Result<(), ArchiveError> {
        let mut count = self.turn();
        let mut writes = Writes::default();
        let mut added = 0;
        for archived in last_of_each(batch) {
            added += u64::from(self.stage(&archived, &mut writes)?);
        }
        self.commit(writes, *count + added)?;
        *count += added;
        Ok(())
    }

    fn get(&self, id: Id) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(stored) = self.payouts.get(id)? else {
            return Ok(None);
        };
        Ok(Some(stored::decode(id, &stored)?.1.to_vec()))
    }

    fn contains(&self, id: Id) -> Result<bool, ArchiveError> {
        Ok(self.payouts.contains_key(id)?)
    }

    fn list(
        &self,
        listing: Listing,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        let Listing { merchant, status, after, limit } = listing;
        let (keyspace, first, last, after) = match status {
            None => (
                &self.by_time,
                keys::by_time(merchant, i64::MAX, [0; 16]).to_vec(),
                keys::by_time(merchant, i64::MIN, [0xFF; 16]).to_vec(),
                after.map(|(time, id)| keys::by_time(merchant, time, id).to_vec()),
            ),
            Some(status) => (
                &self.by_status,
                keys::by_status(merchant, status, i64::MAX, [0; 16]).to_vec(),
                keys::by_status(merchant, status, i64::MIN, [0xFF; 16]).to_vec(),
                after.map(|(time, id)| keys::by_status(merchant, status, time, id).to_vec()),
            ),
        };
        let start = after.map_or(Bound::Included(first), Bound::Excluded);
        for entry in keyspace.range((start, Bound::Included(last))).take(limit) {
            let (key, facets) = entry.into_inner()?;
            let row = keys::read_row(&key, &facets).ok_or(CUT)?;
            if visit(row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Result<Option<Id>, ArchiveError> {
        let id = self.references.get(keys::reference(merchant, hash))?;
        id.map(|id| id.first_chunk().copied().ok_or(CUT)).transpose()
    }

    fn due_before(&self, time: i64, limit: usize) -> Result<Vec<(i64, Id)>, ArchiveError> {
        let rows = self.due.range(..keys::due(time, [0; 16])).take(limit);
        rows.map(|row| keys::read_due(&row.key()?).ok_or(CUT)).collect()
    }

    fn persist(&self) -> Result<(), ArchiveError> {
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    fn len(&self) -> usize {
        usize::try_from(*self.turn()).unwrap_or(usize::MAX)
    }

    fn covers(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(self.covered()?.map(|covers| covers.sequence))
    }

    fn covered_by(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(self.covered()?.map_or(Some(0), |covers| covers.snapshot))
    }

    fn set_covers(&self, sequence: u64, snapshot: u64) -> Result<(), ArchiveError> {
        covers::write(&self.database, &self.meta, &self.keyspaces(), sequence, snapshot)?;
        self.persist()
    }

    fn visit(
        &self,
        visit: &mut dyn FnMut(Archived) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        self.rows().payouts(visit)
    }

    fn check_rows(&self, amiss: &mut dyn FnMut(RowAmiss)) -> Result<RowsChecked, ArchiveError> {
        self.rows().check(amiss)
    }
}

fn read_number(meta: &Keyspace, key: &str) -> Result<Option<u64>, ArchiveError> {
    let bytes = meta.get(key)?;
    bytes.map(|bytes| bytes.first_chunk().copied().map(u64::from_be_bytes).ok_or(CUT)).transpose()
}
