//! How the actor takes each message. Apart from `adapter_actor.rs`, which says when things go: here
//! is only what is asked, and what is answered when it cannot even be queued.

use super::AdapterActor;
use super::answer::{Answer, our_own_fault};
use super::line::Turn;
use super::messages::{
    Fetch, GetHealth, Health, List, Mode, OneMoreCall, RequestPermit, SetMode, SetStopped,
    SlotFreed, Submit, Undo, Withdraw,
};
use crate::call_schedule::Side;
use crate::fair_queue::QueueFull;
use crate::provider::{AtRisk, ListOutcome};
use crate::risk_queue::RiskQueue;
use actix::{Context, Handler, MessageResult, ResponseFuture};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use std::future::ready;
use tokio::sync::oneshot;

impl Handler<RequestPermit> for AdapterActor {
    type Result = Result<(), QueueFull>;

    fn handle(&mut self, ask: RequestPermit, ctx: &mut Context<Self>) -> Result<(), QueueFull> {
        if let Some(slot) = self.slot_at_once(Side::Submit) {
            self.grant(slot, ask.payout, ask.quote, ask.grant_to, ctx);
            return Ok(());
        }
        self.claims.push(ask)?;
        self.pump(ctx);
        Ok(())
    }
}

impl Handler<Withdraw> for AdapterActor {
    type Result = bool;

    fn handle(&mut self, Withdraw { payout }: Withdraw, _: &mut Context<Self>) -> bool {
        self.claims.withdraw(payout)
    }
}

impl Handler<Submit> for AdapterActor {
    type Result = ResponseFuture<SubmitOutcome>;

    fn handle(&mut self, Submit { permit, order }: Submit, _: &mut Context<Self>) -> Self::Result {
        // One of an earlier actor of this account took no slot and no call of ours.
        if !permit.is_from(&self.slots) {
            return Box::pin(ready(SubmitOutcome::unsent(our_own_fault(), None)));
        }
        Box::pin(self.line.clone().submit(permit, order))
    }
}

impl Handler<Fetch> for AdapterActor {
    type Result = ResponseFuture<FetchOutcome>;

    fn handle(&mut self, Fetch { lookup }: Fetch, ctx: &mut Context<Self>) -> Self::Result {
        match self.turn(Some(lookup.at_risk), ctx) {
            Some(turn) => Box::pin(self.line.clone().fetch(turn, lookup)),
            None => Box::pin(ready(FetchOutcome::unsent(our_own_fault(), None))),
        }
    }
}

impl Handler<List> for AdapterActor {
    type Result = ResponseFuture<ListOutcome>;

    fn handle(&mut self, List { wish }: List, ctx: &mut Context<Self>) -> Self::Result {
        if self.line.provider.caps().lists.is_none() {
            return Box::pin(ready(ListOutcome::NotOffered));
        }
        match self.turn(None, ctx) {
            Some(turn) => Box::pin(self.line.clone().list(turn, wish)),
            None => Box::pin(ready(ListOutcome::unsent(our_own_fault(), None))),
        }
    }
}

impl Handler<Undo> for AdapterActor {
    type Result = ResponseFuture<UndoOutcome>;

    fn handle(&mut self, Undo { kind, lookup }: Undo, ctx: &mut Context<Self>) -> Self::Result {
        match self.turn(Some(lookup.at_risk), ctx) {
            Some(turn) => Box::pin(self.line.clone().undo(turn, kind, lookup)),
            None => Box::pin(ready(UndoOutcome::unsent(our_own_fault(), None))),
        }
    }
}

impl Handler<SetMode> for AdapterActor {
    type Result = ();

    fn handle(&mut self, SetMode(mode): SetMode, ctx: &mut Context<Self>) {
        tracing::info!(account = %self.line.account, from = self.line.mode.get().word(), to = mode.word(), "mode changed");
        self.line.mode.set(mode);
        if mode == Mode::Closed {
            // Those who wait learn it by their turn being dropped.
            self.questions = RiskQueue::new();
        }
        self.pump(ctx);
    }
}

impl Handler<SetStopped> for AdapterActor {
    type Result = ();

    fn handle(&mut self, SetStopped(stopped): SetStopped, ctx: &mut Context<Self>) {
        // Said over and over by whoever watches the exposure; only a change is news.
        if self.stopped == stopped {
            return;
        }
        tracing::warn!(account = %self.line.account, stopped, "the stop of new permits changed");
        self.stopped = stopped;
        self.pump(ctx);
    }
}

impl Handler<GetHealth> for AdapterActor {
    type Result = MessageResult<GetHealth>;

    fn handle(&mut self, _: GetHealth, _: &mut Context<Self>) -> Self::Result {
        let permits_out = self.slots.in_use(Side::Submit);
        let breaker = self.line.breaker.borrow();
        MessageResult(Health {
            account: self.line.account.clone(),
            mode: self.line.mode.get(),
            stopped: self.stopped,
            breaker: breaker.state(self.line.now()),
            waiting_submits: self.claims.len() + self.quoted.len(),
            waiting_fetches: self.questions.len(),
            in_flight: permits_out + self.slots.in_use(Side::Verify),
            permits_out,
            granted_total: self.line.granted.get(),
            tripped_total: breaker.trips(),
            latency_micros: self.line.latency_micros.get(),
        })
    }
}

impl Handler<SlotFreed> for AdapterActor {
    type Result = ();

    fn handle(&mut self, _: SlotFreed, ctx: &mut Context<Self>) {
        self.pump(ctx);
    }
}

impl Handler<OneMoreCall> for AdapterActor {
    type Result = ();

    fn handle(&mut self, OneMoreCall(holder): OneMoreCall, ctx: &mut Context<Self>) {
        self.quoted.push_back(holder);
        self.pump(ctx);
    }
}

impl AdapterActor {
    /// A question's turn, now or later; none when it may not even wait. One that no money hangs on
    /// comes behind the others, but for one after every hundred of them.
    fn turn(&mut self, at_risk: Option<AtRisk>, ctx: &mut Context<Self>) -> Option<Turn> {
        if let Some(slot) = self.slot_at_once(Side::Verify) {
            return Some(Turn::Now(slot));
        }
        if self.line.mode.get() == Mode::Closed || self.questions.len() >= self.questions_max {
            return None;
        }
        let (tell, told) = oneshot::channel();
        match at_risk {
            Some(at_risk) => self.questions.push(self.line.now(), at_risk, tell),
            None => self.questions.push_last(tell),
        }
        self.pump(ctx);
        Some(Turn::Later(told))
    }
}
