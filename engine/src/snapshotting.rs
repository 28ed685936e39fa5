//! Taking a snapshot while payouts go on living: a thread of its own copies, encodes and writes them. States may be newer than the base; replay skips what they contain already.

use crate::desk::{self, DESK, Desk, DeskState};
use crate::live_table::LiveTable;
use crate::partition::PartitionHandle;
use crate::payout_supervisor::{Mark, Settled};
use crate::place::Place;
use crate::slot::Copied;
use crate::snapshot_seen::{self, SnapshotSeen, Why};
use crate::tally::Tally;
use domain::time::Timestamp;
use snapshots::Running;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Copied before any is encoded: copies are small, and what is copied early is old when it is written.
const COPIED_AT_ONCE: usize = 512;

/// A snapshot that was written, read back and found good.
#[derive(Clone, Debug)]
pub struct SnapshotTaken {
    /// Its id in the store.
    pub id: u64,
    /// Every entry up to this sequence is in it.
    pub base_sequence: u64,
    /// Payouts in it.
    pub payouts: u64,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The engine has not recovered, or has stopped.
    #[error("the engine is not running")]
    NotRunning,
    /// Another one is being taken, or some are being deleted.
    #[error("a snapshot is being taken or deleted already")]
    Busy,
    /// There is none of this id, or not any more.
    #[error("there is no snapshot {0}")]
    Unknown(u64),
    /// It does not read back as it was written.
    #[error("{0}")]
    Damaged(String),
    /// The store did not take it.
    #[error("the snapshot could not be written: {0}")]
    Store(String),
    /// A supervisor or the writing thread is gone.
    #[error("the snapshot was interrupted")]
    Interrupted,
}

impl From<snapshots::SnapshotError> for SnapshotError {
    fn from(error: snapshots::SnapshotError) -> SnapshotError {
        use snapshots::SnapshotError as Stored;
        match error {
            Stored::Busy => SnapshotError::Busy,
            Stored::Unknown(id) => SnapshotError::Unknown(id),
            Stored::Damaged(_) | Stored::Manifest(_) | Stored::Io(_) => {
                SnapshotError::Damaged(error.to_string())
            }
            other => SnapshotError::Store(other.to_string()),
        }
    }
}

/// Takes a snapshot of all live payouts.
pub(crate) async fn take(
    store: &Arc<Running>,
    partitions: &[PartitionHandle],
    desk: &Arc<Desk>,
    at: Timestamp,
    why: Why,
) -> Result<SnapshotTaken, SnapshotError> {
    let began = Instant::now();
    let (base_sequence, decided) = {
        let _still = desk.still().await;
        (store.journal.durable_sequence(), desk.state())
    };
    settle(partitions).await?;
    let tables: Vec<_> = partitions.iter().map(|one| one.slots.clone()).collect();
    let writing = store.clone();
    let writer = Place::of(store).blocking(move || {
        let id = write(&writing, base_sequence, copies(&tables), &decided, at, &why)?;
        let (info, note) = writing.snapshots.get(id)?;
        Ok(SnapshotSeen::of(info, &note))
    });
    outcome(writer.await, began)
}

/// Copies of all live payouts, a few at a time.
fn copies(tables: &[Arc<LiveTable>]) -> impl Iterator<Item = Vec<Copied>> {
    tables.iter().flat_map(|table| {
        let ids = table.ids();
        let portions = 0..ids.len().div_ceil(COPIED_AT_ONCE);
        portions.map(move |nth| {
            let from = nth * COPIED_AT_ONCE;
            table.copies(&ids[from..ids.len().min(from + COPIED_AT_ONCE)])
        })
    })
}

/// Waits until everything is believed that was on its way when the base was read: what is durable by
/// then is in the copies.
async fn settle(partitions: &[PartitionHandle]) -> Result<(), SnapshotError> {
    for PartitionHandle { supervisor, .. } in partitions {
        let mark = supervisor.send(Mark).await.map_err(|_| SnapshotError::Interrupted)?;
        while !supervisor.send(Settled(mark)).await.map_err(|_| SnapshotError::Interrupted)? {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    Ok(())
}

fn outcome(
    written: Option<Result<SnapshotSeen, SnapshotError>>,
    began: Instant,
) -> Result<SnapshotTaken, SnapshotError> {
    let SnapshotSeen { id, base_sequence, payouts, .. } =
        written.ok_or(SnapshotError::Interrupted)??;
    let took = began.elapsed();
    let took_ms = took.as_millis() as u64;
    tracing::info!(id, base_sequence, payouts, took_ms, "snapshot taken");
    Ok(SnapshotTaken { id, base_sequence, payouts, took })
}

/// Encodes and writes what comes until there is no more; then reads it back. Gives the snapshot's id.
pub(crate) fn write(
    store: &Running,
    base_sequence: u64,
    portions: impl Iterator<Item = Vec<Copied>>,
    decided: &DeskState,
    at: Timestamp,
    why: &Why,
) -> Result<u64, SnapshotError> {
    let failed = |error: &dyn std::fmt::Display| SnapshotError::Store(error.to_string());
    let mut writer = store.snapshots.begin(base_sequence)?;
    let body = desk::state_body(decided).map_err(|error| failed(&error))?;
    writer.push(DESK, &body)?;
    let mut tally = Tally::default();
    for portion in portions {
        for copied in portion {
            let (payout, body) = copied.for_snapshot().map_err(|error| failed(&error))?;
            writer.push(payout.id().0, &body)?;
            tally.add(&payout);
        }
    }
    // Payouts that left for the archive meanwhile are in neither unless the archive is on disk.
    store.archive.persist().map_err(|error| failed(&error))?;
    let note = snapshot_seen::note(why, &tally).map_err(|error| failed(&error))?;
    writer.describe(at.0, note);
    Ok(writer.finish()?.id)
}
