//! What a provider's word proves about a payout in its present status. Apart from `decide.rs`
//! because here, and only here, a foreign state is weighed against our own.

use crate::command::Refused;
use crate::entry::{HoldCause, ManualOutcome, Proposal};
use crate::failure::{Failure, Origin};
use crate::payout::Payout;
use crate::report::{Found, ProviderState};
use crate::resolution::Resolution;
use crate::standing::Money;
use crate::statement::{Outcome, Source, Statement};
use crate::status::Status;
use crate::transition::{Trigger, next};

/// Evidence after weighing: what is written down, and what it does.
#[derive(Clone, PartialEq, Debug)]
pub struct Weighed {
    /// What is written down.
    pub statement: Statement,
    /// The step it proves, if any; always a legal one.
    pub trigger: Option<Trigger>,
    /// The trouble it shows, if any.
    pub hold: Option<HoldCause>,
}

/// Weighs what a status fetch, or a believable callback, found.
pub fn weigh(payout: &Payout, found: &Found, source: Source) -> Weighed {
    let mut statement = match &found.failure {
        Some(why) => Statement::of(source, Outcome::Queued, why),
        None => Statement::ok(source, Outcome::Queued),
    };
    statement.raw_status = found.raw_status.clone();
    statement.provider_id = found.provider_id.clone();
    statement.amount = found.amount.map(|(amount, _)| amount);
    statement.fee = found.fee;
    let mut verdict = judge(payout, found, &mut statement);
    if contradicts_unsent(payout, &found.state) {
        // The provider knows a payout that we hold to be unsent: it must not be sent again.
        verdict = Verdict::hold(HoldCause::Discrepancy);
    }
    let trigger = verdict.trigger.filter(|on| next(payout.status(), *on).is_some());
    let hold = match (verdict.trigger, trigger) {
        // A report that would need a step the table does not have contradicts us.
        (Some(_), None) => Some(HoldCause::Discrepancy),
        _ => verdict.hold,
    };
    Weighed { statement, trigger, hold }
}

/// Weighs what a person vouches for: the statement it makes, and the step it proves. The step of a
/// person never leads back to where something could be sent.
///
/// # Errors
/// The outcome does not fit what is known.
pub fn vouched(
    payout: &Payout,
    proposal: &Proposal,
) -> Result<(Statement, Option<Trigger>), Refused> {
    let unfit = |why| Err(Refused::Unfit { why });
    let Proposal { outcome, resolution, amount } = proposal;
    let (status, asked) = (payout.status(), payout.request().amount);
    let mut statement = Statement::ok(Source::Manual, Outcome::Paid);
    (statement.resolution, statement.origin) = (*resolution, Origin::Platform);
    let steps: &[Trigger] = match outcome {
        ManualOutcome::Paid => {
            let paid = amount.unwrap_or(asked);
            if paid > asked {
                return unfit("more than the payout's amount cannot have been paid");
            }
            if matches!(status, Status::Created | Status::Ready) {
                return unfit(
                    "by these books it was never sent; resubmit or release it, or verify",
                );
            }
            if status.is_settled() && payout.standing().amount_processed != Some(paid) {
                return unfit("the status says how much was paid: use returned, or cancel it");
            }
            statement.amount = Some(paid);
            if paid == asked {
                &[Trigger::ProviderPaid, Trigger::UndoRefused]
            } else {
                statement.outcome = Outcome::PaidInPart;
                &[Trigger::ProviderPaidPart, Trigger::UndoRefused]
            }
        }
        ManualOutcome::Failed => {
            if matches!(status, Status::Created | Status::Ready) {
                return unfit("by these books it was never sent: use not_sent");
            }
            statement.outcome = Outcome::Failed;
            &[Trigger::ProviderFailed, Trigger::ProviderReturned, Trigger::UndoDone]
        }
        ManualOutcome::Returned => {
            if !matches!(payout.standing().money, Money::Paid | Money::InFlight | Money::Unknown) {
                return unfit("the money is not known to have left");
            }
            statement.outcome = Outcome::Returned;
            // By our books it may be waiting to be sent: then it is not to be.
            &[
                Trigger::ProviderReturned,
                Trigger::UndoDone,
                Trigger::ProviderFailed,
                Trigger::TerminateAsked,
            ]
        }
        ManualOutcome::NotSent => {
            if payout.standing().money == Money::Paid {
                return unfit("it was verified as paid: use returned, if the money came back");
            }
            statement.outcome = Outcome::NotSent;
            &[Trigger::TerminateAsked, Trigger::ProviderFailed, Trigger::UndoDone]
        }
    };
    Ok((statement, steps.iter().copied().find(|on| next(status, *on).is_some())))
}

/// By our books nothing reached the provider, or nothing was created there, and its word says more
/// than that. A provider may well list what it refused, or never paid, as failed.
fn contradicts_unsent(payout: &Payout, state: &ProviderState) -> bool {
    match payout.status() {
        Status::Created | Status::Ready => true,
        Status::CreateFailed | Status::Terminated | Status::Expired | Status::InvokeFailed => {
            !matches!(state, ProviderState::Failed | ProviderState::Expired)
        }
        _ => payout.standing().attempt == 0,
    }
}

#[derive(Default)]
struct Verdict {
    trigger: Option<Trigger>,
    hold: Option<HoldCause>,
}

impl Verdict {
    const NOTHING: Verdict = Verdict { trigger: None, hold: None };

    fn step(trigger: Trigger) -> Verdict {
        Verdict { trigger: Some(trigger), hold: None }
    }

    fn hold(cause: HoldCause) -> Verdict {
        Verdict { trigger: None, hold: Some(cause) }
    }
}

