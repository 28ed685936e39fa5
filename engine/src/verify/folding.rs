//! The fold over the log, with the rules that every history keeps. Apart from recovery's, which starts
//! at a snapshot and may believe what was checked when it was written; here nothing is believed.

use super::report::{Report, at};
use super::slice::Slice;
use crate::codec;
use domain::entry::{Entry, Fact, Intent};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::standing::Money;
use domain::statement::Source;
use domain::status::Status;
use domain::transition;
use snapshots::RecordRef;
use std::collections::HashMap;
use std::path::Path;

/// One payout as the log tells it.
pub(crate) struct Folded {
    /// None when its history breaks a rule, which was reported: nothing is compared with it.
    pub payout: Option<Payout>,
    /// Its version at each of the sequences that were asked for; 0 where it did not exist yet.
    pub at_bases: Box<[u32]>,
    /// The versions that were found in each snapshot, and in the archive.
    pub in_snapshots: Box<[u32]>,
    pub in_archive: u32,
}

/// The payouts of one pass.
pub(crate) struct Folding<'a> {
    slice: Slice,
    only: Option<PayoutId>,
    bases: &'a [u64],
    pub payouts: HashMap<PayoutId, Folded>,
}

impl<'a> Folding<'a> {
    pub fn new(slice: Slice, only: Option<PayoutId>, bases: &'a [u64]) -> Folding<'a> {
        Folding { slice, only, bases, payouts: HashMap::new() }
    }

    pub fn wants(&self, id: PayoutId) -> bool {
        self.slice.has(id.0[0]) && self.only.is_none_or(|only| only == id)
    }

    /// Takes in the next record of one of its payouts.
    pub fn take(&mut self, file: &Path, offset: u64, record: RecordRef<'_>, report: &mut Report) {
        let id = PayoutId(record.payout);
        report.entries += 1;
        let folded = self.payouts.entry(id).or_insert_with(|| Folded {
            payout: None,
            at_bases: vec![0; self.bases.len()].into(),
            in_snapshots: vec![0; self.bases.len()].into(),
            in_archive: 0,
        });
        let fresh = folded.at_bases.iter().all(|version| *version == 0) && record.version == 1;
        if let Err(why) = fold(&mut folded.payout, id, record, fresh) {
            report.amiss(at(file, offset), Some(id), why);
            folded.payout = None;
        }
        for (base, version) in self.bases.iter().zip(&mut folded.at_bases) {
            if record.sequence <= *base {
                *version = record.version;
            }
        }
    }
}

/// Applies one record, or says which rule it breaks.
fn fold(
    payout: &mut Option<Payout>,
    id: PayoutId,
    record: RecordRef<'_>,
    fresh: bool,
) -> Result<(), String> {
    let entry = codec::entry(record.body).map_err(|error| error.to_string())?;
    if entry.version != record.version {
        return Err(format!(
            "the record is of version {}, its entry of {}",
            record.version, entry.version
        ));
    }
    let Some(known) = payout else {
        if !fresh {
            // Its beginning is missing or was refused; that was reported where it happened.
            return if entry.version == 1 {
                Err("the payout begins a second time".to_owned())
            } else {
                Ok(())
            };
        }
        *payout = Some(Payout::begin(id, entry).map_err(|error| error.to_string())?);
        return Ok(());
    };
    judge(known, &entry)?;
    known.apply(entry).map_err(|error| error.to_string())?;
    judge_outcome(known)
}

/// What must hold before the entry: gapless versions, time, the table's edges, the intent first.
fn judge(payout: &Payout, entry: &Entry) -> Result<(), String> {
    let (status, version) = (payout.status(), entry.version);
    if version != payout.version() + 1 {
        return Err(format!("version {version} follows version {}", payout.version()));
    }
    if entry.at < payout.updated_at() {
        return Err(format!("version {version} is older than the one before it"));
    }
    if let Some(step) = entry.moved
        && transition::next(status, step.on) != Some(step.to)
    {
        let (on, from, to) = (step.on.word(), status.code(), step.to.code());
        return Err(format!("{on} does not lead from {from} to {to} (I-9)"));
    }
    match &entry.fact {
        Fact::Invoked(intent) => follows(payout, intent),
        Fact::Learned(learned) if learned.statement.source != Source::Manual => sent(payout),
        Fact::UndoSent => sent(payout),
        _ => Ok(()),
    }
}

/// Attempts and sends are counted without gaps.
fn follows(payout: &Payout, intent: &Intent) -> Result<(), String> {
    let standing = payout.standing();
    let again = intent.attempt == standing.attempt && intent.send == standing.sends + 1;
    let next = intent.attempt == standing.attempt + 1 && intent.send == 1;
    if again || next {
        return Ok(());
    }
    let (attempt, send) = (intent.attempt, intent.send);
    let (before, sends) = (standing.attempt, standing.sends);
    Err(format!("send {send} of attempt {attempt} follows send {sends} of attempt {before}"))
}

/// A provider can only speak of what was sent, and nothing is sent without an intent; but one that was
/// asked whether a restore has lost an intent may say that there was none.
fn sent(payout: &Payout) -> Result<(), String> {
    if payout.standing().attempt > 0 || payout.is_sought() {
        return Ok(());
    }
    Err("a provider speaks of it before any intent (I-4)".to_owned())
}

/// What must hold behind the entry: no more was paid than was asked for, and what ended unsent was not
/// sent.
fn judge_outcome(payout: &Payout) -> Result<(), String> {
    let standing = payout.standing();
    if standing.amount_processed.is_some_and(|paid| paid > payout.request().amount) {
        return Err("more was paid than was asked for (I-7)".to_owned());
    }
    let unsent = matches!(payout.status(), Status::Expired | Status::Terminated);
    let moved = payout.entries().last().is_some_and(|entry| entry.moved.is_some());
    if unsent && moved && standing.money != Money::NotSent {
        let status = payout.status().code();
        return Err(format!("{status} although it was sent (I-12)"));
    }
    Ok(())
}
