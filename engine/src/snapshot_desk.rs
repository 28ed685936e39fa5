//! The gateway as operators use its snapshots: taken, listed, verified and deleted on their order, and
//! every order written down first.
//!
//! ← `web` / `snapshotting`, `desk` →

use crate::desk::{DeskOrder, Signature};
use crate::gateway::Gateway;
use crate::snapshot_seen::{SnapshotSeen, Why};
use crate::snapshotting::{self, SnapshotError};
use snapshots::{Pruned, SnapshotStore};

impl Gateway {
    /// All snapshots, newest first, and whether one is being taken or deleted at this moment.
    ///
    /// # Errors
    /// The engine is not running, or the store fails.
    pub async fn snapshots(&self) -> Result<(Vec<SnapshotSeen>, bool), SnapshotError> {
        self.with_snapshots(|store| Ok((SnapshotSeen::all(store)?, store.is_busy()))).await
    }

    /// One snapshot.
    ///
    /// # Errors
    /// The engine is not running, there is none of this id, or it cannot be read.
    pub async fn snapshot(&self, id: u64) -> Result<SnapshotSeen, SnapshotError> {
        self.with_snapshots(move |store| Ok(SnapshotSeen::find(store, id)?)).await
    }

    /// Takes a snapshot while everything goes on. Carried to its end even when the caller hangs up.
    ///
    /// # Errors
    /// The engine is not running, another one is being taken, or the store fails.
    pub async fn take_snapshot(&self, signed: Signature) -> Result<SnapshotSeen, SnapshotError> {
        let gateway = self.clone();
        let taken = actix_rt::spawn(async move {
            let parts = gateway.parts().map_err(|_| SnapshotError::NotRunning)?;
            let why = Why::Ordered { by: signed.by.clone(), reason: signed.reason.clone() };
            gateway.order(DeskOrder::TakeSnapshot, signed).await?;
            let at = gateway.clock().now();
            let (store, desk) = (&parts.store, &parts.desk);
            let taken = snapshotting::take(store, &parts.partitions, desk, at, why).await?;
            gateway.snapshot(taken.id).await
        });
        taken.await.unwrap_or(Err(SnapshotError::Interrupted))
    }

    /// Reads back every chunk of a snapshot and compares all hashes.
    ///
    /// # Errors
    /// As `snapshot`; [`SnapshotError::Damaged`] is what it finds.
    pub async fn verify_snapshot(
        &self,
        id: u64,
        signed: Signature,
    ) -> Result<SnapshotSeen, SnapshotError> {
        let seen = self.snapshot(id).await?;
        self.order(DeskOrder::VerifySnapshot { id }, signed).await?;
        self.with_snapshots(move |store| {
            store.verify(id, &mut |_, _| {})?;
            Ok(seen)
        })
        .await
    }

    /// Deletes what the retention policy does not keep.
    ///
    /// # Errors
    /// The engine is not running, a snapshot is being taken, or the store fails.
    pub async fn prune_snapshots(&self, signed: Signature) -> Result<Pruned, SnapshotError> {
        self.order(DeskOrder::PruneSnapshots, signed).await?;
        self.with_snapshots(|store| Ok(store.prune(false)?)).await
    }

    /// What [`Gateway::prune_snapshots`] would delete.
    ///
    /// # Errors
    /// As there.
    pub async fn prunable_snapshots(&self) -> Result<Pruned, SnapshotError> {
        self.with_snapshots(|store| Ok(store.prune(true)?)).await
    }

    /// Writes an order down, unless it could not be carried out now.
    async fn order(&self, order: DeskOrder, signed: Signature) -> Result<(), SnapshotError> {
        let gateway = self.clone();
        let ordered = actix_rt::spawn(async move {
            let parts = gateway.parts().map_err(|_| SnapshotError::NotRunning)?;
            let changes = !matches!(order, DeskOrder::VerifySnapshot { .. });
            if changes && parts.store.snapshots.is_busy() {
                return Err(SnapshotError::Busy);
            }
            let now = gateway.clock().now();
            let nothing_more = async { true };
            let decided = parts.desk.decide(&parts.store, order, signed, now, nothing_more).await;
            decided.map_err(|_| SnapshotError::NotRunning)
        });
        ordered.await.unwrap_or(Err(SnapshotError::Interrupted))
    }

    /// Asks the store on a thread where it may take its time.
    async fn with_snapshots<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&SnapshotStore) -> Result<T, SnapshotError> + Send + 'static,
    ) -> Result<T, SnapshotError> {
        let parts = self.parts().map_err(|_| SnapshotError::NotRunning)?;
        let store = parts.store.snapshots.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&store));
        asked.await.unwrap_or(Err(SnapshotError::Interrupted))
    }
}
