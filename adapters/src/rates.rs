//! Where rates come from: what a unit of a currency is worth in an asset. Apart from `provider`, whose
//! offers are promises about one payout: a rate is somebody's word about the market, and promises
//! nothing.
//!
//! Reading order: this file (the contract) → `cached` (how old a rate may be) → `fixed`, `http` with
//! `json` and `number`, `sandbox` (the three sources).

mod cached;
mod fixed;
mod http;
mod json;
mod number;
mod sandbox;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use cached::CachedRates;
pub use fixed::FixedRates;
pub use http::{HttpRates, HttpRatesSettings, InvalidSource};

use domain::conversion::Rate;
use domain::failure::{Failure, Origin};
use domain::money::{Asset, Currency};
use domain::resolution::Resolution;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Somebody who knows rates.
pub trait RateSource: Send + Sync + 'static {
    /// What its rates name as their source.
    fn name(&self) -> &str;

    /// The rate at present. The source itself sees to it that an answer comes in some time.
    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>>;

    /// How old its rates are at most, if anybody sees to that.
    fn max_age(&self) -> Option<Duration> {
        None
    }
}

impl fmt::Debug for dyn RateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateSource({})", self.name())
    }
}

/// Who is asked for a rate, and when.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// When a payout is about to be sent. None: the provider account is asked for its own offer.
    pub at_execution: Option<Arc<dyn RateSource>>,
    /// When a payout is made, and when a merchant asks. None: there is no telling.
    pub asked: Option<Arc<dyn RateSource>>,
}

/// Tells the time; in a test, whatever time it wants.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why there is no rate. Says nothing of what the source was asked or answered: both may hold a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoRate {
    /// The source does not have this pair.
    #[error("the source of rates does not offer this pair")]
    NotOffered,
    /// No connection, or no answer in time.
    #[error("the source of rates does not answer")]
    Unreachable,
    /// It answered that it would not tell.
    #[error("the source of rates answers with HTTP status {status}")]
    Refused {
        /// Its HTTP status.
        status: u16,
    },
    /// It answered something else than a rate.
    #[error("the answer of the source of rates cannot be used: {what}")]
    Unreadable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Its newest rate is older than a rate may be.
    #[error("the newest rate of the source is too old")]
    Stale,
    /// It is not more than zero, or of another pair than was asked for.
    #[error("what the source of rates gives is not a rate of this pair")]
    Invalid,
}

impl NoRate {
    /// Whether asking again may help, without anybody mending anything.
    pub const fn passes(self) -> bool {
        match self {
            NoRate::Unreachable | NoRate::Refused { .. } | NoRate::Stale => true,
            NoRate::NotOffered | NoRate::Unreadable { .. } | NoRate::Invalid => false,
        }
    }

    /// What a payout is told that cannot be converted. Nothing was sent: no provider is at fault.
    pub fn failure(self) -> Failure {
        match self {
            NoRate::NotOffered => Failure::new(Resolution::InvalidMethod, Origin::Platform),
            NoRate::Unreachable
            | NoRate::Refused { .. }
            | NoRate::Unreadable { .. }
            | NoRate::Stale
            | NoRate::Invalid => Failure::new(Resolution::GeneralError, Origin::Platform),
        }
    }
}
