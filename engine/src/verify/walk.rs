//! The walk: the log from its first byte to a sequence, as often as there are passes, and at the end of
//! each pass everything else against what it folded. The same for a directory at rest and for a gateway
//! that runs. Apart so that both cannot come to differ.

use super::desks::Desks;
use super::folding::Folding;
use super::report::{Report, at};
use super::slice::Slice;
use super::stores::{self, Mirrored, Taken};
use super::telling::Telling;
use crate::desk::{self, DESK};
use domain::id::PayoutId;
use snapshots::events::EventStore;
use snapshots::log::{LogReader, Placed};
use snapshots::{ArchiveStore, SnapshotReader};
use std::ops::ControlFlow;
use std::path::Path;

/// Told what is read; may slow the walk down, or break it off.
pub(crate) trait Pace {
    /// So many records, states and payouts are going to be read, all passes together.
    fn expect(&mut self, all: u64);

    /// One more of them was read, of so many bytes; of a frame of the log, all its records at once.
    fn read(&mut self, count: u64, bytes: u64) -> ControlFlow<()>;
}

/// Compares payouts in memory with the fold of a pass; breaks when the gateway stops.
pub(crate) type CompareLive<'a> = dyn Fn(&Folding<'_>, &mut Report) -> ControlFlow<()> + 'a;

/// What the log is held against.
pub(crate) struct Grounds<'a> {
    pub log_dir: &'a Path,
    /// The log is read up to here.
    pub through: u64,
    pub archive: Option<&'a dyn ArchiveStore>,
    pub events: Option<&'a dyn EventStore>,
    pub snapshots: Option<&'a SnapshotReader>,
    /// Given while the gateway runs: then the stores may be ahead of what was read.
    pub live: Option<&'a CompareLive<'a>>,
    pub records_per_pass: u64,
    /// Only this payout is compared.
    pub only: Option<PayoutId>,
}

/// Walks. Breaks when the pace does; a log that does not read ends the walk with a divergence.
pub(crate) fn walk(
    grounds: &Grounds<'_>,
    mirrored: &mut Mirrored,
    pace: &mut dyn Pace,
    report: &mut Report,
) -> ControlFlow<()> {
    report.last_sequence = grounds.through;
    let live = grounds.live.is_some();
    let mut taken =
        grounds.snapshots.map_or_else(Vec::new, |reader| stores::snapshots(reader, live, report));
    if live {
        // What was taken since the walk began is not wholly in what it reads.
        taken.retain(|one| one.base <= grounds.through);
    }
    report.snapshots = taken.len() as u64;
    pace.expect(all_there_is(grounds, &taken));
    let bases: Vec<u64> = taken.iter().map(|one| one.base).collect();
    for slice in Slice::all(grounds.through, grounds.records_per_pass) {
        report.passes = slice.passes();
        let desks = desks_to_compare(grounds, slice, &taken);
        let mut pass = Pass::new(grounds, slice, &bases, desks, report);
        let read = pass.read(grounds, mirrored, pace, report);
        if !read? {
            return ControlFlow::Continue(());
        }
        pass.compare(grounds, &mut taken, pace, report)?;
    }
    if let Some(archive) =
        grounds.archive.filter(|_| grounds.live.is_none() && grounds.only.is_none())
    {
        stores::compare_rows(archive, report);
    }
    ControlFlow::Continue(())
}

/// What the passes read together. The archive of a running gateway grows meanwhile, so it is only about
/// as much.
fn all_there_is(grounds: &Grounds<'_>, taken: &[Taken]) -> u64 {
    let archived = grounds.archive.map_or(0, |archive| archive.len() as u64);
    let states: u64 = taken.iter().map(|one| one.payouts).sum();
    let passes = Slice::all(grounds.through, grounds.records_per_pass).count() as u64;
    passes.saturating_mul(grounds.through + archived + states)
}

/// The desk is looked at once, in the first pass.
fn desks_to_compare(grounds: &Grounds<'_>, slice: Slice, taken: &[Taken]) -> Option<Desks> {
    let versions = |reader| stores::desk_versions(reader, taken);
    slice.is_first().then(|| Desks::new(grounds.snapshots.map(versions).unwrap_or_default()))
}

