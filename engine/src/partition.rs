//! What the actors of one arbiter share: who is alive, and the hands they act with. Everything here
//! stays on one thread; only handles lead out.

use crate::adapter_supervisor::AdapterSupervisor;
use crate::clock::SureClock;
use crate::live_index::LiveIndex;
use crate::live_table::LiveTable;
use crate::moderation_book::{Contribution, ModerationBook};
use crate::orphans::OrphanBook;
use crate::payout_actor::Turn;
use crate::payout_supervisor::{Deliver, PayoutSupervisor};
use crate::refusal::Refusal;
use crate::timer_actor::Timer;
use crate::writing::Writing;
use crate::{codec, gateway::View};
use actix::Addr;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::{Watch, next_check_by, next_return_check};
use domain::time::Timestamp;
use snapshots::{Lane, Running as Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the actors of one arbiter share.
pub(crate) struct Partition {
    pub slots: Arc<LiveTable>,
    pub store: Arc<Store>,
    pub clock: Arc<SureClock>,
    pub adapters: Arc<AdapterSupervisor>,
    pub index: Arc<LiveIndex>,
    pub book: Arc<ModerationBook>,
    pub orphans: Arc<OrphanBook>,
    /// The way of this thread to the journal.
    pub lane: Lane,
    pub writing: Writing,
    pub counters: Arc<Counters>,
    pub supervisor: Addr<PayoutSupervisor>,
    pub timer: Timer,
    /// A payout with nothing to do for longer than this gives its actor back.
    pub passivate_after: Duration,
}

/// A partition, as other threads hold it.
#[derive(Clone)]
pub(crate) struct PartitionHandle {
    /// Who is spoken to.
    pub supervisor: Addr<PayoutSupervisor>,
    /// What may be looked at.
    pub slots: Arc<LiveTable>,
}

impl Partition {
    /// Hands a turn to a payout through its supervisor, which finds or revives the actor.
    ///
    /// Whether it was taken: an answer is an answer, a refusal of the payout's too.
    pub async fn deliver(supervisor: &Addr<PayoutSupervisor>, id: PayoutId, turn: Turn) -> bool {
        match supervisor.send(Deliver { id, turn }).await {
            Ok(Ok(_)) | Ok(Err(Refusal::Refused(_))) => return true,
            // The journal has closed: the next start reads what was written, and asks the rest.
            Ok(Err(Refusal::NotReady)) => {}
            Ok(Err(refusal)) => tracing::warn!(payout = %id, %refusal, "a turn was not taken"),
            Err(error) => tracing::error!(payout = %id, %error, "a supervisor does not answer"),
        }
        false
    }

    /// The payout as a reader sees it.
    pub fn view(&self, payout: &Payout, watch: Watch) -> View {
        view(&self.adapters, payout.clone(), watch, self.clock.now())
    }

    /// When a paid payout is looked at again, in case its money came back.
    pub fn next_return_check(&self, payout: &Payout) -> Option<Timestamp> {
        next_return_check(payout, self.clock.now(), self.adapters.policy_of(payout))
    }

    /// Takes note of a payout in the lists that span payouts, and stops or opens its provider.
    pub fn note(&self, before: Contribution, payout: &Payout) {
        self.book.note(before, payout, |account, stop| {
            self.adapters.stop_for_exposure(account, stop);
        });
    }

    /// The payout of this id from the archive.
    pub fn archived(&self, id: PayoutId) -> Result<Option<Payout>, Refusal> {
        read_archived(&self.store, id)
    }
}

/// A payout as a reader sees it, wherever it was found alive.
pub(crate) fn view(
    adapters: &AdapterSupervisor,
    payout: Payout,
    watch: Watch,
    now: Timestamp,
) -> View {
    let plan = &adapters.policy_of(&payout).poll;
    View { next_check_at: next_check_by(&payout, watch, plan, now), payout }
}

/// The payout of this id from the archive.
pub(crate) fn read_archived(store: &Store, id: PayoutId) -> Result<Option<Payout>, Refusal> {
    let body = store.archive.get(id.0).map_err(|error| {
        tracing::error!(payout = %id, %error, "the archive does not answer");
        Refusal::Internal
    })?;
    let Some(body) = body else { return Ok(None) };
    codec::payout(id, &body).map(Some).map_err(|error| {
        tracing::error!(payout = %id, %error, "the archive has a payout that cannot be read");
        Refusal::Internal
    })
}

/// What the engine counts, for metrics and for refusing in time.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests under way.
    pub in_flight: AtomicU64,
    /// Payouts in memory.
    pub live: AtomicU64,
    /// Payouts created since the start.
    pub created: AtomicU64,
    /// Submissions handed to adapters since the start.
    pub submitted: AtomicU64,
    /// Status fetches made since the start.
    pub verified: AtomicU64,
    /// Payouts that reached a settled or final status since the start.
    pub finished: AtomicU64,
    /// Contradictions found since the start.
    pub discrepancies: AtomicU64,
    /// Times the timers called a payout since the start.
    pub ticks: AtomicU64,
    /// Payout actors revived after a death.
    pub revived: AtomicU64,
}

impl Counters {
    pub(crate) fn up(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
