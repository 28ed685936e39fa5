//! What of the lost time is not lost: every submission, and every end before one. Apart from the
//! plan because this is the rule that keeps a restore from paying twice, or from paying what its
//! merchant was told is stopped.
//!
//! A payout's own entries are carried over as they stand, up to the last that matters; then it is
//! held, so that the provider's word decides. What nobody can know is held without them.

use super::RestoreError;
use super::books::{Books, Kept, Lost};
use crate::codec;
use crate::ledger::Intended;
use crate::tally::Tally;
use domain::entry::{By, Entry, Fact, Hold, HoldCause, Move};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::resolution::Resolution;
use domain::status::Status;
use domain::time::Timestamp;
use domain::transition::Trigger;
use snapshots::Record;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is added to the kept part of the log.
#[derive(Debug, Default)]
pub(super) struct Carrying {
    /// Payout by payout.
    pub entries: BTreeMap<PayoutId, Added>,
    pub carried: Tally,
    pub orphans: u64,
    pub forgotten: Tally,
    pub suspects: Tally,
    pub in_doubt: Tally,
}

/// What is added to one payout.
#[derive(Debug)]
pub(super) struct Added {
    /// Its entries of the lost time, or what a ledger says of them.
    entries: Vec<Entry>,
    /// Whether the provider's word is awaited before anything is sent.
    held: bool,
    /// The version that they leave it at, and since when.
    version: u32,
    /// See `version`.
    at: Timestamp,
}

/// What is carried out of the lost time. Without `known`, whatever was unsent at its beginning may
/// have been sent in it.
pub(super) fn of(then: &Books, lost: &Lost, ledger: &[Intended], known: bool) -> Carrying {
    let mut carrying = Carrying::default();
    for (id, now) in lost.touched() {
        carrying.carry_from_the_log(id, then.get(id), now);
    }
    for intended in ledger {
        carrying.carry_from_the_ledger(intended, then);
    }
    for payout in then.whole() {
        let request = payout.request();
        let unsent = matches!(payout.status(), Status::Created | Status::Ready);
        if payout.status().is_with_provider() {
            carrying.in_doubt.add_amount(payout.status(), request.currency, request.amount.value());
        }
        let open = unsent || payout.status() == Status::Invoking;
        if open && !known && !carrying.entries.contains_key(&payout.id()) {
            carrying.suspects.add_amount(payout.status(), request.currency, request.amount.value());
            let (version, at) = (payout.version(), payout.updated_at());
            let added = Added { entries: Vec::new(), held: true, version, at };
            carrying.entries.insert(payout.id(), added);
        }
    }
    carrying
}

impl Carrying {
    fn carry_from_the_log(&mut self, id: PayoutId, then: Option<&Kept>, now: &Kept) {
        let Kept::Whole(now) = now else { return };
        let before = match then {
            None => None,
            Some(Kept::Whole(then)) => Some(then.as_ref()),
            // It was over; whatever followed is between it and its provider.
            Some(Kept::Over(_)) => return,
        };
        let (from, sends) = before.map_or((0, 0), |then| (then.version(), then.intents().count()));
        let last = what_matters(now, from, sends);
        let request = now.request();
        let Some((version, held)) = last else {
            if before.is_none() {
                self.forgotten.add_amount(now.status(), request.currency, request.amount.value());
            }
            return;
        };
        let entries =
            now.entries().iter().filter(|entry| (from + 1..=version).contains(&entry.version));
        let entries: Vec<Entry> = entries.cloned().collect();
        let at = entries.last().map_or(Timestamp(0), |last| last.at);
        self.orphans += u64::from(before.is_none());
        self.carried.add_amount(
            now.as_of(version).status(),
            request.currency,
            request.amount.value(),
        );
        self.entries.insert(id, Added { entries, held, version, at });
    }

