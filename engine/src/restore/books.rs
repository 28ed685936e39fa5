//! All payouts as they were at a point of the log. Apart from recovery's fold because a restore asks
//! less of a finished payout (its status and its amount) and must hold all of them at once.

use super::{RestoreError, is_desk};
use crate::codec::{self, Unreadable};
use crate::desk::{self, DeskOrder, DeskState, Restored};
use crate::tally::Tally;
use domain::entry::{Entry, Fact, Hold, HoldCause};
use domain::id::PayoutId;
use domain::money::{Amount, Currency};
use domain::payout::{BrokenHistory, Payout};
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::RecordRef;
use snapshots::log::Frame;
use std::collections::HashMap;

/// Payouts as of a point of the log.
#[derive(Default)]
pub(super) struct Books {
    payouts: HashMap<PayoutId, Kept>,
    desk: DeskState,
    last_at: Timestamp,
}

/// What happened to payouts behind that point.
#[derive(Default)]
pub(super) struct Lost {
    touched: HashMap<PayoutId, Kept>,
    /// An earlier restore is undone by this one, or its holds are, and it did not know what had followed
    /// its own point: nor does this one then, however whole the log is.
    pub undoes_ignorance: bool,
}

/// A payout, as far as it is kept.
#[derive(Clone)]
pub(super) enum Kept {
    /// With its history: something may still happen to it.
    Whole(Box<Payout>),
    /// Paid, or over: only what is counted.
    Over(Short),
}

/// What is counted of a payout.
#[derive(Clone, Copy)]
pub(super) struct Short {
    status: Status,
    currency: Currency,
    amount: Amount,
}

impl Books {
    pub fn take(&mut self, frame: &Frame<'_>) -> Result<(), RestoreError> {
        for record in frame.records() {
            if is_desk(record.payout) {
                let entry = desk::entry(record.body).map_err(|why| bad(record, why.into()))?;
                self.last_at = self.last_at.max(entry.at);
                self.desk.apply(entry);
                continue;
            }
            let entry = read(record)?;
            self.last_at = self.last_at.max(entry.at);
            let id = PayoutId(record.payout);
            let known = self.payouts.remove(&id);
            let after = step(id, known, entry).map_err(|why| bad(record, why))?;
            self.payouts.insert(id, after.put_away());
        }
        Ok(())
    }

    pub fn get(&self, id: PayoutId) -> Option<&Kept> {
        self.payouts.get(&id)
    }

    /// Every payout that something may still happen to.
    pub fn whole(&self) -> impl Iterator<Item = &Payout> {
        self.payouts.values().filter_map(|kept| match kept {
            Kept::Whole(payout) => Some(payout.as_ref()),
            Kept::Over(_) => None,
        })
    }

    pub fn totals(&self) -> Tally {
        let mut totals = Tally::default();
        self.payouts.values().for_each(|kept| kept.count_in(&mut totals));
        totals
    }

    /// When the last record was written.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    pub fn desk(&self) -> &DeskState {
        &self.desk
    }

    /// Whether the last restore did not know what had followed its point.
    fn was_ignorant(&self) -> bool {
        self.desk.restores.last().is_some_and(|last| !last.known)
    }

    /// Whether this payout was there, and not asked about yet.
    fn has_unsought(&self, id: PayoutId) -> bool {
        matches!(self.get(id), Some(Kept::Whole(payout)) if !payout.is_sought())
    }
}

/// Whether it is a hold of the kind that restores write. New payouts get one of the same kind while keys
/// may repeat; these were not there before.
fn is_of_a_restore(entry: &Entry) -> bool {
    matches!(entry.fact, Fact::Held(Hold { cause: HoldCause::Restored, .. }))
}

