//! What becomes of orders: they are taken, go on, are paid, come back. Apart from the answers, because
//! all of this is true.

use super::{Arriving, number_of};
use crate::agenda::{DAY, HOUR, MINUTE, SECOND, Time};
use crate::bank::{Fate, Movement, Order, Reference, Stage};
use crate::world::gateway::Answered;
use crate::world::{Go, Happening, Purpose, World};
use domain::failure::{Failure, Origin};
use domain::report::SubmitOutcome;
use domain::resolution::Resolution;
use std::time::Duration;

impl World<'_> {
    pub(super) fn submission_arrives(&mut self, arriving: Arriving, amount: u64) -> Go {
        self.tally.submissions += 1;
        let Arriving { account, reference, .. } = arriving;
        let lies = self.lies(account);
        let mut chance = self.chance(Purpose::Fate, number_of(reference.0));
        let chance = &mut chance;
        if self.strikes(lies.turns_away, chance, "turns_away") {
            let retry_after = chance
                .permille(500)
                .then(|| Duration::from_micros(chance.spread(SECOND, HOUR).unsigned_abs()));
            let why = Failure::new(Resolution::LimitViolation, Origin::Provider).with_http(429);
            self.answer(&arriving, Answered::Submit(SubmitOutcome::NotSent { why, retry_after }));
            return Ok(());
        }
        if self.strikes(lies.refuses, chance, "refuses") {
            let why = Failure::new(Resolution::InvalidRecipient, Origin::Provider);
            self.answer(&arriving, Answered::Submit(SubmitOutcome::Refused { why }));
            return Ok(());
        }
        let known = self.banks[account].orders.contains_key(&reference);
        let recognised = known && self.script.knobs.accounts[account].resend_is_safe;
        if !recognised {
            self.take(account, reference, amount);
        }
        let doubt = |resolution| SubmitOutcome::Ambiguous {
            why: Failure::new(resolution, Origin::Provider).with_http(500),
        };
        let outcome = if self.strikes(lies.errs_after_taking, chance, "errs_after_taking") {
            doubt(Resolution::ProviderInternalError)
        } else if self.strikes(lies.garbage, chance, "garbage") {
            doubt(Resolution::Unknown)
        } else if self.strikes(lies.answer_lost, chance, "answer_lost") {
            self.keep_silent(&arriving);
            return Ok(());
        } else if recognised || self.strikes(lies.duplicate, chance, "duplicate") {
            let why = Failure::new(Resolution::DuplicatedId, Origin::Provider);
            SubmitOutcome::Duplicate { why }
        } else {
            SubmitOutcome::Accepted { provider_id: None, raw_status: None }
        };
        self.answer(&arriving, Answered::Submit(outcome));
        Ok(())
    }

    /// An order is made: its fate is decided now.
    fn take(&mut self, account: usize, reference: Reference, asked: u64) {
        let lies = self.lies(account);
        let lag = Time::from(self.script.knobs.accounts[account].visibility_lag) * SECOND;
        let mut chance = self.chance(Purpose::Fate, number_of(reference.0));
        let chance = &mut chance;
        let fate = if self.strikes(lies.stuck, chance, "stuck") {
            Fate::Stuck { pays: chance.permille(700) }
        } else if self.strikes(lies.fails, chance, "fails") {
            if chance.permille(300) { Fate::Expires } else { Fate::Fails }
        } else {
            let part = self.strikes(lies.part, chance, "part");
            let amount = if part { asked / 2 } else { asked };
            let returns = self.strikes(lies.returns, chance, "returns");
            let comes_back = returns.then(|| chance.spread(HOUR, 5 * DAY));
            Fate::Pays { amount, comes_back }
        };
        let hidden = if lag > 0 { chance.between(0, lag) } else { 0 };
        let order = Order {
            asked,
            visible: self.now + hidden,
            stage: Stage::Accepted,
            fate,
            passed: Vec::new(),
            owes_the_truth: false,
            pays_all_the_same: false,
        };
        let orders = self.banks[account].orders.entry(reference).or_default();
        orders.push(order);
        let nth = orders.len() - 1;
        let delay = chance.spread(SECOND, 6 * HOUR);
        self.later(delay, Happening::Progress { account, reference, nth });
    }

    /// An order goes on.
    pub(in crate::world) fn progress(
        &mut self,
        account: usize,
        reference: Reference,
        nth: usize,
    ) -> Go {
        let lies = self.lies(account);
        let mut chance = self.chance(Purpose::Fate, number_of(reference.0));
        let chance = &mut chance;
        let healed = self.healed;
        let orders = self.banks[account].orders.get(&reference);
        let Some(order) = orders.and_then(|orders| orders.get(nth)).cloned() else {
            return Ok(());
        };
        let fate = match order.fate {
            Fate::Stuck { pays: true } if healed => {
                Fate::Pays { amount: order.asked, comes_back: None }
            }
            Fate::Stuck { pays: false } if healed => Fate::Fails,
            fate => fate,
        };
        let next = match (order.stage, fate) {
            (Stage::Paid(_), Fate::Pays { comes_back: Some(_), .. }) => Stage::Returned,
            (stage, _) if stage.is_over() => return Ok(()),
            (_, Fate::Stuck { .. }) => {
                // Looked at again now and then, in case the world was healed.
                self.later(DAY, Happening::Progress { account, reference, nth });
                return Ok(());
            }
            (Stage::Accepted, _) if chance.permille(400) => Stage::Queued,
            (Stage::Accepted | Stage::Queued, _) if chance.permille(300) => Stage::AtNetwork,
            (Stage::Accepted | Stage::Queued | Stage::AtNetwork, _)
                if self.strikes(lies.holds, chance, "holds") =>
            {
                Stage::Held
            }
            (_, Fate::Pays { amount, .. }) => Stage::Paid(amount),
            (_, Fate::Fails) => Stage::Failed,
            (_, Fate::Expires) => Stage::Expired,
        };
        self.become_(account, reference, nth, next)?;
        let delay = match (next, fate) {
            (Stage::Paid(_), Fate::Pays { comes_back: Some(after), .. }) => after,
            (stage, _) if stage.is_over() => return Ok(()),
            _ => chance.spread(SECOND, if healed { HOUR } else { DAY }),
        };
        self.later(delay, Happening::Progress { account, reference, nth });
        Ok(())
    }

    /// An order comes to a stage, and money moves if it does.
    pub(super) fn become_(
        &mut self,
        account: usize,
        reference: Reference,
        nth: usize,
        next: Stage,
    ) -> Go {
        let bank = &mut self.banks[account];
        let orders = bank.orders.get_mut(&reference);
        let Some(order) = orders.and_then(|orders| orders.get_mut(nth)) else { return Ok(()) };
        let before = order.stage;
        order.passed.push(before);
        order.stage = next;
        let moved = match (before, next) {
            (_, Stage::Paid(amount)) => Some(amount as i64),
            (Stage::Paid(amount), Stage::Returned | Stage::Reversed) => Some(-(amount as i64)),
            _ => None,
        };
        let owes = order.owes_the_truth && matches!(next, Stage::Paid(_));
        self.trace.note(number_of(reference.0) ^ (moved.unwrap_or(0) as u64) << 8);
        if let Some(amount) = moved {
            bank.ledger.push(Movement { reference, amount });
            let truth = self.truth_of(reference.0);
            self.audit.moved(reference.0, truth)?;
        }
        if owes {
            self.later(MINUTE, Happening::Nag { account, reference });
        }
        let asked = self.banks[account].orders[&reference][nth].asked;
        let found = self.found(next, asked);
        self.calls_back(account, reference, found);
        Ok(())
    }

    /// What all providers know of a payout's money.
    pub(in crate::world) fn truth_of(&self, payout: domain::id::PayoutId) -> crate::bank::Truth {
        let truths = self.banks.iter().map(|bank| bank.truth(payout));
        truths.fold(Default::default(), crate::bank::Truth::and)
    }
}
