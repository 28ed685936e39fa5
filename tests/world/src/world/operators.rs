//! Operators: they look at what is held, and do what the product recommends, or something else that it
//! allows. Apart from the merchants, because they look the truth up at the provider before they vouch for
//! anything: whoever vouches for what is not so loses money in every system.

use super::gateway::{To, Turn};
use super::setting::{ACCOUNTS, Setting};
use super::{Go, World};
use crate::bank::Truth;
use domain::command::Command;
use domain::entry::{Act, By, Deed, ManualOutcome, Proposal};
use domain::id::PayoutId;
use domain::incident::Recommended;
use domain::payout::Payout;
use domain::resolution::Resolution;
use std::sync::Arc;

/// Their names.
const NAMES: [&str; 3] = ["ann", "bob", "cyd"];

impl World<'_> {
    pub(super) fn operate(&mut self, pick: u16, mood: u8, who: u8) -> Go {
        let Some(payout) = self.pick(pick, |one| one.moderation_required()) else { return Ok(()) };
        let policy = self.setting.policy_of(&payout);
        let recommended = Recommended::for_payout(&payout, policy);
        let deed = match (mood, recommended) {
            (0..20, _) => Some(Deed::Release),
            (20..40, _) => Some(Deed::Resubmit),
            (40..60, Some(Recommended::Release)) => Some(Deed::Release),
            (40..60, Some(Recommended::Resubmit)) => Some(Deed::Resubmit),
            _ => self.proposal_about(&payout, who, mood),
        };
        match deed {
            Some(deed) => self.order(payout.id(), deed, who),
            None => Ok(()),
        }
    }

    pub(super) fn pause(&mut self, pick: u16, who: u8) -> Go {
        let Some(payout) = self.pick(pick, |one| !one.moderation_required()) else {
            return Ok(());
        };
        self.order(payout.id(), Deed::Pause, who)
    }

    /// An outcome that the provider's books bear out; or the second person's word about one.
    fn proposal_about(&self, payout: &Payout, who: u8, mood: u8) -> Option<Deed> {
        let truth = self.truth_of(payout.id());
        if let Some(standing) = &payout.standing().proposed {
            let proposed = standing.version;
            let right = proposal_of(payout, truth, self.sends_something(payout));
            return Some(match right.as_ref() == Some(&standing.proposal) {
                // Sometimes it is the one who proposed it; that is refused.
                true => Deed::Approve { proposed },
                false => Deed::Reject { proposed },
            });
        }
        let proposal = proposal_of(payout, truth, self.sends_something(payout))?;
        let stale = mood == 99 && who == 0;
        let seen = if stale { payout.version() + 1 } else { payout.version() };
        Some(Deed::Propose { proposal, seen })
    }

    /// Whether anything may still reach a provider that nobody could know of there.
    fn sends_something(&self, payout: &Payout) -> bool {
        let Some(process) = &self.process else { return true };
        let life = process.lives.get(&payout.id());
        let busy = life.is_some_and(|life| life.in_turn || life.waits_for_permit);
        busy || process
            .calls
            .values()
            .any(|call| call.payout == payout.id() && !call.kind.is_question())
    }

    /// One of the live payouts that are like this.
    fn pick(&self, pick: u16, like: impl Fn(&Payout) -> bool) -> Option<Payout> {
        let lives = self.process.as_ref()?.lives.values();
        let mut all = lives.filter_map(|life| life.payout.as_ref()).filter(|one| like(one));
        let count = all.clone().count();
        all.nth(usize::from(pick) % count.max(1)).cloned()
    }

    fn order(&mut self, id: PayoutId, deed: Deed, who: u8) -> Go {
        self.tally.strike(deed.word());
        let by = NAMES[usize::from(who) % NAMES.len()];
        let act = Act { deed, reason: "as seen at the provider".into(), from: "10.0.0.1".into() };
        let command = Command::Operate(Arc::new(act));
        let turn = Turn::Command { command, key: None, by: By::Operator(by.into()) };
        self.at_the_door(id, turn, To::Nobody)
    }

    /// When the world is healed, nobody keeps back what he himself has stopped.
    pub(super) fn operators_let_go(&mut self) -> Go {
        let Some(process) = &self.process else { return Ok(()) };
        let paused = |payout: &&Payout| {
            let hold = payout.standing().hold.map(|(hold, _)| hold.cause);
            hold == Some(domain::entry::HoldCause::Paused)
        };
        let all = process.lives.values().filter_map(|life| life.payout.as_ref()).filter(paused);
        let ids: Vec<PayoutId> = all.map(Payout::id).collect();
        for id in ids {
            self.order(id, Deed::Release, 0)?;
        }
        Ok(())
    }
}

/// What is true of a payout, as far as it can be vouched for: nothing while anything is still open.
fn proposal_of(payout: &Payout, truth: Truth, sends: bool) -> Option<Proposal> {
    if truth.open || sends || Setting::account_of(payout) >= ACCOUNTS.len() {
        return None;
    }
    let asked = i64::try_from(payout.request().amount.minor_units()).ok()?;
    let (outcome, amount) = match truth {
        Truth { net, .. } if net > asked => return None,
        Truth { net, .. } if net > 0 => (ManualOutcome::Paid, Some(net)),
        Truth { came_back: true, .. } => (ManualOutcome::Returned, None),
        Truth { known: true, .. } => (ManualOutcome::Failed, None),
        _ => (ManualOutcome::NotSent, None),
    };
    let currency = payout.request().currency;
    let amount = amount.filter(|net| *net < asked).and_then(|net| {
        domain::money::Amount::from_minor_units(u128::from(net.unsigned_abs()), currency).ok()
    });
    Some(Proposal { outcome, resolution: Resolution::DeclinedError, amount })
}
