//! The stores beside the log, held against the fold. Apart from the fold, because each of them can be
//! thrown away: what differs here is never the truth, only a wrong memory of it.

use super::desks::Desks;
use super::folding::{Folded, Folding};
use super::report::Report;
use super::walk::Pace;
use crate::codec;
use crate::desk::{self, DESK};
use domain::id::PayoutId;
use domain::payout::Payout;
use snapshots::archive::RowAmiss;
use snapshots::log::ChainHash;
use snapshots::{ArchiveStore, Archived, SnapshotError, SnapshotInfo, SnapshotReader};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// A snapshot whose manifest opens.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub id: u64,
    pub base: u64,
    pub payouts: u64,
    /// Read to its end without a fault.
    pub sound: bool,
}

/// Where a state was found, as a report names it.
enum Place<'a> {
    Archive,
    Snapshot(&'a Taken),
}

impl Place<'_> {
    fn of(&self, id: PayoutId) -> String {
        match self {
            Place::Archive => format!("archive, payout {id}"),
            Place::Snapshot(taken) => format!("sled, snapshot {}, payout {id}", taken.id),
        }
    }
}

/// The snapshots that sled has; those whose manifests do not open are reported.
pub(crate) fn snapshots(reader: &SnapshotReader, live: bool, report: &mut Report) -> Vec<Taken> {
    let listed = match reader.list() {
        Ok(listed) => listed,
        Err(error) => {
            report.amiss("sled", None, error.to_string());
            return Vec::new();
        }
    };
    let mut taken = Vec::new();
    for (id, info) in listed {
        match info {
            Ok(SnapshotInfo { base_sequence: base, payouts, .. }) => {
                taken.push(Taken { id, base, payouts, sound: true });
            }
            Err(error) => unreadable(reader, id, &error, live, report),
        }
    }
    taken
}

/// At which of its versions the desk stands in these snapshots. It is the first thing in each, so that
/// little of them is read.
pub(crate) fn desk_versions(reader: &SnapshotReader, taken: &[Taken]) -> BTreeSet<u32> {
    let mut versions = BTreeSet::new();
    for one in taken {
        // What does not read is reported when the snapshot is compared.
        let _enough_or_unreadable = reader.read::<Ended>(one.id, &mut |id, body| {
            if id != DESK {
                return Ok(());
            }
            versions.extend(desk::state(body).ok().map(|state| state.version));
            Err(Ended::Early)
        });
    }
    versions
}

/// Every state of a snapshot against the fold at its version.
pub(crate) fn compare_snapshot(
    reader: &SnapshotReader,
    (number, taken): (usize, &mut Taken),
    folding: &mut Folding<'_>,
    desks: Option<&Desks>,
    live: bool,
    pace: &mut dyn Pace,
    report: &mut Report,
) -> ControlFlow<()> {
    let at = *taken;
    let read = reader.read::<Ended>(taken.id, &mut |id, body| {
        if pace.read(1, body.len() as u64).is_break() {
            return Err(Ended::Early);
        }
        if id == DESK {
            if let Some(desks) = desks {
                compare_desk(&at, body, desks, report);
            }
            return Ok(());
        }
        let id = PayoutId(id);
        if folding.wants(id) {
            report.snapshot_states += 1;
            let version = compare(&Place::Snapshot(&at), id, body, folding, live, report);
            if let (Some((version, _)), Some(folded)) = (version, folding.payouts.get_mut(&id)) {
                folded.in_snapshots[number] = version;
            }
        }
        Ok(())
    });
    match read {
        Ok(_) => {}
        Err(Ended::Early) => return ControlFlow::Break(()),
        Err(Ended::ByFault(error)) => {
            taken.sound = false;
            unreadable(reader, taken.id, &error, live, report);
        }
    }
    ControlFlow::Continue(())
}

/// Why a snapshot was not read to its end.
enum Ended {
    Early,
    ByFault(SnapshotError),
}

impl From<SnapshotError> for Ended {
    fn from(error: SnapshotError) -> Ended {
        Ended::ByFault(error)
    }
}

fn unreadable(
    reader: &SnapshotReader,
    id: u64,
    error: &SnapshotError,
    live: bool,
    report: &mut Report,
) {
    // A newer one may have taken its place while it was read.
    let is_there = || reader.list().map_or(true, |all| all.iter().any(|(other, _)| *other == id));
    if live && !is_there() {
        return;
    }
    report.amiss(format!("sled, snapshot {id}"), None, error.to_string());
}

fn compare_desk(taken: &Taken, body: &[u8], desks: &Desks, report: &mut Report) {
    let place = format!("sled, snapshot {}, the desk", taken.id);
    match desk::state(body) {
        Ok(state) if desks.has(&state) => {}
        Ok(_) => report.amiss(place, None, "it is not what the log says was decided"),
        Err(error) => report.amiss(place, None, error.to_string()),
    }
}

