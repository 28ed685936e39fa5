//! The attempts of a payout, folded from its entries: to whom each went, as what, and what is known
//! of its effect on the money.

use super::TimeOut;
use domain::entry::{Fact, Intent};
use domain::id::provider_reference;
use domain::payout::Payout;
use domain::statement::{Outcome, Statement};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// One submission. Sent again under the same provider reference, it is still the same attempt.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptOut<'p> {
    /// 1, 2, 3 …
    #[schema(example = 1)]
    pub number: u8,
    /// To whom.
    #[schema(example = "sandbox")]
    pub provider_account: &'p str,
    /// How the provider finds it.
    #[schema(example = "3k8z2m5v7q9x1c4b6n8d0f2g4h-1")]
    pub provider_reference: String,
    /// The provider's own id of it, once heard.
    pub provider_id: Option<&'p str>,
    /// What is known: unknown, accepted, refused, not_sent, ambiguous.
    #[schema(example = "accepted")]
    pub effect: &'static str,
    /// When it was first sent.
    pub sent_at: TimeOut,
}

/// The attempts in order.
pub(super) fn of(payout: &Payout) -> Vec<AttemptOut<'_>> {
    let mut attempts: Vec<AttemptOut<'_>> = Vec::new();
    for entry in payout.entries() {
        match &entry.fact {
            Fact::Invoked(intent) | Fact::Adopted(intent) => {
                sent(&mut attempts, payout, intent, entry.at)
            }
            Fact::Learned(learned) => {
                if let Some(attempt) = attempts.last_mut() {
                    heard(attempt, &learned.statement);
                }
            }
            Fact::Created(_)
            | Fact::DetailsGiven(_)
            | Fact::DetailsRejected(_)
            | Fact::ProcessAsked
            | Fact::Moved
            | Fact::UndoSent
            | Fact::Held(_)
            | Fact::Released
            | Fact::ResubmitAsked
            | Fact::Operated(_)
            | Fact::Quoted(_)
            | Fact::RateMissed(_)
            | Fact::Commanded { .. } => {}
        }
    }
    attempts
}

fn sent<'p>(
    attempts: &mut Vec<AttemptOut<'p>>,
    payout: &Payout,
    intent: &'p Intent,
    at: Timestamp,
) {
    let Intent { attempt: number, send: _, account, request: _, settlement: _ } = intent;
    match attempts.last_mut() {
        Some(attempt) if attempt.number == *number => attempt.effect = "unknown",
        _ => attempts.push(AttemptOut {
            number: *number,
            provider_account: account,
            provider_reference: provider_reference(payout.id(), *number),
            provider_id: None,
            effect: "unknown",
            sent_at: TimeOut(at),
        }),
    }
}

fn heard<'p>(attempt: &mut AttemptOut<'p>, said: &'p Statement) {
    if let Some(id) = &said.provider_id {
        attempt.provider_id = Some(id);
    }
    match said.outcome {
        // Whatever became of it later, the provider had it.
        Outcome::Accepted | Outcome::Queued | Outcome::Held => attempt.effect = "accepted",
        Outcome::Paid | Outcome::PaidInPart | Outcome::Failed => attempt.effect = "accepted",
        Outcome::Returned | Outcome::UndoPending | Outcome::UndoDone => attempt.effect = "accepted",
        Outcome::Refused => attempt.effect = "refused",
        Outcome::NotSent => attempt.effect = "not_sent",
        // Doubt about a later question does not undo what was known.
        Outcome::Ambiguous | Outcome::Duplicate if attempt.effect != "accepted" => {
            attempt.effect = "ambiguous";
        }
        Outcome::Ambiguous | Outcome::Duplicate => {}
        Outcome::NotFound | Outcome::UndoRefused => {}
    }
}
