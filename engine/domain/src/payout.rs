//! A payout: its entries, and the standing that they fold to. `apply` is the only place where a
//! payout changes, live and at replay alike. Apart from `decide.rs`, which only ever proposes.

use crate::conversion::Rate;
use crate::entry::{Entry, Fact, HoldCause, Intent, Learned, Request};
use crate::failure::{Category, Failure, Origin, Rail};
use crate::id::{Fingerprint, PayoutId, provider_reference};
use crate::money::Amount;
use crate::recipient::Recipient;
use crate::resolution::Resolution;
use crate::standing::Standing;
use crate::statement::Statement;
use crate::status::{State, Status};
use crate::time::Timestamp;
use std::sync::Arc;

/// One payout as its entries tell it.
#[derive(Clone, PartialEq, Debug)]
pub struct Payout {
    id: PayoutId,
    entries: Vec<Entry>,
    standing: Standing,
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

    /// The same for a history in one piece, which is kept as it is.
    pub fn from_history(id: PayoutId, entries: Vec<Entry>) -> Result<Payout, BrokenHistory> {
        let Some(Fact::Created(request)) = entries.first().map(|entry| &entry.fact) else {
            return Err(BrokenHistory::NoCreation(id));
        };
        let mut standing = Standing::begin(request);
        for (expected, entry) in (1..).zip(&entries) {
            if entry.version != expected {
                return Err(BrokenHistory::Gap { id, expected, found: entry.version });
            }
            if expected > 1 {
                standing.step(entry);
            }
        }
        Ok(Payout { id, entries, standing })
    }

    /// The payout that its creation entry makes.
    pub fn begin(id: PayoutId, created: Entry) -> Result<Payout, BrokenHistory> {
        let Fact::Created(request) = &created.fact else {
            return Err(BrokenHistory::NoCreation(id));
        };
        if created.version != 1 {
            return Err(BrokenHistory::Gap { id, expected: 1, found: created.version });
        }
        let standing = Standing::begin(request);
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
        self.standing.step(&entry);
        self.entries.push(entry);
        Ok(())
    }

    /// The payout as it was at this version, or now if it never got so far.
    pub fn as_of(&self, version: u32) -> Payout {
        if version >= self.version() {
            return self.clone();
        }
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
        State::of(self.status(), self.standing.money)
    }

    /// Held by the engine: nothing is sent until evidence or an operator releases it.
    pub fn moderation_required(&self) -> bool {
        self.standing.hold.is_some()
    }

    /// Unsent by our books, and held because it may have been sent in a time that a restore has lost:
    /// the provider is asked before anything is sent.
    pub fn is_sought(&self) -> bool {
        let unsent = matches!(self.status(), Status::Created | Status::Ready);
        unsent && self.standing.sought_since.is_some()
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

    /// When its life ends, or when it is recalled if it was sent. None while the waiting is not its
    /// own: in our queue it waits for us, held for a person it waits for a person, and held before
    /// it was sent it waits for whoever holds it. Time in the queue is added.
    pub fn deadline(&self) -> Option<Timestamp> {
        let standing = &self.standing;
        let sent = standing.status.is_with_provider();
        let stopped =
            standing.hold.is_some_and(|(hold, _)| !(sent && hold.cause.released_by_evidence()));
        let runs = standing.queued_since.is_none() && !stopped;
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
            Fact::Invoked(intent) | Fact::Adopted(intent) => Some((entry.at, intent.as_ref())),
            _ => None,
        })
    }

    /// From which entry on a provider's "not found" is waited for: the last submission that is known, or the
    /// restore that may have lost a later one. None where there is neither.
    pub fn began_a_doubt(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.begins_a_doubt())
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

    /// The account that is asked about it. None while a restore may have lost a submission of which nobody knows
    /// where it went: then every account is asked that may have it.
    pub fn asked_of(&self) -> Option<&str> {
        match self.last_intent() {
            None if self.is_sought() && self.is_made_blindly() => None,
            _ => self.account(),
        }
    }

    /// Made while the lost time of a restore was not known. Its key may have been used then with another body, for
    /// another method or account, so that nothing in its own body says where to ask.
    pub fn is_made_blindly(&self) -> bool {
        let at_once = self.entries.iter().take_while(|entry| entry.at <= self.created_at());
        at_once.into_iter().any(
            |entry| matches!(&entry.fact, Fact::Held(hold) if hold.cause == HoldCause::Restored),
        )
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
        let explains = |entry: &&Entry| match self.status() {
            // The step is the recall's refusal; how the payout itself ended was heard behind it.
            Status::RevokeFailed => entry.says_unpaid(),
            _ => entry.moved.is_some(),
        };
        let last = self.entries.iter().rev().find(explains);
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
                    (Status::Cancelled | Status::RevokeFailed, Resolution::Ok) => {
                        FailureCode::Cancelled
                    }
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
