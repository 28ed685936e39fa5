//! The engine on one thread, over a store in memory. Apart from the usual start because nothing here opens a
//! file or starts a thread: for simulated worlds, which hold the clock, the disk and the providers in their
//! hands. What is started is the same.

use super::{Engine, Opened, Recovered, StartError};
use crate::adapter_supervisor::AdapterSupervisor;
use crate::place::Place;
use crate::recovery::{self, Contracts};
use adapters::provider::Provider;
use domain::payout::Payout;
use domain::schedule::next_return_check;
use snapshots::log::FrameSource;
use snapshots::log::image::ImageFrames;
use snapshots::{Record, RecordRef, Running};
use std::sync::Arc;
use std::time::Instant;

impl Engine {
    /// Reads the log back, starts the actors on this thread, which needs no more than a `LocalSet`, and opens
    /// the gateway. The store is one in memory, and `log` is what its log held before it was started.
    ///
    /// # Errors
    /// The log does not make payouts, or two providers have one name.
    pub async fn recover_in_memory(
        &self,
        log: &[u8],
        store: Running,
        providers: Vec<Arc<dyn Provider>>,
    ) -> Result<Recovered, StartError> {
        let began = Instant::now();
        let adapters = Arc::new(AdapterSupervisor::new(self.registry(providers, Place::Here)?));
        let now = self.clock.now();
        let watch_for =
            |payout: &Payout| next_return_check(payout, now, adapters.policy_of(payout));
        let first_pause = |account: &str| adapters.policy_at(account).poll.pause(0);
        let contracts = Contracts { watch_for: &watch_for, first_pause: &first_pause, now };
        let records = records(log).map_err(|error| StartError::Replay(error.to_string()))?;
        let records = records.iter().map(|(sequence, Record { payout, version, body })| {
            RecordRef { sequence: *sequence, payout: *payout, version: *version, body }
        });
        let partitions = self.options.partitions.max(1);
        let archive = store.archive.clone();
        let nothing = std::iter::empty();
        let held = recovery::recollect_from(&*archive, partitions, &contracts, nothing, records)?;
        let opened = Opened::of(Arc::new(store), held, Vec::new());
        self.begin(opened, adapters, Place::Here, began).await
    }
}

/// The records of a log in memory, with their sequences.
fn records(log: &[u8]) -> Result<Vec<(u64, Record)>, snapshots::log::LogError> {
    let mut frames = ImageFrames::of(log)?;
    let mut records = Vec::new();
    while let Some(frame) = frames.next_frame()? {
        records.extend(frame.records().map(|record| (record.sequence, record.to_record())));
    }
    Ok(records)
}
