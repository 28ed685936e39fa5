//! One provider account's actor: who may call the provider, and when. It keeps the account's limits
//! (rate, concurrency, breaker, mode) and two queues, payouts that wait for a permit and questions
//! that wait for their turn. It never waits itself: calls run beside it, in futures of their own.
//!
//! Reading order: `messages` (what may be said to it) → this file, whose heart is `pump`, with `gates`
//! (what stands in the way) → `line` (one call) → `grant` (how a permit reaches its payout) → `handle`
//! (what the engine holds).
//!
//! It knows no status, and of amounts only which question is the more urgent; it sends nothing
//! twice.

mod answer;
mod claims;
mod door;
mod gates;
mod grant;
mod handle;
mod handlers;
mod line;
pub mod messages;
#[cfg(test)]
mod tests;

pub use handle::AdapterHandle;

use crate::call_schedule::{CallSchedule, Side};
use crate::circuit_breaker::CircuitBreaker;
use crate::permit::{Permit, Slot, Slots};
use crate::provider::{Provider, QuoteWish};
use crate::rate_limit::RateLimit;
use crate::risk_queue::RiskQueue;
use actix::{Actor, AsyncContext, Context, Recipient, SpawnHandle};
use actix_rt::ArbiterHandle;
use claims::Claims;
use domain::id::PayoutId;
use door::Door;
use line::Line;
use messages::{AdapterSettings, PermitGranted, SlotFreed};
use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// More questions than this wait nowhere; the engine asks again by its own plan.
const QUESTIONS_MAX: usize = 65_536;

/// The actor of one provider account.
pub struct AdapterActor {
    line: Rc<Line>,
    slots: Arc<Slots>,
    /// Paces permits and questions.
    limit: RateLimit,
    schedule: CallSchedule,
    /// Payouts that wait for a permit.
    claims: Claims,
    /// Holders of a permit with a quote in hand, who need one more call.
    quoted: VecDeque<oneshot::Sender<()>>,
    /// Status fetches, recalls and undoes.
    questions: RiskQueue<oneshot::Sender<Slot>>,
    questions_max: usize,
    /// No new permit is granted, whatever the mode.
    stopped: bool,
    /// The one armed timer, and when it fires.
    timer: Option<(Duration, SpawnHandle)>,
}

impl AdapterActor {
    /// Starts the actor of a provider account on that arbiter.
    pub fn start_on(arbiter: &ArbiterHandle, provider: Arc<dyn Provider>) -> AdapterHandle {
        AdapterActor::start_on_with(arbiter, provider, AdapterSettings::default())
    }

    /// The same with settings of its own.
    pub fn start_on_with(
        arbiter: &ArbiterHandle,
        provider: Arc<dyn Provider>,
        settings: AdapterSettings,
    ) -> AdapterHandle {
        let (account, theirs) = (Arc::from(&*provider.caps().account), provider.clone());
        let addr = AdapterActor::start_in_arbiter(arbiter, move |ctx| {
            AdapterActor::new(theirs, settings, ctx)
        });
        AdapterHandle { account, provider, addr }
    }

    /// Starts it on the thread that calls, which needs no more than a `LocalSet`.
    pub fn start_here(provider: Arc<dyn Provider>, settings: AdapterSettings) -> AdapterHandle {
        let (account, theirs) = (Arc::from(&*provider.caps().account), provider.clone());
        let addr = AdapterActor::create(move |ctx| AdapterActor::new(theirs, settings, ctx));
        AdapterHandle { account, provider, addr }
    }

    fn new(
        provider: Arc<dyn Provider>,
        settings: AdapterSettings,
        ctx: &mut Context<Self>,
    ) -> AdapterActor {
        let caps = provider.caps();
        let limits = caps.limits.clone();
        let account: Arc<str> = Arc::from(&*caps.account);
        let (start, limit) = (Instant::now(), RateLimit::new(limits.calls, limits.per));
        let actor = ctx.address().downgrade();
        let wake = move || {
            if let Some(actor) = actor.upgrade() {
                actor.do_send(SlotFreed);
            }
        };
        AdapterActor {
            slots: Slots::new(limits.concurrency, limits.verify_share, Box::new(wake)),
            line: Rc::new(Line {
                account,
                provider,
                rates: settings.rates,
                start,
                door: Door::new(start, limit.clone()),
                deadline: limits.timeout.saturating_add(settings.margin),
                mode: Cell::new(settings.mode),
                breaker: RefCell::new(CircuitBreaker::new(settings.breaker)),
                latency_micros: Cell::new(0),
                granted: Cell::new(0),
            }),
            limit,
            schedule: CallSchedule::new(limits.verify_share),
            claims: Claims::new(limits.queue, &settings.weights),
            quoted: VecDeque::new(),
            questions: RiskQueue::new(),
            questions_max: limits.queue.min(QUESTIONS_MAX),
            stopped: false,
            timer: None,
        }
    }

