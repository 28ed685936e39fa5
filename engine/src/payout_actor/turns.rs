//! Deciding, writing and believing: the first three quarters of a turn. Apart from the spine so
//! that the spine fits a screen.

use super::act::order_to;
use super::turn_end::Written;
use super::{Answer, Decided, PayoutActor, Precaution, Reply, Ring, Turn};
use crate::codec;
use crate::ledger::Intended;
use crate::moderation_book::Contribution;
use crate::partition::Counters;
use crate::refusal::Refusal;
use crate::slot::Life;
use crate::writing::Ticket;
use adapters::adapter_actor::messages::PermitGranted;
use domain::command::{Command, Refused};
use domain::conversion::Rate;
use domain::decide::{Input, Step, create, decide};
use domain::effect::{Effect, pending_effects};
use domain::entry::{Entry, Fact, Request};
use domain::payout::Payout;
use domain::recipient::Recipient;
use domain::report::{Found, Report};
use domain::schedule::Policy;
use domain::status::Status;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// How long a denied or failed permit request rests.
const PERMIT_PAUSE: Duration = Duration::from_secs(1);

/// How long a payout waits for a better rate before it asks for another.
const RATE_PAUSE: Duration = Duration::from_secs(30);

/// How long a payout that the archive did not take stays before it is handed over again.
const ARCHIVE_PAUSE: Duration = Duration::from_secs(30);

/// An unauthenticated callback is worth one question in this time.
const STRANGER_PAUSE: Duration = Duration::from_secs(5);

