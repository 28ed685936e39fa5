//! Acting: the last quarter of a turn. Everything here happens only after the entry that causes it
//! is durable and believed.

use super::{PayoutActor, Turn};
use crate::adapter_supervisor::AdapterSupervisor;
use crate::partition::Counters;
use adapters::adapter_actor::messages::UndoKind;
use adapters::permit::Permit;
use adapters::provider::{AtRisk, Lookup, Order};
use domain::effect::Effect;
use domain::entry::Intent;
use domain::payout::Payout;
use domain::report::{FetchOutcome, Report};
use domain::schedule::{next_due, sent_at};
use domain::standing::Money;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long a payout that is being asked about is left alone by its timer.
const LOOK_WHILE_ASKED: Duration = Duration::from_secs(1);

impl PayoutActor {
    /// Performs the effects and arms the timer for whatever comes next.
    pub(super) fn act(&mut self, effects: Vec<Effect>, mut permit: Option<Permit>) {
        for effect in effects {
            match effect {
                Effect::RequestPermit => self.request_permit(),
                Effect::Submit(intent) => self.submit(&intent, permit.take()),
                Effect::Verify => self.verify(),
                Effect::Revoke => self.undo(UndoKind::Revoke),
                Effect::Cancel => self.undo(UndoKind::Cancel),
                Effect::Alert => {
                    Counters::up(&self.partition.counters.discrepancies);
                    tracing::warn!(payout = %self.id, "the provider contradicts what was believed");
                }
            }
        }
        self.arm();
    }

    fn request_permit(&mut self) {
        let mut life = self.life.lock();
        if life.waits_for_permit {
            return;
        }
        let Some(payout) = &life.payout else { return };
        let Some(adapter) = self.partition.adapters.for_payout(payout) else {
            tracing::error!(payout = %self.id, "no provider account serves this payout any more");
            life.try_again = Some(self.partition.clock.now().plus(Duration::from_secs(60)));
            return;
        };
        let asked = adapter.ask_permit(payout, self.partition.supervisor.clone().recipient());
        life.waits_for_permit = true;
        let (partition, id) = (self.partition.clone(), self.id);
        actix_rt::spawn(async move {
            if asked.await.is_err() {
                partition.hand(id, Turn::PermitDenied);
            }
        });
    }

    /// The one place from which money leaves.
    fn submit(&mut self, intent: &Intent, permit: Option<Permit>) {
        let mut life = self.life.lock();
        let (Some(payout), Some(permit)) = (&life.payout, permit) else {
            tracing::error!(payout = %self.id, "an intent without its permit is asked about, not sent");
            return;
        };
        let Some(adapter) = self.partition.adapters.by_name(&intent.account) else { return };
        let order = Arc::new(order(payout, intent));
        let attempt = intent.attempt;
        let sent = adapter.submit(permit, order);
        // Whatever is answered meanwhile is answered about something that may still leave.
        life.under_way = life.under_way.saturating_add(1);
        Counters::up(&self.partition.counters.submitted);
        self.bring_back(async move { Report::Submitted { attempt, outcome: sent.await } });
    }

    fn verify(&mut self) {
        let mut life = self.life.lock();
        let now = self.partition.clock.now();
        // From here the next question is counted, also where nobody is left to answer this one.
        life.watch.last = now;
        if life.verifying {
            life.rang = true;
            return;
        }
        let Some(payout) = &life.payout else { return };
        let waited = life.waited(self.partition.clock.running());
        let Some(fetched) = question(&self.partition.adapters, payout, now) else {
            life.watch.asked = life.watch.asked.saturating_add(1);
            return;
        };
        life.verifying = true;
        drop(life);
        self.bring_back(async move {
            let (account, outcome) = fetched.await;
            Report::Fetched { waited, account, outcome }
        });
    }

    fn undo(&mut self, kind: UndoKind) {
        let life = self.life.lock();
        let Some(payout) = &life.payout else { return };
        let Some(adapter) = self.partition.adapters.for_payout(payout) else { return };
        let undone = adapter.undo(kind, lookup(payout, self.partition.clock.now()));
        self.bring_back(async move { Report::Undone { outcome: undone.await } });
    }

