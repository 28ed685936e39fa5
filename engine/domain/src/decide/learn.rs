//! What a report teaches: evidence into entries. Apart from `decide.rs`, which answers people and
//! the clock; this file answers providers.

use super::Draft;
use crate::effect::Effect;
use crate::entry::{Attention, By, Fact, Hold, HoldCause, Learned};
use crate::evidence::{Weighed, weigh};
use crate::failure::{Failure, Origin};
use crate::report::{FetchOutcome, Found, Report, SubmitOutcome, UndoOutcome, Waited};
use crate::resolution::{Group, Resolution};
use crate::schedule::Policy;
use crate::standing::Money;
use crate::statement::{Outcome, Source, Statement};
use crate::status::Status;
use crate::time::Timestamp;
use crate::transition::{Trigger, next};
use std::sync::Arc;
use std::time::Duration;

impl Draft<'_> {
    pub(super) fn report(&mut self, report: Report, policy: &Policy) {
        match report {
            Report::Submitted { attempt, outcome } if attempt == self.payout.standing().attempt => {
                self.submitted(outcome);
            }
            // The answer to an attempt that is no longer the current one proves nothing about it.
            Report::Submitted { .. } => {}
            Report::Fetched { waited, account, outcome } if self.payout.is_sought() => {
                self.sought(waited, account, outcome, policy);
            }
            Report::Fetched { waited, outcome, .. } => self.fetched(waited, outcome, policy),
            Report::CalledBack { account, found } if self.payout.is_sought() => {
                self.adopt(account.unwrap_or_default(), &found, Source::Callback);
            }
            Report::CalledBack { found, .. } => self.found(&found, Source::Callback),
            Report::Undone { outcome } => self.undone(outcome),
        }
    }

    fn submitted(&mut self, outcome: SubmitOutcome) {
        if self.status != Status::Invoking {
            // A callback or fetch was faster and knows more than this answer. A person who vouched
            // that nothing was sent may know less.
            let vouched = matches!(self.payout.standing().money, Money::NotSent | Money::Returned);
            let denied =
                !matches!(outcome, SubmitOutcome::Refused { .. } | SubmitOutcome::NotSent { .. });
            if vouched && denied && self.status.is_final() {
                self.effect(Effect::Verify);
            }
            return;
        }
        let source = Source::ApiResponse;
        let doubted = self.payout.standing().in_doubt;
        match outcome {
            SubmitOutcome::Accepted { provider_id, raw_status } => {
                let mut said = Statement::ok(source, Outcome::Accepted);
                (said.provider_id, said.raw_status) = (provider_id, raw_status);
                self.learn(said, Some(Trigger::ProviderAccepted), None);
            }
            SubmitOutcome::Duplicate { why } => {
                self.learn(Statement::of(source, Outcome::Duplicate, &why), None, None);
                self.effect(Effect::Verify);
            }
            // A word about this call says nothing about an earlier one that may have arrived.
            SubmitOutcome::Refused { why } if doubted => {
                let said = Statement::of(source, Outcome::Ambiguous, &why);
                self.learn(said, None, Some(HoldCause::Doubt));
                self.effect(Effect::Verify);
            }
            SubmitOutcome::NotSent { why, .. } if doubted => {
                let said = Statement::of(source, Outcome::Ambiguous, &why);
                self.learn(said, None, Some(HoldCause::Doubt));
            }
            SubmitOutcome::Refused { why } => {
                let said = Statement::of(source, Outcome::Refused, &why);
                self.learn(said, Some(Trigger::ProviderRefused), None);
            }
            SubmitOutcome::NotSent { why, retry_after } => self.not_sent(&why, retry_after),
            SubmitOutcome::Ambiguous { why } => {
                let said = Statement::of(source, Outcome::Ambiguous, &why);
                self.learn(said, None, Some(HoldCause::Doubt));
            }
        }
    }

    /// Where proof that nothing is there leads: back to our queue, or to the end if its time is over.
    fn given_back(&self) -> Trigger {
        let over = self.payout.deadline().is_some_and(|end| end <= self.now);
        if over { Trigger::DeadlinePassed } else { Trigger::NothingSent }
    }

    /// Nothing left us: the payout waits for its turn again, under the same reference, if there is time left.
    fn not_sent(&mut self, why: &Failure, retry_after: Option<Duration>) {
        let said = Statement::of(Source::ApiResponse, Outcome::NotSent, why);
        // Every refusal to take it in makes the next try rarer.
        let tries = u32::from(self.payout.standing().sends.saturating_sub(1)).min(6);
        let pause = retry_after.unwrap_or(Duration::from_secs(1 << tries));
        let back = self.given_back();
        let then = (back == Trigger::NothingSent).then(|| self.now.plus(pause));
        // A question that failed meanwhile left a doubt, and this is what takes it away.
        let attention = self.attention(&said, Some(back), None);
        self.write_learned(said, Some(back), attention, then);
    }

    fn fetched(&mut self, waited: Waited, outcome: FetchOutcome, policy: &Policy) {
        match outcome {
            FetchOutcome::Found(found) => self.found(&found, Source::Reconciliation),
            FetchOutcome::NotFound => self.not_found(waited, policy),
            // The engine remembers the token; the callback that carries it is the evidence.
            FetchOutcome::Deferred { .. } => {}
            // Our own queue was full: nobody was asked, so nothing is known that was not before.
            FetchOutcome::Unknown { why, .. } if why.origin == Origin::Platform => {}
            // A question that failed says nothing about a payout that waits for no answer.
            FetchOutcome::Unknown { .. } if !self.status.is_with_provider() => {}
            FetchOutcome::Unknown { why, .. } => {
                let said = Statement::of(Source::Reconciliation, Outcome::Ambiguous, &why);
                self.learn(said, None, Some(HoldCause::Doubt));
            }
        }
    }

    pub(super) fn found(&mut self, found: &Found, source: Source) {
        let Weighed { statement, trigger, hold } = weigh(self.payout, found, source);
        if hold == Some(HoldCause::Discrepancy) {
            self.effect(Effect::Alert);
        }
        self.learn(statement, trigger, hold);
    }

    /// "Not found" is obeyed only where the provider's finality contract makes it proof.
    fn not_found(&mut self, waited: Waited, policy: &Policy) {
        let Some(waited) = waited.still_for(self.payout) else { return };
        if !self.status.is_with_provider() || waited < policy.visibility_lag {
            return;
        }
        let why = Failure::new(Resolution::Unknown, Origin::Provider);
        let final_after = policy.not_found_final_after;
        let proof = final_after.is_some_and(|after| waited >= after);
        if proof && self.status == Status::Invoking {
            let said = Statement::of(Source::Reconciliation, Outcome::NotSent, &why);
            let back = self.given_back();
            self.learn(said, Some(back), None);
            if back == Trigger::NothingSent {
                self.effect(Effect::RequestPermit);
            }
        } else {
            let said = Statement::of(Source::Reconciliation, Outcome::NotFound, &why);
            self.learn(said, None, Some(HoldCause::Doubt));
        }
    }

    fn undone(&mut self, outcome: UndoOutcome) {
        let source = Source::ApiResponse;
        if !matches!(self.status, Status::Revoking | Status::Cancelling) {
            return;
        }
        match outcome {
            // An inline word never finishes a payout: the fetch does.
            UndoOutcome::Done | UndoOutcome::Pending => {
                self.learn(Statement::ok(source, Outcome::UndoPending), None, None);
            }
            UndoOutcome::Refused { why } => {
                // A recall that was refused leaves the money in flight: a person should know.
                let doubt = (self.status == Status::Revoking).then_some(HoldCause::Doubt);
                let said = Statement::of(source, Outcome::UndoRefused, &why);
                self.learn(said, Some(Trigger::UndoRefused), doubt);
            }
            UndoOutcome::Ambiguous { why } => {
                let said = Statement::of(source, Outcome::Ambiguous, &why);
                self.learn(said, None, Some(HoldCause::Doubt));
            }
        }
        self.effect(Effect::Verify);
    }

    /// Writes evidence down if it is news.
    pub(super) fn learn(
        &mut self,
        said: Statement,
        on: Option<Trigger>,
        trouble: Option<HoldCause>,
    ) {
        let attention = self.attention(&said, on, trouble);
        // What contradicted us when it was said first, and does so no longer, is news.
        let repeated = self.heard_since_sent().is_some_and(|last| {
            last.statement.same_news(&said) && contradicts(last.attention) == contradicts(attention)
        });
        let known = match attention {
            Attention::Unchanged => true,
            // A contradiction is marked on every statement that makes it, but told only once.
            Attention::Raise(hold) => self.payout.standing().hold.map(|(now, _)| now) == Some(hold),
            Attention::Clear => false,
        };
        if on.is_none() && known && repeated {
            return;
        }
        self.write_learned(said, on, attention, None);
    }

    /// The newest evidence about the last submission; what was said before it is news again.
    fn heard_since_sent(&self) -> Option<&Learned> {
        let facts = self.payout.entries().iter().rev().map(|entry| &entry.fact);
        let mut since =
            facts.take_while(|fact| !matches!(fact, Fact::Invoked(_) | Fact::Adopted(_)));
        since.find_map(|fact| match fact {
            Fact::Learned(learned) => Some(learned.as_ref()),
            _ => None,
        })
    }

    pub(super) fn write_learned(
        &mut self,
        statement: Statement,
        on: Option<Trigger>,
        attention: Attention,
        not_before: Option<Timestamp>,
    ) {
        let learned = Learned { statement, attention, not_before };
        self.write(By::Provider, Fact::Learned(Arc::new(learned)), on);
    }

    pub(super) fn attention(
        &self,
        said: &Statement,
        on: Option<Trigger>,
        trouble: Option<HoldCause>,
    ) -> Attention {
        let held = self.payout.standing().hold.map(|(hold, _)| hold.cause);
        let after = on.and_then(|on| next(self.status, on)).unwrap_or(self.status);
        let adrift = after == Status::RevokeFailed && !is_definite(said.outcome);
        // It is too late to send it, and still not known whether it was sent.
        let vain = self.payout.is_sought() && !is_definite(said.outcome);
        match (trouble, held) {
            (Some(cause), None) => Attention::Raise(hold_for(cause, said.resolution)),
            // Marked whatever holds the payout already: the fold must not believe the amount.
            (Some(HoldCause::Discrepancy), Some(_)) => {
                Attention::Raise(hold_for(HoldCause::Discrepancy, said.resolution))
            }
            (Some(_), Some(_)) => Attention::Unchanged,
            // A refused recall leaves the money in flight, and the end of it to be learned.
            (None, Some(cause)) if cause.released_by_evidence() && adrift => Attention::Unchanged,
            (None, Some(HoldCause::Overdue)) if after.is_with_provider() || vain => {
                Attention::Unchanged
            }
            (None, Some(HoldCause::Overdue)) => Attention::Clear,
            (None, Some(cause)) if cause.released_by_evidence() && is_clear(said) => {
                Attention::Clear
            }
            (None, _) => Attention::Unchanged,
        }
    }
}

fn contradicts(attention: Attention) -> bool {
    matches!(attention, Attention::Raise(Hold { cause: HoldCause::Discrepancy, .. }))
}

/// The reason shown for a hold; a held payout never shows OK as its reason.
fn hold_for(cause: HoldCause, resolution: Resolution) -> Hold {
    let reason = if resolution == Resolution::Ok { Resolution::Unknown } else { resolution };
    Hold { cause, reason }
}

/// A statement that takes the doubt away: the provider said something definite.
fn is_clear(said: &Statement) -> bool {
    // How the money ended is definite, whatever resolution the provider gave as the reason.
    is_definite(said.outcome)
        || said.resolution.group() != Group::Error
            && !matches!(said.outcome, Outcome::Ambiguous | Outcome::NotFound | Outcome::Duplicate)
}

/// Whether it says where the money is for good, as far as the provider can know.
fn is_definite(outcome: Outcome) -> bool {
    use Outcome::*;
    match outcome {
        Paid | PaidInPart | Failed | Returned | Refused | NotSent | UndoDone => true,
        Accepted | Queued | Held | Duplicate | Ambiguous | NotFound | UndoPending | UndoRefused => {
            false
        }
    }
}
