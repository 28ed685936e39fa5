//! A payout: its entries, and the standing that they fold to. `apply` is the only place where a
//! payout changes, live and at replay alike. Apart from `decide.rs`, which only ever proposes.

use crate::conversion::Rate;
use crate::entry::{
    Act, Attention, By, Deed, Entry, Fact, Hold, HoldCause, Intent, Learned, Proposal, Request,
};
use crate::failure::{Category, Failure, Origin, Rail};
use crate::id::{Fingerprint, PayoutId, provider_reference};
use crate::money::Amount;
use crate::recipient::Recipient;
use crate::resolution::Resolution;
use crate::statement::{Outcome, Statement};
use crate::status::{State, Status};
use crate::time::Timestamp;
use crate::transition;
use std::sync::Arc;
use std::time::Duration;

/// One payout as its entries tell it.
#[derive(Clone, PartialEq, Debug)]
pub struct Payout {
    id: PayoutId,
    entries: Vec<Entry>,
    standing: Standing,
}

/// What the entries fold to; nothing here is known from anywhere else.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// At what stage it is.
    pub status: Status,
    /// Where the money is.
    pub money: Money,
    /// How the last request to the provider ended; none before the first.
    pub resolution: Option<Resolution>,
    /// Why the engine stopped acting on it, and since when.
    pub hold: Option<(Hold, Timestamp)>,
    /// What was verified as paid.
    pub amount_processed: Option<Amount>,
    /// The current attempt; 0 before the first.
    pub attempt: u8,
    /// How many times the current attempt was sent.
    pub sends: u16,
    /// A send whose outcome is not known yet.
    pub open_send: bool,
    /// An earlier send of the same attempt whose outcome was never learned stands behind it.
    pub in_doubt: bool,
    /// The process command was given, or is not needed.
    pub process_asked: bool,
    /// An operator ordered the same attempt to be sent again.
    pub resubmit_asked: bool,
    /// Not sent again before this.
    pub not_before: Option<Timestamp>,
    /// At its turn the rate was outside the merchant's bound; it waits for a better one.
    pub rate_missed: bool,
    /// Ready and asked to be sent since then: what it waits for is ours, and eats none of its life.
    pub queued_since: Option<Timestamp>,
    /// How long it waited so, before it was sent.
    pub queued_for: Duration,
    /// When it was last verified as paid: what a late return is watched from.
    pub settled_at: Option<Timestamp>,
    /// An outcome that an operator proposed. Whatever happens to the payout voids it.
    pub proposed: Option<Proposed>,
}

/// An outcome that waits for a second person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposed {
    /// The version of the entry that proposes it.
    pub version: u32,
    /// What.
    pub proposal: Proposal,
    /// Who.
    pub by: Arc<str>,
    /// Why.
    pub reason: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// Where the money is, apart from the status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Money {
    /// Never left.
    NotSent,
    /// It may have left.
    Unknown,
    /// The provider has the order.
    InFlight,
    /// Verified paid.
    Paid,
    /// Came back.
    Returned,
}

impl Money {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Money::NotSent => "not_sent",
            Money::Unknown => "unknown",
            Money::InFlight => "in_flight",
            Money::Paid => "paid",
            Money::Returned => "returned",
        }
    }
}

/// Entries that do not make a payout: the journal is damaged, or it is not this payout's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenHistory {
    /// The first entry is not a creation.
    #[error("the history of {0} does not begin with its creation")]
    NoCreation(PayoutId),
    /// A version is missing or given twice.
    #[error("the history of {id} has version {found} where {expected} belongs")]
    Gap {
        /// Whose history.
        id: PayoutId,
        /// The version that belongs there.
        expected: u32,
        /// The version that stands there.
        found: u32,
    },
}

