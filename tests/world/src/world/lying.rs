//! Providers as the gateway sees them: requests on their way, answers, callbacks, and every way in which
//! these lie. Apart from `bank`, which never does. How far a lie may go is what the account's contract
//! says: where references are recognised they are, "not found" is final where and when that was agreed,
//! and what is believed without a question is true.

mod answers;
mod orders;

use super::gateway::{Answered, CallId, CallKind};
use super::{Go, Happening, PATIENCE, Purpose, World, number_of, word_of};
use crate::agenda::{DAY, HOUR, MINUTE, SECOND, Time};
use crate::bank::Reference;
use crate::script::Lies;
use domain::failure::{Failure, Origin};
use domain::report::{FetchOutcome, Found, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;

/// A call on its way to a provider.
#[derive(Clone, Debug)]
pub(crate) struct Arriving {
    pub life: u32,
    pub call: CallId,
    pub account: usize,
    pub reference: Reference,
    pub kind: CallKind,
    pub departed: Time,
    /// Somebody still waits for the answer.
    pub awaited: bool,
}

/// A callback on its way to the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    pub account: usize,
    pub reference: Reference,
    pub event: u64,
    pub authentic: bool,
    pub found: Option<Found>,
    pub token: Option<Box<str>>,
    /// How often it will be brought again when nobody is there.
    pub tries: u8,
}

/// How a request fares on the network.
enum Way {
    Through(Time),
    Refused,
    Lost,
    /// It arrives so much later.
    Late(Time),
}

