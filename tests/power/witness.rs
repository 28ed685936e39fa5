//! A provider that writes down what reaches it and answers nothing of use, so that a payout that is in doubt
//! stays so. Apart from the judge, because it has to be a whole provider.

use adapters::provider::{
    CallbackOutcome, Caps, Lookup, Order, Provider, Quote, QuoteWish, RawCallback,
};
use adapters::sandbox::{SandboxProvider, SandboxSettings};
use domain::failure::{Failure, Origin};
use domain::id::{PayoutId, read_provider_reference};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use futures_util::future::BoxFuture;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// The sandbox's contract, and nobody behind it.
pub struct Witness {
    nobody: SandboxProvider,
    sent: Mutex<BTreeSet<(PayoutId, u8)>>,
}

impl Witness {
    pub fn new() -> Witness {
        let nobody = SandboxProvider::new(&SandboxSettings::default(), "http://127.0.0.1:9");
        Witness { nobody: nobody.unwrap(), sent: Mutex::default() }
    }

    /// Which attempts were submitted to it.
    pub fn sent(&self) -> BTreeSet<(PayoutId, u8)> {
        self.sent.lock().unwrap().clone()
    }
}

fn silence() -> Failure {
    Failure::new(Resolution::ConnectionTimeoutError, Origin::Provider)
}

impl Provider for Witness {
    fn caps(&self) -> &Caps {
        self.nobody.caps()
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        self.nobody.prepare(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        self.sent.lock().unwrap().extend(read_provider_reference(&order.reference));
        Box::pin(async { SubmitOutcome::Ambiguous { why: silence() } })
    }

    fn fetch_status(&self, _: Lookup) -> BoxFuture<'static, FetchOutcome> {
        Box::pin(async { FetchOutcome::Unknown { why: silence(), retry_after: None } })
    }

    fn revoke(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        Box::pin(async { UndoOutcome::Ambiguous { why: silence() } })
    }

    fn cancel(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        Box::pin(async { UndoOutcome::Ambiguous { why: silence() } })
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        self.nobody.callback(raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        self.nobody.quote(wish)
    }
}
