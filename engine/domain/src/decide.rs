//! What happens next: a payout, an input and a time make entries to write and effects to perform,
//! or a refusal. Pure: nothing here changes anything, so deciding twice costs nothing.

use crate::command::{Command, Refused};
use crate::conversion::{Rate, slippage_bps};
use crate::effect::{Effect, wants_permit};
use crate::entry::{
    By, Entry, Fact, Hold, HoldCause, Intent, Move, RateMissed, Request, Settlement,
};
use crate::failure::Failure;
use crate::id::{Fingerprint, PayoutId};
use crate::payout::Payout;
use crate::recipient::Recipient;
use crate::report::Report;
use crate::resolution::Resolution;
use crate::schedule::{Policy, Watch, next_check_by, sent_at};
use crate::status::Status;
use crate::time::Timestamp;
use crate::transition::{Trigger, next};
use std::sync::Arc;

mod learn;
mod operate;
mod seek;

/// Something that reaches a payout.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A person asks.
    Command {
        /// What.
        command: Command,
        /// The fingerprints of the idempotency key and of the command with its body.
        key: Option<(Fingerprint, Fingerprint)>,
        /// Who.
        by: By,
    },
    /// The provider account has room for one submission, now.
    Permit {
        /// Which account.
        account: Box<str>,
        /// The conversion quoted for it.
        settlement: Option<Settlement>,
    },
    /// An adapter answers.
    Report(Report),
    /// The clock reached what `next_due` named.
    Tick,
    /// Our own code failed on this payout.
    Quarantine,
}

/// What an input makes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Step {
    /// To be written, all or none, before anything else.
    pub entries: Vec<Entry>,
    /// To be performed once they are durable.
    pub effects: Vec<Effect>,
}

/// The first step of a payout's life; with the rate at that time, for a method that converts.
pub fn create(id: PayoutId, request: Request, quoted: Option<Rate>, now: Timestamp) -> Step {
    let complete = request.recipient.complete();
    let goes_at_once = request.autoprocess;
    let created = Entry {
        version: 1,
        at: now,
        by: By::Merchant,
        moved: None,
        fact: Fact::Created(Arc::new(request)),
    };
    let mut step = Step { entries: vec![created], effects: Vec::new() };
    if let Some(rate) = quoted {
        let fact = Fact::Quoted(Arc::new(rate));
        step.entries.push(Entry { version: 2, at: now, by: By::Engine, moved: None, fact });
    }
    if complete {
        debug_assert!(next(Status::Created, Trigger::DetailsAccepted).is_some(), "{id}");
        step.entries.push(Entry {
            version: step.entries.len() as u32 + 1,
            at: now,
            by: By::Engine,
            moved: Some(Move { on: Trigger::DetailsAccepted, to: Status::Ready }),
            fact: Fact::Moved,
        });
        if goes_at_once {
            step.effects.push(Effect::RequestPermit);
        }
    }
    step
}

impl Step {
    /// The same creation in the time after a restore, when the key may have been used before and
    /// forgotten: the provider is asked first.
    pub fn sought_first(mut self, now: Timestamp) -> Step {
        let hold = Hold { cause: HoldCause::Restored, reason: Resolution::Unknown };
        let version = self.entries.len() as u32 + 1;
        let fact = Fact::Held(hold);
        self.entries.push(Entry { version, at: now, by: By::Engine, moved: None, fact });
        self.effects = vec![Effect::Verify];
        self
    }
}

/// What the input makes of the payout at this time.
pub fn decide(
    payout: &Payout,
    input: Input,
    watch: Watch,
    now: Timestamp,
    policy: &Policy,
) -> Result<Step, Refused> {
    let mut draft = Draft::new(payout, now);
    match input {
        Input::Command { command, key, by } => {
            draft.command(command, by, policy)?;
            draft.remember(key);
        }
        Input::Permit { account, settlement } => draft.permit(account, settlement)?,
        Input::Report(report) => draft.report(report, policy),
        Input::Tick => draft.tick(watch, policy),
        Input::Quarantine => draft.hold(HoldCause::Quarantine, Resolution::InternalError),
    }
    Ok(draft.step)
}

/// A payout with this many entries takes no more commands of those that may be given again and again. It is
/// read and stored as one piece, so its history must end somewhere; what ends it is taken for ever.
const COMMANDS_UNTIL: u32 = 1_000;

/// A step in the making.
struct Draft<'a> {
    payout: &'a Payout,
    now: Timestamp,
    /// What the clock says, which may lie behind what was written.
    clock: Timestamp,
    /// The status after the entries drafted so far.
    status: Status,
    step: Step,
}

