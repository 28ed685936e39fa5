//! What of a payout must be the same on both sides, in words that both know.

use crate::happens::Reason;
use crate::model::{Cause, Model, Money};
use crate::told::{Told, cents, resolution};
use domain::effect::wants_permit;
use domain::schedule::needs_asking;
use domain::status::Status;

/// A payout as it is seen from outside.
#[derive(PartialEq, Debug)]
pub struct Outside {
    status: String,
    money: &'static str,
    attempt: u8,
    sends: u16,
    held: Option<(&'static str, &'static str)>,
    processed: Option<String>,
    may_be_sent: bool,
    asks: bool,
    taken: bool,
    submits: usize,
}

impl Outside {
    pub fn of_product(told: &Told) -> Outside {
        let (payout, standing) = (&told.payout, told.payout.standing());
        let again = payout.status() == Status::Invoking && standing.resubmit_asked;
        let hold = standing.hold.map(|(hold, _)| (hold.cause.word(), hold.reason_code()));
        Outside {
            status: payout.status().code().to_owned(),
            money: standing.money.word(),
            attempt: standing.attempt,
            sends: standing.sends,
            held: hold,
            processed: standing.amount_processed.map(|amount| amount.to_string()),
            may_be_sent: again || wants_permit(payout, told.now),
            asks: needs_asking(payout),
            taken: told.taken,
            submits: told.submits,
        }
    }

    pub fn of_model(model: &Model) -> Outside {
        let reason = |(cause, why)| match why {
            Reason::Paused => (word(cause), "PAUSED"),
            why => (word(cause), resolution(why).code()),
        };
        Outside {
            status: code(&format!("{:?}", model.stage)),
            money: match model.money {
                Money::NotSent => "not_sent",
                Money::Unknown => "unknown",
                Money::InFlight => "in_flight",
                Money::Paid => "paid",
                Money::Returned => "returned",
            },
            attempt: model.attempt(),
            sends: model.sends,
            held: model.held.map(reason),
            processed: model.processed.map(|minor| cents(minor).to_string()),
            may_be_sent: model.may_be_sent(),
            asks: model.asks(),
            taken: model.taken,
            submits: usize::from(model.sent),
        }
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Doubt => "doubt",
        Cause::ProviderHold => "provider_hold",
        Cause::Overdue => "overdue",
        Cause::Restored => "restored",
        Cause::Discrepancy => "discrepancy",
        Cause::Quarantine => "quarantine",
        Cause::Paused => "paused",
    }
}

/// PartiallyProcessed is PARTIALLY_PROCESSED.
fn code(name: &str) -> String {
    let mut code = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(letter.to_ascii_uppercase());
    }
    code
}