    /// Lets everything go that may go now, and sees to it that the rest is looked at again in time.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        self.slots.want(self.someone_waits());
        let look_again = loop {
            let now = self.line.now();
            let (submit, verify) = (self.submit_gate(now), self.verify_gate(now));
            if !submit.is_open() && !verify.is_open() {
                break submit.opens_at(verify);
            }
            if let Err(wait) = self.limit.try_take(now) {
                break Some(now + wait);
            }
            match self.schedule.next(submit.is_open(), verify.is_open()) {
                Some(Side::Submit) => self.let_submit(ctx),
                Some(Side::Verify) => self.let_ask(now),
                None => {}
            }
        };
        if let Some(at) = look_again {
            self.arm(at, ctx);
        }
    }

    fn someone_waits(&self) -> bool {
        !(self.claims.is_empty() && self.quoted.is_empty() && self.questions.is_empty())
    }

    /// A slot at once, for a caller who finds nobody waiting; the short way round the queues.
    fn slot_at_once(&mut self, side: Side) -> Option<Slot> {
        if self.someone_waits() {
            return None;
        }
        let now = self.line.now();
        let gate = match side {
            Side::Submit => self.admits_submission(now),
            Side::Verify => self.admits_question(now),
        };
        if !gate.is_open() || self.limit.try_take(now).is_err() {
            return None;
        }
        if side == Side::Verify {
            self.line.breaker.borrow_mut().question_goes(now);
        }
        self.slots.take(side)
    }

    fn let_submit(&mut self, ctx: &mut Context<Self>) {
        if let Some(holder) = self.quoted.pop_front() {
            // One that is gone has dropped its permit, and a call is lost with it.
            let _gone = holder.send(());
            return;
        }
        let Some(slot) = self.slots.take(Side::Submit) else { return };
        let Some(claim) = self.claims.pop() else { return };
        self.grant(slot, claim.payout, claim.quote, claim.grant_to, ctx);
    }

    fn grant(
        &self,
        slot: Slot,
        payout: PayoutId,
        quote: Option<QuoteWish>,
        to: impl Borrow<Recipient<PermitGranted>> + 'static,
        ctx: &Context<Self>,
    ) {
        let permit = Permit::new(self.line.account.clone(), slot);
        match quote {
            None => grant::deliver(&self.line, to.borrow(), payout, permit, Ok(None)),
            Some(wish) => {
                grant::quote_then_deliver(self.line.clone(), ctx.address(), to, wish, permit);
            }
        }
    }

    fn let_ask(&mut self, now: Duration) {
        let Some(mut slot) = self.slots.take(Side::Verify) else { return };
        self.line.breaker.borrow_mut().question_goes(now);
        while let Some(asker) = self.questions.pop(now) {
            match asker.send(slot) {
                Ok(()) => return,
                // An asker that is gone gives the slot back, for the next.
                Err(back) => slot = back,
            }
        }
    }

    /// Sees to it that the queues are looked at again at that time. One timer is enough: it looks
    /// at everything, and arms the next.
    fn arm(&mut self, at: Duration, ctx: &mut Context<Self>) {
        match self.timer {
            Some((armed, _)) if armed <= at => return,
            Some((_, later)) => drop(ctx.cancel_future(later)),
            None => {}
        }
        let wait = at.saturating_sub(self.line.now());
        let handle = ctx.run_later(wait, |actor, ctx| {
            actor.timer = None;
            actor.pump(ctx);
        });
        self.timer = Some((at, handle));
    }
}

impl Actor for AdapterActor {
    type Context = Context<AdapterActor>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // 0 is without bound: every message that waits has a sender who waits with it, and the
        // queues here are what is bounded, where a full one can be answered.
        ctx.set_mailbox_capacity(0);
    }
}
