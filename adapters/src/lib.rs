//! Where the providers are: how each is spoken to, and how hard it may be asked. Knows what an order
//! and an outcome are, and no status of a payout: an adapter says what happened to the money, and
//! only the payout says what that makes of it.
//!
//! Reading order: `provider` (the contract, and how to add a provider) → `adapter_actor` (one account:
//! permits, questions, health) with `permit` → what it is made of, each pure and handed its time:
//! `rate_limit`, `call_schedule`, `fair_queue`, `risk_queue`, `circuit_breaker` → `registry` (all
//! accounts) → `rates` (what amounts are converted by) → `sandbox`, the provider that ships with the
//! gateway.

/// Whether this fault is planted on this thread; never, in a build without the feature.
#[macro_export]
macro_rules! planted {
    ($which:ident) => {{
        #[cfg(feature = "planted")]
        let planted = $crate::planted::is($crate::planted::Planted::$which);
        #[cfg(not(feature = "planted"))]
        let planted = false;
        planted
    }};
}

#[cfg(feature = "planted")]
pub mod planted;

/// Whether this build has places in it where faults can be planted, for tests of the tests.
pub const PLANTED: bool = cfg!(feature = "planted");

pub mod provider;

pub mod adapter_actor;
pub mod permit;

pub mod call_schedule;
pub mod circuit_breaker;
pub mod fair_queue;
pub mod rate_limit;
mod risk_queue;

pub mod registry;

pub mod rates;

pub mod sandbox;
