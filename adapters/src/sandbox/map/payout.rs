//! A payout as the sandbox tells it, in neutral words. Apart from `map.rs` because lookups and the
//! answers to deferred questions tell it alike.

use super::code::failure;
use crate::sandbox::wire::PayoutBody;
use domain::money::{Amount, Currency};
use domain::report::{Found, ProviderState};

/// A payout as the sandbox tells it, its amounts read in the currency that it names.
pub fn found(told: PayoutBody) -> Found {
    let amounts =
        Currency::parse(&told.currency).ok().map(|currency| Amounts::read(&told, currency));
    found_with(told, amounts)
}

/// The same for a lookup, which knows the currency that it expects.
pub fn found_in(currency: Currency, told: PayoutBody) -> Found {
    if told.currency != currency.code() {
        return found(told);
    }
    let amounts = Amounts::read(&told, currency);
    found_with(told, Some(amounts))
}

/// What can be read of the amounts.
struct Amounts {
    asked: Option<Amount>,
    settled: Option<Amount>,
    currency: Currency,
}

impl Amounts {
    fn read(told: &PayoutBody, currency: Currency) -> Amounts {
        let read = |text: &str| Amount::parse(text, currency).ok();
        let settled = told.settled_amount.as_deref().and_then(read);
        // Only a settled amount is compared with what was asked for.
        Amounts { asked: settled.and_then(|_| read(&told.amount)), settled, currency }
    }

    fn pair(&self) -> Option<(Amount, Amount)> {
        Some((self.settled?, self.asked?))
    }
}

fn found_with(told: PayoutBody, amounts: Option<Amounts>) -> Found {
    let state = state_of(&told.status, amounts.as_ref().and_then(Amounts::pair));
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
        amount: amounts.and_then(|amounts| Some((amounts.settled?, amounts.currency))),
        fee: None,
        failure,
    }
}

fn state_of(status: &str, settled_and_asked: Option<(Amount, Amount)>) -> ProviderState {
    match (status, settled_and_asked) {
        ("accepted", _) => ProviderState::Accepted,
        ("queued", _) => ProviderState::Queued,
        ("processing", _) => ProviderState::AtNetwork,
        ("held", _) => ProviderState::Held,
        ("settled", Some((settled, asked))) if settled < asked => ProviderState::PartiallySettled,
        ("settled", Some(_)) => ProviderState::Settled,
        // Settled without readable amounts is settled by how much?
        ("settled", None) => ProviderState::Unmapped,
        ("failed", _) => ProviderState::Failed,
        ("returned", _) => ProviderState::Returned,
        ("revoking", _) => ProviderState::Revoking,
        ("revoked", _) => ProviderState::Revoked,
        ("reversing", _) => ProviderState::Reversing,
        ("reversed", _) => ProviderState::Reversed,
        ("expired", _) => ProviderState::Expired,
        _ => ProviderState::Unmapped,
    }
}