/// Every archived payout of the pass against the fold, its index properties included.
pub(crate) fn compare_archive(
    archive: &dyn ArchiveStore,
    folding: &mut Folding<'_>,
    live: bool,
    pace: &mut dyn Pace,
    report: &mut Report,
) -> ControlFlow<()> {
    let mut paced = ControlFlow::Continue(());
    let read = archive.visit(&mut |archived| {
        let id = PayoutId(archived.id);
        paced = pace.read(1, archived.body.len() as u64);
        if folding.wants(id) {
            report.archived += 1;
            let found = compare(&Place::Archive, id, &archived.body, folding, live, report);
            if let (Some((version, payout)), Some(folded)) = (found, folding.payouts.get_mut(&id)) {
                folded.in_archive = version;
                compare_properties(&archived, &payout, report);
            }
        }
        paced
    });
    if let Err(error) = read {
        report.amiss("archive", None, error.to_string());
    }
    paced
}

/// What lists are ordered and filtered by follows from the payout; only when it is due does not.
fn compare_properties(archived: &Archived, payout: &Payout, report: &mut Report) {
    let due = archived.due.map(domain::time::Timestamp);
    let same = codec::archived(payout, due).is_ok_and(|wanted| wanted == *archived);
    if !same {
        let place = Place::Archive.of(payout.id());
        report.amiss(place, Some(payout.id()), "its index properties are not the payout's");
    }
}

/// One stored state against the fold: it must be the payout as it was at some version. The version,
/// and the payout, if it reads.
fn compare(
    place: &Place<'_>,
    id: PayoutId,
    body: &[u8],
    folding: &Folding<'_>,
    live: bool,
    report: &mut Report,
) -> Option<(u32, Payout)> {
    let payout = match codec::payout(id, body) {
        Ok(payout) => payout,
        Err(error) => {
            report.amiss(place.of(id), Some(id), error.to_string());
            return None;
        }
    };
    if codec::has_card(body) && !codec::card(body).is_ok_and(|(card, _)| card.is_of(&payout)) {
        report.amiss(place.of(id), Some(id), "its card does not say what its entries make");
    }
    let Some(folded) = folding.payouts.get(&id) else {
        if !live {
            report.amiss(place.of(id), Some(id), "the log knows no such payout");
        }
        return None;
    };
    if let Some(told) = &folded.payout
        && !is_the_same(&payout, told, live)
    {
        let what = format!("version {} is not the payout that the log tells", payout.version());
        report.amiss(place.of(id), Some(id), what);
    }
    Some((payout.version(), payout))
}

/// Whether a state is a beginning of what the log tells; while the gateway runs also the other way
/// round: something may have happened since the log was read.
pub(crate) fn is_the_same(state: &Payout, told: &Payout, live: bool) -> bool {
    let shared = state.entries().len().min(told.entries().len());
    let ahead = state.entries().len() > shared;
    (live || !ahead) && state.entries()[..shared] == told.entries()[..shared]
}

/// What a start would miss: a payout that neither a snapshot nor the archive has as it was at the
/// snapshot's base. The log behind the base is read by every start.
pub(crate) fn find_missing(taken: &[Taken], folding: &Folding<'_>, report: &mut Report) {
    for (id, folded) in &folding.payouts {
        for (number, one) in taken.iter().enumerate().filter(|(_, one)| one.sound) {
            let wanted = folded.at_bases[number];
            let found = folded.in_archive.max(folded.in_snapshots[number]);
            if found < wanted {
                report.amiss(missing_from(one, folded), Some(*id), missing(wanted, found));
            }
        }
    }
}

fn missing_from(taken: &Taken, folded: &Folded) -> String {
    let finished = folded.payout.as_ref().is_some_and(crate::retire::is_finished);
    if finished { "archive".to_owned() } else { format!("sled, snapshot {}", taken.id) }
}

fn missing(wanted: u32, found: u32) -> String {
    if found == 0 {
        return format!("the payout is missing; the log has it at version {wanted}");
    }
    format!("the payout is there at version {found} only; the log has it at version {wanted}")
}

/// The archive's index rows against its payouts.
pub(crate) fn compare_rows(archive: &dyn ArchiveStore, report: &mut Report) {
    let mut found = Vec::new();
    match archive.check_rows(&mut |amiss| found.push(amiss)) {
        Ok(checked) => report.index_rows += checked.rows,
        Err(error) => report.amiss("archive, indexes", None, error.to_string()),
    }
    for RowAmiss { table, key, payout, what } in found {
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        report.amiss(format!("archive, {table}, key {key}"), payout.map(PayoutId), what);
    }
}

/// Frames of sled's mirror, by their first sequence.
pub(crate) type Mirrored = BTreeMap<u64, ChainHash>;

/// A frame of the log against the mirror's.
pub(crate) fn compare_mirrored(
    mirrored: &mut Mirrored,
    frame: &snapshots::log::Frame<'_>,
    report: &mut Report,
) {
    let Some(chain) = mirrored.remove(&frame.first_sequence()) else { return };
    report.mirrored += 1;
    if chain != frame.chain() {
        let place = format!("sled, mirror, sequence {}", frame.first_sequence());
        report.amiss(place, None, "the frame is not the log's");
    }
}
