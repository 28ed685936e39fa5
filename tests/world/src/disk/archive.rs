//! The archive of finished payouts, which may forget at a crash what was put into it last. Apart from the
//! log because everything in it can be made again. Lists and references are not asked for here.

use crate::chance::Chance;
use snapshots::archive::{RowAmiss, RowsChecked};
use snapshots::{ArchiveError, ArchiveStore, Archived, Listing, Row};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Id = [u8; 16];

/// An archive on a disk that forgets.
#[derive(Default)]
pub struct DiskArchive {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    now: BTreeMap<Id, Arc<Archived>>,
    persisted: BTreeMap<Id, Arc<Archived>>,
    /// Since then, in order.
    unsynced: Vec<Arc<Archived>>,
    covers: Option<(u64, u64)>,
}

impl DiskArchive {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was put last may be gone: a log of its own ends somewhere.
    pub fn crash(&self, chance: &mut Chance) {
        let inner = &mut *self.inner();
        let kept = chance.below(inner.unsynced.len() as u64 + 1) as usize;
        inner.now = inner.persisted.clone();
        inner.now.extend(inner.unsynced.drain(..).take(kept).map(|one| (one.id, one)));
        inner.persisted = inner.now.clone();
    }

    /// Everything that is there, by id.
    pub fn all(&self) -> Vec<Arc<Archived>> {
        self.inner().now.values().cloned().collect()
    }
}

impl ArchiveStore for DiskArchive {
    fn put(&self, batch: Vec<Archived>) -> Result<(), ArchiveError> {
        let inner = &mut *self.inner();
        for archived in batch.into_iter().map(Arc::new) {
            inner.now.insert(archived.id, archived.clone());
            inner.unsynced.push(archived);
        }
        Ok(())
    }

    fn get(&self, id: Id) -> Result<Option<Vec<u8>>, ArchiveError> {
        Ok(self.inner().now.get(&id).map(|archived| archived.body.clone()))
    }

    fn contains(&self, id: Id) -> Result<bool, ArchiveError> {
        Ok(self.inner().now.contains_key(&id))
    }

    fn list(
        &self,
        _: Listing,
        _: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn reference(&self, _: u64, _: [u8; 16]) -> Result<Option<Id>, ArchiveError> {
        Ok(None)
    }

    fn due_before(&self, time: i64, limit: usize) -> Result<Vec<(i64, Id)>, ArchiveError> {
        let inner = self.inner();
        let due = inner.now.values().filter_map(|one| Some((one.due?, one.id)));
        let mut due: Vec<_> = due.filter(|(at, _)| *at < time).collect();
        due.sort_unstable();
        due.truncate(limit);
        Ok(due)
    }

    fn persist(&self) -> Result<(), ArchiveError> {
        let inner = &mut *self.inner();
        inner.persisted = inner.now.clone();
        inner.unsynced.clear();
        Ok(())
    }

    fn len(&self) -> usize {
        self.inner().now.len()
    }

    fn covers(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(self.inner().covers.map(|(sequence, _)| sequence))
    }

    fn covered_by(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(Some(self.inner().covers.map_or(0, |(_, snapshot)| snapshot)))
    }

    fn set_covers(&self, sequence: u64, snapshot: u64) -> Result<(), ArchiveError> {
        self.inner().covers = Some((sequence, snapshot));
        Ok(())
    }

    fn visit(
        &self,
        visit: &mut dyn FnMut(Archived) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        let all: Vec<Archived> = self.all().iter().map(|one| one.as_ref().clone()).collect();
        let _ = all.into_iter().try_for_each(visit);
        Ok(())
    }

    fn check_rows(&self, _: &mut dyn FnMut(RowAmiss)) -> Result<RowsChecked, ArchiveError> {
        Ok(RowsChecked::default())
    }
}
