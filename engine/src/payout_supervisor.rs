//! One partition's supervisor: finds a payout's actor, starts one where there is none, and revives
//! from the journal what died. actix's own supervisor does not notice a panic.
//!
//! ← `gateway` / `payout_actor` →

use crate::codec;
use crate::event_feed::Owners;
use crate::gateway::View;
use crate::lean_context::LeanContext;
use crate::moderation_book::Contribution;
use crate::partition::{Counters, Partition};
use crate::payout_actor::{Answer, PayoutActor, Turn, as_created};
use crate::recovery::{self, Kept};
use crate::refusal::Refusal;
use crate::retire::is_finished;
use crate::slot::{Copied, Life, Slot};
use crate::timer_actor::ArmAll;
use actix::{Actor, Addr, Context, Handler, Message, MessageResult, ResponseFuture};
use adapters::adapter_actor::messages::PermitGranted;
use domain::effect::pending_effects;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::next_due;
use domain::time::Timestamp;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Hands a turn to a payout, wherever it is.
#[derive(Message)]
#[rtype(result = "Result<Answer, Refusal>")]
pub(crate) struct Deliver {
    pub id: PayoutId,
    pub turn: Turn,
}

/// Reads a live payout; none if it is not alive, or being created. What is believed is durable, so reading
/// needs no turn.
#[derive(Message)]
#[rtype(result = "Result<Option<Box<View>>, Refusal>")]
pub(crate) struct Look(pub PayoutId);

/// The live payouts that recovery found for this partition; answered with whose they are.
#[derive(Message)]
#[rtype(result = "Owners")]
pub(crate) struct Adopt(pub Kept);

/// Calls the recovered payouts that have something to do; answers when all were called.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct WakeAll;

/// The ids of all live payouts.
#[derive(Message)]
#[rtype(result = "Vec<PayoutId>")]
pub(crate) struct LiveIds;

/// The number that every write begun so far is below.
#[derive(Message)]
#[rtype(result = "u64")]
pub(crate) struct Mark;

/// Whether every write below that number is believed.
#[derive(Message)]
#[rtype(result = "bool")]
pub(crate) struct Settled(pub u64);

/// Copies of live payouts, for a snapshot.
#[derive(Message)]
#[rtype(result = "Vec<Copied>")]
pub(crate) struct CopyOf(pub Vec<PayoutId>);

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

    /// The payout's actor, started if need be. `None`: no such payout, or answered already.
    fn find(&self, id: PayoutId, turn: &Turn) -> Result<Found, Refusal> {
        let mut slots = self.partition.slots.borrow_mut();
        if let Some(slot) = slots.get_mut(&id) {
            return start(&self.partition, id, slot).map(Found::Actor);
        }
        let rested = self.partition.archived(id)?;
        if let (Some(payout), Turn::Create(request, ..)) = (&rested, turn) {
            if payout.request().body != request.body {
                return Err(Refusal::KeyReused);
            }
            let view = self.partition.view(&as_created(payout), Default::default());
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
            self.partition.index.put(payout);
            self.partition.index.put_reference(payout);
            self.partition.note(Contribution::NONE, payout);
        }
        let life = rested.map_or_else(|| Life::new(None), Life::rested);
        let slot = slots.entry(id).or_insert_with(|| Slot::new(life));
        self.partition.counters.live.fetch_add(1, Ordering::Relaxed);
        start(&self.partition, id, slot).map(Found::Actor)
    }
}

enum Found {
    Actor(Addr<PayoutActor>),
    Answer(Answer),
}

/// What sleeps was written by this build, or read by it: this is a fault of ours, and nothing may be
/// taken for the absence of the payout.
fn unreadable(id: PayoutId, error: &codec::Unreadable) -> Refusal {
    tracing::error!(payout = %id, %error, "a sleeping payout cannot be read");
    Refusal::Internal
}

/// The slot's actor with one more turn on its way, started if it has none, and woken if it sleeps.
fn start(
    partition: &Rc<Partition>,
    id: PayoutId,
    slot: &mut Slot,
) -> Result<Addr<PayoutActor>, Refusal> {
    let awake = slot.awake(id).map_err(|error| unreadable(id, &error))?;
    awake.pending += 1;
    let actor = awake.actor.get_or_insert_with(|| {
        let (life, partition) = (awake.life.clone(), partition.clone());
        LeanContext::start(PayoutActor { id, life, partition })
    });
    Ok(actor.clone())
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
        let actor = match self.find(id, &turn) {
            Ok(Found::Actor(actor)) => actor,
            Ok(Found::Answer(answer)) => return Box::pin(async { Ok(answer) }),
            Err(refusal) => return Box::pin(async { Err(refusal) }),
        };
        let partition = self.partition.clone();
        let turn = actor.send(turn);
        Box::pin(async move {
            match turn.await {
                Ok(answer) => answer,
                Err(_) => {
                    revive(&partition, id, &actor);
                    Err(Refusal::Internal)
                }
            }
        })
    }
}