fn judge(payout: &Payout, found: &Found, statement: &mut Statement) -> Verdict {
    match found.state {
        ProviderState::Settled | ProviderState::PartiallySettled => paid(payout, found, statement),
        ProviderState::Failed | ProviderState::Expired => {
            blame(statement, Outcome::Failed, found.failure.is_none());
            failed(payout)
        }
        ProviderState::Returned => {
            statement.outcome = Outcome::Returned;
            came_back(payout)
        }
        ProviderState::Revoked | ProviderState::Reversed => {
            statement.outcome = Outcome::UndoDone;
            came_back(payout)
        }
        ProviderState::Accepted => {
            statement.outcome = Outcome::Accepted;
            in_flight(payout, Trigger::ProviderAccepted)
        }
        ProviderState::Queued | ProviderState::AtNetwork => {
            in_flight(payout, Trigger::ProviderQueued)
        }
        ProviderState::Held => {
            statement.outcome = Outcome::Held;
            statement.resolution = Resolution::GeneralError;
            held(payout, HoldCause::ProviderHold)
        }
        ProviderState::Unmapped => {
            statement.resolution = Resolution::Unknown;
            held(payout, HoldCause::Doubt)
        }
        ProviderState::Revoking | ProviderState::Reversing => {
            statement.outcome = Outcome::UndoPending;
            Verdict::NOTHING
        }
    }
}

/// A provider that says "failed" without a reason still gives one failure to show.
fn blame(statement: &mut Statement, outcome: Outcome, unexplained: bool) {
    statement.outcome = outcome;
    if unexplained {
        let why = Failure::new(Resolution::ProcessingError, Origin::Provider);
        (statement.resolution, statement.origin) = (why.resolution, why.origin);
    }
}

/// The provider says that it paid: how much decides.
fn paid(payout: &Payout, found: &Found, statement: &mut Statement) -> Verdict {
    let asked = payout.request().amount;
    let (amount, currency) = match (found.amount, &found.state) {
        (Some(named), _) => named,
        (None, ProviderState::Settled) => (asked, payout.request().currency),
        // "In part" without saying how much is no evidence of any amount.
        (None, _) => {
            statement.resolution = Resolution::Unknown;
            return held(payout, HoldCause::Doubt);
        }
    };
    statement.amount = Some(amount);
    let in_full = amount == asked;
    statement.outcome = if in_full { Outcome::Paid } else { Outcome::PaidInPart };
    // All of another amount: whatever was paid, it was not what this payout asks for. Where a restore has lost
    // the first use of its key, it may be what was asked for then.
    let all_of_less = found.state == ProviderState::Settled && amount < asked;
    if currency != payout.request().currency || amount > asked || all_of_less {
        return Verdict::hold(HoldCause::Discrepancy);
    }
    let standing = payout.standing();
    if standing.amount_processed.is_some_and(|verified| verified != amount) {
        // What was verified once is not replaced by another figure without anybody noticing.
        return Verdict::hold(HoldCause::Discrepancy);
    }
    match standing.status {
        Status::Processed | Status::PartiallyProcessed => Verdict::NOTHING,
        // The undo is still under way, or never arrived: the poll goes on.
        Status::Cancelling => Verdict::NOTHING,
        Status::Revoking => Verdict::step(Trigger::UndoRefused),
        Status::RevokeFailed | Status::CancelFailed => Verdict::NOTHING,
        _ if in_full => Verdict::step(Trigger::ProviderPaid),
        _ => Verdict::step(Trigger::ProviderPaidPart),
    }
}

/// The provider says that it failed, or gave up.
fn failed(payout: &Payout) -> Verdict {
    match payout.status() {
        Status::Processed | Status::PartiallyProcessed => Verdict::step(Trigger::ProviderReturned),
        Status::Revoking | Status::Cancelling => Verdict::step(Trigger::UndoDone),
        Status::CancelFailed => Verdict::hold(HoldCause::Discrepancy),
        status if status.is_final() => Verdict::NOTHING,
        _ => Verdict::step(Trigger::ProviderFailed),
    }
}

/// The money is back with us.
fn came_back(payout: &Payout) -> Verdict {
    match payout.status() {
        Status::Processed | Status::PartiallyProcessed => Verdict::step(Trigger::ProviderReturned),
        Status::Revoking | Status::Cancelling => Verdict::step(Trigger::UndoDone),
        Status::CancelFailed => Verdict::hold(HoldCause::Discrepancy),
        status if status.is_final() => Verdict::NOTHING,
        _ => Verdict::step(Trigger::ProviderFailed),
    }
}

/// The provider has it and is at work; never news for a payout that is further along.
fn in_flight(payout: &Payout, on: Trigger) -> Verdict {
    match payout.status() {
        Status::Invoking | Status::Processing if next(payout.status(), on).is_some() => {
            Verdict::step(on)
        }
        _ if is_over_unpaid(payout) => Verdict::hold(HoldCause::Discrepancy),
        _ => Verdict::NOTHING,
    }
}

/// By our books it has ended, and the money is not out: whoever says that it is alive denies that.
fn is_over_unpaid(payout: &Payout) -> bool {
    let unpaid = matches!(payout.standing().money, Money::NotSent | Money::Returned);
    payout.status().is_final() && unpaid
}

/// Alive, but a person should look.
fn held(payout: &Payout, cause: HoldCause) -> Verdict {
    if is_over_unpaid(payout) {
        return Verdict::hold(HoldCause::Discrepancy);
    }
    let on = Trigger::ProviderQueued;
    let trigger = next(payout.status(), on).map(|_| on);
    let hold = payout.status().is_with_provider().then_some(cause);
    Verdict { trigger, hold }
}
