//! One partition's timer: every due time in one ordered set, one armed sleep for the earliest.
//! Rebuilt from the payouts at recovery, so nothing sleeps for ever.
//!
//! The set is shared with the payouts of the partition, which live on the same thread and set their own
//! times in it; the actor is told only when it would sleep too long.

use crate::clock::Clock;
use crate::payout_supervisor::{Call, PayoutSupervisor};
use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture,
};
use domain::id::PayoutId;
use domain::time::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How many due payouts are called at once. The next are called behind their turns, so that a million
/// that are due together do not all wake together.
const CALLED_AT_ONCE: usize = 256;

/// While more turns than this are on their way to the disk, no more due payouts are called.
const WRITING_AT_ONCE: usize = 512;

/// The set is looked at this often whatever is due: the clock may have been put back meanwhile, and what was to
/// be called soon would sleep for as long.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

/// A clock that goes back by less is let run.
const PUT_BACK: i64 = 60_000_000;

/// How long the disk is given then.
const PAUSE: Duration = Duration::from_millis(2);

/// When the payouts of a partition are due.
#[derive(Default)]
pub(crate) struct DueTimes {
    all: RefCell<BTreeSet<(Timestamp, PayoutId)>>,
    /// The actor looks at the set by itself then.
    looks_at: Cell<Option<Timestamp>>,
}

/// A partition's timer, for the payouts of the partition.
pub(crate) struct Timer {
    due: Rc<DueTimes>,
    actor: Addr<TimerActor>,
}

impl Timer {
    /// Starts it on the current arbiter.
    pub fn start(clock: Arc<dyn Clock>, supervisor: Addr<PayoutSupervisor>) -> Timer {
        let due = Rc::new(DueTimes::default());
        let ahead = ahead(&*clock);
        let recalled = BTreeSet::new();
        let actor =
            TimerActor { clock, supervisor, due: due.clone(), recalled, ahead, sleep: None };
        Timer { due, actor: actor.start() }
    }

    /// Sets, moves or removes one payout's due time.
    pub fn arm(&self, id: PayoutId, old: Option<Timestamp>, new: Option<Timestamp>) {
        let mut all = self.due.all.borrow_mut();
        if let Some(old) = old {
            all.remove(&(old, id));
        }
        if let Some(new) = new {
            all.insert((new, id));
            drop(all);
            self.look_by(new);
        }
    }

    /// Sets many due times at once, at recovery. From a sorted list: one by one, a million insertions
    /// would take a second.
    pub fn arm_all(&self, called: Vec<(Timestamp, PayoutId)>) {
        let earliest = called.iter().map(|(due, _)| *due).min();
        self.due.all.borrow_mut().append(&mut called.into_iter().collect());
        if let Some(earliest) = earliest {
            self.look_by(earliest);
        }
    }

    fn look_by(&self, due: Timestamp) {
        if self.due.looks_at.get().is_none_or(|at| due < at) {
            self.due.looks_at.set(Some(due));
            self.actor.do_send(Look);
        }
    }
}

/// Something is due earlier than the timer would look.
#[derive(Message)]
#[rtype(result = "()")]
struct Look;

/// One partition's timer.
pub(crate) struct TimerActor {
    clock: Arc<dyn Clock>,
    supervisor: Addr<PayoutSupervisor>,
    due: Rc<DueTimes>,
    /// Due times by a clock that was put back since. Each of these payouts is called, and sets its own anew.
    recalled: BTreeSet<(Timestamp, PayoutId)>,
    /// How far the clock was ahead of its running at the last look.
    ahead: i64,
    sleep: Option<SpawnHandle>,
}

fn ahead(clock: &dyn Clock) -> i64 {
    let running = i64::try_from(clock.running().as_micros()).unwrap_or(i64::MAX);
    clock.now().0.saturating_sub(running)
}

impl TimerActor {
    /// Calls what is due, a bounded number at a time; then sleeps until the next.
    fn look(&mut self, context: &mut Context<Self>) {
        if let Some(handle) = self.sleep.take() {
            context.cancel_future(handle);
        }
        self.notice_a_clock_put_back();
        let called = self.take_due();
        if called.is_empty() {
            return self.sleep(context);
        }
        // Until these are called nobody need tell of an earlier time: it is looked at right behind them.
        self.due.looks_at.set(Some(Timestamp(i64::MIN)));
        let calls = self.supervisor.send(Call(called)).into_actor(self);
        context.spawn(calls.map(|open, timer, context| match open {
            // A million expiries must not fill the journal's queue, which others need.
            Ok(open) if open > WRITING_AT_ONCE => {
                context.run_later(PAUSE, |timer, context| timer.look(context));
            }
            _ => timer.look(context),
        }));
    }

    fn notice_a_clock_put_back(&mut self) {
        let before = std::mem::replace(&mut self.ahead, ahead(&*self.clock));
        if before.saturating_sub(self.ahead) > PUT_BACK {
            tracing::warn!("the clock was put back; every due time is looked at again");
            self.recalled.append(&mut self.due.all.borrow_mut());
        }
    }

    fn take_due(&mut self) -> Vec<PayoutId> {
        let now = self.clock.now();
        let mut all = self.due.all.borrow_mut();
        let mut called = Vec::new();
        while called.len() < CALLED_AT_ONCE
            && let Some((_, id)) = self.recalled.pop_first()
        {
            called.push(id);
        }
        while called.len() < CALLED_AT_ONCE
            && let Some((due, id)) = all.first().copied()
            && due <= now
        {
            all.pop_first();
            called.push(id);
        }
        called
    }

    fn sleep(&mut self, context: &mut Context<Self>) {
        let earliest = self.due.all.borrow().first().map(|(due, _)| *due);
        let earliest = earliest.map(|due| due.min(self.clock.now().plus(LOOK_EVERY)));
        self.due.looks_at.set(earliest);
        let Some(earliest) = earliest else { return };
        let slept = self.clock.wait_until(earliest).into_actor(self);
        self.sleep = Some(context.spawn(slept.map(|(), timer, context| {
            timer.sleep = None;
            timer.look(context);
        })));
    }
}

impl Actor for TimerActor {
    type Context = Context<Self>;
}

impl Handler<Look> for TimerActor {
    type Result = ();

    fn handle(&mut self, _: Look, context: &mut Context<Self>) {
        // While payouts are being called, the look behind them is on its way.
        if self.due.looks_at.get() != Some(Timestamp(i64::MIN)) {
            self.look(context);
        }
    }
}