    /// A submission that only the ledger knows.
    fn carry_from_the_ledger(&mut self, intended: &Intended, then: &Books) {
        let Intended { payout: id, created_at, request, recipient, intent, at } = intended;
        let before = match then.get(*id) {
            Some(Kept::Over(_)) => return,
            Some(Kept::Whole(payout)) => Some(payout.as_ref()),
            None => None,
        };
        let mut known = match (self.entries.get(id), before) {
            // The log knows this one, or an earlier line of the ledger was it.
            (Some(added), _) => match added.so_far(*id, before) {
                Some(payout) => payout,
                None => return,
            },
            (None, Some(before)) => before.clone(),
            (None, None) => {
                let fact = Fact::Created(request.clone());
                let created =
                    Entry { version: 1, at: *created_at, by: By::Merchant, moved: None, fact };
                let Ok(made) = Payout::begin(*id, created) else { return };
                made
            }
        };
        let same = known.intents().filter(|(_, one)| one.attempt == intent.attempt);
        let sends = same.map(|(_, one)| one.send).max().unwrap_or(0);
        if intent.send <= sends || !may_have_been_sent(known.status()) {
            return;
        }
        let counted = self.entries.contains_key(id);
        let first_new = before.map_or(0, Payout::version);
        let status = known.status();
        let mut add = |fact, moved: Option<Move>| {
            let version = known.version() + 1;
            let at = known.updated_at().max(*at);
            // A submission of the ledger's has a place in the life of every payout that is unsent.
            let _ = known.apply(Entry { version, at, by: By::Engine, moved, fact });
        };
        if status == Status::Created {
            let to_ready = Move { on: Trigger::DetailsAccepted, to: Status::Ready };
            add(Fact::DetailsGiven(recipient.clone()), Some(to_ready));
        }
        let invoked = Move { on: Trigger::InvokeSent, to: Status::Invoking };
        let again = status == Status::Invoking;
        add(Fact::Adopted(Arc::new(intent.clone())), (!again).then_some(invoked));
        if !counted {
            let request = known.request();
            self.carried.add_amount(known.status(), request.currency, request.amount.value());
            self.orphans += u64::from(before.is_none());
        }
        let entries = known.entries().iter().filter(|entry| entry.version > first_new);
        let entries = entries.cloned().collect();
        let (version, at) = (known.version(), known.updated_at());
        self.entries.insert(*id, Added { entries, held: true, version, at });
    }
}

impl Added {
    /// The payout with what is added to it.
    fn so_far(&self, id: PayoutId, before: Option<&Payout>) -> Option<Payout> {
        let known = before.map_or(&[][..], Payout::entries).iter();
        Payout::from_entries(id, known.chain(&self.entries).cloned()).ok()
    }

    pub fn is_held(&self) -> bool {
        self.held
    }

    /// As journal records; whoever awaits the provider's word is held from `now` on.
    pub fn records(&self, id: PayoutId, now: Timestamp) -> Result<Vec<Record>, RestoreError> {
        let mut entries = self.entries.clone();
        if self.held {
            let hold = Hold { cause: HoldCause::Restored, reason: Resolution::Unknown };
            let (version, by, fact) = (self.version + 1, By::Engine, Fact::Held(hold));
            // Time in a history never goes back, whatever the clock does.
            let at = self.at.max(now);
            entries.push(Entry { version, at, by, moved: None, fact });
        }
        codec::records(id, &entries)
            .map_err(|why| RestoreError::Record { sequence: 0, why: why.into() })
    }
}

/// The last entry behind the version `from` that has to be carried over, and whether the provider's
/// word is awaited then. `sends` submissions are known without it.
fn what_matters(now: &Payout, from: u32, sends: usize) -> Option<(u32, bool)> {
    let behind = || now.entries().iter().filter(|entry| entry.version > from);
    if ended_unsent(now.status()) {
        // Its merchant was told that nothing will be sent.
        return behind().rfind(|entry| entry.moved.is_some()).map(|end| (end.version, false));
    }
    if now.intents().count() <= sends {
        return None;
    }
    let submission = behind().rfind(|entry| is_submission(entry))?.version;
    // That nothing left us is nobody else's to say.
    let unsent = behind().find(|entry| {
        let proof = entry.moved.is_some_and(|step| step.on == Trigger::NothingSent);
        entry.version > submission && proof
    });
    Some(unsent.map_or((submission, true), |proof| (proof.version, false)))
}

fn ended_unsent(status: Status) -> bool {
    matches!(status, Status::Terminated | Status::Expired | Status::CreateFailed)
}

fn is_unsent(status: Status) -> bool {
    matches!(status, Status::Created | Status::Ready)
}

fn may_have_been_sent(status: Status) -> bool {
    is_unsent(status) || status == Status::Invoking
}

fn is_submission(entry: &Entry) -> bool {
    matches!(entry.fact, Fact::Invoked(_) | Fact::Adopted(_))
}