impl Payout {
    /// Folds a whole history.
    pub fn from_entries(
        id: PayoutId,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<Payout, BrokenHistory> {
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(BrokenHistory::NoCreation(id))?;
        let mut payout = Payout::begin(id, first)?;
        for entry in entries {
            payout.apply(entry)?;
        }
        Ok(payout)
    }

    /// The payout that its creation entry makes.
    pub fn begin(id: PayoutId, created: Entry) -> Result<Payout, BrokenHistory> {
        let Fact::Created(request) = &created.fact else {
            return Err(BrokenHistory::NoCreation(id));
        };
        if created.version != 1 {
            return Err(BrokenHistory::Gap { id, expected: 1, found: created.version });
        }
        let standing = Standing {
            status: Status::Created,
            money: Money::NotSent,
            resolution: None,
            hold: None,
            amount_processed: None,
            attempt: 0,
            sends: 0,
            open_send: false,
            in_doubt: false,
            process_asked: request.autoprocess,
            resubmit_asked: false,
            not_before: None,
            rate_missed: false,
            queued_since: None,
            queued_for: Duration::ZERO,
            settled_at: None,
            proposed: None,
        };
        let mut entries = Vec::with_capacity(2);
        entries.push(created);
        Ok(Payout { id, entries, standing })
    }

    /// Makes one entry true. The only place where a payout changes.
    pub fn apply(&mut self, entry: Entry) -> Result<(), BrokenHistory> {
        let expected = self.version() + 1;
        if entry.version != expected {
            return Err(BrokenHistory::Gap { id: self.id, expected, found: entry.version });
        }
        if let Some(step) = entry.moved {
            debug_assert_eq!(transition::next(self.standing.status, step.on), Some(step.to));
            self.standing.status = step.to;
        }
        self.standing.take_in(&entry);
        self.entries.push(entry);
        Ok(())
    }

    /// The payout as it was at this version, or now if it never got so far.
    pub fn as_of(&self, version: u32) -> Payout {
        let until = self.entries.iter().take_while(|entry| entry.version <= version.max(1));
        match Payout::from_entries(self.id, until.cloned()) {
            Ok(earlier) => earlier,
            // A prefix of a history that folded once folds again.
            Err(_) => self.clone(),
        }
    }

    /// Its id.
    pub fn id(&self) -> PayoutId {
        self.id
    }

    /// The number of its last entry.
    pub fn version(&self) -> u32 {
        self.entries.last().map_or(0, |entry| entry.version)
    }

    /// Everything that ever happened to it, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the entries fold to.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// At what stage it is.
    pub fn status(&self) -> Status {
        self.standing.status
    }

    /// The short form of the status.
    pub fn state(&self) -> State {
        State::of(self.status(), self.standing.money == Money::Paid)
    }

    /// Held by the engine: nothing is sent until evidence or an operator releases it.
    pub fn moderation_required(&self) -> bool {
        self.standing.hold.is_some()
    }

    /// What the merchant asked for.
    pub fn request(&self) -> &Arc<Request> {
        match &self.entries[0].fact {
            Fact::Created(request) => request,
            // `begin` refuses every other first entry.
            _ => unreachable!("a payout begins with its creation"),
        }
    }

    /// The rate at its creation, for methods that convert.
    pub fn quoted(&self) -> Option<&Rate> {
        match self.entries.get(1).map(|entry| &entry.fact) {
            Some(Fact::Quoted(rate)) => Some(rate),
            _ => None,
        }
    }

    /// The recipient with all details given so far.
    pub fn recipient(&self) -> &Recipient {
        let given = self.entries.iter().rev().find_map(|entry| match &entry.fact {
            Fact::DetailsGiven(recipient) => Some(recipient.as_ref()),
            _ => None,
        });
        given.unwrap_or(&self.request().recipient)
    }

    /// When its life ends, unless it is sent before. None while that is not its own doing: in our
    /// queue it waits for us, and held it waits for a person. Time in the queue is added.
    pub fn deadline(&self) -> Option<Timestamp> {
        let standing = &self.standing;
        let runs = standing.queued_since.is_none() && standing.hold.is_none();
        runs.then(|| self.request().expires_at.plus(standing.queued_for))
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.entries[0].at
    }

    /// When its last entry was written.
    pub fn updated_at(&self) -> Timestamp {
        self.entries.last().map_or(Timestamp(0), |entry| entry.at)
    }

    /// Every submission ever made durable, in order, each with its time.
    pub fn intents(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &Intent)> {
        self.entries.iter().filter_map(|entry| match &entry.fact {
            Fact::Invoked(intent) => Some((entry.at, intent.as_ref())),
            _ => None,
        })
    }

    /// The last submission.
    pub fn last_intent(&self) -> Option<&Intent> {
        self.intents().next_back().map(|(_, intent)| intent)
    }

    /// The provider account it went to, or must go to.
    pub fn account(&self) -> Option<&str> {
        let intended = self.last_intent().map(|intent| intent.account.as_ref());
        intended.or(self.request().provider_account.as_deref())
    }

    /// How the provider finds the current attempt.
    pub fn provider_reference(&self) -> String {
        provider_reference(self.id, self.standing.attempt.max(1))
    }

    /// The provider's own id, as last heard.
    pub fn provider_id(&self) -> Option<&str> {
        self.learned().rev().find_map(|(_, learned)| learned.statement.provider_id.as_deref())
    }

    /// The resolution history: every entry that carries evidence.
    pub fn learned(&self) -> impl DoubleEndedIterator<Item = (&Entry, &Learned)> {
        self.entries.iter().filter_map(|entry| match &entry.fact {
            Fact::Learned(learned) => Some((entry, learned.as_ref())),
            _ => None,
        })
    }

    /// The newest evidence.
    pub fn last_statement(&self) -> Option<&Statement> {
        self.learned().next_back().map(|(_, learned)| &learned.statement)
    }

    /// The provider's fee, as last heard.
    pub fn fee(&self) -> Option<Amount> {
        self.learned().rev().find_map(|(_, learned)| learned.statement.fee)
    }

    /// The answer given to a command with this idempotency key, and the command's fingerprint.
    pub fn answered(&self, key: Fingerprint) -> Option<(Fingerprint, u32)> {
        self.entries.iter().find_map(|entry| match entry.fact {
            Fact::Commanded { key: seen, body, answered } if seen == key => Some((body, answered)),
            _ => None,
        })
    }

    /// Whether mobile money carries it; the only rail that changes a failure's category.
    pub fn rail(&self) -> Rail {
        if self.request().method.is_mobile_money() { Rail::MobileMoney } else { Rail::Other }
    }

    /// Why it failed; none unless its state is failed.
    pub fn failure(&self) -> Option<(FailureCode, Category, Failure)> {
        if self.state() != State::Failed {
            return None;
        }
        let (code, why) = self.reason_of_failure();
        Some((code, Category::of(why.resolution, why.origin, self.rail()), why))
    }

    fn reason_of_failure(&self) -> (FailureCode, Failure) {
        let last = self.entries.iter().rev().find(|entry| entry.moved.is_some());
        match (self.status(), last.map(|entry| &entry.fact)) {
            (Status::Terminated, _) => {
                (FailureCode::Terminated, Failure::new(Resolution::AccessDenied, Origin::Merchant))
            }
            (Status::Expired, _) => {
                let why = Failure::new(Resolution::OperationExpired, Origin::Platform);
                (FailureCode::Resolution(why.resolution), why)
            }
            (_, Some(Fact::DetailsRejected(why))) => {
                (FailureCode::Resolution(why.resolution), why.as_ref().clone())
            }
            (status, Some(Fact::Learned(learned))) => {
                let said = &learned.statement;
                let code = match (status, said.resolution) {
                    (Status::Revoked, Resolution::Ok) => FailureCode::Revoked,
                    (Status::Cancelled, Resolution::Ok) => FailureCode::Cancelled,
                    (_, resolution) => FailureCode::Resolution(resolution),
                };
                let mut why = Failure::new(said.resolution, said.origin);
                why.provider_code = said.raw_code.clone();
                (code, why)
            }
            _ => {
                let why = Failure::new(Resolution::GeneralFatalError, Origin::Platform);
                (FailureCode::Resolution(why.resolution), why)
            }
        }
    }
}

/// The code of a failure: a resolution, or the merchant's own doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailureCode {
    /// The request to the provider, or our own check, ended so.
    Resolution(Resolution),
    /// Stopped before anything was sent.
    Terminated,
    /// Recalled in flight.
    Revoked,
    /// Undone after success, or returned by the provider.
    Cancelled,
}

