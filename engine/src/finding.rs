//! Finding a payout's actor: where it lives, or by starting, waking or reading it again from the journal.
//! Apart from the supervisor's mailbox, because whoever stands on the partition's own thread hands a turn
//! over without asking through it: nine of ten turns are the engine's own, and nobody waits for their
//! answers.
//!
//! ← `payout_supervisor` / `payout_actor/act` →

use crate::codec;
use crate::lean_context::LeanContext;
use crate::moderation_book::Contribution;
use crate::partition::{Counters, Partition};
use crate::payout_actor::{Answer, PayoutActor, Turn, as_created};
use crate::recovery;
use crate::refusal::Refusal;
use crate::slot::{Life, Slot};
use actix::Addr;
use domain::id::PayoutId;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Where a turn goes.
pub(crate) enum Found {
    /// To this actor, which expects it already.
    Actor(Addr<PayoutActor>),
    /// Nowhere: this is the answer.
    Answer(Answer),
}

impl Partition {
    /// Hands a turn to a payout's actor. Nobody waits for its end: what it leads to is in the journal.
    pub fn hand(self: &Rc<Self>, id: PayoutId, turn: Turn) {
        match self.find(id, &turn) {
            Ok(Found::Actor(actor)) => actor.do_send(turn),
            Ok(Found::Answer(_)) => {}
            Err(refusal) => tracing::warn!(payout = %id, %refusal, "a turn was not taken"),
        }
    }

    /// The payout's actor, started if need be. One turn more is expected by it from now on.
    pub fn find(self: &Rc<Self>, id: PayoutId, turn: &Turn) -> Result<Found, Refusal> {
        if let Some(slot) = self.slots.lock().get_mut(&id.0) {
            return self.start(id, slot).map(Found::Actor);
        }
        let rested = self.archived(id)?;
        if let (Some(payout), Turn::Create(request, ..)) = (&rested, turn) {
            if payout.request().body != request.body {
                return Err(Refusal::KeyReused);
            }
            let view = self.view(&as_created(payout), Default::default());
            return Ok(Found::Answer(Answer::Replayed(Box::new(view))));
        }
        if rested.is_some() && matches!(turn, Turn::Doorbell(ring) if !ring.authentic) {
            // Nobody reads the archive for a stranger; what rests is looked at by the return watch.
            return Ok(Found::Answer(Answer::Done));
        }
        if rested.is_none() && !matches!(turn, Turn::Create(..)) {
            return Err(Refusal::NotFound);
        }
        if let Some(payout) = &rested {
            self.index.put(payout);
            self.index.put_reference(payout);
            self.note(Contribution::NONE, payout);
        }
        let running = self.clock.running();
        // Still absent: nobody else puts payouts here.
        let mut slot = Slot::new(match rested {
            None => Life::new(None, running),
            Some(payout) => Life::rested(payout, running),
        });
        let actor = self.start(id, &mut slot)?;
        self.slots.lock().insert(id.0, slot);
        self.counters.live.fetch_add(1, Ordering::Relaxed);
        Ok(Found::Actor(actor))
    }

    /// The slot's actor with one more turn on its way, started if it has none, and woken if it sleeps.
    fn start(self: &Rc<Self>, id: PayoutId, slot: &mut Slot) -> Result<Addr<PayoutActor>, Refusal> {
        let awake = slot.awake(id).map_err(|error| unreadable(id, &error))?;
        awake.pending += 1;
        let actor = awake.actor.get_or_insert_with(|| {
            LeanContext::start(PayoutActor::new(id, awake.life.clone(), self.clone()))
        });
        Ok(actor.clone())
    }

    /// An actor died in the middle of a turn: what it believed cannot be vouched for, so the payout is
    /// read again from the journal. Blocks this partition for a moment; deaths are rare.
    pub fn revive(self: &Rc<Self>, id: PayoutId) {
        let died = |slot: &Slot| {
            let actor = slot.if_awake().and_then(|awake| awake.actor.as_ref());
            actor.is_some_and(|actor| !actor.connected())
        };
        match self.slots.lock().get(&id.0).map(died) {
            Some(true) => {}
            Some(false) => return,
            None => return self.writing.revived(id),
        }
        tracing::error!(payout = %id, "a payout's actor died; reading its journal again");
        Counters::up(&self.counters.revived);
        match recovery::find(&self.store, id) {
            Ok(Some(payout)) => {
                let old = self.slots.lock().get(&id.0).and_then(|slot| {
                    let life = slot.if_awake()?.life.lock();
                    Some((life.payout.as_ref().map(Contribution::of), life.under_way))
                });
                let (old, under_way) = old.unwrap_or_default();
                self.note(old.unwrap_or(Contribution::NONE), &payout);
                self.index.put(&payout);
                // What had left for the door may leave yet, whoever waited for it.
                let life = Life { under_way, ..Life::new(Some(payout), self.clock.running()) };
                self.slots.lock().insert(id.0, Slot::new(life));
                self.writing.revived(id);
                self.hand(id, Turn::Wake);
            }
            Ok(None) => {
                if self.slots.lock().remove(&id.0).is_some() {
                    self.counters.live.fetch_sub(1, Ordering::Relaxed);
                }
                self.writing.revived(id);
            }
            Err(error) => {
                // Without its journal the payout must not act; a restart reads it again or refuses.
                tracing::error!(payout = %id, %error, "a payout cannot be read from the journal");
                std::process::abort();
            }
        }
    }
}

/// What sleeps was written by this build, or read by it: this is a fault of ours, and nothing may be
/// taken for the absence of the payout.
pub(crate) fn unreadable(id: PayoutId, error: &codec::Unreadable) -> Refusal {
    tracing::error!(payout = %id, %error, "a sleeping payout cannot be read");
    Refusal::Internal
}
