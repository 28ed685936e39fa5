//! One payout's actor: the spine of the engine. Every turn is **decide, write, believe, act**, and
//! no turn begins before the one ahead of it is through.
//!
//! ← `finding` (hands it its turns) / `adapter_supervisor` (acts for it) →

use crate::gateway::View;
use crate::lean_context::LeanContext;
use crate::partition::{Counters, Partition};
use crate::payout_supervisor::Died;
use crate::refusal::Refusal;
use crate::slot::{LifeCell, Slot};
use actix::{Actor, ActorContext, ActorFutureExt, Handler, Message, WrapFuture};
use adapters::adapter_actor::messages::PermitGranted;
use adapters::permit::Permit;
use domain::command::Command;
use domain::conversion::Rate;
use domain::decide::Step;
use domain::entry::{By, Request};
use domain::id::{Fingerprint, PayoutId};
use domain::report::{Found, Report};
use domain::time::Timestamp;
use std::rc::Rc;
use std::sync::Arc;

mod act;
mod turn_end;
mod turns;

pub(crate) use act::question;
use turn_end::TurnEnd;
pub(crate) use turns::as_created;

/// One payout's actor.
pub(crate) struct PayoutActor {
    pub(super) id: PayoutId,
    pub(super) life: Arc<LifeCell>,
    pub(super) partition: Rc<Partition>,
    /// A turn has begun and not ended: whoever dies now has left something half done.
    in_turn: bool,
}

impl Actor for PayoutActor {
    type Context = LeanContext<Self>;
}

impl Drop for PayoutActor {
    fn drop(&mut self) {
        if self.in_turn {
            self.partition.supervisor.do_send(Died(self.id));
        }
    }
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
    /// An adapter answers; nobody waits for what it makes of the payout.
    Report(Box<Report>),
    /// The same where somebody does.
    Reconcile(Box<Report>),
    /// A callback arrived.
    Doorbell(Box<Ring>),
    /// The timer calls.
    Tick,
    /// Back from the journal: do what is still to be done.
    Wake,
    /// The archive has this version, to be looked at again then.
    Archived(u32, Option<Timestamp>),
    /// The archive did not take it.
    NotArchived,
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
    type Result = TurnEnd;

    fn handle(&mut self, turn: Turn, context: &mut LeanContext<Self>) -> TurnEnd {
        self.begin_turn();
        let decided = self.decide(turn); // pure
        let written = decided.and_then(|decided| Ok((self.write(&decided.step)?, decided)));
        let (written, decided) = match written {
            Ok((Some(written), decided)) => (written, decided),
            Ok((None, decided)) => return TurnEnd::Now(self.end_turn(Ok(decided), context)),
            Err(refusal) => {
                // Nothing was written. Whoever came to memory for this alone goes back to where it was.
                self.settle_down(context);
                return TurnEnd::Now(self.end_turn(Err(refusal), context));
            }
        };
        if adapters::planted!(AnswersBeforeDurable) {
            return TurnEnd::Now(self.end_turn(Ok(decided), context));
        }
        let decided = self.hurry(decided);
        TurnEnd::written(written.durable().into_actor(self).map(|durable, actor, context| {
            // The ticket is given back behind it all.
            let (decided, _ticket) =
                durable.map_or_else(|why| (Err(why), None), |ticket| (Ok(decided), Some(ticket)));
            actor.end_turn(decided, context)
        }))
    }
}

impl PayoutActor {
    /// Nothing is hurried, but where a fault is planted.
    fn hurry(&mut self, mut decided: Decided) -> Decided {
        if adapters::planted!(ActsBeforeDurable) {
            self.act(std::mem::take(&mut decided.step.effects), decided.permit.take());
        }
        if adapters::planted!(BelievesBeforeDurable) {
            let _ = self.believe(std::mem::take(&mut decided.step.entries));
        }
        decided
    }

    /// The second half of a turn: what was decided is durable.
    fn end_turn(
        &mut self,
        decided: Result<Decided, Refusal>,
        context: &mut LeanContext<Self>,
    ) -> Result<Answer, Refusal> {
        let ended = decided.and_then(|Decided { step, permit, reply }| {
            self.believe(step.entries)?; // true, then
            self.act(step.effects, permit); // acted on
            let answer = self.answer(reply);
            self.settle_down(context);
            answer
        });
        self.in_turn = false;
        match &ended {
            // The journal has closed: the next start reads what was written, and asks the rest.
            Ok(_) | Err(Refusal::Refused(_) | Refusal::NotReady | Refusal::KeyReused) => {}
            // Of most turns nobody waits for the end, so it is said here.
            Err(refusal) => tracing::warn!(payout = %self.id, %refusal, "a turn was not taken"),
        }
        ended
    }
}

impl PayoutActor {
    pub fn new(id: PayoutId, life: Arc<LifeCell>, partition: Rc<Partition>) -> PayoutActor {
        PayoutActor { id, life, partition, in_turn: false }
    }

    /// One message less waits in the mailbox.
    fn begin_turn(&mut self) {
        self.in_turn = true;
        let mut slots = self.partition.slots.lock();
        if let Some(awake) = slots.get_mut(&self.id.0).and_then(Slot::if_awake_mut) {
            awake.pending = awake.pending.saturating_sub(1);
        }
    }

    fn answer(&self, reply: Reply) -> Result<Answer, Refusal> {
        let life = self.life.lock();
        let view = || {
            let payout = life.payout.as_ref().ok_or(Refusal::NotFound)?;
            let view = self.partition.view(payout, life.watch);
            Ok(Box::new(if adapters::planted!(AnswersTheWrongCaller) {
                swapped(view)
            } else {
                view
            }))
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

/// The answer before this one. Only a planted fault asks for it.
fn swapped(view: View) -> View {
    std::thread_local! {
        static BEFORE: std::cell::RefCell<Option<View>> = const { std::cell::RefCell::new(None) };
    }
    BEFORE.replace(Some(view.clone())).unwrap_or(view)
}
