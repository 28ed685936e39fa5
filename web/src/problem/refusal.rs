//! What the engine refuses, as problems: the one place where its words get an HTTP status. Total, so
//! that a new refusal must be given one.

use super::{FieldFault, Kind, Problem};
use adapters::rates::NoRate;
use domain::command::Refused;
use engine::{Refusal, SnapshotError, VerificationRefused};

/// When to come back after a refusal that will pass.
const SOON_SECONDS: u64 = 1;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        match refusal {
            Refusal::NotFound => Problem::plain(Kind::PAYOUT_NOT_FOUND),
            Refusal::NoSuchAccount => Problem::plain(Kind::PROVIDER_ACCOUNT_NOT_FOUND),
            Refusal::KeyReused => key_reused(),
            Refusal::DuplicateReference(other) => {
                let mut problem = Problem::new(
                    Kind::DUPLICATE_REFERENCE,
                    "another payout carries this reference; a reference is used once for ever",
                );
                problem.0.payout = Some(other.to_string());
                problem.at("reference")
            }
            Refusal::NoRate(why) => no_rate(why),
            Refusal::NoRoute => Problem::plain(Kind::NO_ROUTE).at("method"),
            Refusal::Refused(refused) => refused.into(),
            Refusal::Overloaded => {
                Problem::new(Kind::OVERLOADED, "nothing was created; try again shortly")
                    .retry_after(SOON_SECONDS)
            }
            Refusal::NotReady => {
                let detail = "the gateway is starting or stopping; nothing was created";
                Problem::new(Kind::NOT_READY, detail).retry_after(SOON_SECONDS)
            }
            Refusal::Internal => {
                let detail = "whether it was done is not known here; ask again with the same Idempotency-Key";
                Problem::new(Kind::INTERNAL_ERROR, detail)
            }
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        // Its sentence is made of our own words only.
        let sentence = refused.to_string();
        let mut problem = match refused {
            Refused::NotAllowed { status, command } => {
                let mut problem = about(Kind::NOT_ALLOWED, command);
                problem.0.payout_status = Some(status.code());
                problem
            }
            Refused::Held { command } => about(Kind::HELD_FOR_MODERATION, command),
            Refused::Unsupported { command } => about(Kind::NOT_SUPPORTED, command),
            Refused::TooOften { command } => about(Kind::NOT_ALLOWED, command),
            Refused::Unsafe { why: _ } => Problem::plain(Kind::NOT_SAFE),
            Refused::Changed { seen: _, now: _ } => Problem::plain(Kind::PAYOUT_CHANGED),
            Refused::NothingProposed => Problem::plain(Kind::NOTHING_PROPOSED),
            Refused::SamePerson => Problem::plain(Kind::SECOND_PERSON_REQUIRED),
            Refused::Unfit { why: _ } => Problem::plain(Kind::OUTCOME_UNFIT),
            Refused::InvalidDetails(errors) => {
                return Problem::fields(errors.into_iter().map(FieldFault::from).collect());
            }
            Refused::KeyReused => return key_reused(),
        };
        problem.0.detail = sentence.into();
        problem
    }
}

impl From<SnapshotError> for Problem {
    fn from(error: SnapshotError) -> Problem {
        match error {
            SnapshotError::NotRunning => Refusal::NotReady.into(),
            SnapshotError::Busy => Problem::plain(Kind::SNAPSHOT_UNDER_WAY),
            SnapshotError::Unknown(_) => Problem::plain(Kind::SNAPSHOT_NOT_FOUND),
            SnapshotError::Damaged(_) | SnapshotError::Store(_) | SnapshotError::Interrupted => {
                tracing::error!(%error, "a snapshot failed");
                Problem::new(Kind::INTERNAL_ERROR, "the snapshot failed; the log says why")
            }
        }
    }
}

impl From<VerificationRefused> for Problem {
    fn from(refused: VerificationRefused) -> Problem {
        match refused {
            VerificationRefused::NotRunning => Refusal::NotReady.into(),
            VerificationRefused::UnderWay => Problem::plain(Kind::VERIFICATION_UNDER_WAY),
            VerificationRefused::Failed => {
                Problem::new(Kind::INTERNAL_ERROR, "it was not begun; the log says why")
            }
        }
    }
}

fn about(kind: Kind, command: &'static str) -> Problem {
    let mut problem = Problem::plain(kind);
    problem.0.command = Some(command);
    problem
}

/// The source's words are our own, and no part of what it answered.
pub(crate) fn no_rate(why: NoRate) -> Problem {
    let problem = Problem::new(Kind::RATE_UNAVAILABLE, why.to_string());
    if why.passes() { problem.retry_after(SOON_SECONDS) } else { problem }
}

fn key_reused() -> Problem {
    let detail = "a key belongs to one request for ever; another request needs another key";
    Problem::new(Kind::IDEMPOTENCY_KEY_REUSED, detail)
}