impl World<'_> {
    pub(super) fn lies(&self, account: usize) -> Lies {
        self.script.knobs.accounts[account].lies
    }

    /// A call leaves the gateway.
    pub(super) fn sends(&mut self, call: CallId) {
        let Some(one) = self.process().calls.get(&call).cloned() else { return };
        let (account, reference) = (one.account, (one.payout, one.attempt));
        self.audit.called(account, self.now, self.script.knobs.accounts[account].calls);
        self.trace.note(number_of(one.payout) ^ self.now as u64);
        let way = self.way_of(account, &one.kind, one.payout);
        let life = self.life;
        let now = self.now;
        let arriving = |awaited| {
            let (kind, departed) = (one.kind.clone(), now);
            Box::new(Arriving { life, call, account, reference, kind, departed, awaited })
        };
        match way {
            Way::Through(delay) => {
                let arriving = arriving(true);
                self.under_way(account, reference, &one.kind, 1);
                self.later(delay, Happening::Arrive(arriving));
            }
            Way::Late(delay) => {
                if planted!(self, ClientRetries) {
                    self.under_way(account, reference, &one.kind, 1);
                    self.later(PATIENCE, Happening::Arrive(arriving(false)));
                }
                let arriving = arriving(false);
                self.under_way(account, reference, &one.kind, 1);
                self.later(delay, Happening::Arrive(arriving));
                self.later_answer(PATIENCE, call, timed_out(&one.kind));
            }
            Way::Lost => self.later_answer(PATIENCE, call, timed_out(&one.kind)),
            Way::Refused => {
                let why = Failure::new(Resolution::ConnectionError, Origin::Transport);
                let answer = match one.kind {
                    CallKind::Submit { .. } => {
                        Answered::Submit(SubmitOutcome::NotSent { why, retry_after: None })
                    }
                    _ => unknown(&one.kind, why),
                };
                self.later_answer(SECOND / 50, call, answer);
            }
        }
    }

    fn way_of(&mut self, account: usize, kind: &CallKind, payout: domain::id::PayoutId) -> Way {
        let lies = self.lies(account);
        let mut chance = self.chance(Purpose::Net, number_of(payout));
        let chance = &mut chance;
        if self.strikes(lies.refuses_connection, chance, "refuses_connection") {
            return Way::Refused;
        }
        if !matches!(kind, CallKind::Submit { .. }) {
            return match self.strikes(lies.asked_in_vain, chance, "asked_in_vain") {
                true => Way::Lost,
                false => Way::Through(chance.spread(1_000, SECOND)),
            };
        }
        if self.strikes(lies.swallows, chance, "swallows") {
            return Way::Lost;
        }
        let knobs = &self.script.knobs.accounts[account];
        // Where "not found" is agreed to be final, nothing arrives after that.
        let latest = knobs
            .not_found_final_after
            .map_or(3 * DAY, |after| Time::from(after - knobs.visibility_lag) * SECOND - SECOND);
        if latest > PATIENCE && self.strikes(lies.arrives_late, chance, "arrives_late") {
            return Way::Late(chance.spread(PATIENCE, latest));
        }
        Way::Through(chance.spread(1_000, SECOND))
    }

    fn under_way(&mut self, account: usize, reference: Reference, kind: &CallKind, by: i64) {
        if matches!(kind, CallKind::Submit { .. }) {
            let count = self.banks[account].under_way.entry(reference).or_default();
            *count = count.saturating_add_signed(by as i32);
        }
    }

    fn later_answer(&mut self, by: Time, call: CallId, answer: Answered) {
        let answer = Box::new(answer);
        self.later_here(by, |life| Happening::Answer { life, call, answer });
    }

    /// Answers a call that arrived, unless whoever asked has given up.
    fn answer(&mut self, arriving: &Arriving, answer: Answered) {
        let Arriving { life, call, departed, awaited, .. } = *arriving;
        if !awaited {
            return;
        }
        let about = number_of(arriving.reference.0);
        let delay = self.chance(Purpose::Answer, about).spread(1_000, SECOND);
        let patience = departed + PATIENCE;
        let (at, answer) = match self.now + delay < patience {
            true => (self.now + delay, answer),
            false => (patience, timed_out(&arriving.kind)),
        };
        self.agenda.put(at, Happening::Answer { life, call, answer: Box::new(answer) });
    }

    /// The answer never comes, or comes too late.
    fn keep_silent(&mut self, arriving: &Arriving) {
        let Arriving { life, call, departed, awaited, .. } = *arriving;
        if awaited {
            let answer = Box::new(timed_out(&arriving.kind));
            self.agenda.put(departed + PATIENCE, Happening::Answer { life, call, answer });
        }
    }

    /// A call reaches its provider.
    pub(super) fn arrives(&mut self, arriving: Arriving) -> Go {
        self.trace.note(arriving.call ^ (arriving.account as u64) << 32);
        match arriving.kind.clone() {
            CallKind::Submit { amount } => {
                self.under_way(arriving.account, arriving.reference, &arriving.kind, -1);
                self.submission_arrives(arriving, amount)
            }
            CallKind::Fetch { .. } => {
                self.question_arrives(&arriving);
                Ok(())
            }
            kind @ (CallKind::Revoke | CallKind::Cancel) => {
                self.undo_arrives(&arriving, kind == CallKind::Revoke)
            }
        }
    }

    /// A provider calls back about an order, in whatever way it does.
    pub(super) fn calls_back(&mut self, account: usize, reference: Reference, found: Found) {
        let (lies, about) = (self.lies(account), number_of(reference.0));
        let mut chance = self.chance(Purpose::Callback, about);
        let chance = &mut chance;
        let event = chance.next();
        self.trace.note(event ^ word_of(&found));
        let call = |found| Calling {
            account,
            reference,
            event,
            authentic: true,
            found: Some(found),
            token: None,
            tries: 3,
        };
        if chance.permille(lies.calls_back) {
            let late = self.strikes(lies.calls_late, chance, "calls_late");
            let delay =
                if late { chance.spread(HOUR, 2 * DAY) } else { chance.spread(1_000, MINUTE) };
            self.later(delay, Happening::Callback(Box::new(call(found.clone()))));
            if self.strikes(lies.calls_twice, chance, "calls_twice") {
                let delay = delay + chance.spread(1, DAY);
                self.later(delay, Happening::Callback(Box::new(call(found.clone()))));
            }
        }
        if self.strikes(lies.forged, chance, "forged") {
            let paid = Found {
                amount: Some((self.amount(1_137), self.setting.currency)),
                ..Found::new(domain::report::ProviderState::Settled)
            };
            let event = chance.next();
            let forged = Calling { authentic: false, event, ..call(paid) };
            self.later(chance.spread(1_000, DAY), Happening::Callback(Box::new(forged)));
        }
        if self.strikes(lies.mistaken, chance, "mistaken") {
            let other = Found {
                amount: Some((self.amount(99_999), self.setting.currency)),
                ..Found::new(domain::report::ProviderState::Settled)
            };
            let event = chance.next();
            let mistaken = Calling { event, ..call(other) };
            self.later(chance.spread(1_000, DAY), Happening::Callback(Box::new(mistaken)));
        }
    }

    /// Nobody was there: it is brought again, a few times.
    pub(super) fn call_again(&mut self, calling: Calling) -> Go {
        if calling.tries > 0 {
            let tries = calling.tries - 1;
            self.later(HOUR, Happening::Callback(Box::new(Calling { tries, ..calling })));
        }
        Ok(())
    }

    pub(super) fn amount(&self, minor: u64) -> domain::money::Amount {
        let amount =
            domain::money::Amount::from_minor_units(u128::from(minor), self.setting.currency);
        amount.unwrap_or_else(|_| unreachable!("small and more than zero"))
    }
}

/// What an adapter says when nobody has answered in time.
fn timed_out(kind: &CallKind) -> Answered {
    unknown(kind, Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport))
}

/// What it says when it does not know.
fn unknown(kind: &CallKind, why: Failure) -> Answered {
    match kind {
        CallKind::Submit { .. } => Answered::Submit(SubmitOutcome::Ambiguous { why }),
        CallKind::Fetch { .. } => Answered::Fetch(FetchOutcome::Unknown { why, retry_after: None }),
        CallKind::Revoke | CallKind::Cancel => Answered::Undo(UndoOutcome::Ambiguous { why }),
    }
}
