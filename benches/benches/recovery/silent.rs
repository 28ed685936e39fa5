//! A provider account that takes questions and never answers: what recovery leaves behind must stay as
//! it was found, however long the process lives.

use adapters::provider::{
    CallbackOutcome, Caps, Lookup, Order, Provider, Quote, QuoteWish, RawCallback,
};
use adapters::sandbox::SandboxSettings;
use domain::failure::Failure;
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use futures_util::future::{BoxFuture, pending};
use std::sync::Arc;
use std::time::Duration;

/// Longer than any measurement.
const LONG: Duration = Duration::from_secs(100_000);

/// The account; like the sandbox's, but patient.
pub struct Silent(Caps);

impl Silent {
    pub fn new() -> Silent {
        let mut settings = SandboxSettings::default();
        (settings.poll.first, settings.poll.cap) = (LONG, LONG);
        settings.limits.timeout = LONG;
        Silent(settings.caps())
    }
}

impl Provider for Silent {
    fn caps(&self) -> &Caps {
        &self.0
    }

    fn prepare(&self, _: &Order) -> Result<(), Failure> {
        Ok(())
    }

    fn submit(&self, _: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        Box::pin(pending())
    }

    fn fetch_status(&self, _: Lookup) -> BoxFuture<'static, FetchOutcome> {
        Box::pin(pending())
    }

    fn revoke(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        Box::pin(pending())
    }

    fn cancel(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        Box::pin(pending())
    }

    fn callback(&self, _: &RawCallback) -> CallbackOutcome {
        CallbackOutcome::Ignored
    }

    fn quote(&self, _: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        Box::pin(pending())
    }
}
