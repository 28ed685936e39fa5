//! Is everything still there? The log is read from its first byte, every payout folded again, and all
//! that is kept beside the log held against that: snapshots, mirror, archive, indexes, events. Apart
//! from recovery because recovery trusts what it must to be quick; this trusts nothing.
//!
//! In reading order: `report` is what comes out, `walk` the walk itself, `slice` which payouts one pass
//! takes, `folding` the fold and its rules, `stores` and `telling` what is held against it.

mod desks;
mod folding;
mod report;
mod slice;
mod stores;
mod telling;
mod walk;

use crate::engine::is_damage;
use domain::id::PayoutId;
use snapshots::log::Frame;
use snapshots::{Inspection, OpenError, Running, StoreOptions};
use std::ops::ControlFlow;
use std::path::PathBuf;
use stores::Mirrored;
use walk::{Grounds, walk};

pub(crate) use folding::Folding;
pub use report::{Divergence, Report};
pub(crate) use stores::is_the_same;
pub(crate) use walk::{CompareLive, Pace};

/// Folded at once while a gateway runs, which wants the memory for its own payouts.
const RECORDS_BESIDE_A_GATEWAY: u64 = 500_000;

/// How a verification goes about it.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Where the copies of the databases are made; beside the originals if nowhere is named.
    pub scratch: Option<PathBuf>,
    /// How many records of the log are folded at once; more take another pass over it.
    pub records_per_pass: u64,
    /// Only this payout is folded and compared; the rest of the log is only read.
    pub only: Option<PayoutId>,
}

impl Default for VerifyOptions {
    fn default() -> VerifyOptions {
        VerifyOptions { scratch: None, records_per_pass: 2_000_000, only: None }
    }
}

/// Verifies a data directory that nobody uses. Changes nothing in it.
///
/// # Errors
/// The directory is in use, is none, or the file system refuses. Damage is no error: it is what the
/// report is about.
pub fn verify(store: &StoreOptions, options: &VerifyOptions) -> Result<Report, OpenError> {
    let mut report = Report::default();
    let found = match Inspection::open(store, options.scratch.as_deref()) {
        Ok(found) => found,
        Err(error) if is_damage(&error) => {
            refused(&error, &mut report);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    report.anchored = found.anchored;
    report.copied = found.copied.clone();
    take_notes(&found, &mut report);
    let mut mirrored = mirror(&found, &mut report);
    let grounds = Grounds {
        log_dir: &found.log_dir,
        through: found.log.last_sequence,
        archive: found.archive.as_ref().ok().and_then(Option::as_deref),
        events: found.events.as_ref().ok().and_then(Option::as_deref),
        snapshots: found.sled.as_ref().ok().and_then(Option::as_ref).map(|sled| &sled.snapshots),
        live: None,
        records_per_pass: options.records_per_pass,
        only: options.only,
    };
    let _ = walk(&grounds, &mut mirrored, &mut AtOnce, &mut report);
    for sequence in mirrored.into_keys() {
        report.amiss(
            format!("sled, mirror, sequence {sequence}"),
            None,
            "the log has no such frame",
        );
    }
    Ok(report)
}

/// As fast as it goes, to the end.
struct AtOnce;

impl Pace for AtOnce {
    fn expect(&mut self, _: u64) {}

    fn read(&mut self, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Verifies the store of a gateway that runs, up to what is durable now. None: the pace broke it off.
pub(crate) fn running(
    store: &Running,
    compare: &CompareLive<'_>,
    pace: &mut dyn Pace,
) -> Option<Report> {
    let mut report = Report::default();
    let snapshots = store.snapshots.reader();
    let grounds = Grounds {
        log_dir: store.log_dir(),
        through: store.journal.durable_sequence(),
        archive: Some(store.archive.as_ref()),
        events: Some(store.events.as_ref()),
        snapshots: snapshots.as_ref(),
        live: Some(compare),
        records_per_pass: RECORDS_BESIDE_A_GATEWAY,
        only: None,
    };
    // The mirror forgets its oldest frames while it is read; only a directory at rest shows all of it.
    match walk(&grounds, &mut Mirrored::new(), pace, &mut report) {
        ControlFlow::Continue(()) => Some(report),
        ControlFlow::Break(()) => None,
    }
}

/// A directory that a start would refuse too, in the start's own words.
fn refused(error: &OpenError, report: &mut Report) {
    match error {
        OpenError::Log(error) => report.log_amiss(error),
        OpenError::Anchor { path, source } => {
            report.amiss(path.display().to_string(), None, source.to_string());
        }
        OpenError::RolledBack { .. } => report.amiss("log", None, error.to_string()),
        OpenError::AnchorMissing(_) => report.amiss("anchor", None, error.to_string()),
        other => report.amiss("data directory", None, other.to_string()),
    }
}

/// What is lost and comes back by itself, and what cannot be read.
fn take_notes(found: &Inspection, report: &mut Report) {
    if found.log.torn {
        report.notes.push(
            "an unfinished write stands behind the log's last frame; nobody was told of it, and the next \
             start erases it"
                .to_owned(),
        );
    }
    let stores = [
        ("sled", found.sled.as_ref().map(Option::is_some)),
        ("archive", found.archive.as_ref().map(Option::is_some)),
        ("events", found.events.as_ref().map(Option::is_some)),
    ];
    for (name, state) in stores {
        match state {
            Ok(true) => {}
            Ok(false) => report
                .notes
                .push(format!("there is no {name}; the next start makes it from the log again")),
            Err(reason) => report.amiss(name, None, format!("it cannot be read: {reason}")),
        }
    }
    for what in &found.foreign {
        let (place, what) = what.split_once(": ").unwrap_or(("data directory", what));
        report.amiss(place, None, what);
    }
}

fn mirror(found: &Inspection, report: &mut Report) -> Mirrored {
    let mut mirrored = Mirrored::new();
    let Ok(Some(sled)) = &found.sled else { return mirrored };
    let read = sled.mirrored(&mut |frame: Frame<'_>| {
        mirrored.insert(frame.first_sequence(), frame.chain());
        ControlFlow::Continue(())
    });
    if let Err(error) = read {
        report.amiss("sled, mirror", None, error.to_string());
    }
    mirrored
}
