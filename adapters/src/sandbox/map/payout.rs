//! A payout as the sandbox tells it, in neutral words. Apart from `map.rs` because lookups and the
//! answers to deferred questions tell it alike.

use super::code::failure;
use crate::sandbox::wire::PayoutBody;
use domain::money::{Amount, Currency};
use domain::report::{Found, ProviderState};

/// A payout as the sandbox tells it.
pub fn found(told: PayoutBody) -> Found {
    let amount = settled_amount(&told);
    let state = state_of(&told, amount.is_some());
    let code = told.code.as_deref();
    let failure = match state {
        ProviderState::Failed => {
            Some(failure(code.unwrap_or("declined_error"), told.origin.as_deref()))
        }
        ProviderState::Expired => Some(failure("operation_expired", None)),
        _ => None,
    };
    Found {
        state,
        raw_status: Some(told.status.into()),
        provider_id: told.id.map(String::into_boxed_str),
        amount,
        fee: None,
        failure,
    }
}

fn state_of(told: &PayoutBody, names_amount: bool) -> ProviderState {
    match &*told.status {
        "accepted" => ProviderState::Accepted,
        "queued" => ProviderState::Queued,
        "processing" => ProviderState::AtNetwork,
        "held" => ProviderState::Held,
        // Settled without a readable amount is settled by how much?
        "settled" if !names_amount => ProviderState::Unmapped,
        "settled" if less_than_asked(told) => ProviderState::PartiallySettled,
        "settled" => ProviderState::Settled,
        "failed" => ProviderState::Failed,
        "returned" => ProviderState::Returned,
        "revoking" => ProviderState::Revoking,
        "revoked" => ProviderState::Revoked,
        "reversing" => ProviderState::Reversing,
        "reversed" => ProviderState::Reversed,
        "expired" => ProviderState::Expired,
        _ => ProviderState::Unmapped,
    }
}

fn settled_amount(told: &PayoutBody) -> Option<(Amount, Currency)> {
    let currency = Currency::parse(&told.currency).ok()?;
    Some((Amount::parse(told.settled_amount.as_deref()?, currency).ok()?, currency))
}

fn less_than_asked(told: &PayoutBody) -> bool {
    let asked = Currency::parse(&told.currency)
        .ok()
        .and_then(|currency| Amount::parse(&told.amount, currency).ok());
    settled_amount(told).zip(asked).is_some_and(|((settled, _), asked)| settled < asked)
}
