//! The sandbox with another contract: it does not recognise what it is sent again. Apart from the story, which
//! only needs to know that there is such a provider.

use adapters::provider::*;
use adapters::sandbox::InlineSandbox;
use adapters::sandbox::wire::LedgerRow;
use domain::failure::Failure;
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// A provider that pays again whatever it is sent again, and whose contract says so: only what it has
/// not known for a minute was never sent.
pub struct Forgetful {
    sandbox: InlineSandbox,
    caps: Caps,
}

impl Forgetful {
    pub fn new(sandbox: InlineSandbox) -> Forgetful {
        let mut caps = sandbox.caps().clone();
        caps.policy.resend_is_safe = false;
        caps.policy.not_found_final_after = Some(Duration::from_secs(60));
        Forgetful { sandbox, caps }
    }
}

impl Provider for Forgetful {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        self.sandbox.prepare(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        let paid = |row: &LedgerRow| row.reference == order.reference && row.paid > 0;
        let again = self.sandbox.ledger(Some(order.payout)).iter().any(paid);
        let mut order = order.as_ref().clone();
        if again {
            order.reference.push_str("-again");
        }
        self.sandbox.submit(Arc::new(order))
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        self.sandbox.fetch_status(lookup)
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.sandbox.revoke(lookup)
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.sandbox.cancel(lookup)
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        self.sandbox.callback(raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        self.sandbox.quote(wish)
    }

    fn list(&self, wish: ListWish) -> BoxFuture<'static, ListOutcome> {
        // A few on a page, so that there are pages.
        self.sandbox.list(ListWish { limit: 3, ..wish })
    }
}
