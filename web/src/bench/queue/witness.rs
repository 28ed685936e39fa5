//! The sandbox, seen by somebody who notes every call at the moment at which it leaves. Apart because it is
//! the provider's view: what the gateway meant is not asked.

use adapters::provider::{
    CallbackOutcome, Caps, ListOutcome, ListWish, Lookup, Order, Provider, Quote, QuoteWish,
    RawCallback,
};
use adapters::sandbox::InlineSandbox;
use domain::failure::Failure;
use domain::id::{MerchantId, PayoutId};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// One call.
#[derive(Clone, Copy)]
pub struct Call {
    /// When it left.
    pub at: Instant,
    /// Which payout it sent, and whose; none: it asked for something.
    pub sent: Option<(MerchantId, PayoutId)>,
}

/// A sandbox whose calls are noted.
pub struct Witness {
    sandbox: InlineSandbox,
    calls: Mutex<Vec<Call>>,
}

impl Witness {
    /// Nothing was called yet.
    pub fn of(sandbox: InlineSandbox) -> Witness {
        Witness { sandbox, calls: Mutex::default() }
    }

    /// All calls until now, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The moment is taken under the lock, so that the notes are in order.
    fn note(&self, sent: Option<(MerchantId, PayoutId)>) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(Call { at: Instant::now(), sent });
    }
}

impl Provider for Witness {
    fn caps(&self) -> &Caps {
        self.sandbox.caps()
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        self.sandbox.prepare(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        self.note(Some((order.merchant, order.payout)));
        self.sandbox.submit(order)
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        self.note(None);
        self.sandbox.fetch_status(lookup)
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.note(None);
        self.sandbox.revoke(lookup)
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.note(None);
        self.sandbox.cancel(lookup)
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        self.sandbox.callback(raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        self.note(None);
        self.sandbox.quote(wish)
    }

    fn list(&self, wish: ListWish) -> BoxFuture<'static, ListOutcome> {
        self.note(None);
        self.sandbox.list(wish)
    }
}
