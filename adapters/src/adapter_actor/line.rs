//! One call to the provider, from our side of the line: when it may leave, how long it may take, what
//! it means when it does not come back, and what is learnt from it. Apart from the actor, because
//! calls run beside it, each in a future of its own; what they share lives on the actor's thread.
//!
//! Nothing here is ever sent a second time.

use super::answer::{Answer, no_answer_in_time, not_reachable, our_own_fault};
use super::door::Door;
use super::messages::{Mode, UndoKind};
use crate::call_schedule::Side;
use crate::circuit_breaker::{BreakerState, CircuitBreaker};
use crate::permit::{Permit, Slot};
use crate::provider::{ListOutcome, ListWish, Lookup, Order, Provider, Quote, QuoteWish};
use crate::rates::RateSource;
use domain::failure::{Failure, Origin};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use futures_util::FutureExt;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

/// The line to one provider account.
pub(super) struct Line {
    pub(super) account: Arc<str>,
    pub(super) provider: Arc<dyn Provider>,
    /// Whose rates payouts are converted by; none: the provider's own offers.
    pub(super) rates: Option<Arc<dyn RateSource>>,
    pub(super) start: Instant,
    pub(super) door: Door,
    /// The longest that a call may take, in whatever state the provider's own deadline is.
    pub(super) deadline: Duration,
    pub(super) mode: Cell<Mode>,
    pub(super) breaker: RefCell<CircuitBreaker>,
    pub(super) latency_micros: Cell<u64>,
    pub(super) granted: Cell<u64>,
}

/// A question's turn.
pub(super) enum Turn {
    /// It has come.
    Now(Slot),
    /// It will come, unless the account is closed meanwhile.
    Later(oneshot::Receiver<Slot>),
}

impl Line {
    /// Time since this actor started.
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Sends an order once. The permit is given back when the answer is there.
    pub(super) async fn submit(self: Rc<Self>, permit: Permit, order: Arc<Order>) -> SubmitOutcome {
        if let Some(refused) = self.refused_here(&order) {
            return refused;
        }
        let (provider, again) = (self.provider.clone(), order.clone());
        let outcome = self.call(Side::Submit, async move { provider.submit(order).await }).await;
        let lost = matches!(outcome, SubmitOutcome::Ambiguous { .. });
        if lost && crate::planted!(SubmitsAgain) {
            let provider = self.provider.clone();
            return self.call(Side::Submit, async move { provider.submit(again).await }).await;
        }
        if lost && crate::planted!(PlaceKept) {
            std::mem::forget(permit);
            return outcome;
        }
        drop(permit);
        outcome
    }

    /// Asks for a status when its turn has come.
    pub(super) async fn fetch(self: Rc<Self>, turn: Turn, lookup: Lookup) -> FetchOutcome {
        let provider = self.provider.clone();
        self.ask(turn, async move { provider.fetch_status(lookup).await }).await
    }

    /// Asks for a page of what the account did, when its turn has come.
    pub(super) async fn list(self: Rc<Self>, turn: Turn, wish: ListWish) -> ListOutcome {
        let provider = self.provider.clone();
        self.ask(turn, async move { provider.list(wish).await }).await
    }

    /// Asks for a recall or undo when its turn has come.
    pub(super) async fn undo(
        self: Rc<Self>,
        turn: Turn,
        kind: UndoKind,
        lookup: Lookup,
    ) -> UndoOutcome {
        let provider = self.provider.clone();
        let call = async move {
            match kind {
                UndoKind::Revoke => provider.revoke(lookup).await,
                UndoKind::Cancel => provider.cancel(lookup).await,
            }
        };
        self.ask(turn, call).await
    }

    /// Asks for a quote. The caller holds a permit.
    pub(super) async fn quote(&self, wish: QuoteWish) -> Result<Quote, Failure> {
        let provider = self.provider.clone();
        self.call(Side::Submit, async move { provider.quote(wish).await }).await
    }

    /// What the adapter finds wrong with the order before a byte has left.
    fn refused_here(&self, order: &Order) -> Option<SubmitOutcome> {
        let fault = fault_in(&*self.provider, &self.account, order);
        fault.map(|why| SubmitOutcome::Refused { why })
    }

    async fn ask<T: Answer>(&self, turn: Turn, call: impl Future<Output = T>) -> T {
        let slot = match turn {
            Turn::Now(slot) => Some(slot),
            Turn::Later(turn) => turn.await.ok(),
        };
        match slot {
            Some(_slot) => self.call(Side::Verify, call).await,
            None => T::unsent(our_own_fault(), None),
        }
    }

    async fn call<T: Answer>(&self, side: Side, call: impl Future<Output = T>) -> T {
        self.door.pass().await;
        if let Some((why, retry_after)) = self.not_now(side) {
            return T::unsent(why, retry_after);
        }
        let began = self.now();
        match timeout(self.deadline, AssertUnwindSafe(call).catch_unwind()).await {
            Ok(Ok(answer)) => {
                self.learn(side, began, &answer);
                answer
            }
            // Our own code failed: that says nothing about the provider, and nothing about whether
            // the bytes had left.
            Ok(Err(_)) => {
                tracing::error!(account = %self.account, "the adapter panicked during a call");
                T::unseen(our_own_fault())
            }
            Err(_) => {
                let answer = T::unseen(no_answer_in_time());
                self.learn(side, began, &answer);
                answer
            }
        }
    }

    /// Why a call does not leave after all. Much may have happened since its turn came, and until the
    /// first byte is out "not sent" is the truth and does no harm.
    fn not_now(&self, side: Side) -> Option<(Failure, Option<Duration>)> {
        if self.mode.get() == Mode::Closed {
            return Some((our_own_fault(), None));
        }
        match self.breaker.borrow().state(self.now()) {
            BreakerState::Open { remaining } if side == Side::Submit => {
                Some((not_reachable(), Some(remaining)))
            }
            _ => None,
        }
    }

    fn learn<T: Answer>(&self, side: Side, began: Duration, answer: &T) {
        let now = self.now();
        let took = u64::try_from((now - began).as_micros()).unwrap_or(u64::MAX);
        let mean = self.latency_micros.get();
        // An eighth of the newest; the first counts whole.
        let weighed = if mean == 0 { took } else { mean - mean / 8 + took / 8 };
        self.latency_micros.set(weighed.max(1));
        let Some(verdict) = answer.verdict() else { return };
        let mut breaker = self.breaker.borrow_mut();
        let before = breaker.trips();
        breaker.learn(side, began, now, verdict);
        if breaker.trips() != before {
            let state = breaker.state(now);
            tracing::warn!(account = %self.account, ?side, ?state, "the circuit breaker opened");
        }
    }
}

/// What an account finds wrong with an order, by itself. That its code fails on the order counts too: it would
/// fail again.
pub(super) fn fault_in(provider: &dyn Provider, account: &str, order: &Order) -> Option<Failure> {
    match catch_unwind(AssertUnwindSafe(|| provider.prepare(order))) {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(Failure { origin: Origin::Platform, ..why }),
        Err(_) => {
            tracing::error!(account, payout = %order.payout, "the adapter panicked over an order");
            Some(Failure::new(Resolution::InternalError, Origin::Platform))
        }
    }
}
