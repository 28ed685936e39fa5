//! The engine with its limited provider, and how the provider's account stands. Apart from the scenario, which
//! opens and shuts it.

use super::witness::Witness;
use crate::bench::engine::stage::{Stage, prompt};
use crate::bench::progress::GLANCE;
use crate::bench::site::Site;
use crate::cli::Failure;
use adapters::adapter_actor::AdapterHandle;
use adapters::provider::Provider;
use domain::id::IdKey;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long those who were let through may take to be with the provider.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine in which so many may wait, and somebody who sees what its provider is called with.
pub async fn open(
    site: &Site<'_>,
    count: u64,
    rate: u64,
) -> Result<(Stage, Arc<Witness>), Failure> {
    let mut config = site.config.clone();
    config.engine.live_max = config.engine.live_max.max(count.saturating_mul(2));
    config.engine.in_flight_max = config.engine.in_flight_max.max(2 * site.args.concurrency);
    // One in the middle would be weighed as if it were payouts; `snapshot` measures what they do to others.
    config.engine.snapshot_every = 0;
    config.snapshots.every = Duration::ZERO;
    let mut settings = prompt(&config);
    settings.limits.calls = u32::try_from(rate).map_err(Failure::failed)?;
    settings.limits.per = Duration::from_secs(1);
    settings.limits.in_doubt_max = Vec::new();
    let mut witness = None;
    let around = |sandbox| {
        let watched = Arc::new(Witness::of(sandbox));
        witness = Some(watched.clone());
        watched as Arc<dyn Provider>
    };
    // The ids of these payouts mean nothing to anybody.
    let (data, ids) = (site.ground.fresh(), IdKey([7; 32]));
    let stage = Stage::with(&config, data, ids, &settings, around).await?;
    let witness = witness.ok_or_else(|| Failure::failed("the engine has no provider"))?;
    Ok((stage, witness))
}

/// The only account of its provider.
pub fn provider_account(stage: &Stage) -> Result<AdapterHandle, Failure> {
    let gateway = stage.gateway();
    let account = gateway.adapters().and_then(|all| all.accounts().next().cloned());
    account.ok_or_else(|| Failure::failed("the engine has no provider account"))
}

/// Waits until so many wait for a permit, and so many have one.
pub async fn until(
    account: &AdapterHandle,
    enough: impl Fn(usize, usize) -> bool,
) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let health = account.health().await;
        let health = health.ok_or_else(|| Failure::failed("the provider account is gone"))?;
        let (waiting, out) = (health.waiting_submits, health.permits_out);
        if enough(waiting, out) {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let what = format!("{waiting} payouts wait and {out} have a permit, not as they must");
            return Err(Failure::failed(what));
        }
        tokio::time::sleep(10 * GLANCE).await;
    }
}
