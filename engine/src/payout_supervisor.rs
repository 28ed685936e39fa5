//! One partition's supervisor: what may be said to a partition from other threads. Turns go to their payouts'
//! actors (`finding`), which are revived from the journal when they die: actix's own supervisor does not
//! notice a panic.
//!
//! ← `gateway` / `payout_actor` →

use crate::finding::Found;
use crate::moderation_book::Contribution;
use crate::partition::Partition;
use crate::payout_actor::{Answer, Turn};
use crate::recovery::Kept;
use crate::refusal::Refusal;
use crate::retire::is_finished;
use crate::slot::{Life, Slot};
use actix::{Actor, Context, Handler, Message, MessageResult, ResponseFuture};
use adapters::adapter_actor::messages::PermitGranted;
use domain::effect::pending_effects;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::next_due;
use domain::time::Timestamp;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Hands a turn to a payout, wherever it is.
#[derive(Message)]
#[rtype(result = "Result<Answer, Refusal>")]
pub(crate) struct Deliver {
    pub id: PayoutId,
    pub turn: Turn,
}

/// Calls payouts that are due; answered with how many turns of the partition are on their way to the disk.
#[derive(Message)]
#[rtype(result = "usize")]
pub(crate) struct Call(pub Vec<PayoutId>);

/// A payout's actor died in the middle of a turn.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Died(pub PayoutId);

/// The live payouts that recovery found for this partition; answered when all are there.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Adopt(pub Kept);

/// Calls the recovered payouts that have something to do; answers when all were called.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct WakeAll;

/// The number that every write begun so far is below.
#[derive(Message)]
#[rtype(result = "u64")]
pub(crate) struct Mark;

/// Whether every write below that number is believed.
#[derive(Message)]
#[rtype(result = "bool")]
pub(crate) struct Settled(pub u64);

/// One partition's supervisor.
pub(crate) struct PayoutSupervisor {
    partition: Rc<Partition>,
    /// Those that the start has something to do for, until they are called. Kept by their ids, because
    /// one that somebody has asked for meanwhile may sleep by then.
    to_wake: Vec<PayoutId>,
}

impl PayoutSupervisor {
    pub fn new(partition: Rc<Partition>) -> PayoutSupervisor {
        PayoutSupervisor { partition, to_wake: Vec::new() }
    }
}

impl Actor for PayoutSupervisor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(1 << 14);
    }
}

impl Handler<Deliver> for PayoutSupervisor {
    type Result = ResponseFuture<Result<Answer, Refusal>>;

    fn handle(&mut self, Deliver { id, turn }: Deliver, _: &mut Context<Self>) -> Self::Result {
        let turn = match self.partition.find(id, &turn) {
            Ok(Found::Actor(actor)) => actor.send(turn),
            Ok(Found::Answer(answer)) => return Box::pin(async { Ok(answer) }),
            Err(refusal) => return Box::pin(async { Err(refusal) }),
        };
        Box::pin(async move { turn.await.unwrap_or(Err(Refusal::Internal)) })
    }
}

impl Handler<PermitGranted> for PayoutSupervisor {
    type Result = ();

    fn handle(&mut self, granted: PermitGranted, _: &mut Context<Self>) {
        // A payout that no longer wants its permit drops it, which gives the place back.
        self.partition.hand(granted.payout, Turn::Permit(Box::new(granted)));
    }
}

impl Handler<Call> for PayoutSupervisor {
    type Result = usize;

    fn handle(&mut self, Call(due): Call, _: &mut Context<Self>) -> usize {
        due.into_iter().for_each(|id| self.partition.hand(id, Turn::Tick));
        self.partition.writing.open()
    }
}

impl Handler<Died> for PayoutSupervisor {
    type Result = ();

    fn handle(&mut self, Died(id): Died, _: &mut Context<Self>) {
        self.partition.revive(id);
    }
}

impl Handler<Adopt> for PayoutSupervisor {
    type Result = ();

    fn handle(&mut self, Adopt(kept): Adopt, _: &mut Context<Self>) {
        let (mut slots, all) = (self.partition.slots.lock(), kept.len());
        slots.reserve(all);
        self.partition.counters.live.fetch_add(all as u64, Ordering::Relaxed);
        self.partition.index.put_all(kept.rows());
        let mut called = Vec::with_capacity(all);
        for met in kept.asleep {
            let id = met.id;
            let (asleep, armed) = met.fall_asleep();
            called.extend(armed.map(|time| (time, id)));
            slots.insert(id.0, Slot::Asleep(asleep));
        }
        let now = self.partition.clock.now();
        for payout in kept.awake {
            let id = payout.id();
            if !pending_effects(&payout, now).is_empty() || is_finished(&payout) {
                self.to_wake.push(id);
            }
            let (slot, armed) = self.adopt(payout);
            called.extend(armed.map(|time| (time, id)));
            slots.insert(id.0, slot);
        }
        drop(slots);
        if adapters::planted!(TimersNotRearmed) {
            return;
        }
        self.partition.timer.arm_all(called);
    }
}

impl PayoutSupervisor {
    /// A payout that a start has something to do for, and when its timer is to call.
    fn adopt(&self, payout: Payout) -> (Slot, Option<Timestamp>) {
        self.partition.note(Contribution::NONE, &payout);
        let plan = &self.partition.adapters.policy_of(&payout).poll;
        let (watch, now) = (Default::default(), self.partition.clock.now());
        let armed = next_due(&payout, watch, plan, now);
        (Slot::new(Life { armed, ..Life::new(Some(payout), Duration::ZERO) }), armed)
    }
}

impl Handler<WakeAll> for PayoutSupervisor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: WakeAll, _: &mut Context<Self>) -> Self::Result {
        let ids = std::mem::take(&mut self.to_wake);
        let supervisor = self.partition.supervisor.clone();
        Box::pin(async move {
            for id in ids {
                Partition::deliver(&supervisor, id, Turn::Wake).await;
            }
        })
    }
}

impl Handler<Mark> for PayoutSupervisor {
    type Result = MessageResult<Mark>;

    fn handle(&mut self, _: Mark, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.partition.writing.mark())
    }
}

impl Handler<Settled> for PayoutSupervisor {
    type Result = bool;

    fn handle(&mut self, Settled(mark): Settled, _: &mut Context<Self>) -> Self::Result {
        self.partition.writing.is_settled(mark)
    }
}
