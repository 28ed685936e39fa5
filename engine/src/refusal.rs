//! Why the engine did not do what it was asked: named values with a sentence each. Our own failures
//! are among them, because to a merchant a failure before anything was created is a refusal too.

use adapters::rates::NoRate;
use domain::command::Refused;
use domain::id::PayoutId;

/// Why the engine did not do what it was asked. Nothing was created or changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No payout with this id that the caller may see.
    #[error("there is no such payout")]
    NotFound,
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// Another payout of the merchant carries the reference.
    #[error("the reference is already used by {0}")]
    DuplicateReference(PayoutId),
    /// No provider account serves the method, or the account that was asked for.
    #[error("no provider account serves this method")]
    NoRoute,
    /// It will be converted, and there is no rate.
    #[error(transparent)]
    NoRate(#[from] NoRate),
    /// No provider account has this name.
    #[error("there is no provider account of this name")]
    NoSuchAccount,
    /// The payout does not take the command now.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Too much is under way; nothing was created.
    #[error("the gateway is at its limit; try again shortly")]
    Overloaded,
    /// The gateway is still reading its journal, or is shutting down.
    #[error("the gateway is not ready")]
    NotReady,
    /// Our own failure; the journal has the truth.
    #[error("the gateway failed; ask again with the same idempotency key")]
    Internal,
}