impl FailureCode {
    /// The code as spelled on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            FailureCode::Resolution(resolution) => resolution.code(),
            FailureCode::Terminated => "TERMINATED",
            FailureCode::Revoked => "REVOKED",
            FailureCode::Cancelled => "CANCELLED",
        }
    }

    /// One sentence for a person.
    pub const fn message(self) -> &'static str {
        match self {
            FailureCode::Resolution(resolution) => resolution.message(),
            FailureCode::Terminated => "The payout was stopped before anything was sent.",
            FailureCode::Revoked => "The payout was recalled while in flight.",
            FailureCode::Cancelled => "The money came back after the payout had succeeded.",
        }
    }
}

impl Standing {
    /// Folds one entry in, its change of status already made.
    fn take_in(&mut self, entry: &Entry) {
        self.proposed = None;
        match &entry.fact {
            Fact::Created(_) | Fact::DetailsGiven(_) | Fact::Moved | Fact::Commanded { .. } => {}
            Fact::DetailsRejected(why) => self.resolution = Some(why.resolution),
            Fact::ProcessAsked => self.process_asked = true,
            Fact::Invoked(intent) => self.invoked(intent),
            Fact::UndoSent => {}
            Fact::Held(hold) => self.hold = Some((*hold, entry.at)),
            Fact::Released => self.hold = None,
            Fact::ResubmitAsked => (self.hold, self.resubmit_asked) = (None, true),
            Fact::Learned(learned) => self.learned(learned, entry.at),
            Fact::Operated(act) => self.operated(act, entry),
            Fact::Quoted(_) => {}
            Fact::RateMissed(_) => self.rate_missed = true,
        }
        if entry.moved.is_some_and(|step| step.to.is_settled()) {
            self.settled_at = Some(entry.at);
        }
        self.count_queueing(entry.at);
    }

