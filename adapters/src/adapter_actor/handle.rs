//! What the engine holds of a provider account: the actor's address, and the provider for what needs
//! no turn. Every method answers in the caller's own words, also when the actor is gone.

use super::AdapterActor;
use super::answer::our_own_fault;
use super::line::fault_in;
use super::messages::{
    Fetch, GetHealth, Health, List, Mode, RequestPermit, SetMode, SetStopped, Submit, Undo,
    UndoKind, Withdraw,
};
use crate::fair_queue::QueueFull;
use crate::permit::Permit;
use crate::provider::{
    CallbackOutcome, Caps, ListOutcome, ListWish, Lookup, Order, Provider, RawCallback,
};
use actix::Addr;
use domain::failure::Failure;
use domain::id::PayoutId;
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One provider account, for whoever uses it. Cheap to clone.
#[derive(Clone)]
pub struct AdapterHandle {
    /// The account's name.
    pub account: Arc<str>,
    /// The adapter itself.
    pub provider: Arc<dyn Provider>,
    /// Where calls take their turn.
    pub addr: Addr<AdapterActor>,
}

impl AdapterHandle {
    /// What is declared about the account.
    pub fn caps(&self) -> &Caps {
        self.provider.caps()
    }

    /// Queues a payout for a permit, which arrives as a message of its own.
    ///
    /// # Errors
    /// [`QueueFull`] when no more may wait, or when the actor is gone: nothing is queued then.
    pub async fn request_permit(&self, ask: RequestPermit) -> Result<(), QueueFull> {
        self.addr.send(ask).await.unwrap_or(Err(QueueFull))
    }

    /// Takes a payout out of the queue for permits; whether it was there.
    pub async fn withdraw(&self, payout: PayoutId) -> bool {
        self.addr.send(Withdraw { payout }).await.unwrap_or(false)
    }

    /// Sends an order exactly once.
    pub async fn submit(&self, permit: Permit, order: Arc<Order>) -> SubmitOutcome {
        // An actor that is gone stays gone: then, and only then, nothing can have left.
        if !self.addr.connected() {
            return SubmitOutcome::NotSent { why: our_own_fault(), retry_after: None };
        }
        let answer = self.addr.send(Submit { permit, order }).await;
        answer.unwrap_or_else(|_| SubmitOutcome::Ambiguous { why: our_own_fault() })
    }

    /// Asks for the status of one attempt.
    pub async fn fetch(&self, lookup: Lookup) -> FetchOutcome {
        let answer = self.addr.send(Fetch { lookup }).await;
        answer.unwrap_or_else(|_| FetchOutcome::Unknown { why: our_own_fault(), retry_after: None })
    }

    /// Asks for a page of what the account did.
    pub async fn list(&self, wish: ListWish) -> ListOutcome {
        let answer = self.addr.send(List { wish }).await;
        answer.unwrap_or_else(|_| ListOutcome::Unknown { why: our_own_fault(), retry_after: None })
    }

    /// Asks for a recall or an undo.
    pub async fn undo(&self, kind: UndoKind, lookup: Lookup) -> UndoOutcome {
        let answer = self.addr.send(Undo { kind, lookup }).await;
        answer.unwrap_or_else(|_| UndoOutcome::Ambiguous { why: our_own_fault() })
    }

    /// Changes what the account may be used for; false when the actor is gone.
    pub async fn set_mode(&self, mode: Mode) -> bool {
        self.addr.send(SetMode(mode)).await.is_ok()
    }

    /// Stops new permits or lets them be granted again, beside the mode. Takes effect behind what
    /// was said to the actor before; not waited for, and never lost while the actor lives.
    pub fn set_stopped(&self, stopped: bool) {
        self.addr.do_send(SetStopped(stopped));
    }

    /// How the account stands; none when the actor is gone.
    pub async fn health(&self) -> Option<Health> {
        self.addr.send(GetHealth).await.ok()
    }

    /// What the account finds wrong with an order before it could be sent. Needs no turn: nothing is sent.
    pub fn fault_in(&self, order: &Order) -> Option<Failure> {
        fault_in(&*self.provider, &self.account, order)
    }

    /// Authenticates a callback and says whom to ask about. Needs no turn: nothing is sent.
    pub fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        // Anyone may send anything here; what our own code cannot read proves nothing.
        catch_unwind(AssertUnwindSafe(|| self.provider.callback(raw))).unwrap_or_else(|_| {
            tracing::error!(account = %self.account, "the adapter panicked over a callback");
            CallbackOutcome::Unauthenticated { why: "it could not be read", reference: None }
        })
    }
}