impl PayoutActor {
    /// Pure but for the volatile notes beside the payout. A panic quarantines the payout.
    pub(super) fn decide(&mut self, turn: Turn) -> Result<Decided, Refusal> {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.take_up(turn)));
        outcome.unwrap_or_else(|_| {
            tracing::error!(payout = %self.id, "deciding failed; the payout is quarantined");
            let step = catch_unwind(AssertUnwindSafe(|| self.step(Input::Quarantine)));
            let step = step.unwrap_or(Err(Refusal::Internal))?;
            Ok(Decided { step, permit: None, reply: Reply::Nothing })
        })
    }

    fn take_up(&mut self, turn: Turn) -> Result<Decided, Refusal> {
        match turn {
            Turn::Create(request, quoted, precaution) => self.create(*request, quoted, precaution),
            Turn::Command { command, key, by } => {
                if let Some(answer) = self.answered_before(&command, key)? {
                    return Ok(nothing(Reply::Given(answer)));
                }
                let command = self.judged(command);
                let step = self.step(Input::Command { command, key, by })?;
                Ok(Decided { step, permit: None, reply: Reply::Seen })
            }
            Turn::Permit(granted) => self.permit(*granted),
            Turn::PermitDenied => {
                let mut life = self.life.lock();
                life.waits_for_permit = false;
                life.try_again = Some(self.partition.clock.now().plus(PERMIT_PAUSE));
                Ok(nothing(Reply::Nothing))
            }
            Turn::Report(report) => Ok(quietly(self.report(*report)?)),
            Turn::Reconcile(report) => {
                let step = self.report(*report)?;
                Ok(Decided { step, permit: None, reply: Reply::Seen })
            }
            Turn::Doorbell(ring) => self.doorbell(*ring),
            Turn::Tick => self.tick(),
            Turn::Wake => {
                let now = self.partition.clock.now();
                let life = self.life.lock();
                let payout = life.payout.as_ref().ok_or(Refusal::NotFound)?;
                let effects = pending_effects(payout, now);
                Ok(quietly(Step { entries: Vec::new(), effects }))
            }
            Turn::Archived(version, watched) => {
                let mut life = self.life.lock();
                if version >= life.archived {
                    (life.archived, life.watched) = (version, Some(watched));
                }
                Ok(nothing(Reply::Nothing))
            }
            Turn::NotArchived => {
                let mut life = self.life.lock();
                life.archiving = life.archived;
                life.try_again = Some(self.partition.clock.now().plus(ARCHIVE_PAUSE));
                Ok(nothing(Reply::Nothing))
            }
            #[cfg(test)]
            Turn::Die => Ok(nothing(Reply::Death)),
            #[cfg(test)]
            Turn::Confuse => panic!("a test wanted deciding to fail"),
        }
    }

    fn tick(&mut self) -> Result<Decided, Refusal> {
        Counters::up(&self.partition.counters.ticks);
        let now = self.partition.clock.now();
        let asking = {
            let life = &mut *self.life.lock();
            (life.armed, life.try_again) = (None, None);
            let payout = life.payout.as_ref();
            let ready = payout.is_some_and(|one| one.status() == Status::Ready);
            if ready || payout.is_some_and(|one| one.standing().resubmit_asked) {
                // Whoever kept its place may have lost it: asking again keeps or renews it.
                life.waits_for_permit = false;
            }
            if ready && !payout.is_some_and(Payout::is_sought) {
                // A look at a queued payout; whoever is asked about has the answers counted instead.
                life.watch.last = now;
            }
            life.verifying
        };
        let mut step = self.step(Input::Tick)?;
        if asking && step.effects.contains(&Effect::Verify) {
            // A question is under way and its answer arms the next one; until then this was a look.
            step.effects.retain(|effect| *effect != Effect::Verify);
            self.life.lock().watch.last = now;
        }
        Ok(quietly(step))
    }

    /// A request under an id that may be taken already.
    fn create(
        &mut self,
        request: Request,
        quoted: Option<Rate>,
        precaution: Precaution,
    ) -> Result<Decided, Refusal> {
        let life = self.life.lock();
        match &life.payout {
            None => {
                let now = self.partition.clock.now();
                let step = create(self.id, request, quoted, now);
                let step = match precaution {
                    Precaution::None => step,
                    Precaution::AskFirst => step.sought_first(now),
                };
                Ok(Decided { step, permit: None, reply: Reply::Created })
            }
            Some(payout) if payout.request().body == request.body => {
                let view = self.partition.view(&as_created(payout), Default::default());
                Ok(nothing(Reply::Given(Answer::Replayed(Box::new(view)))))
            }
            Some(_) => Err(Refusal::KeyReused),
        }
    }

    /// The answer that this key was given before, if it was.
    fn answered_before(
        &self,
        command: &Command,
        key: Option<(domain::id::Fingerprint, domain::id::Fingerprint)>,
    ) -> Result<Option<Answer>, Refusal> {
        let life = self.life.lock();
        let (Some(payout), Some((key, body))) = (&life.payout, key) else { return Ok(None) };
        match payout.answered(key) {
            Some((seen, version)) if seen == body => {
                let then = payout.as_of(version);
                let view = self.partition.view(&then, Default::default());
                tracing::debug!(payout = %self.id, command = command.word(), "answered again");
                Ok(Some(Answer::Replayed(Box::new(view))))
            }
            Some(_) => Err(Refusal::Refused(Refused::KeyReused)),
            None => Ok(None),
        }
    }

    /// Details, with what the account that they would go to finds wrong with them.
    fn judged(&self, command: Command) -> Command {
        let Command::GiveDetails { given, .. } = command else { return command };
        let life = self.life.lock();
        let judge = |payout: &Payout| {
            let whole =
                payout.recipient().merge((*given).clone()).ok().filter(Recipient::complete)?;
            let adapter = self.partition.adapters.for_payout(payout)?;
            adapter.handle().fault_in(&order_to(payout, whole))
        };
        let fault = life.payout.as_ref().and_then(judge).map(Box::new);
        Command::GiveDetails { given, fault }
    }

    fn permit(&mut self, granted: PermitGranted) -> Result<Decided, Refusal> {
        let now = self.partition.clock.now();
        self.life.lock().waits_for_permit = false;
        match granted.quoted {
            Ok(settlement) => {
                let account = Box::from(&*granted.account);
                let step = self.step(Input::Permit { account, settlement })?;
                if step.effects.is_empty() {
                    // The rate is outside the merchant's bound, and may be within it later.
                    self.life.lock().try_again = Some(now.plus(RATE_PAUSE));
                }
                Ok(Decided { step, permit: Some(granted.permit), reply: Reply::Nothing })
            }
            Err(why) => {
                tracing::warn!(payout = %self.id, resolution = %why.resolution, "no quote");
                self.life.lock().try_again = Some(now.plus(PERMIT_PAUSE * 5));
                Ok(nothing(Reply::Nothing))
            }
        }
    }

    /// A callback is a reason to ask; only the answer to our own question is more, and what a provider
    /// says whose contract lets it be believed.
    fn doorbell(&mut self, ring: Ring) -> Result<Decided, Refusal> {
        let Ring { account, authentic, attempt, event, token, found } = ring;
        let mut life = self.life.lock();
        // One provider's secret proves nothing about what went to another.
        let own = |payout: &Payout| match payout.asked_of() {
            Some(own) => *own == *account,
            None => payout.is_sought(),
        };
        let authentic = authentic && life.payout.as_ref().is_some_and(own);
        if authentic && event.is_some_and(|event| !life.heard.is_news(event)) {
            return Ok(nothing(Reply::Nothing));
        }
        let Some(payout) = &life.payout else { return Ok(nothing(Reply::Nothing)) };
        let sent = payout.standing().attempt > 0 || payout.is_sought();
        let matches = attempt == payout.standing().attempt.max(1) && is_of(payout, found.as_ref());
        let believed =
            matches && self.partition.adapters.policy_at(&account).believe_signed_callbacks;
        let answers = token.is_some_and(|token| life.deferred.awaits(&token));
        if let Some(found) = found
            && authentic
            && sent
            && (answers || believed)
        {
            if answers {
                life.deferred.clear();
            }
            drop(life);
            let report = Report::CalledBack { account: Some(account), found };
            return Ok(quietly(self.step(Input::Report(report))?));
        }
        // A stranger, or a tale of another payment, is worth one question now and then.
        let trusted = authentic && matches;
        let (now, asked) = (self.partition.clock.now(), life.watch.last);
        // By a clock that was turned back the last question is still to come, and not lately.
        let asked_lately = asked <= now && now.since(asked) < STRANGER_PAUSE;
        if !sent || (!trusted && (asked_lately || life.verifying)) {
            return Ok(nothing(Reply::Nothing));
        }
        Ok(quietly(Step { entries: Vec::new(), effects: vec![Effect::Verify] }))
    }

    fn report(&mut self, report: Report) -> Result<Step, Refusal> {
        self.note(&report);
        self.step(Input::Report(report))
    }

    /// What is remembered of an answer beside the entries it may make.
    fn note(&mut self, report: &Report) {
        let mut life = self.life.lock();
        if let Report::Submitted { .. } = report {
            life.under_way = life.under_way.saturating_sub(1);
            life.still_since = self.partition.clock.running();
        }
        let Report::Fetched { outcome, .. } = report else { return };
        life.verifying = adapters::planted!(QuestionsNeverEnd);
        life.watch.asked = life.watch.asked.saturating_add(1);
        life.watch.last = self.partition.clock.now();
        life.answered(outcome, |payout| self.partition.adapters.policy_of(payout));
        Counters::up(&self.partition.counters.verified);
    }

    fn step(&self, input: Input) -> Result<Step, Refusal> {
        let life: &Life = &self.life.lock();
        let payout = life.payout.as_ref().ok_or(Refusal::NotFound)?;
        let policy = self.policy_of(payout);
        Ok(decide(payout, input, life.watch, self.partition.clock.now(), &policy)?)
    }

    /// What may be concluded about the payout, and when its questions are due: for deciding and for the timer
    /// the same, or one would call and the other find nothing to do, for ever.
    pub(super) fn policy_of<'a>(&'a self, payout: &Payout) -> Cow<'a, Policy> {
        let adapters = &self.partition.adapters;
        if !payout.is_sought() {
            return Cow::Borrowed(adapters.policy_of(payout));
        }
        // A list has it: whoever says "not found" now looks elsewhere, or not far enough back.
        if self.partition.orphans.has_met(self.id) {
            return Cow::Borrowed(adapters.nothing_is_concluded());
        }
        match payout.asked_of() {
            Some(_) => Cow::Borrowed(adapters.policy_of(payout)),
            None => Cow::Owned(adapters.weakest_policy(payout)),
        }
    }

    /// Hands the entries to the journal; nothing if there are none.
    pub(super) fn write(&self, step: &Step) -> Result<Option<Written>, Refusal> {
        if step.entries.is_empty() {
            return Ok(None);
        }
        let records = codec::records(self.id, &step.entries).map_err(|error| {
            tracing::error!(payout = %self.id, %error, "an entry cannot be encoded");
            Refusal::Internal
        })?;
        let ticket = Ticket::take(&self.partition, self.id);
        let noted = self.note_intent(step)?;
        let append = self.partition.lane.append(records).map_err(|_| Refusal::NotReady)?;
        Ok(Some(Written { append, noted, ticket }))
    }

    /// Writes a submission into the ledger of intents, where there is one.
    fn note_intent(
        &self,
        step: &Step,
    ) -> Result<Option<tokio::sync::oneshot::Receiver<()>>, Refusal> {
        let Some(ledger) = &self.partition.store.intents else { return Ok(None) };
        let life = self.life.lock();
        let sent = step.entries.iter().find_map(|entry| match &entry.fact {
            Fact::Invoked(intent) => Some((intent, entry.at)),
            _ => None,
        });
        let (Some((intent, at)), Some(payout)) = (sent, &life.payout) else { return Ok(None) };
        let line = Intended::of(payout, intent, at).line().map_err(|error| {
            tracing::error!(payout = %self.id, %error, "an intent cannot be encoded");
            Refusal::Internal
        })?;
        Ok(Some(ledger.append(line)))
    }

    /// Makes durable entries true, in memory and in the index of live payouts.
    pub(super) fn believe(&mut self, entries: Vec<Entry>) -> Result<(), Refusal> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut life = self.life.lock();
        if entries.iter().any(is_a_step) {
            life.watch.asked = 0;
        }
        let before = life.payout.as_ref().map_or(Contribution::NONE, Contribution::of);
        for entry in entries {
            if entry.begins_a_doubt() {
                life.still_since = self.partition.clock.running();
            }
            let applied = match &mut life.payout {
                Some(payout) => payout.apply(entry),
                none => Payout::begin(self.id, entry).map(|payout| *none = Some(payout)),
            };
            if let Err(error) = applied {
                tracing::error!(payout = %self.id, %error, "memory and journal part ways");
                // This memory can no longer be vouched for: the supervisor reads the journal again.
                panic!("memory and journal part ways");
            }
        }
        if let Some(payout) = &life.payout {
            self.partition.index.put(payout);
            self.partition.note(before, payout);
        }
        Ok(())
    }
}

/// Whether an entry is more than another word about the same: only then the questions begin anew. A provider
/// that says one thing and the other in turn is not asked at the shortest pause for ever.
fn is_a_step(entry: &Entry) -> bool {
    entry.moved.is_some() || !matches!(entry.fact, Fact::Learned(_))
}

/// The payout as its creation was answered: the entries that its creation wrote, and no later ones.
pub(crate) fn as_created(payout: &Payout) -> Payout {
    let complete = u32::from(payout.request().recipient.complete());
    payout.as_of(1 + u32::from(payout.quoted().is_some()) + complete)
}

/// Whether a callback that names an amount names this payout's. Part of it is no match: how much was
/// paid is for the provider to answer, not for whoever rings.
fn is_of(payout: &Payout, found: Option<&Found>) -> bool {
    let request = payout.request();
    let named = found.map(|found| found.amount);
    named.is_none_or(|named| named == Some((request.amount, request.currency)))
}

fn nothing(reply: Reply) -> Decided {
    Decided { step: Step::default(), permit: None, reply }
}

fn quietly(step: Step) -> Decided {
    Decided { step, permit: None, reply: Reply::Nothing }
}
