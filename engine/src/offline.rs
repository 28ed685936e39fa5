//! A data directory that nobody serves from, as an operator's tools open it: no actors, no providers,
//! nothing is sent. Opening is what a start does and no less: the log is judged by its anchor first.

use crate::desk::{self, DESK, DeskEntry, DeskOrder, DeskState, Signature};
use crate::engine::StartError;
use crate::recovery::{Contracts, Kept, Manner, recollect};
use crate::slot::Copied;
use crate::snapshot_seen::{SnapshotSeen, Why};
use crate::snapshotting::{self, SnapshotError};
use domain::time::Timestamp;
use snapshots::{Record, ReplayError, Running, Store, StoreOptions};
use std::time::Duration;

/// Payouts that are encoded at once.
const PORTION: usize = 512;

/// Why an operator's tool could not do its work on the directory.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The store did not open, or does not make payouts.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The snapshot was not taken, or not found, or is damaged.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The archive is incomplete, and only a start completes it.
    #[error("the archive of finished payouts has to be made again first: start the gateway once")]
    ArchiveFirst,
}

/// Opens the store for looking at its snapshots.
///
/// # Errors
/// It does not open: it is in use, damaged, or not there.
pub fn open(options: StoreOptions) -> Result<Running, OfflineError> {
    let store = Store::open(options).map_err(StartError::Open)?;
    Ok(store.start().map_err(StartError::Store)?)
}

/// Takes a snapshot of a store that nobody serves from. What has finished since the last one is put into
/// it as well; the next start moves that to the archive.
///
/// # Errors
/// The store does not open, or the snapshot cannot be written.
pub fn take_snapshot(
    options: StoreOptions,
    signed: Signature,
    at: Timestamp,
) -> Result<SnapshotSeen, OfflineError> {
    let store = Store::open(options).map_err(StartError::Open)?;
    if store.archive_rebuilt() {
        return Err(OfflineError::ArchiveFirst);
    }
    let (live, mut decided) = read(&store)?;
    let running = store.start().map_err(StartError::Store)?;
    let why = Why::Ordered { by: signed.by.clone(), reason: signed.reason.clone() };
    write_down(&running, &mut decided, DeskOrder::TakeSnapshot, signed, at)?;
    let base = running.journal.durable_sequence();
    let asleep = live.asleep.into_iter().map(|met| Copied::Asleep(met.id, met.fall_asleep().0));
    let awake = live.awake.into_iter().map(|payout| Copied::Awake(Box::new(payout)));
    let mut live = asleep.chain(awake).peekable();
    let portions = std::iter::from_fn(|| {
        live.peek()?;
        Some(live.by_ref().take(PORTION).collect())
    });
    let id = snapshotting::write(&running, base, portions, &decided, at, &why)?;
    let seen = SnapshotSeen::find(&running.snapshots, id).map_err(SnapshotError::from)?;
    running.close();
    Ok(seen)
}

/// Writes an order to the journal of a store that was opened here.
///
/// # Errors
/// The store does not make payouts, or cannot be written to.
pub fn order(
    options: StoreOptions,
    order: DeskOrder,
    signed: Signature,
    at: Timestamp,
) -> Result<Running, OfflineError> {
    let store = Store::open(options).map_err(StartError::Open)?;
    let (_, mut decided) = read(&store)?;
    let running = store.start().map_err(StartError::Store)?;
    write_down(&running, &mut decided, order, signed, at)?;
    Ok(running)
}

/// All that lives, and the desk, without a word to the archive.
fn read(store: &Store) -> Result<(Kept, DeskState), StartError> {
    // Nobody is called: no time matters.
    let now = Timestamp::default();
    let contracts = Contracts { watch_for: &|_| None, first_pause: &|_| Duration::ZERO, now };
    let found = recollect(store, 1, &contracts, Manner::Looking).map_err(|error| match error {
        ReplayError::Visitor(error) => StartError::Recovery(error),
        other => StartError::Replay(other.to_string()),
    })?;
    // One partition was asked for.
    Ok((found.shares.into_iter().next().unwrap_or_default(), found.desk))
}

fn write_down(
    running: &Running,
    decided: &mut DeskState,
    order: DeskOrder,
    signed: Signature,
    at: Timestamp,
) -> Result<(), SnapshotError> {
    let version = decided.version + 1;
    let Signature { by, reason, from } = signed;
    let entry = DeskEntry { version, at, by, reason, from, order };
    let failed = |error: &dyn std::fmt::Display| SnapshotError::Store(error.to_string());
    let body = desk::entry_body(&entry).map_err(|error| failed(&error))?;
    let record = Record { payout: DESK, version, body };
    running.journal.append_blocking(vec![record]).map_err(|error| failed(&error))?;
    decided.apply(entry);
    Ok(())
}
