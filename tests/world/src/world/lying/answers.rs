//! How providers answer questions and take recalls. Apart from the orders, because here they lie.

use super::{Arriving, Calling, number_of};
use crate::agenda::{DAY, MINUTE, SECOND};
use crate::bank::{Fate, Order, Reference, Stage};
use crate::world::gateway::Answered;
use crate::world::{Go, Happening, Purpose, World};
use domain::failure::{Failure, Origin};
use domain::report::{FetchOutcome, Found, ProviderState, UndoOutcome};
use domain::resolution::Resolution;

impl World<'_> {
    pub(super) fn question_arrives(&mut self, arriving: &Arriving) {
        self.tally.questions += 1;
        let outcome = self.answer_to(arriving.account, arriving.reference);
        if matches!(outcome, FetchOutcome::Found(_) | FetchOutcome::NotFound) {
            self.audit.asked(arriving.reference.0, arriving.account);
        }
        self.answer(arriving, Answered::Fetch(outcome));
    }

    fn answer_to(&mut self, account: usize, reference: Reference) -> FetchOutcome {
        let lies = self.lies(account);
        let mut chance = self.chance(Purpose::Answer, number_of(reference.0));
        let chance = &mut chance;
        let (now, healed) = (self.now, self.healed);
        let orders = self.banks[account].orders.get(&reference);
        let visible = |order: &&Order| order.visible <= now || healed;
        let Some(order) = orders.and_then(|all| all.iter().rfind(visible)).cloned() else {
            return FetchOutcome::NotFound;
        };
        let binding = self.script.knobs.accounts[account].not_found_final_after.is_some();
        if !binding && self.strikes(lies.hides, chance, "hides") {
            return FetchOutcome::NotFound;
        }
        if self.strikes(lies.defers, chance, "defers") {
            return self.defer(account, reference, &order);
        }
        if self.strikes(lies.unmapped, chance, "unmapped") {
            return FetchOutcome::Found(Found::new(ProviderState::Unmapped));
        }
        let will_pay = matches!(order.fate, Fate::Pays { .. } | Fate::Stuck { pays: true });
        if !order.stage.is_over()
            && will_pay
            && self.strikes(lies.false_failure, chance, "false_failure")
        {
            self.each_order(account, reference, |order| order.owes_the_truth = true);
            return FetchOutcome::Found(Found::new(ProviderState::Failed));
        }
        if let Stage::Paid(amount) = order.stage
            && self.strikes(lies.wrong_amount, chance, "wrong_amount")
        {
            let (amount, currency) = match chance.permille(500) {
                true => (self.amount(amount + order.asked), self.setting.currency),
                false => (self.amount(amount), self.setting.other_currency),
            };
            let amount = Some((amount, currency));
            return FetchOutcome::Found(Found { amount, ..Found::new(ProviderState::Settled) });
        }
        if !order.passed.is_empty() && self.strikes(lies.flaps, chance, "flaps") {
            let old = *chance.pick(&order.passed);
            return FetchOutcome::Found(self.found(old, order.asked));
        }
        FetchOutcome::Found(self.found(order.stage, order.asked))
    }

    /// The answer comes by a callback with this token; whatever is true then.
    fn defer(&mut self, account: usize, reference: Reference, order: &Order) -> FetchOutcome {
        let mut chance = self.chance(Purpose::Callback, number_of(reference.0));
        let event = chance.next();
        let token: Box<str> = format!("{event:x}").into();
        let found = self.found(order.stage, order.asked);
        let calling = Calling {
            account,
            reference,
            event,
            authentic: true,
            found: Some(found),
            token: Some(token.clone()),
            tries: 3,
        };
        self.later(chance.spread(1_000, MINUTE), Happening::Callback(Box::new(calling)));
        FetchOutcome::Deferred { token }
    }

    fn each_order(&mut self, account: usize, reference: Reference, change: impl Fn(&mut Order)) {
        let orders = self.banks[account].orders.get_mut(&reference);
        orders.into_iter().flatten().for_each(change);
    }

    /// It was called a failure and was paid: that is told every day, because nobody here sees whether
    /// what was told has arrived.
    pub(in crate::world) fn nag(&mut self, account: usize, reference: Reference) -> Go {
        let owing = |order: &&Order| order.owes_the_truth && matches!(order.stage, Stage::Paid(_));
        let orders = self.banks[account].orders.get(&reference);
        let Some(order) = orders.and_then(|all| all.iter().find(owing)).cloned() else {
            return Ok(());
        };
        let event = self.chance(Purpose::Callback, number_of(reference.0)).next();
        let found = Some(self.found(order.stage, order.asked));
        let (authentic, token, tries) = (true, None, 0);
        let calling = Calling { account, reference, event, authentic, found, token, tries };
        self.later(SECOND, Happening::Callback(Box::new(calling)));
        self.later(DAY, Happening::Nag { account, reference });
        Ok(())
    }

    pub(super) fn undo_arrives(&mut self, arriving: &Arriving, recall: bool) -> Go {
        let Arriving { account, reference, .. } = *arriving;
        let lies = self.lies(account);
        let mut chance = self.chance(Purpose::Undo, number_of(reference.0));
        let chance = &mut chance;
        let why = || Failure::new(Resolution::RequestError, Origin::Provider);
        let refused = UndoOutcome::Refused { why: why() };
        let orders = self.banks[account].orders.get(&reference);
        let Some(order) = orders.and_then(|all| all.last()).cloned() else {
            self.answer(arriving, Answered::Undo(refused));
            return Ok(());
        };
        let nth = self.banks[account].orders[&reference].len() - 1;
        let done = if chance.permille(500) { UndoOutcome::Done } else { UndoOutcome::Pending };
        let outcome = match (order.stage, recall) {
            (stage, true) if !stage.is_over() => {
                if self.strikes(lies.false_recall, chance, "false_recall") {
                    self.each_order(account, reference, |order| order.pays_all_the_same = true);
                    done
                } else if chance.permille(300) {
                    refused
                } else {
                    self.become_(account, reference, nth, Stage::Revoked)?;
                    done
                }
            }
            (Stage::Paid(_), false) if chance.permille(600) => {
                self.become_(account, reference, nth, Stage::Reversed)?;
                done
            }
            (Stage::Revoked | Stage::Reversed, _) => done,
            _ => refused,
        };
        let garbled = self.strikes(lies.garbage, chance, "garbage");
        let outcome = if garbled { UndoOutcome::Ambiguous { why: why() } } else { outcome };
        if chance.permille(50) {
            self.keep_silent(arriving);
        } else {
            self.answer(arriving, Answered::Undo(outcome));
        }
        Ok(())
    }

    /// A stage as an adapter would map it.
    pub(super) fn found(&self, stage: Stage, asked: u64) -> Found {
        let state = match stage {
            Stage::Accepted => ProviderState::Accepted,
            Stage::Queued => ProviderState::Queued,
            Stage::AtNetwork => ProviderState::AtNetwork,
            Stage::Held => ProviderState::Held,
            Stage::Paid(amount) if amount == asked => ProviderState::Settled,
            Stage::Paid(_) => ProviderState::PartiallySettled,
            Stage::Failed => ProviderState::Failed,
            Stage::Expired => ProviderState::Expired,
            Stage::Returned => ProviderState::Returned,
            Stage::Revoked => ProviderState::Revoked,
            Stage::Reversed => ProviderState::Reversed,
        };
        let amount = match stage {
            Stage::Paid(amount) => Some((self.amount(amount), self.setting.currency)),
            _ => None,
        };
        Found { amount, ..Found::new(state) }
    }
}
