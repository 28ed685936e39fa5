//! The sandbox as a source of rates, over HTTP and inside the process. Apart from the sandbox's folder
//! because a source of rates need not be a provider; what its answers mean stands there.

use super::{NoRate, RateSource};
use crate::sandbox::{InlineSandbox, RATE_SOURCE, SandboxProvider};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use futures_util::future::{BoxFuture, ready};

impl RateSource for SandboxProvider {
    fn name(&self) -> &str {
        RATE_SOURCE
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        self.tell_rate(from, to)
    }
}

impl RateSource for InlineSandbox {
    fn name(&self) -> &str {
        RATE_SOURCE
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        Box::pin(ready(self.tell_rate(from, to)))
    }
}
