//! The live payouts of one partition. Only the partition's own thread changes anything here; every thread
//! may look, because what is believed is durable, and a look that had to be asked for would cost its reader
//! two wakes across threads.
//!
//! Two locks, the table's and a payout's own, and whoever looks from outside holds one of them at a time.

use crate::codec::Unreadable;
use crate::sleeper::Asleep;
use crate::slot::{Copied, LifeCell, Slot, waited};
use crate::spread_map::SpreadMap;
use domain::id::{MerchantId, PayoutId};
use domain::payout::Payout;
use domain::report::Waited;
use domain::schedule::Watch;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The live payouts of one partition.
#[derive(Default)]
pub(crate) struct LiveTable(Mutex<SpreadMap<Slot>>);

/// A live payout as it stood in the table at some moment.
enum Met {
    Awake(Arc<LifeCell>),
    Asleep(Asleep),
}

impl LiveTable {
    /// The table, for the partition's own thread.
    pub fn lock(&self) -> MutexGuard<'_, SpreadMap<Slot>> {
        // Each change is one insertion or removal: a poisoned table is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A payout as it is, and what is remembered of questions about it, after this process has been running for
    /// so long; none if it is not alive, or being created.
    pub fn see(
        &self,
        id: PayoutId,
        running: Duration,
    ) -> Result<Option<(Payout, Watch, Waited)>, Unreadable> {
        match self.meet(id) {
            None => Ok(None),
            Some(Met::Awake(life)) => {
                let life = life.lock();
                let waited = life.waited(running);
                Ok(life.payout.clone().map(|payout| (payout, life.watch, waited)))
            }
            Some(Met::Asleep(asleep)) => {
                let (payout, notes) = asleep.wake(id)?;
                let waited = waited(&payout, notes.still_since, running);
                Ok(Some((payout, notes.watch, waited)))
            }
        }
    }

    /// Whose a payout is; none if it is not alive, or being created.
    pub fn merchant_of(&self, id: PayoutId) -> Result<Option<MerchantId>, Unreadable> {
        match self.meet(id) {
            None => Ok(None),
            Some(Met::Awake(life)) => {
                Ok(life.lock().payout.as_ref().map(|payout| payout.request().merchant))
            }
            Some(Met::Asleep(asleep)) => asleep.merchant().map(Some),
        }
    }

    /// Copies of those that are alive, as they stand; without those that are being created.
    pub fn copies(&self, ids: &[PayoutId]) -> Vec<Copied> {
        let copy = |id: &PayoutId| match self.meet(*id)? {
            Met::Awake(life) => life.lock().payout.clone().map(|one| Copied::Awake(Box::new(one))),
            Met::Asleep(asleep) => Some(Copied::Asleep(*id, asleep)),
        };
        ids.iter().filter_map(copy).collect()
    }

    /// The ids of all.
    pub fn ids(&self) -> Vec<PayoutId> {
        self.lock().keys().copied().map(PayoutId).collect()
    }

    fn meet(&self, id: PayoutId) -> Option<Met> {
        Some(match self.lock().get(&id.0)? {
            Slot::Awake(awake) => Met::Awake(awake.life.clone()),
            Slot::Asleep(asleep) => Met::Asleep(asleep.clone()),
        })
    }
}
