//! Whether a payout was sent in a time that a restore has lost. Apart from `learn.rs` because here the
//! question is not how a submission ended but whether there was one, and because a "yes" writes down
//! a submission that these books have forgotten.

use super::Draft;
use crate::effect::{Effect, wants_permit};
use crate::entry::{Attention, By, Fact, HoldCause, Intent};
use crate::failure::{Failure, Origin};
use crate::payout::Payout;
use crate::report::{FetchOutcome, Found, Waited};
use crate::resolution::Resolution;
use crate::schedule::Policy;
use crate::statement::{Outcome, Source, Statement};
use crate::status::Status;
use crate::transition::Trigger;
use std::sync::Arc;

impl Draft<'_> {
    pub(super) fn sought(
        &mut self,
        waited: Waited,
        account: Option<Box<str>>,
        outcome: FetchOutcome,
        policy: &Policy,
    ) {
        match outcome {
            FetchOutcome::Found(found) => {
                self.adopt(account.unwrap_or_default(), &found, Source::Reconciliation);
            }
            FetchOutcome::NotFound => self.never_sent(waited, policy),
            // Nobody answered: it is asked again, and nothing is sent meanwhile.
            FetchOutcome::Deferred { .. } | FetchOutcome::Unknown { .. } => {}
        }
    }

    /// The provider has it: the forgotten submission is written down, and the answer weighed as the
    /// answer about any other.
    pub(super) fn adopt(&mut self, account: Box<str>, found: &Found, source: Source) {
        let standing = self.payout.standing();
        if self.status == Status::Created {
            // It was complete when it was sent; what completed it is forgotten too.
            self.write(By::Engine, Fact::Moved, Some(Trigger::DetailsAccepted));
        }
        let intent = Intent {
            attempt: standing.attempt.max(1),
            send: standing.sends.saturating_add(1),
            account,
            request: self.payout.request().body,
            settlement: None,
        };
        self.write(By::Engine, Fact::Adopted(Arc::new(intent)), Some(Trigger::InvokeSent));
        let Some(after) = self.so_far() else { return };
        let mut then = Draft::new(&after, self.now);
        then.found(found, source);
        let told = std::mem::take(&mut then.step);
        self.status = then.status;
        self.step.entries.extend(told.entries);
        self.step.effects.extend(told.effects);
        if self.status.is_with_provider() {
            self.effect(Effect::Verify);
        }
    }

    /// The provider does not know it. That is proof where its contract says so. Where it would recognise the
    /// reference if it came a second time it is enough to send it, and no more: it may turn up yet, so it is
    /// still asked about, and neither expires nor is given up.
    fn never_sent(&mut self, waited: Waited, policy: &Policy) {
        let Some(waited) = waited.still_for(self.payout) else { return };
        if waited < policy.visibility_lag {
            return;
        }
        let proved = policy.not_found_final_after.is_some_and(|after| waited >= after);
        let why = Failure::new(Resolution::Unknown, Origin::Provider);
        let outcome = if proved { Outcome::NotSent } else { Outcome::NotFound };
        let said = Statement::of(Source::Reconciliation, outcome, &why);
        let held = self.payout.standing().hold.map(|(hold, _)| hold.cause);
        let attention = match held {
            Some(HoldCause::Restored) if !proved && policy.resend_is_safe => Attention::Clear,
            _ if !proved => return self.learn(said, None, None),
            _ => self.attention(&said, None, None),
        };
        self.write_learned(said, None, attention, None);
        if self.so_far().is_some_and(|after| wants_permit(&after, self.clock)) {
            self.effect(Effect::RequestPermit);
        }
    }

    /// The payout with what is drafted so far.
    pub(super) fn so_far(&self) -> Option<Payout> {
        let mut after = self.payout.clone();
        for entry in &self.step.entries {
            // Drafted in order, so each follows the one before it.
            after.apply(entry.clone()).ok()?;
        }
        Some(after)
    }
}
