//! The sandbox inside the process, without HTTP: the same world and the same map, and nothing takes
//! any time. For benchmarks and simulations; what is lost or broken over HTTP is lost and broken
//! here as well, only at once.

mod shared;

use super::callback;
use super::clock::VirtualClock;
use super::map::{self, order};
use super::settings::SandboxSettings;
use super::wire::{CallsRow, LedgerRow, Page};
use super::world::{PageAsked, QuoteAsked};
use crate::provider::{
    CallbackOutcome, Caps, ListOutcome, ListWish, Lookup, Order, Provider, Quote, QuoteWish,
    RawCallback,
};
use crate::rates::NoRate;
use domain::conversion::Rate;
use domain::failure::Failure;
use domain::id::PayoutId;
use domain::money::{Asset, Currency};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use shared::Shared;
use std::sync::Arc;
use std::time::Duration;

/// Where callbacks go. Called from whichever thread finds them due, so it should only pass them on.
pub type CallbackSink = Arc<dyn Fn(RawCallback) + Send + Sync>;

/// The sandbox inside the process. Copies share one world.
#[derive(Clone)]
pub struct InlineSandbox {
    shared: Arc<Shared>,
}

impl InlineSandbox {
    /// A new world on that clock. On a running clock a thread makes what is due happen; on a
    /// standing one nothing happens but by [`InlineSandbox::advance`] and by calls.
    pub fn new(settings: &SandboxSettings, clock: Arc<VirtualClock>) -> InlineSandbox {
        InlineSandbox { shared: Shared::start(settings, clock) }
    }

    /// Another world that has come as far as this one, on a clock of its own: what happens in one of
    /// them from here on does not happen in the other. Callbacks go nowhere until it is said where to.
    pub fn fork(&self, clock: Arc<VirtualClock>) -> InlineSandbox {
        InlineSandbox { shared: self.shared.fork(clock) }
    }

    /// Where callbacks go, once; before it is said, there are none.
    pub fn on_callback(&self, sink: CallbackSink) {
        self.shared.call_back_to(sink);
    }

    /// The clock, which others may share.
    pub fn clock(&self) -> &Arc<VirtualClock> {
        &self.shared.clock
    }

    /// Turns the clock forward; what falls due happens before this returns.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.shared.make_due_happen();
    }

    /// What happens next, and when: for simulations that jump from one event to the next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.shared.world().next_due()
    }

    /// The ledger, or one payout's part of it, oldest first.
    pub fn ledger(&self, payout: Option<PayoutId>) -> Vec<LedgerRow> {
        let world = self.shared.world();
        whole(|cursor| world.ledger(payout, cursor, usize::MAX))
    }

    /// What the sandbox says of a pair; no offer.
    pub(crate) fn tell_rate(&self, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        let reply = self.shared.world().rate(self.shared.clock.now(), from, to);
        map::rated(self.shared.heard(reply), from, to)
    }

    /// How often the sandbox was asked about each reference.
    pub fn calls(&self, payout: Option<PayoutId>) -> Vec<CallsRow> {
        let world = self.shared.world();
        whole(|cursor| world.calls(payout, cursor, usize::MAX))
    }
}

/// All lines of all pages.
fn whole<T>(page: impl Fn(usize) -> Page<T>) -> Vec<T> {
    let (mut lines, mut cursor) = (Vec::new(), Some(0));
    while let Some(from) = cursor {
        let next = page(from);
        lines.extend(next.data);
        cursor = next.next_cursor.and_then(|text| text.parse().ok());
    }
    lines
}

impl Provider for InlineSandbox {
    fn caps(&self) -> &Caps {
        &self.shared.caps
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        order::check(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        let shared = self.shared.clone();
        Box::pin(async move { shared.submit(&order) })
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let reply = shared.world().fetch(shared.clock.now(), &lookup.reference);
            map::fetched(shared.heard(reply), &lookup)
        })
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let reply = shared.world().revoke(shared.clock.now(), &lookup.reference);
            map::undone(shared.heard(reply), &lookup.reference)
        })
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let reply = shared.world().reverse(shared.clock.now(), &lookup.reference);
            map::undone(shared.heard(reply), &lookup.reference)
        })
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        callback::read(&self.shared.key, raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let recipient = order::recipient(&wish.recipient);
            let QuoteWish { payout, amount, currency, recipient: _ } = wish;
            let asked = QuoteAsked { payout, amount, currency, recipient: &recipient };
            let reply = shared.world().quote(shared.clock.now(), &asked);
            map::quoted(shared.heard(reply))
        })
    }

    fn list(&self, wish: ListWish) -> BoxFuture<'static, ListOutcome> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let ListWish { from, until, cursor, limit } = wish;
            let cursor = cursor.and_then(|text| text.parse().ok()).unwrap_or(0);
            let asked = PageAsked { from, until, cursor, limit: usize::try_from(limit).ok() };
            let reply = shared.world().transactions(shared.clock.now(), asked);
            map::listed(shared.heard(reply))
        })
    }
}