/// The actor died in the middle of a turn: what it believed cannot be vouched for, so the payout
/// is read again from the journal. Blocks this partition for a moment; deaths are rare.
fn revive(partition: &Rc<Partition>, id: PayoutId, dead: &Addr<PayoutActor>) {
    let died =
        |slot: &Slot| slot.if_awake().is_some_and(|awake| awake.actor.as_ref() == Some(dead));
    if !partition.slots.borrow().get(&id).is_some_and(died) {
        return;
    }
    tracing::error!(payout = %id, "a payout's actor died; reading its journal again");
    Counters::up(&partition.counters.revived);
    match recovery::find(&partition.store, id) {
        Ok(payout) => {
            let exists = payout.is_some();
            if exists {
                let old = partition.slots.borrow().get(&id).and_then(|slot| {
                    let life = slot.if_awake()?.life.try_borrow().ok()?;
                    life.payout.as_ref().map(Contribution::of)
                });
                if let Some(payout) = &payout {
                    partition.note(old.unwrap_or(Contribution::NONE), payout);
                    partition.index.put(payout);
                }
                partition.slots.borrow_mut().insert(id, Slot::new(Life::new(payout)));
                let supervisor = partition.supervisor.clone();
                actix_rt::spawn(
                    async move { Partition::deliver(&supervisor, id, Turn::Wake).await },
                );
            } else if partition.slots.borrow_mut().remove(&id).is_some() {
                partition.counters.live.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Err(error) => {
            // Without its journal the payout must not act; a restart reads it again or refuses.
            tracing::error!(payout = %id, %error, "a payout cannot be read from the journal");
            std::process::abort();
        }
    }
}

impl Handler<PermitGranted> for PayoutSupervisor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, granted: PermitGranted, context: &mut Context<Self>) -> Self::Result {
        let id = granted.payout;
        let turn = Turn::Permit(Box::new(granted));
        let taken = Handler::<Deliver>::handle(self, Deliver { id, turn }, context);
        Box::pin(async move {
            // A payout that no longer wants its permit drops it, which gives the place back.
            if let Err(refusal) = taken.await {
                tracing::debug!(payout = %id, %refusal, "a permit came too late");
            }
        })
    }
}

impl Handler<Look> for PayoutSupervisor {
    type Result = MessageResult<Look>;

    fn handle(&mut self, Look(id): Look, _: &mut Context<Self>) -> Self::Result {
        let slots = self.partition.slots.borrow();
        let see = |payout: &Payout, watch| Box::new(self.partition.view(payout, watch));
        let Some(slot) = slots.get(&id) else { return MessageResult(Ok(None)) };
        MessageResult(slot.look(id, see).map_err(|error| unreadable(id, &error)))
    }
}

impl Handler<Adopt> for PayoutSupervisor {
    type Result = MessageResult<Adopt>;

    fn handle(&mut self, Adopt(kept): Adopt, _: &mut Context<Self>) -> Self::Result {
        let (mut slots, all) = (self.partition.slots.borrow_mut(), kept.len());
        slots.reserve(all);
        self.partition.counters.live.fetch_add(all as u64, Ordering::Relaxed);
        self.partition.index.put_all(kept.rows());
        let owners = kept.rows().map(|row| (row.id, row.merchant)).collect();
        let mut called = Vec::with_capacity(all);
        for met in kept.asleep {
            let id = met.id;
            let (asleep, armed) = met.fall_asleep();
            called.extend(armed.map(|time| (time, id)));
            slots.insert(id, Slot::Asleep(asleep));
        }
        let now = self.partition.clock.now();
        for payout in kept.awake {
            let id = payout.id();
            if !pending_effects(&payout, now).is_empty() || is_finished(&payout) {
                self.to_wake.push(id);
            }
            let (slot, armed) = self.adopt(payout);
            called.extend(armed.map(|time| (time, id)));
            slots.insert(id, slot);
        }
        self.partition.timer.do_send(ArmAll(called));
        MessageResult(owners)
    }
}

impl PayoutSupervisor {
    /// A payout that a start has something to do for, and when its timer is to call.
    fn adopt(&self, payout: Payout) -> (Slot, Option<Timestamp>) {
        self.partition.note(Contribution::NONE, &payout);
        let plan = &self.partition.adapters.policy_of(&payout).poll;
        let armed = next_due(&payout, Default::default(), plan);
        (Slot::new(Life { armed, ..Life::new(Some(payout)) }), armed)
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

impl Handler<LiveIds> for PayoutSupervisor {
    type Result = MessageResult<LiveIds>;

    fn handle(&mut self, _: LiveIds, _: &mut Context<Self>) -> Self::Result {
        MessageResult(self.partition.slots.borrow().keys().copied().collect())
    }
}

impl Handler<CopyOf> for PayoutSupervisor {
    type Result = MessageResult<CopyOf>;

    fn handle(&mut self, CopyOf(ids): CopyOf, _: &mut Context<Self>) -> Self::Result {
        let slots = self.partition.slots.borrow();
        let copy = |id: &PayoutId| slots.get(id)?.copy(*id);
        MessageResult(ids.iter().filter_map(copy).collect())
    }
}
