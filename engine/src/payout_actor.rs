//! One payout's actor: the spine of the engine. Every turn is **decide, write, believe, act**, and
//! no turn begins before the one ahead of it is through.
//!
//! ← `payout_supervisor` (finds it) / `adapter_supervisor` (acts for it) →

use crate::gateway::View;
use crate::lean_context::LeanContext;
use crate::partition::{Counters, Partition};
use crate::refusal::Refusal;
use crate::slot::{Life, Slot};
use crate::writing::Ticket;
use actix::{Actor, ActorContext, ActorFutureExt, AtomicResponse, Handler, Message, WrapFuture};
use adapters::adapter_actor::messages::PermitGranted;
use adapters::permit::Permit;
use domain::command::Command;
use domain::conversion::Rate;
use domain::decide::Step;
use domain::entry::{By, Request};
use domain::id::{Fingerprint, PayoutId};
use domain::report::{Found, Report};
use domain::time::Timestamp;
use std::cell::RefCell;
use std::rc::Rc;

mod act;
mod turns;

pub(crate) use act::question;
pub(crate) use turns::as_created;

/// One payout's actor.
pub(crate) struct PayoutActor {
    pub(super) id: PayoutId,
    pub(super) life: Rc<RefCell<Life>>,
    pub(super) partition: Rc<Partition>,
}

impl Actor for PayoutActor {
    type Context = LeanContext<Self>;
}

/// Something that reaches a payout.
#[derive(Message)]
#[rtype(result = "Result<Answer, Refusal>")]
pub(crate) enum Turn {
    /// A merchant's request under this id; with the rate, if it will be converted.
    Create(Box<Request>, Option<Rate>, Precaution),
    /// A person asks; with the fingerprints of the idempotency key and of the command.
    Command { command: Command, key: Option<(Fingerprint, Fingerprint)>, by: By },
    /// The provider account has room now.
    Permit(Box<PermitGranted>),
    /// The provider account has no room in its queue.
    PermitDenied,
    /// An adapter answers.
    Report(Box<Report>),
    /// A callback arrived.
    Doorbell(Box<Ring>),
    /// The timer calls.
    Tick,
    /// Back from the journal: do what is still to be done.
    Wake,
    /// The archive has this version, to be looked at again then.
    Archived(u32, Option<Timestamp>),
    /// A test makes the actor die in the middle of a turn.
    #[cfg(test)]
    Die,
    /// A test makes deciding panic.
    #[cfg(test)]
    Confuse,
}

/// Whether a new payout may be sent as soon as it is its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Precaution {
    /// It may.
    None,
    /// Its key may have been used in a time that a restore has lost: the provider is asked first.
    AskFirst,
}

/// A callback, as its adapter judged it.
pub(crate) struct Ring {
    /// At whose address it arrived, and whose secret it was judged by.
    pub account: Box<str>,
    /// It is from the provider.
    pub authentic: bool,
    /// The attempt that its reference names.
    pub attempt: u8,
    /// The provider's id of the event, hashed.
    pub event: Option<u64>,
    /// The token of our own question that it answers.
    pub token: Option<Box<str>>,
    /// What it claims.
    pub found: Option<Found>,
}

/// What a turn answers.
pub(crate) enum Answer {
    /// Made just now.
    Created(Box<View>),
    /// Made before, under the same key with the same body: as it was answered then.
    Replayed(Box<View>),
    /// As it is now.
    Seen(Box<View>),
    /// Nothing to show.
    Done,
}

/// A turn after deciding: what to write, what to do, and what to answer.
pub(super) struct Decided {
    pub step: Step,
    pub permit: Option<Permit>,
    pub reply: Reply,
}

/// Which answer a decided turn gives once it is true.
pub(super) enum Reply {
    Created,
    Seen,
    Nothing,
    /// Known already; nothing is written.
    Given(Answer),
    #[cfg(test)]
    Death,
}

impl Handler<Turn> for PayoutActor {
    /// Atomic: no other message is taken up until this one is durable.
    type Result = AtomicResponse<Self, Result<Answer, Refusal>>;

    fn handle(&mut self, turn: Turn, _: &mut LeanContext<Self>) -> Self::Result {
        self.began();
        let decided = self.decide(turn); // pure
        let written = decided.and_then(|decided| {
            let ticket = Ticket::take(&self.partition, &decided.step);
            Ok((self.write(&decided.step)?, decided, ticket))
        });
        let durable = async move {
            let (append, decided, ticket) = written?;
            if let Some(append) = append {
                append.await.map_err(|_| Refusal::NotReady)?; // durable, then
            }
            Ok((decided, ticket))
        };
        AtomicResponse::new(Box::pin(durable.into_actor(self).map(
            |decided: Result<(Decided, Option<Ticket>), Refusal>, actor, context| {
                let (Decided { step, permit, reply }, ticket) = decided?;
                actor.believe(step.entries)?; // true, then
                drop(ticket);
                actor.act(step.effects, permit); // acted on
                let answer = actor.answer(reply);
                actor.settle_down(context);
                answer
            },
        )))
    }
}

impl PayoutActor {
    /// One message less waits in the mailbox.
    fn began(&self) {
        let mut slots = self.partition.slots.borrow_mut();
        if let Some(awake) = slots.get_mut(&self.id).and_then(Slot::if_awake_mut) {
            awake.pending = awake.pending.saturating_sub(1);
        }
    }

    fn answer(&self, reply: Reply) -> Result<Answer, Refusal> {
        let life = self.life.borrow();
        let view = || {
            let payout = life.payout.as_ref().ok_or(Refusal::NotFound)?;
            Ok(Box::new(self.partition.view(payout, life.watch)))
        };
        match reply {
            Reply::Created => {
                Counters::up(&self.partition.counters.created);
                let payout = life.payout.as_ref().ok_or(Refusal::NotFound)?;
                if payout.is_sought() {
                    // As every repetition of it will be answered.
                    let view = self.partition.view(&as_created(payout), Default::default());
                    return Ok(Answer::Created(Box::new(view)));
                }
                view().map(Answer::Created)
            }
            Reply::Seen => view().map(Answer::Seen),
            Reply::Nothing => Ok(Answer::Done),
            Reply::Given(answer) => Ok(answer),
            #[cfg(test)]
            Reply::Death => panic!("a test wanted this actor to die"),
        }
    }

    /// Leaves when there is nothing left to do here: finished and archived, or idle for long.
    fn settle_down(&mut self, context: &mut LeanContext<Self>) {
        if crate::retire::leave(self) {
            context.stop();
        }
    }
}