    /// Waits for an adapter's answer beside the actor and brings it back as a turn.
    fn bring_back(&self, answer: impl Future<Output = Report> + 'static) {
        let (partition, id) = (self.partition.clone(), self.id);
        actix_rt::spawn(async move {
            let report = Box::new(answer.await);
            partition.hand(id, Turn::Report(report));
        });
    }

    /// Asks again if something rang meanwhile, then arms the timer.
    fn arm(&mut self) {
        let rang = {
            let mut life = self.life.lock();
            let due = !life.verifying && life.rang;
            life.rang &= !due;
            due
        };
        if rang {
            self.verify();
        }
        let mut life = self.life.lock();
        let Some(payout) = &life.payout else { return };
        let policy = self.policy_of(payout);
        let plan = &policy.poll;
        let now = self.partition.clock.now();
        let due = [next_due(payout, life.watch, plan, now), life.try_again];
        let due = due.into_iter().flatten().min();
        // The answer to a question under way says when the next is due; until then there is little to see.
        let soonest = life.verifying.then(|| now.plus(LOOK_WHILE_ASKED));
        let due = due.map(|due| soonest.map_or(due, |soonest| due.max(soonest)));
        if due != life.armed {
            self.partition.timer.arm(self.id, life.armed, due);
            life.armed = due;
        }
    }
}

/// The question about a payout: to the account that it went to. When it may have been sent in a time
/// that a restore has lost, and nothing says where to, to every account that it may have gone to.
pub(crate) fn question(
    adapters: &AdapterSupervisor,
    payout: &Payout,
    now: Timestamp,
) -> Option<BoxFuture<'static, (Option<Box<str>>, FetchOutcome)>> {
    let asked = lookup(payout, now);
    if !payout.is_sought() {
        let fetched = adapters.for_payout(payout)?.fetch(asked);
        return Some(Box::pin(async move { (None, fetched.await) }));
    }
    let candidates = adapters.may_have(payout);
    let last = candidates.last().map(|(account, _)| account.clone())?;
    Some(Box::pin(async move {
        for (account, adapter) in candidates {
            match adapter.fetch(asked.clone()).await {
                FetchOutcome::NotFound => {}
                known => return (Some(account), known),
            }
        }
        (Some(last), FetchOutcome::NotFound)
    }))
}

/// The order that a submission is.
fn order(payout: &Payout, intent: &Intent) -> Order {
    let reference = domain::id::provider_reference(payout.id(), intent.attempt);
    let settlement = intent.settlement.clone();
    Order { reference, settlement, ..order_to(payout, payout.recipient().clone()) }
}

/// The order that a payout's first submission would be, to this recipient; without its conversion, which nobody
/// knows before it is sent.
pub(super) fn order_to(payout: &Payout, recipient: domain::recipient::Recipient) -> Order {
    let request = payout.request();
    Order {
        payout: payout.id(),
        merchant: request.merchant,
        reference: domain::id::provider_reference(payout.id(), 1),
        amount: request.amount,
        currency: request.currency,
        method: request.method,
        recipient,
        description: request.description.clone(),
        settlement: None,
    }
}

/// How the provider finds the payout's current attempt.
pub(crate) fn lookup(payout: &Payout, now: Timestamp) -> Lookup {
    // Money that is known to be paid or back is no risk, however old.
    let open = matches!(payout.standing().money, Money::Unknown | Money::InFlight);
    let since = payout.standing().sought_since.or(sent_at(payout).filter(|_| open));
    let age = since.map_or(Duration::ZERO, |since| now.since(since));
    Lookup {
        payout: payout.id(),
        merchant: payout.request().merchant,
        reference: payout.provider_reference(),
        provider_id: payout.provider_id().map(Into::into),
        currency: payout.request().currency,
        at_risk: AtRisk { amount: payout.request().amount, age },
    }
}
