//! One partition's timer: every due time in one ordered set, one armed sleep for the earliest.
//! Rebuilt from the payouts at recovery, so nothing sleeps for ever.

use crate::clock::Clock;
use crate::partition::Partition;
use crate::payout_actor::Turn;
use crate::payout_supervisor::PayoutSupervisor;
use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture,
};
use domain::id::PayoutId;
use domain::time::Timestamp;
use futures_util::stream::{self, StreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many due payouts are called at once; the rest wait their turn.
const CALLED_AT_ONCE: usize = 256;

/// Sets, moves or removes one payout's due time.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Arm {
    pub id: PayoutId,
    pub old: Option<Timestamp>,
    pub new: Option<Timestamp>,
}

/// Sets many due times at once, at recovery.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct ArmAll(pub Vec<(Timestamp, PayoutId)>);

/// One partition's timer.
pub(crate) struct TimerActor {
    clock: Arc<dyn Clock>,
    supervisor: Addr<PayoutSupervisor>,
    due: BTreeSet<(Timestamp, PayoutId)>,
    sleep: Option<(Timestamp, SpawnHandle)>,
    /// Due payouts are being called; the next sleep is armed when they have answered.
    calling: bool,
}

impl TimerActor {
    pub fn new(clock: Arc<dyn Clock>, supervisor: Addr<PayoutSupervisor>) -> TimerActor {
        TimerActor { clock, supervisor, due: BTreeSet::new(), sleep: None, calling: false }
    }

    fn arm(&mut self, context: &mut Context<Self>) {
        let Some((earliest, _)) = self.due.first().copied() else { return };
        if self.calling || self.sleep.is_some_and(|(armed, _)| armed <= earliest) {
            return;
        }
        if let Some((_, handle)) = self.sleep.take() {
            context.cancel_future(handle);
        }
        let slept = self.clock.wait_until(earliest).into_actor(self);
        let handle = context.spawn(slept.map(|(), timer, context| {
            timer.sleep = None;
            timer.call(context);
        }));
        self.sleep = Some((earliest, handle));
    }

    /// Calls what is due, a bounded number at a time.
    fn call(&mut self, context: &mut Context<Self>) {
        let now = self.clock.now();
        let mut called = Vec::new();
        while called.len() < CALLED_AT_ONCE * 4
            && let Some((due, id)) = self.due.first().copied()
            && due <= now
        {
            self.due.pop_first();
            called.push(id);
        }
        if called.is_empty() {
            return self.arm(context);
        }
        self.calling = true;
        let supervisor = self.supervisor.clone();
        let calls = stream::iter(called).for_each_concurrent(CALLED_AT_ONCE, move |id| {
            let supervisor = supervisor.clone();
            async move { Partition::deliver(&supervisor, id, Turn::Tick).await }
        });
        context.spawn(calls.into_actor(self).map(|(), timer, context| {
            timer.calling = false;
            timer.call(context);
        }));
    }
}

impl Actor for TimerActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // Every payout of the partition may arm at once; none may be lost.
        context.set_mailbox_capacity(1 << 16);
    }
}

impl Handler<Arm> for TimerActor {
    type Result = ();

    fn handle(&mut self, arm: Arm, context: &mut Context<Self>) {
        if let Some(old) = arm.old {
            self.due.remove(&(old, arm.id));
        }
        if let Some(new) = arm.new {
            self.due.insert((new, arm.id));
        }
        self.arm(context);
    }
}

impl Handler<ArmAll> for TimerActor {
    type Result = ();

    fn handle(&mut self, all: ArmAll, context: &mut Context<Self>) {
        // Built from a sorted list: one by one, a million insertions would take a second.
        self.due.append(&mut all.0.into_iter().collect());
        self.arm(context);
    }
}