struct Pass<'a> {
    slice: Slice,
    folding: Folding<'a>,
    telling: Option<Telling<'a>>,
    desks: Option<Desks>,
}

impl<'a> Pass<'a> {
    fn new(
        grounds: &Grounds<'a>,
        slice: Slice,
        bases: &'a [u64],
        desks: Option<Desks>,
        report: &mut Report,
    ) -> Pass<'a> {
        let telling = grounds.events.filter(|_| grounds.only.is_none()).and_then(|events| {
            match events.through() {
                Ok(through) => {
                    let through = through.min(grounds.through);
                    Some(Telling::new(slice, events, through, grounds.live.is_some()))
                }
                Err(error) => {
                    report.amiss("events", None, error.to_string());
                    None
                }
            }
        });
        Pass { slice, folding: Folding::new(slice, grounds.only, bases), telling, desks }
    }

    /// Whether the log could be read to where it was to be read.
    fn read(
        &mut self,
        grounds: &Grounds<'_>,
        mirrored: &mut Mirrored,
        pace: &mut dyn Pace,
        report: &mut Report,
    ) -> ControlFlow<(), bool> {
        let reader = LogReader::seek(grounds.log_dir, 1).map(LogReader::comparing_each_record);
        let mut reader = match reader {
            Ok(reader) => reader,
            Err(error) => {
                report.log_amiss(&error);
                return ControlFlow::Continue(false);
            }
        };
        loop {
            let (records, bytes) = match reader.next_placed(grounds.through) {
                Ok(Some(placed)) => {
                    if self.slice.is_first() {
                        report.frames += 1;
                        report.bytes += placed.frame.bytes().len() as u64;
                        stores::compare_mirrored(mirrored, &placed.frame, report);
                    }
                    let records = self.take(placed, grounds.through, report);
                    (records, placed.frame.bytes().len() as u64)
                }
                Ok(None) => return ControlFlow::Continue(true),
                Err(error) => {
                    report.log_amiss(&error);
                    return ControlFlow::Continue(false);
                }
            };
            pace.read(records, bytes)?;
        }
    }

    /// Takes in what a frame holds; how many records that are.
    fn take(&mut self, placed: Placed<'_>, through: u64, report: &mut Report) -> u64 {
        let mut records = 0;
        for (offset, record) in placed.records().filter(|(_, one)| one.sequence <= through) {
            records += 1;
            if record.payout == DESK {
                self.decide(placed.file, offset, record.body, report);
            } else if self.folding.wants(PayoutId(record.payout)) {
                self.folding.take(placed.file, offset, record, report);
            }
            if let Some(telling) = &mut self.telling {
                telling.take(record, report);
            }
        }
        records
    }

    fn decide(&mut self, file: &Path, offset: u64, body: &[u8], report: &mut Report) {
        let Some(desks) = &mut self.desks else { return };
        report.decisions += 1;
        let taken = desk::entry(body).map_err(|error| error.to_string());
        if let Err(what) = taken.and_then(|entry| desks.take(entry)) {
            report.amiss(at(file, offset), None, what);
        }
    }

    fn compare(
        mut self,
        grounds: &Grounds<'_>,
        taken: &mut [Taken],
        pace: &mut dyn Pace,
        report: &mut Report,
    ) -> ControlFlow<()> {
        report.payouts += self.folding.payouts.len() as u64;
        let live = grounds.live.is_some();
        if let Some(reader) = grounds.snapshots {
            let desks = self.desks.as_ref();
            for (number, one) in taken.iter_mut().enumerate() {
                let of = (number, &mut *one);
                let folding = &mut self.folding;
                stores::compare_snapshot(reader, of, folding, desks, live, pace, report)?;
            }
        }
        if let Some(archive) = grounds.archive {
            stores::compare_archive(archive, &mut self.folding, live, pace, report)?;
            if grounds.snapshots.is_some() {
                stores::find_missing(taken, &self.folding, report);
            }
        }
        if let Some(compare_live) = grounds.live {
            compare_live(&self.folding, report)?;
        }
        if let Some(telling) = self.telling {
            telling.finish(report);
        }
        ControlFlow::Continue(())
    }
}
