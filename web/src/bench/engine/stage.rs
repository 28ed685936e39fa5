//! An engine in this process, on a fresh data directory, with an inline sandbox behind it. Apart so that
//! both halves of the scenario begin equal and leave nothing.

use super::super::ground::Ground;
use super::workload::Workload;
use crate::cli::Failure;
use crate::config::Config;
use crate::serve::{cores, engine_options, sandbox_settings};
use adapters::provider::Provider;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::id::{IdKey, MerchantId};
use domain::schedule::PollPlan;
use engine::clock::{Clock, SystemClock};
use engine::{Engine, Gateway, MerchantDoor};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// An engine with an inline sandbox.
pub struct Stage {
    engine: Engine,
    sandbox: InlineSandbox,
    merchant: MerchantId,
    data_dir: PathBuf,
}

impl Stage {
    /// Starts it.
    pub async fn open(config: &Config, ground: &Ground) -> Result<Stage, Failure> {
        // The ids of these payouts mean nothing to anybody.
        Stage::on(config, ground.fresh(), IdKey([7; 32])).await
    }

    /// Starts it on this directory, whose secret of payout ids this is.
    pub async fn on(config: &Config, data_dir: PathBuf, ids: IdKey) -> Result<Stage, Failure> {
        Stage::with(config, data_dir, ids, &prompt(config), |sandbox| Arc::new(sandbox)).await
    }

    /// Starts it with a sandbox of these settings, which the engine sees through what is put around it.
    pub async fn with(
        config: &Config,
        data_dir: PathBuf,
        ids: IdKey,
        settings: &SandboxSettings,
        around: impl FnOnce(InlineSandbox) -> Arc<dyn Provider>,
    ) -> Result<Stage, Failure> {
        let mut config = config.clone();
        config.store.data_dir.clone_from(&data_dir);
        config.store.anchor = None;
        let options = engine_options(&config, ids, cores());
        let engine = Engine::prepare(options, Arc::new(SystemClock));
        let clock = Arc::new(VirtualClock::running());
        let sandbox = InlineSandbox::new(settings, clock);
        engine.recover(vec![around(sandbox.clone())]).await.map_err(Failure::failed)?;
        Ok(Stage { engine, sandbox, merchant: MerchantId::from_name("bench"), data_dir })
    }

    /// The way in.
    pub fn gateway(&self) -> Gateway {
        self.engine.gateway()
    }

    /// The way in for the bench's merchant.
    pub fn door(&self) -> MerchantDoor {
        self.engine.gateway().for_merchant(self.merchant)
    }

    /// The provider and its ledger.
    pub fn sandbox(&self) -> &InlineSandbox {
        &self.sandbox
    }

    /// Requests for this engine.
    pub fn workload(&self, name: &'static str, autoprocess: bool) -> Result<Workload, Failure> {
        let made = Workload::new(name, self.merchant, SystemClock.now(), autoprocess);
        made.map_err(Failure::failed)
    }

    /// Stops it; what it wrote stays.
    pub async fn stop(self) -> PathBuf {
        self.engine.stop().await;
        self.data_dir
    }

    /// Stops it and removes what it wrote.
    pub async fn close(self) {
        let data_dir = self.stop().await;
        // Whatever stays is removed with the ground.
        let _ = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(data_dir)).await;
    }
}

/// A provider that answers at once and is asked at once, so that only the engine is measured.
pub fn prompt(config: &Config) -> SandboxSettings {
    let mut settings = sandbox_settings(config);
    settings.settle_after = Duration::ZERO;
    settings.visibility_lag = Duration::ZERO;
    settings.faults = adapters::sandbox::world::faults::Faults::default();
    settings.limits.calls = 0;
    settings.limits.concurrency = 100_000;
    settings.limits.queue = usize::MAX;
    settings.poll = PollPlan { first: Duration::ZERO, ..settings.poll };
    settings
}
