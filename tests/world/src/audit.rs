//! The checkers: everything that is written, sent, answered and moved is shown to them, and they know
//! what must not be. Named after the published invariants. Apart from the world, and believing nothing of
//! it but what they were shown: what is durable they read from the disk's bytes.

mod answers;
mod calls;
mod entries;
mod rest;
mod telling;

pub use entries::check as check_entries;
pub(crate) use entries::is_discrepancy as is_a_contradiction;

use crate::agenda::Time;
use domain::entry::{Entry, Fact};
use domain::event::events_of;
use domain::id::{Fingerprint, PayoutId};
use domain::payout::Payout;
use domain::schedule::needs_asking;
use domain::status::Status;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Something that must not be, and was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// What happened.
    pub what: String,
    /// When, in the world's time.
    pub at: Time,
}

impl Violation {
    /// The same at this time.
    pub(crate) fn at(self, at: Time) -> Violation {
        Violation { at, ..self }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = self.at / crate::agenda::DAY;
        write!(f, "{} on day {days} ({} µs): {}", self.invariant, self.at, self.what)
    }
}

/// What an answer showed of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its version.
    pub version: u32,
    /// A fingerprint of what was shown.
    pub shows: u64,
    /// The body that the payout was made with.
    pub body: Fingerprint,
    /// It was marked as a repetition.
    pub replayed: bool,
}

/// What the checkers were shown of one payout.
#[derive(Debug, Default)]
struct Seen {
    /// Its last durable entry.
    durable: u32,
    /// Somebody outside was told of it at this version.
    told: u32,
    /// Something was shown before it was durable.
    too_early: bool,
    /// What its creation was answered with.
    first: Option<u64>,
    commands: BTreeMap<u8, u64>,
    /// Where each durable version left it.
    statuses: Vec<Status>,
    /// The events that its durable entries make.
    events: Vec<(u32, u8, u8)>,
    delivered: usize,
    numbers: BTreeMap<(u32, u8), u64>,
    /// Submissions whose intents are durable.
    intents: BTreeSet<u16>,
    /// After a restore: who has it from the lost time, and has to be asked about it first.
    must_ask: BTreeSet<usize>,
    /// A callback came that may be believed: of a provider for which that was agreed, or the answer to a
    /// question of ours.
    called_back: bool,
}

/// All checkers.
#[derive(Debug, Default)]
pub struct Audit {
    payouts: BTreeMap<PayoutId, Seen>,
    calls: BTreeMap<usize, VecDeque<Time>>,
    keys: BTreeMap<(u8, u16), PayoutId>,
    /// Found where nobody could be told at once; the world asks after each event.
    found: Option<Violation>,
}

type Checked = Result<(), Violation>;

impl Audit {
    /// A violation about a payout.
    pub(crate) fn broken(&self, invariant: &'static str, id: PayoutId, what: String) -> Violation {
        Violation { invariant, what: format!("{id}: {what}"), at: 0 }
    }

    /// How many payouts there are.
    pub fn payouts(&self) -> usize {
        self.payouts.values().filter(|seen| seen.durable > 0).count()
    }

    /// What was found since the last time that somebody asked.
    pub(crate) fn found(&mut self) -> Checked {
        self.found.take().map_or(Ok(()), Err)
    }

    fn seen(&mut self, id: PayoutId) -> &mut Seen {
        self.payouts.entry(id).or_default()
    }

    /// An entry was read from what no crash takes back.
    pub(crate) fn durable(&mut self, id: PayoutId, entry: &Entry) -> Checked {
        let seen = self.payouts.entry(id).or_default();
        if entry.version <= seen.durable {
            // The store of events is made anew.
            return Ok(());
        }
        if entry.version != seen.durable + 1 {
            let what = format!("version {} follows {}", entry.version, seen.durable);
            return Err(self.broken("I-11", id, what));
        }
        seen.durable = entry.version;
        seen.note(entry);
        entries::told_once(id, entry)
    }

    /// A provider calls back, and may be believed.
    pub(crate) fn called_back(&mut self, id: PayoutId) {
        self.seen(id).called_back = true;
    }

    /// I-17: nobody sleeps for ever, and whoever is held is asked about all the same.
    pub(crate) fn adopted(
        &mut self,
        payout: &Payout,
        armed: Option<Timestamp>,
        woken: bool,
    ) -> Checked {
        let over = payout.status().is_final() || payout.status().is_settled();
        let goes_on = !over && !payout.moderation_required() || needs_asking(payout);
        if goes_on && armed.is_none() && !woken {
            let what = "after a start it has neither a timer nor anything to do".to_owned();
            return Err(self.broken("I-17", payout.id(), what));
        }
        Ok(())
    }

    /// I-18: whatever anybody was told is in the journal after any crash.
    pub(crate) fn came_back(&mut self, folded: &BTreeMap<PayoutId, Vec<Entry>>) -> Checked {
        for (id, seen) in &self.payouts {
            let back = folded.get(id).map_or(0, |entries| entries.len() as u32);
            if back < seen.told {
                let what = format!("version {} was told, {back} came back", seen.told);
                return Err(self.broken("I-18", *id, what));
            }
            if back < seen.durable {
                let what = format!("version {} was durable, {back} came back", seen.durable);
                return Err(self.broken("I-18", *id, what));
            }
        }
        Ok(())
    }

    /// Everything was put back: from now on this is what there is. `known_there` says what reached a
    /// provider, or is on its way.
    pub(crate) fn restored(
        &mut self,
        back: &[Payout],
        known_there: impl Fn(PayoutId) -> BTreeSet<usize>,
    ) {
        let before = std::mem::take(&mut self.payouts);
        for payout in back {
            let seen = self.seen(payout.id());
            let shown = crate::audit::Answer::of(&engine::bare::as_created(payout), false);
            let same = before.get(&payout.id()).and_then(|old| old.first);
            seen.first = same.filter(|first| *first == shown.shows);
            seen.told = u32::from(before.get(&payout.id()).is_some_and(|old| old.told > 0));
            for entry in payout.entries() {
                seen.durable = entry.version;
                seen.note(entry);
            }
            let unsent = payout.standing().attempt == 0;
            seen.must_ask = if unsent { known_there(payout.id()) } else { BTreeSet::new() };
        }
        for id in before.into_keys() {
            if !back.iter().any(|payout| payout.id() == id) {
                self.seen(id).must_ask = known_there(id);
            }
        }
    }
}

impl Seen {
    /// Its status at a version that is durable.
    fn status_at(&self, version: u32) -> Option<Status> {
        self.statuses.get(version.checked_sub(1)? as usize).copied()
    }

    fn note(&mut self, entry: &Entry) {
        let before = self.statuses.last().copied().unwrap_or(Status::Created);
        self.statuses.push(entry.moved.map_or(before, |step| step.to));
        for (nth, kind) in (0..).zip(events_of(entry)) {
            self.events.push((entry.version, nth, kind.byte()));
        }
        if let Fact::Invoked(intent) | Fact::Adopted(intent) = &entry.fact {
            self.intents.insert(intent.send);
        }
    }
}
