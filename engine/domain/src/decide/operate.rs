//! What an operator may do to a payout, and when it is refused. Apart from `decide.rs` because every
//! order here overrules the engine, and each has to say why that is safe.

use super::Draft;
use crate::command::Refused;
use crate::effect::Effect;
use crate::entry::{Act, Attention, By, Deed, Fact, Learned, Proposal};
use crate::evidence::vouched;
use crate::schedule::Policy;
use crate::status::Status;
use std::sync::Arc;

impl Draft<'_> {
    pub(super) fn operate(
        &mut self,
        act: Arc<Act>,
        by: By,
        policy: &Policy,
    ) -> Result<(), Refused> {
        match &act.deed {
            Deed::Release => self.release(act, by, policy),
            Deed::Resubmit => self.resubmit(act, by, policy),
            Deed::Pause => self.pause(act, by),
            Deed::Propose { proposal, seen } => {
                let (proposal, seen) = (proposal.clone(), *seen);
                self.propose(act, by, &proposal, seen)
            }
            Deed::Approve { proposed } => {
                let proposed = *proposed;
                self.approve(act, by, proposed)
            }
            Deed::Reject { proposed } => {
                let proposed = *proposed;
                self.standing_proposal(proposed)?;
                self.write(by, Fact::Operated(act), None);
                Ok(())
            }
        }
    }

    fn release(&mut self, act: Arc<Act>, by: By, policy: &Policy) -> Result<(), Refused> {
        if !self.payout.moderation_required() {
            return Err(Refused::NotAllowed { status: self.status, command: "release" });
        }
        let unsent = matches!(self.status, Status::Created | Status::Ready);
        let heard_of = self.payout.standing().attempt > 0 && self.contradicted();
        if unsent && (heard_of || self.payout.is_sought()) {
            // What the provider has heard of goes out again only where it would be recognised.
            resend_is_safe(policy)?;
        }
        self.write(by, Fact::Operated(act), None);
        if let Some((hold, _)) = self.so_far().and_then(|after| after.standing().hold) {
            // Behind what was released a restore still holds it; whoever was told of a release hears of that, too.
            self.hold(hold.cause, hold.reason);
        }
        match self.status {
            Status::Ready if self.payout.standing().process_asked => {
                self.effect(Effect::RequestPermit);
            }
            status if status.is_with_provider() => self.effect(Effect::Verify),
            _ => {}
        }
        Ok(())
    }

    /// The same attempt again, under the same reference: safe only where the provider recognises it.
    fn resubmit(&mut self, act: Arc<Act>, by: By, policy: &Policy) -> Result<(), Refused> {
        let standing = self.payout.standing();
        let command = "resubmit";
        if self.status != Status::Invoking || standing.resubmit_asked {
            return Err(Refused::NotAllowed { status: self.status, command });
        }
        let Some((hold, _)) = standing.hold else {
            return Err(Refused::Unsafe { why: "the first submission may still be under way" });
        };
        if !hold.cause.released_by_evidence() {
            return Err(Refused::Held { command });
        }
        resend_is_safe(policy)?;
        self.write(by, Fact::Operated(act), None);
        self.effect(Effect::RequestPermit);
        Ok(())
    }

    fn pause(&mut self, act: Arc<Act>, by: By) -> Result<(), Refused> {
        if self.status.is_final() {
            return Err(Refused::NotAllowed { status: self.status, command: "pause" });
        }
        if self.payout.moderation_required() {
            return Err(Refused::Held { command: "pause" });
        }
        self.write(by, Fact::Operated(act), None);
        Ok(())
    }

    fn propose(
        &mut self,
        act: Arc<Act>,
        by: By,
        proposal: &Proposal,
        seen: u32,
    ) -> Result<(), Refused> {
        if !self.payout.moderation_required() {
            return Err(Refused::NotAllowed { status: self.status, command: "statement" });
        }
        let now = self.payout.version();
        if seen != now {
            return Err(Refused::Changed { seen, now });
        }
        // What could not be approved is refused now, not by the second person.
        vouched(self.payout, proposal)?;
        self.write(by, Fact::Operated(act), None);
        Ok(())
    }

    fn approve(&mut self, act: Arc<Act>, by: By, proposed: u32) -> Result<(), Refused> {
        let (proposal, proposer) = self.standing_proposal(proposed)?;
        if by == By::Operator(proposer) {
            return Err(Refused::SamePerson);
        }
        let (statement, on) = vouched(self.payout, &proposal)?;
        if on.is_none() && matches!(self.status, Status::Created | Status::Ready) {
            // Without a step its hold would end, and it would be sent.
            return Err(Refused::Unfit { why: "it would be sent after that" });
        }
        self.write(by.clone(), Fact::Operated(act), None);
        let learned = Learned { statement, attention: Attention::Clear, not_before: None };
        self.write(by, Fact::Learned(Arc::new(learned)), on);
        // Nothing follows: a person's word ends doubt and never sends money.
        Ok(())
    }

    fn standing_proposal(&self, version: u32) -> Result<(Proposal, Arc<str>), Refused> {
        let standing = self.payout.standing().proposed.as_ref();
        let found = standing.filter(|proposed| proposed.version == version);
        let found = found.ok_or(Refused::NothingProposed)?;
        Ok((found.proposal.clone(), found.by.clone()))
    }
}

fn resend_is_safe(policy: &Policy) -> Result<(), Refused> {
    if policy.resend_is_safe {
        return Ok(());
    }
    Err(Refused::Unsafe { why: "the provider does not recognise a reference that it has seen" })
}
