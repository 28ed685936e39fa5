//! Trouble in the plural: held payouts with the same provider account, reason and day are one
//! incident, so that an outage is one thing to decide and not one for each payout. A function of the
//! payout alone: every reader names the same incident, before and after a restart.

use crate::entry::HoldCause;
use crate::id::{IncidentId, MerchantId};
use crate::money::{Amount, Currency};
use crate::payout::Payout;
use crate::resolution::Resolution;
use crate::schedule::Policy;
use crate::standing::Money;
use crate::statement::{Outcome, Statement};
use crate::time::Timestamp;

/// Incidents do not reach over midnight, UTC.
const WINDOW_MICROS: i64 = 86_400_000_000;

/// What makes two held payouts part of the same incident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IncidentKey {
    /// The provider account; empty while none is chosen.
    pub account: Box<str>,
    /// The resolution that raised it.
    pub reason: Resolution,
    /// The kind of trouble.
    pub cause: HoldCause,
    /// The beginning of the day in which it was raised.
    pub window: Timestamp,
}

impl IncidentKey {
    /// The incident that a payout is part of, and since when; none unless it is held.
    pub fn of(payout: &Payout) -> Option<(IncidentKey, Timestamp)> {
        let (hold, since) = payout.standing().hold?;
        let window = Timestamp(since.0 - since.0.rem_euclid(WINDOW_MICROS));
        let account = payout.account().unwrap_or_default().into();
        Some((IncidentKey { account, reason: hold.reason, cause: hold.cause, window }, since))
    }

    /// Its id.
    pub fn id(&self) -> IncidentId {
        let IncidentKey { account, reason, cause, window } = self;
        IncidentId::derive(&format!("{account}/{}/{}/{}", reason.code(), cause.word(), window.0))
    }
}

/// What an operator had best do about a held payout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Recommended {
    /// Nothing: the provider is being asked, and its word releases the payout.
    Verify,
    /// Send the same attempt again; the provider does not know it and would recognise it.
    Resubmit,
    /// Find out outside, and record the outcome with a second person.
    Statement,
    /// Let it go on, once the reason for holding it is gone.
    Release,
}

impl Recommended {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Recommended::Verify => "verify",
            Recommended::Resubmit => "resubmit",
            Recommended::Statement => "statement",
            Recommended::Release => "release",
        }
    }

    /// What is best for this payout; none unless it is held.
    pub fn for_payout(payout: &Payout, policy: &Policy) -> Option<Recommended> {
        let (hold, _) = payout.standing().hold?;
        let unknown_there =
            payout.last_statement().is_some_and(|last| last.outcome == Outcome::NotFound);
        Some(match hold.cause {
            HoldCause::Doubt if unknown_there && policy.resend_is_safe => Recommended::Resubmit,
            HoldCause::Doubt | HoldCause::ProviderHold | HoldCause::Restored => Recommended::Verify,
            HoldCause::Overdue | HoldCause::Discrepancy => Recommended::Statement,
            HoldCause::Quarantine | HoldCause::Paused => Recommended::Release,
        })
    }
}

/// Money that may or may not have moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InDoubt {
    /// At which provider account.
    pub account: Box<str>,
    /// Whose.
    pub merchant: MerchantId,
    /// In what.
    pub currency: Currency,
    /// How much.
    pub amount: Amount,
}

impl InDoubt {
    /// What this payout adds: its amount, if nobody can say where the money is, or if what is said
    /// contradicts itself. A release by an operator takes no doubt away; evidence does.
    pub fn of(payout: &Payout) -> Option<InDoubt> {
        let standing = payout.standing();
        let cause = standing.hold.map(|(hold, _)| hold.cause);
        let contradicted = matches!(
            cause,
            Some(HoldCause::Discrepancy | HoldCause::Quarantine | HoldCause::Overdue)
        );
        let doubtful = |last: &Statement| {
            matches!(last.outcome, Outcome::Ambiguous | Outcome::NotFound | Outcome::Duplicate)
        };
        let unknown = standing.money == Money::Unknown
            && (cause.is_some() || payout.last_statement().is_some_and(doubtful));
        if standing.attempt == 0 || !(contradicted || unknown) {
            return None;
        }
        let request = payout.request();
        Some(InDoubt {
            account: payout.account().unwrap_or_default().into(),
            merchant: request.merchant,
            currency: request.currency,
            amount: request.amount,
        })
    }
}