    fn operated(&mut self, act: &Act, entry: &Entry) {
        match &act.deed {
            Deed::Release => self.hold = None,
            Deed::Resubmit => (self.hold, self.resubmit_asked) = (None, true),
            Deed::Pause => {
                let reason = self.resolution.unwrap_or(Resolution::Ok);
                self.hold = Some((Hold { cause: HoldCause::Paused, reason }, entry.at));
            }
            Deed::Propose { proposal, .. } => {
                let By::Operator(by) = &entry.by else { return };
                self.proposed = Some(Proposed {
                    version: entry.version,
                    proposal: proposal.clone(),
                    by: by.clone(),
                    reason: act.reason.clone(),
                    at: entry.at,
                });
            }
            // What follows an approval is written down as evidence of its own.
            Deed::Approve { .. } | Deed::Reject { .. } => {}
        }
    }

    fn count_queueing(&mut self, at: Timestamp) {
        // Waiting for a better rate is the merchant's own wish, and its own time.
        let queues = self.status == Status::Ready && self.process_asked && !self.rate_missed;
        match self.queued_since {
            None if queues => self.queued_since = Some(at),
            Some(since) if !queues => {
                self.queued_for = self.queued_for.saturating_add(at.since(since));
                self.queued_since = None;
            }
            _ => {}
        }
    }

    fn invoked(&mut self, intent: &Intent) {
        self.in_doubt |= self.open_send;
        self.open_send = true;
        (self.attempt, self.sends) = (intent.attempt, intent.send);
        self.resubmit_asked = false;
        self.rate_missed = false;
        self.not_before = None;
        self.money = Money::Unknown;
    }

    fn learned(&mut self, learned: &Learned, at: Timestamp) {
        let said = &learned.statement;
        self.resolution = Some(said.resolution);
        match learned.attention {
            Attention::Unchanged => {}
            Attention::Clear => self.hold = None,
            Attention::Raise(hold) => self.hold = Some((hold, at)),
        }
        self.not_before = learned.not_before;
        let contradicted = matches!(
            learned.attention,
            Attention::Raise(Hold { cause: HoldCause::Discrepancy, .. })
        );
        // A discrepancy changes neither the status nor the amount, but a verified payment of what
        // we call failed must show where the money is.
        match said.outcome {
            Outcome::Paid | Outcome::PaidInPart => {
                self.money = Money::Paid;
                (self.open_send, self.in_doubt) = (false, false);
                if !contradicted {
                    self.amount_processed = said.amount.or(self.amount_processed);
                }
            }
            Outcome::Accepted | Outcome::Queued | Outcome::Held if self.money != Money::Paid => {
                self.money = Money::InFlight;
                (self.open_send, self.in_doubt) = (false, false);
            }
            Outcome::Refused | Outcome::NotSent if !self.status.is_with_provider() => {
                self.money = Money::NotSent;
                (self.open_send, self.in_doubt) = (false, false);
            }
            Outcome::Failed if !contradicted => {
                let was_paid = self.money == Money::Paid;
                self.money = if was_paid { Money::Returned } else { Money::NotSent };
            }
            Outcome::Returned | Outcome::UndoDone => self.money = Money::Returned,
            _ => {}
        }
    }
}