impl Lost {
    /// Takes a frame of the lost time, which begins where the books end.
    pub fn take(&mut self, frame: &Frame<'_>, then: &Books) -> Result<(), RestoreError> {
        for record in frame.records() {
            if is_desk(record.payout) {
                let entry = desk::entry(record.body).map_err(|why| bad(record, why.into()))?;
                self.undoes_ignorance |=
                    matches!(entry.order, DeskOrder::Restored(Restored { known: false, .. }));
                continue;
            }
            let (id, entry) = (PayoutId(record.payout), read(record)?);
            // A restore holds payouts one by one; this point may be in the middle of them.
            self.undoes_ignorance |=
                is_of_a_restore(&entry) && then.was_ignorant() && then.has_unsought(id);
            let known = self.touched.remove(&id).or_else(|| then.get(id).cloned());
            let after = step(id, known, entry).map_err(|why| bad(record, why))?;
            // Not put away: its last submission may have to be carried over.
            self.touched.insert(id, after);
        }
        Ok(())
    }

    /// The payouts of the lost time as it left them, in the order of their ids.
    pub fn touched(&self) -> Vec<(PayoutId, &Kept)> {
        let mut all: Vec<_> = self.touched.iter().map(|(id, kept)| (*id, kept)).collect();
        all.sort_by_key(|(id, _)| *id);
        all
    }

    /// All payouts as the lost time left them.
    pub fn totals_over(&self, then: &Books) -> Tally {
        let mut totals = Tally::default();
        let untouched = then.payouts.iter().filter(|(id, _)| !self.touched.contains_key(id));
        untouched.for_each(|(_, kept)| kept.count_in(&mut totals));
        self.touched.values().for_each(|kept| kept.count_in(&mut totals));
        totals
    }
}

impl Kept {
    pub fn status(&self) -> Status {
        match self {
            Kept::Whole(payout) => payout.status(),
            Kept::Over(short) => short.status,
        }
    }

    fn put_away(self) -> Kept {
        match self {
            Kept::Whole(payout) if payout.status().is_final() || payout.status().is_settled() => {
                let Short { status, currency, amount } = short(&payout);
                Kept::Over(Short { status, currency, amount })
            }
            kept => kept,
        }
    }

    pub fn count_in(&self, totals: &mut Tally) {
        let Short { status, currency, amount } = match self {
            Kept::Whole(payout) => short(payout),
            Kept::Over(short) => *short,
        };
        totals.add_amount(status, currency, amount.value());
    }
}

fn short(payout: &Payout) -> Short {
    let request = payout.request();
    Short { status: payout.status(), currency: request.currency, amount: request.amount }
}

fn step(id: PayoutId, known: Option<Kept>, entry: Entry) -> Result<Kept, Unreadable> {
    Ok(match known {
        None if matches!(entry.fact, Fact::Created(_)) => {
            Kept::Whole(Box::new(Payout::begin(id, entry)?))
        }
        None => return Err(BrokenHistory::NoCreation(id).into()),
        Some(Kept::Whole(mut payout)) => {
            payout.apply(entry)?;
            Kept::Whole(payout)
        }
        Some(Kept::Over(short)) => {
            let status = entry.moved.map_or(short.status, |step| step.to);
            Kept::Over(Short { status, ..short })
        }
    })
}

/// When the latest of a frame's records was written.
pub(super) fn latest(frame: &Frame<'_>) -> Result<Option<Timestamp>, RestoreError> {
    let mut latest = None;
    for record in frame.records() {
        let at = if is_desk(record.payout) {
            desk::entry(record.body).map_err(|why| bad(record, why.into()))?.at
        } else {
            read(record)?.at
        };
        latest = latest.max(Some(at));
    }
    Ok(latest)
}

fn read(record: RecordRef<'_>) -> Result<Entry, RestoreError> {
    codec::entry(record.body).map_err(|why| bad(record, why.into()))
}

fn bad(record: RecordRef<'_>, why: Unreadable) -> RestoreError {
    RestoreError::Record { sequence: record.sequence, why }
}