impl<'a> Draft<'a> {
    fn new(payout: &'a Payout, now: Timestamp) -> Draft<'a> {
        // Time in a history never goes back, whatever the clock does.
        let (clock, now) = (now, now.max(payout.updated_at()));
        Draft { payout, now, clock, status: payout.status(), step: Step::default() }
    }

    fn write(&mut self, by: By, fact: Fact, on: Option<Trigger>) {
        let moved = on.and_then(|on| next(self.status, on).map(|to| Move { on, to }));
        debug_assert_eq!(moved.is_some(), on.is_some(), "callers ask the table first");
        if let Some(step) = moved {
            self.status = step.to;
        }
        let version = self.payout.version() + 1 + self.step.entries.len() as u32;
        self.step.entries.push(Entry { version, at: self.now, by, moved, fact });
    }

    fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    fn hold(&mut self, cause: HoldCause, reason: Resolution) {
        self.write(By::Engine, Fact::Held(Hold { cause, reason }), None);
    }

    /// Writes down under which key a command was answered, so that a retry gets the same answer.
    fn remember(&mut self, key: Option<(Fingerprint, Fingerprint)>) {
        let Some((key, body)) = key else { return };
        let answered = self.payout.version() + 1 + self.step.entries.len() as u32;
        self.write(By::Merchant, Fact::Commanded { key, body, answered }, None);
    }

    fn command(&mut self, command: Command, by: By, policy: &Policy) -> Result<(), Refused> {
        let word = command.word();
        let refused = Refused::NotAllowed { status: self.status, command: word };
        let lasts = matches!(command, Command::Process | Command::GiveDetails { .. });
        if lasts && self.payout.version() >= COMMANDS_UNTIL {
            return Err(Refused::TooOften { command: word });
        }
        match command {
            Command::Process if self.status == Status::Ready => self.process(by, word),
            Command::GiveDetails { given, fault } if self.status == Status::Created => {
                let merged = self.payout.recipient().merge(*given);
                self.details(merged.map_err(Refused::InvalidDetails)?, fault, by);
                Ok(())
            }
            Command::Terminate if matches!(self.status, Status::Created | Status::Ready) => {
                if self.contradicted() {
                    return Err(Refused::Held { command: word });
                }
                self.write(by, Fact::Moved, Some(Trigger::TerminateAsked));
                Ok(())
            }
            Command::Revoke => self.undo(by, Trigger::RevokeSent, word, policy.can_revoke),
            Command::Cancel => self.undo(by, Trigger::CancelSent, word, policy.can_cancel),
            Command::Reconcile if self.payout.standing().attempt > 0 || self.payout.is_sought() => {
                self.effect(Effect::Verify);
                Ok(())
            }
            Command::Operate(act) if matches!(by, By::Operator(_)) => self.operate(act, by, policy),
            _ => Err(refused),
        }
    }

    fn process(&mut self, by: By, command: &'static str) -> Result<(), Refused> {
        if self.payout.moderation_required() {
            return Err(Refused::Held { command });
        }
        if !self.payout.standing().process_asked {
            self.write(by, Fact::ProcessAsked, None);
            self.effect(Effect::RequestPermit);
        }
        Ok(())
    }

    /// Details that are still wanting are nobody's fault yet; nor are books closed that something contradicts.
    fn details(&mut self, recipient: Recipient, fault: Option<Box<Failure>>, by: By) {
        let complete = recipient.complete();
        let fault = fault.filter(|_| complete && !self.contradicted());
        let accepted = complete && fault.is_none();
        let on = accepted.then_some(Trigger::DetailsAccepted);
        self.write(by, Fact::DetailsGiven(Arc::new(recipient)), on);
        if let Some(why) = fault {
            self.write(
                By::Engine,
                Fact::DetailsRejected(Arc::from(why)),
                Some(Trigger::DetailsRejected),
            );
        }
        if accepted && self.payout.standing().process_asked {
            self.effect(Effect::RequestPermit);
        }
    }

    fn undo(
        &mut self,
        by: By,
        on: Trigger,
        command: &'static str,
        able: bool,
    ) -> Result<(), Refused> {
        if next(self.status, on).is_none() {
            return Err(Refused::NotAllowed { status: self.status, command });
        }
        if !able {
            return Err(Refused::Unsupported { command });
        }
        let held = self.payout.standing().hold;
        if held.is_some_and(|(hold, _)| !hold.cause.released_by_evidence()) {
            return Err(Refused::Held { command });
        }
        self.write(by, Fact::UndoSent, Some(on));
        self.effect(if on == Trigger::RevokeSent { Effect::Revoke } else { Effect::Cancel });
        Ok(())
    }

    /// Something reached us that our own books deny: they are not to be closed over it.
    fn contradicted(&self) -> bool {
        let held = self.payout.standing().hold.map(|(hold, _)| hold.cause);
        let contradicted = matches!(held, Some(HoldCause::Discrepancy | HoldCause::Quarantine));
        contradicted || self.payout.is_sought()
    }

    fn permit(&mut self, account: Box<str>, settlement: Option<Settlement>) -> Result<(), Refused> {
        let standing = self.payout.standing();
        let again = self.status == Status::Invoking && standing.resubmit_asked;
        if !again && !wants_permit(self.payout, self.clock) {
            return Err(Refused::NotAllowed { status: self.status, command: "invoke" });
        }
        // In doubt, the same attempt again is the same order: the amount computed for it stands. An
        // offer of the provider's own may be over, and is asked for anew.
        let captured = self.payout.last_intent().filter(|_| again);
        let captured = captured.and_then(|intent| intent.settlement.clone());
        let captured = captured.filter(|settlement| settlement.quote.is_none());
        let stands = captured.is_some();
        let settlement = captured.or(settlement);
        if let Some(missed) =
            settlement.as_ref().filter(|_| !stands).and_then(|one| self.outside_the_bound(one))
        {
            if !standing.rate_missed {
                self.write(By::Engine, Fact::RateMissed(Arc::new(missed)), None);
            }
            // The permit goes back unused; the engine comes again for another rate.
            return Ok(());
        }
        let intent = Arc::new(Intent {
            attempt: standing.attempt.max(1),
            send: standing.sends.saturating_add(1),
            account,
            request: self.payout.request().body,
            settlement,
        });
        let on = (!again).then_some(Trigger::InvokeSent);
        self.write(By::Engine, Fact::Invoked(intent.clone()), on);
        self.effect(Effect::Submit(intent));
        Ok(())
    }

    /// Whether a rate is further from the one at the creation than the merchant allows.
    fn outside_the_bound(&self, settlement: &Settlement) -> Option<RateMissed> {
        let most = self.payout.request().max_slippage_bps?;
        let quoted = self.payout.quoted()?;
        let apart_bps = slippage_bps(quoted.value, settlement.rate);
        let Settlement { rate, source, .. } = settlement;
        (apart_bps > most).then(|| RateMissed { rate: *rate, source: source.clone(), apart_bps })
    }

    fn tick(&mut self, watch: Watch, policy: &Policy) {
        let past_deadline = self.payout.deadline().is_some_and(|end| end <= self.now);
        match self.status {
            Status::Created | Status::Ready if self.payout.is_sought() => {
                if past_deadline {
                    // It may have been sent, so it is not over; and it is too late to send it.
                    self.hold(HoldCause::Overdue, Resolution::GeneralError);
                    return self.effect(Effect::Verify);
                }
                if wants_permit(self.payout, self.clock) {
                    self.effect(Effect::RequestPermit);
                }
                self.look_again(watch, policy);
            }
            Status::Created | Status::Ready if past_deadline => {
                self.write(By::Engine, Fact::Moved, Some(Trigger::DeadlinePassed));
            }
            Status::Ready if wants_permit(self.payout, self.clock) => {
                self.effect(Effect::RequestPermit);
            }
            Status::Invoking if self.payout.standing().resubmit_asked => {
                self.effect(Effect::RequestPermit);
                self.look_again(watch, policy);
            }
            Status::Processing | Status::Pending if past_deadline && policy.can_revoke => {
                self.write(By::Engine, Fact::UndoSent, Some(Trigger::RevokeSent));
                self.effect(Effect::Revoke);
            }
            Status::Processed | Status::PartiallyProcessed => {
                if policy.late_return.is_some() {
                    self.effect(Effect::Verify);
                }
            }
            _ => self.look_again(watch, policy),
        }
    }

    /// Asks the provider when it is time, and calls a person when it has taken too long.
    fn look_again(&mut self, watch: Watch, policy: &Policy) {
        let due = next_check_by(self.payout, watch, &policy.poll, self.clock);
        if due.is_none_or(|due| due > self.clock) {
            return;
        }
        let age = |sent| match self.clock < self.payout.updated_at() {
            false => self.now.since(sent),
            // The clock was turned back since, and only the questions tell for how long it has been asked.
            true => policy.poll.pauses(watch.asked),
        };
        let overdue = sent_at(self.payout).is_some_and(|sent| age(sent) >= policy.poll.give_up);
        if overdue && !self.payout.moderation_required() {
            self.hold(HoldCause::Overdue, Resolution::GeneralError);
        }
        self.effect(Effect::Verify);
    }
}
