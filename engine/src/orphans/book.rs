//! The orphans that are open, and how far the lists are read, in memory: what is asked at every look at
//! the gateway's health must not walk the desk. Made again from the desk and the payouts at every start.

use super::{ListRead, ListSeen, ListState, Orphan};
use crate::desk::DeskState;
use domain::id::PayoutId;
use domain::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The oldest payment first.
type Place = (Timestamp, PayoutId, u8);

/// What is known of orphans.
#[derive(Default)]
pub(crate) struct OrphanBook {
    /// There was one at some time. Nearly always there was none, and no create waits for a lock then.
    any: AtomicBool,
    /// A list is being read. As rare, and as seldom locked for.
    under_way: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    open: BTreeMap<Place, Arc<Orphan>>,
    /// The payouts of all that were ever found, whatever became of them, and the places of these.
    met: HashMap<PayoutId, Vec<Place>>,
    lists: BTreeMap<Box<str>, (ListState, ListRead)>,
}

impl OrphanBook {
    /// Takes in what the desk knows, less those whose payouts exist by now. What the archive cannot say
    /// counts as open.
    pub fn begin<E>(
        &self,
        desk: &DeskState,
        live: impl Iterator<Item = PayoutId>,
        in_archive: impl Fn(PayoutId) -> Result<bool, E>,
    ) {
        if desk.orphans.is_empty() && desk.closed_orphans.is_empty() {
            return;
        }
        let all: Vec<Arc<Orphan>> = desk.orphans.values().cloned().collect();
        self.lock().met.extend(desk.closed_orphans.iter().map(|(id, _)| (*id, Vec::new())));
        self.take(&all);
        live.for_each(|id| self.exists(id));
        for id in all.iter().map(|orphan| orphan.payout) {
            if in_archive(id).unwrap_or(false) {
                self.exists(id);
            }
        }
    }

    /// Remembers that a provider lists a payment of this payout, which is asked about already.
    pub fn meet(&self, id: PayoutId) {
        self.lock().met.entry(id).or_default();
        self.any.store(true, Ordering::Release);
    }

    /// Takes in what was found; what is known of one that is open already is replaced.
    pub fn take(&self, found: &[Arc<Orphan>]) {
        let mut inner = self.lock();
        for orphan in found {
            let place = (orphan.at, orphan.payout, orphan.attempt);
            let places = inner.met.entry(orphan.payout).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
            inner.open.insert(place, orphan.clone());
        }
        self.any.store(!inner.met.is_empty(), Ordering::Release);
    }

    /// There is a payout of this id: it is no orphan any more.
    pub fn exists(&self, id: PayoutId) {
        if self.has_met(id) {
            self.close(id);
        }
    }

    /// It is shown no longer.
    pub fn close(&self, id: PayoutId) {
        let inner = &mut *self.lock();
        for place in inner.met.get(&id).into_iter().flatten() {
            inner.open.remove(place);
        }
    }

    /// Whether a provider has listed a payment of this payout when nobody here knew of it. No "not found"
    /// is believed about such a one, whoever says so.
    pub fn has_met(&self, id: PayoutId) -> bool {
        self.any.load(Ordering::Acquire) && self.lock().met.contains_key(&id)
    }

    /// What is open of one payout.
    pub fn of(&self, id: PayoutId) -> Vec<Arc<Orphan>> {
        let inner = self.lock();
        let places = inner.met.get(&id).into_iter().flatten();
        places.filter_map(|place| inner.open.get(place)).cloned().collect()
    }

    /// Whether this one is open.
    pub fn is_open(&self, orphan: &Orphan) -> bool {
        self.lock().open.contains_key(&(orphan.at, orphan.payout, orphan.attempt))
    }

    /// How many are open.
    pub fn open_count(&self) -> u64 {
        self.lock().open.len() as u64
    }

    /// At most `limit` behind a place, and whether there are more.
    pub fn page(
        &self,
        after: Option<(Timestamp, PayoutId)>,
        limit: usize,
    ) -> (Vec<Arc<Orphan>>, bool) {
        let from = after.map_or(Bound::Unbounded, |(at, id)| Bound::Excluded((at, id, u8::MAX)));
        let inner = self.lock();
        let mut behind = inner.open.range((from, Bound::Unbounded)).map(|(_, orphan)| orphan);
        let page = behind.by_ref().take(limit).cloned().collect();
        (page, behind.next().is_some())
    }

    /// How far an account's list is read by now.
    pub fn note_list(&self, account: &str, state: ListState, read: ListRead) {
        let mut inner = self.lock();
        inner.lists.insert(account.into(), (state, read));
        let unread = inner.lists.values().any(|(state, _)| *state == ListState::UnderWay);
        self.under_way.store(unread, Ordering::Release);
    }

    /// How far each account's list is read; of accounts of which none is wanted there is nothing.
    pub fn lists(&self) -> Vec<ListSeen> {
        let inner = self.lock();
        let lists = inner.lists.iter();
        lists
            .map(|(account, (state, read))| ListSeen {
                account: account.clone(),
                state: *state,
                read: *read,
            })
            .collect()
    }

    /// Whether there may be orphans that no list has told of yet.
    pub fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole before the lock is let go: a poisoned book can be read on.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
