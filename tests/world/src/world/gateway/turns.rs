//! Deciding: a model of `engine/src/payout_actor/turns.rs` and `finding.rs`, line by line as far as
//! there are no actors in it. What decides about the payout itself is the product's own `decide`.

use super::{Appended, Decided, Life, Refusal, Reply, Ring, To, Turn};
#[cfg(feature = "planted")]
use crate::planted::Planted;
use crate::tally::Point;
use crate::world::setting::ACCOUNTS;
use crate::world::{Go, World};
use domain::command::{Command, Refused};
use domain::decide::{Input, Step, create, decide};
use domain::effect::{Effect, pending_effects};
use domain::entry::{Act, By, Request};
use domain::id::{Fingerprint, PayoutId};
use domain::payout::Payout;
use domain::report::{Found, Report};
use domain::status::Status;
use std::sync::Arc;
use std::time::Duration;

/// An unauthenticated callback is worth one question in this time.
const STRANGER_PAUSE: Duration = Duration::from_secs(5);
/// A permit of which nothing came is asked for again then.
const RATE_PAUSE: Duration = Duration::from_secs(30);

impl World<'_> {
    /// Hands a turn to a payout, and lets everybody who is ready take theirs.
    pub(crate) fn hand(&mut self, id: PayoutId, turn: Turn, to: To) -> Go {
        self.put_in_mailbox(id, turn, to);
        self.take_turns()
    }

    /// The payout's mailbox, wherever the payout is: alive, in the archive, or to be made.
    pub(crate) fn put_in_mailbox(&mut self, id: PayoutId, turn: Turn, to: To) {
        if !self.process().lives.contains_key(&id) {
            let rested = self.archived(id);
            if let (Some(payout), Turn::Create { request, .. }) = (&rested, &turn) {
                let told = if payout.request().body == request.body {
                    Ok(Some(engine::bare::as_created(payout)))
                } else {
                    Err(Refusal::KeyReused)
                };
                return self.tell(id, to, told, true);
            }
            let stranger = matches!(&turn, Turn::Ring(ring) if !ring.authentic);
            match &rested {
                Some(_) if stranger => return,
                None if !matches!(turn, Turn::Create { .. }) => {
                    return self.tell(id, to, Err(Refusal::NotFound), false);
                }
                _ => {}
            }
            let still_since = self.running();
            let life = Life { payout: rested, still_since, ..Life::default() };
            self.process().lives.insert(id, life);
        }
        let process = self.process();
        if let Some(life) = process.lives.get_mut(&id) {
            life.mailbox.push_back((turn, to));
            process.ready.push_back(id);
        }
    }

    /// Everybody takes the turns that wait for them, as far as no journal is waited for.
    pub(crate) fn take_turns(&mut self) -> Go {
        while let Some(id) = self.process().ready.pop_front() {
            let next = match self.process().lives.get_mut(&id) {
                Some(life) if !life.in_turn => life.mailbox.pop_front(),
                _ => None,
            };
            let Some((turn, to)) = next else { continue };
            self.tally.turns += 1;
            self.take_turn(id, turn, to)?;
        }
        Ok(())
    }

    fn take_turn(&mut self, id: PayoutId, turn: Turn, to: To) -> Go {
        let ordered = order_in(&turn);
        let decided = match self.take_up(id, turn) {
            Ok(decided) => Decided { to, ..decided },
            Err(refusal) => {
                self.tell(id, to, Err(refusal), false);
                self.settle_down(id)?;
                return self.again(id);
            }
        };
        #[cfg(feature = "planted")]
        let decided = crate::planted::unwritten(self.planted, decided);
        self.audit.ordered(id, ordered, &decided.step.entries)?;
        if decided.step.entries.is_empty() {
            self.end_turn(id, decided)?;
            return self.again(id);
        }
        let records = engine::codec::records(id, &decided.step.entries)
            .map_err(|error| self.audit.broken("I-11", id, format!("cannot encode: {error}")))?;
        self.crash_point(Point::Decided, id, &decided.step.entries)?;
        self.note_intent(id, &decided.step);
        #[cfg(feature = "planted")]
        let decided = self.act_too_early(id, decided)?;
        let process = self.process();
        if let Some(life) = process.lives.get_mut(&id) {
            life.in_turn = true;
        }
        process.queue.push(Appended { id, records, decided });
        self.stir_writer();
        Ok(())
    }

    /// The next turn of the same payout, if one waits.
    pub(crate) fn again(&mut self, id: PayoutId) -> Go {
        let process = self.process();
        if process.lives.get(&id).is_some_and(|life| !life.in_turn && !life.mailbox.is_empty()) {
            process.ready.push_front(id);
        }
        Ok(())
    }

    fn take_up(&mut self, id: PayoutId, turn: Turn) -> Result<Decided, Refusal> {
        let now = self.wall();
        match turn {
            Turn::Create { request, ask_first } => self.create(id, *request, ask_first),
            Turn::Command { command, key, by } => {
                if let Some(then) = self.answered_before(id, &command, key)? {
                    return Ok(nothing(Reply::Given(Box::new(then))));
                }
                let step = self.step(id, Input::Command { command, key, by })?;
                Ok(Decided { reply: Reply::Seen, ..quietly(step) })
            }
            Turn::Permit { account } => {
                self.life(id)?.waits_for_permit = false;
                let named = ACCOUNTS[account].into();
                let step = self.step(id, Input::Permit { account: named, settlement: None });
                let step = match step {
                    Ok(step) => step,
                    #[cfg(feature = "planted")]
                    Err(_) if planted!(self, HoldIgnored) && self.is_held_and_ready(id) => {
                        let payout = self.look(id).ok_or(Refusal::NotFound)?;
                        crate::planted::invoke(&payout, ACCOUNTS[account], now)
                    }
                    Err(refusal) => {
                        // A permit that nobody wants any more gives its place back.
                        self.give_back(account);
                        return Err(refusal);
                    }
                };
                if step.effects.is_empty() {
                    self.life(id)?.try_again = Some(now.plus(RATE_PAUSE));
                }
                Ok(Decided { permit: Some(account), ..quietly(step) })
            }
            Turn::Report(report) => {
                self.note(id, &report)?;
                let step = self.step(id, Input::Report(*report))?;
                Ok(Decided { reply: Reply::Seen, ..quietly(step) })
            }
            Turn::Ring(ring) => self.doorbell(id, *ring),
            Turn::Tick => self.tick(id),
            Turn::Wake => {
                let payout = self.life(id)?.payout.as_ref().ok_or(Refusal::NotFound)?;
                let effects = pending_effects(payout, now);
                Ok(quietly(Step { entries: Vec::new(), effects }))
            }
        }
    }

    fn create(
        &mut self,
        id: PayoutId,
        request: Request,
        ask_first: bool,
    ) -> Result<Decided, Refusal> {
        let (now, bodies_ignored) = (self.wall(), planted!(self, KeyWithoutBody));
        match &self.life(id)?.payout {
            None => {
                let step = create(id, request, None, now);
                let step = if ask_first { step.sought_first(now) } else { step };
                Ok(Decided { step, permit: None, reply: Reply::Created, to: To::Nobody })
            }
            Some(payout) if payout.request().body == request.body || bodies_ignored => {
                let then = engine::bare::as_created(payout);
                Ok(nothing(Reply::Given(Box::new(then))))
            }
            Some(_) => Err(Refusal::KeyReused),
        }
    }

    fn answered_before(
        &mut self,
        id: PayoutId,
        _: &Command,
        key: Option<(Fingerprint, Fingerprint)>,
    ) -> Result<Option<Payout>, Refusal> {
        let (Some(payout), Some((key, body))) = (&self.life(id)?.payout, key) else {
            return Ok(None);
        };
        match payout.answered(key) {
            Some((seen, version)) if seen == body => Ok(Some(payout.as_of(version))),
            Some(_) => Err(Refusal::Refused(Refused::KeyReused)),
            None => Ok(None),
        }
    }

    fn tick(&mut self, id: PayoutId) -> Result<Decided, Refusal> {
        let now = self.wall();
        let asking = {
            let life = self.life(id)?;
            (life.armed, life.try_again) = (None, None);
            let payout = life.payout.as_ref();
            let ready = payout.is_some_and(|one| one.status() == Status::Ready);
            if ready || payout.is_some_and(|one| one.standing().resubmit_asked) {
                life.waits_for_permit = false;
            }
            if ready && !payout.is_some_and(Payout::is_sought) {
                life.watch.last = now;
            }
            life.verifying
        };
        let mut step = self.step(id, Input::Tick)?;
        if asking && step.effects.contains(&Effect::Verify) {
            step.effects.retain(|effect| *effect != Effect::Verify);
            self.life(id)?.watch.last = now;
        }
        Ok(quietly(step))
    }

    fn doorbell(&mut self, id: PayoutId, ring: Ring) -> Result<Decided, Refusal> {
        let now = self.wall();
        let policies = &self.setting.policies;
        #[cfg(feature = "planted")]
        let planted = self.planted;
        // The setting is not of the process: both are looked at at once.
        let Some(life) = self.process.as_mut().and_then(|one| one.lives.get_mut(&id)) else {
            return Err(Refusal::NotFound);
        };
        let Ring { account, authentic, attempt, event, token, found } = ring;
        let own = |payout: &Payout| match payout.asked_of() {
            Some(own) => own == ACCOUNTS[account],
            None => payout.is_sought(),
        };
        let anybody = planted!(self, BelievesStrangers);
        let agreed_or_not = planted!(self, BelievesUnagreed);
        let authentic = (authentic || anybody) && life.payout.as_ref().is_some_and(own);
        if authentic && event.is_some_and(|event| !life.heard.is_news(event)) {
            return Ok(nothing(Reply::Nothing));
        }
        let Some(payout) = &life.payout else { return Ok(nothing(Reply::Nothing)) };
        #[cfg(feature = "planted")]
        let found = match planted {
            Some(Planted::CallbackAmountTaken) => {
                found.map(|found| crate::planted::about_this(payout, found))
            }
            Some(Planted::LateCallbackReopens) if authentic && payout.status().is_final() => {
                return Ok(quietly(crate::planted::reopened(payout, now)));
            }
            _ => found,
        };
        let sent = payout.standing().attempt > 0 || payout.is_sought();
        let matches = attempt == payout.standing().attempt.max(1) && is_of(payout, found.as_ref());
        let agreed = policies[account].believe_signed_callbacks;
        let believed = anybody || matches && (agreed || agreed_or_not);
        let answers = token.is_some_and(|token| life.deferred.awaits(&token));
        if let Some(found) = found
            && authentic
            && sent
            && (answers || believed)
        {
            if answers {
                life.deferred.clear();
            }
            let report = Report::CalledBack { account: Some(ACCOUNTS[account].into()), found };
            return Ok(quietly(self.step(id, Input::Report(report))?));
        }
        let trusted = authentic && matches;
        let asked = life.watch.last;
        let asked_lately = asked <= now && now.since(asked) < STRANGER_PAUSE;
        if !sent || (!trusted && (asked_lately || life.verifying)) {
            return Ok(nothing(Reply::Nothing));
        }
        Ok(quietly(Step { entries: Vec::new(), effects: vec![Effect::Verify] }))
    }

    fn note(&mut self, id: PayoutId, report: &Report) -> Result<(), Refusal> {
        let (now, running) = (self.wall(), self.running());
        let lives = self.process.as_mut().map(|process| &mut process.lives);
        let life = lives.and_then(|lives| lives.get_mut(&id)).ok_or(Refusal::NotFound)?;
        if let Report::Submitted { .. } = report {
            life.under_way = life.under_way.saturating_sub(1);
            life.still_since = running;
        }
        let Report::Fetched { outcome, .. } = report else { return Ok(()) };
        life.verifying = false;
        life.watch.asked = life.watch.asked.saturating_add(1);
        life.watch.last = now;
        let Some(policy) = life.payout.as_ref().map(|payout| self.setting.policy_of(payout)) else {
            return Ok(());
        };
        life.answered(outcome, policy);
        Ok(())
    }

    fn step(&mut self, id: PayoutId, input: Input) -> Result<Step, Refusal> {
        let now = self.wall();
        let life = self.process.as_ref().and_then(|process| process.lives.get(&id));
        let life = life.ok_or(Refusal::NotFound)?;
        let payout = life.payout.as_ref().ok_or(Refusal::NotFound)?;
        let policy = self.setting.policy_of(payout);
        #[cfg(feature = "planted")]
        let careless = crate::planted::policy(self.planted, policy, payout, &input);
        #[cfg(feature = "planted")]
        let (input, policy) = (crate::planted::input(self.planted, payout, input), &careless);
        let step = decide(payout, input, life.watch, now, policy)?;
        #[cfg(feature = "planted")]
        let step = crate::planted::step(self.planted, payout, step, now);
        Ok(step)
    }

    #[cfg(feature = "planted")]
    fn act_too_early(
        &mut self,
        id: PayoutId,
        mut decided: Decided,
    ) -> Result<Decided, crate::world::Stop> {
        let submits = |effect: &Effect| matches!(effect, Effect::Submit(_));
        if planted!(self, EffectBeforeDurable) && decided.step.effects.iter().any(submits) {
            let effects = std::mem::take(&mut decided.step.effects);
            self.act_on(id, &decided.step.entries, effects, decided.permit.take())?;
        }
        Ok(decided)
    }

    #[cfg(feature = "planted")]
    fn is_held_and_ready(&self, id: PayoutId) -> bool {
        let ready = |payout: &Payout| payout.status() == Status::Ready && !payout.is_sought();
        self.look(id).is_some_and(|payout| ready(&payout) && payout.moderation_required())
    }

    fn life(&mut self, id: PayoutId) -> Result<&mut Life, Refusal> {
        self.process().lives.get_mut(&id).ok_or(Refusal::NotFound)
    }
}

/// An operator's order, and who gave it.
fn order_in(turn: &Turn) -> Option<(Arc<Act>, By)> {
    match turn {
        Turn::Command { command: Command::Operate(act), by, .. } => Some((act.clone(), by.clone())),
        _ => None,
    }
}

/// Whether a callback that names an amount names this payout's.
fn is_of(payout: &Payout, found: Option<&Found>) -> bool {
    let request = payout.request();
    let named = found.map(|found| found.amount);
    named.is_none_or(|named| named == Some((request.amount, request.currency)))
}

fn nothing(reply: Reply) -> Decided {
    Decided { step: Step::default(), permit: None, reply, to: To::Nobody }
}

fn quietly(step: Step) -> Decided {
    Decided { step, permit: None, reply: Reply::Nothing, to: To::Nobody }
}
