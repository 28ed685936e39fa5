//! Acting, and hearing what became of it: a model of `engine/src/payout_actor/act.rs` and of the timer.
//! Apart from writing, because nothing here may happen before it.

use super::{Answered, Call, CallKind, Refusal, Ring, To, Turn};
use crate::agenda::{HOUR, MINUTE};
use crate::world::lying::Calling;
use crate::world::setting::{ACCOUNTS, Setting};
use crate::world::{Go, Happening, WATCH_EVERY, World};
use domain::effect::Effect;
use domain::entry::{Entry, Intent};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::report::{FetchOutcome, Report, Waited};
use domain::schedule::next_due;
use domain::time::Timestamp;
use snapshots::ArchiveStore;
use std::time::Duration;

/// How long a payout that is being asked about is left alone by its timer.
const LOOK_WHILE_ASKED: Duration = Duration::from_secs(1);

impl World<'_> {
    /// Performs the effects and arms the timer for whatever comes next.
    pub(crate) fn act_on(
        &mut self,
        id: PayoutId,
        entries: &[Entry],
        effects: Vec<Effect>,
        mut permit: Option<usize>,
    ) -> Go {
        for effect in effects {
            match effect {
                Effect::RequestPermit => self.request_permit(id),
                Effect::Submit(intent) => {
                    if permit.take().is_some() {
                        self.submit(id, &intent, entries)?;
                    }
                }
                Effect::Verify => self.verify(id),
                Effect::Revoke => self.undo(id, CallKind::Revoke),
                Effect::Cancel => self.undo(id, CallKind::Cancel),
                Effect::Alert => self.tally.strike("discrepancy"),
            }
        }
        if let Some(account) = permit {
            self.give_back(account);
        }
        self.arm(id);
        Ok(())
    }

    fn request_permit(&mut self, id: PayoutId) {
        let Some(life) = self.process().lives.get_mut(&id) else { return };
        let Some(payout) = life.payout.as_ref().filter(|_| !life.waits_for_permit) else { return };
        let (account, merchant) = (Setting::account_of(payout), payout.request().merchant);
        life.waits_for_permit = true;
        self.queue_for_permit(account, merchant, id);
    }

    /// The one place from which money leaves.
    fn submit(&mut self, id: PayoutId, intent: &Intent, entries: &[Entry]) -> Go {
        let Some(payout) = self.look(id) else { return Ok(()) };
        let Some(account) = Setting::account(&intent.account) else { return Ok(()) };
        self.audit.submits(&payout, intent, entries, &self.setting)?;
        // Within u64: amounts of this world are small.
        let amount = payout.request().amount.minor_units() as u64;
        let kind = CallKind::Submit { amount };
        let call = Call { payout: id, attempt: intent.attempt, account, kind };
        if let Some(life) = self.process().lives.get_mut(&id) {
            life.under_way = life.under_way.saturating_add(1);
        }
        self.depart(call);
        Ok(())
    }

    pub(crate) fn verify(&mut self, id: PayoutId) {
        let now = self.wall();
        let accounts = self.setting.policies.len();
        let wished = planted!(self, AsksWhereWished);
        let Some(life) = self.process().lives.get_mut(&id) else { return };
        life.watch.last = now;
        if life.verifying {
            life.rang = true;
            return;
        }
        let Some(payout) = &life.payout else { return };
        let nowhere = payout.is_sought() && payout.asked_of().is_none();
        let nowhere = nowhere && !(wished && payout.account().is_some());
        let mut candidates: Vec<usize> = match nowhere {
            true => (0..accounts).collect(),
            false => vec![Setting::account_of(payout)],
        };
        let account = candidates.remove(0);
        let names_account = payout.is_sought();
        let attempt = payout.standing().attempt.max(1);
        life.verifying = true;
        let Some(waited) = self.waited(id) else { return };
        let kind = CallKind::Fetch { waited, then: candidates, names_account };
        self.queue_question(Call { payout: id, attempt, account, kind });
    }

    /// For how long an answer has been waited for: see `engine/src/slot.rs`.
    fn waited(&self, id: PayoutId) -> Option<Waited> {
        let process = self.process.as_ref()?;
        let (life, running) = (process.lives.get(&id)?, process.running(self.now));
        let payout = life.payout.as_ref()?;
        if planted!(self, WallClockWaits) {
            return Some(Waited::by(payout, self.wall()));
        }
        if planted!(self, WaitsSinceDecided) {
            let sure = process.sure.not_put_forward(self.wall(), running);
            let waited = Waited::by(payout, sure);
            return Some(Waited { time: waited.time.min(running), ..waited });
        }
        if life.under_way > 0 {
            return Some(Waited::default());
        }
        let time = running.saturating_sub(life.still_since);
        Some(Waited { behind: payout.began_a_doubt().map(|entry| entry.version), time })
    }

    fn undo(&mut self, id: PayoutId, kind: CallKind) {
        let Some(payout) = self.look(id) else { return };
        let (account, attempt) = (Setting::account_of(&payout), payout.standing().attempt.max(1));
        self.queue_question(Call { payout: id, attempt, account, kind });
    }

    /// An answer of a provider, or the end of patience.
    pub(crate) fn answered(&mut self, call: u64, answer: Answered) -> Go {
        let Some(Call { payout, attempt, account, kind }) = self.process().calls.remove(&call)
        else {
            return Ok(());
        };
        self.free_slot(account, kind.is_question());
        let report = match (kind, answer) {
            (CallKind::Fetch { waited, mut then, names_account }, Answered::Fetch(outcome)) => {
                if outcome == FetchOutcome::NotFound && !then.is_empty() {
                    let account = then.remove(0);
                    let kind = CallKind::Fetch { waited, then, names_account };
                    self.queue_question(Call { payout, attempt, account, kind });
                    return Ok(());
                }
                let account = names_account.then(|| ACCOUNTS[account].into());
                Report::Fetched { waited, account, outcome }
            }
            (_, Answered::Submit(outcome)) => Report::Submitted { attempt, outcome },
            (_, Answered::Undo(outcome)) => Report::Undone { outcome },
            (_, Answered::Fetch(outcome)) => {
                Report::Fetched { waited: Waited::default(), account: None, outcome }
            }
        };
        self.hand(payout, Turn::Report(Box::new(report)), To::Nobody)
    }

    /// A callback at the door, if somebody is there.
    pub(crate) fn callback(&mut self, calling: Calling) -> Go {
        if self.process.is_none() {
            return self.call_again(calling);
        }
        let Calling { account, reference, event, authentic, found, token, .. } = calling;
        let (payout, attempt) = reference;
        let agreed = self.script.knobs.accounts[account].believed;
        if authentic && found.is_some() && (agreed || token.is_some()) {
            self.audit.called_back(payout);
        }
        let event = authentic.then_some(event);
        let ring = Ring { account, authentic, attempt, event, token, found };
        self.hand(payout, Turn::Ring(Box::new(ring)), To::Nobody)
    }

    /// Asks again if something rang meanwhile, then arms the timer.
    fn arm(&mut self, id: PayoutId) {
        let Some(life) = self.process().lives.get_mut(&id) else { return };
        let due = !life.verifying && life.rang;
        life.rang &= !due;
        if due {
            self.verify(id);
        }
        let now = self.wall();
        let Some(life) = self.process.as_ref().and_then(|one| one.lives.get(&id)) else { return };
        let Some(payout) = &life.payout else { return };
        let plan = &self.setting.policy_of(payout).poll;
        let due = next_due(payout, life.watch, plan, now);
        #[cfg(feature = "planted")]
        let due = crate::planted::armed(self.planted, payout, due);
        let due = [due, life.try_again];
        let due = due.into_iter().flatten().min();
        let soonest = life.verifying.then(|| now.plus(LOOK_WHILE_ASKED));
        let due = due.map(|due| soonest.map_or(due, |soonest| due.max(soonest)));
        let old = life.armed;
        if due != old {
            self.set_timer(id, old, due);
            if let Some(life) = self.process().lives.get_mut(&id) {
                life.armed = due;
            }
        }
    }

    pub(crate) fn set_timer(
        &mut self,
        id: PayoutId,
        old: Option<Timestamp>,
        new: Option<Timestamp>,
    ) {
        let process = self.process();
        if let Some(old) = old {
            process.due.remove(&(old, id));
        }
        if let Some(new) = new {
            process.due.insert((new, id));
            if process.looks_at.is_none_or(|(_, waits_for)| new < waits_for) {
                self.sleep_until(new);
            }
        }
    }

    /// The timer sleeps by the monotonic clock for as long as the wall clock says now; an hour at most.
    fn sleep_until(&mut self, due: Timestamp) {
        let due = due.min(Timestamp(self.wall().0 + HOUR));
        let pause = due.0.saturating_sub(self.wall().0).max(0);
        let at = self.now + pause;
        self.process().looks_at = Some((at, due));
        self.later_here(pause, |life| Happening::Timer { life });
    }

    /// Calls what is due; then sleeps until the next.
    pub(crate) fn timer_looks(&mut self) -> Go {
        let (now, wall) = (self.now, self.wall());
        if self.process().looks_at.is_none_or(|(at, _)| at > now) {
            // Another sleep has taken the place of this one.
            return Ok(());
        }
        self.process().looks_at = None;
        let ahead = self.offset;
        if std::mem::replace(&mut self.process().ahead, ahead) - ahead > MINUTE {
            // The clock was put back: everybody is called, and sets a due time anew.
            for (_, id) in std::mem::take(&mut self.process().due) {
                self.put_in_mailbox(id, Turn::Tick, To::Nobody);
            }
        }
        while let Some((due, id)) = self.process().due.first().copied()
            && due <= wall
        {
            self.process().due.pop_first();
            self.put_in_mailbox(id, Turn::Tick, To::Nobody);
        }
        self.take_turns()?;
        let next = self.process().due.first().map(|(due, _)| *due);
        if let (Some(next), None) = (next, self.process().looks_at) {
            self.sleep_until(next);
        }
        Ok(())
    }

    /// Paid payouts whose money may come back are asked about when it is time.
    pub(crate) fn watch_returns(&mut self) -> Go {
        let wall = self.wall().0;
        // An archive in memory always answers.
        let due = self.disk.archive.due_before(wall.saturating_add(1), 16_384).unwrap_or_default();
        let before = std::mem::take(&mut self.process().woken);
        for (at, id) in due {
            let id = PayoutId(id);
            self.process().woken.insert(id, at);
            if before.get(&id) != Some(&at) {
                self.put_in_mailbox(id, Turn::Tick, To::Nobody);
            }
        }
        self.later_here(WATCH_EVERY, |life| Happening::Watch { life });
        self.take_turns()
    }

    /// A permit has come to a payout.
    pub(crate) fn permitted(&mut self, account: usize, payout: PayoutId) -> Go {
        if !self.process().lives.contains_key(&payout) && self.archived(payout).is_none() {
            self.give_back(account);
            return Ok(());
        }
        self.hand(payout, Turn::Permit { account }, To::Nobody)
    }

    /// Answers whoever waits; what is shown leaves the process here.
    pub(crate) fn tell(
        &mut self,
        id: PayoutId,
        to: To,
        told: Result<Option<Payout>, Refusal>,
        replayed: bool,
    ) {
        match to {
            To::Nobody => {}
            To::Client { client, round } => self.tell_client(client, round, id, told, replayed),
            To::Commander { client, token } => self.tell_commander(client, token, told, replayed),
        }
    }
}
