//! `bursar bench queue`: a provider that may be called only so often, and many payouts that wait for it, nine
//! tenths of them one merchant's. Is its rate used, is it kept, and has every merchant its turn? The engine is
//! in this process, so that every call is seen at the moment at which it leaves.
//!
//! Reading order: `crowd.rs` (who waits) → this file → `witness.rs` (what the provider sees) → `judgement.rs`,
//! `shares.rs` (what that is worth) → `conservation.rs`.

mod conservation;
mod crowd;
mod judgement;
mod shares;
mod witness;

use super::engine::stage::{Stage, prompt};
use super::latency::{grouped, per_second};
use super::machine::{Usage, processor_of_all};
use super::progress::GLANCE;
use super::report::Figures;
use super::site::Site;
use crate::cli::Failure;
use adapters::adapter_actor::AdapterHandle;
use adapters::adapter_actor::messages::Mode;
use crowd::Crowd;
use domain::id::IdKey;
use judgement::Judgement;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use witness::Witness;

/// Calls a second that the provider allows, if nothing else was asked for.
const RATE: u64 = 100;

/// Made before the first weighing, so that threads, buffers and caches are not counted as payouts.
const WARM_UP: u64 = 2_000;

/// What is queued gets written, and the allocator gives back what it will.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// How long those who were let through may take to be with the provider.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets all of them queue up, opens the provider for a while, and looks at what it was called with.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let count = site.args.payouts();
    let rate = site.args.rate.unwrap_or(RATE);
    let (stage, witness) = open(site, count, rate).await?;
    let account = account(&stage)?;
    // Nobody leaves before all are there, and nobody who waits is refused for it.
    account.set_mode(Mode::VerifyOnly).await;
    let crowd = Crowd::new(&stage, site, count)?;
    let warm_up = WARM_UP.min(count / 10);
    crowd.come(warm_up).await?;
    settle(&stage, site).await?;
    let before = Usage::of(std::process::id());
    let coming = Instant::now();
    crowd.come(count - warm_up).await?;
    let came = per_second(count - warm_up, coming.elapsed());
    settle(&stage, site).await?;
    until(&account, |waiting, _| waiting as u64 == count).await?;
    let full = Usage::of(std::process::id());
    let each = full.resident.saturating_sub(before.resident) / (count - warm_up).max(1);

    let (opened, used) = (Instant::now(), processor_of_all(std::process::id()));
    account.set_mode(Mode::Open).await;
    tokio::time::sleep(site.time()).await;
    let window = opened.elapsed();
    let used = processor_of_all(std::process::id()).saturating_sub(used);
    account.set_mode(Mode::VerifyOnly).await;
    until(&account, |_, permits_out| permits_out == 0).await?;

    let calls = witness.calls();
    let judged = Judgement::of(&calls, opened, window, rate, &crowd.merchants);
    let share = used.as_micros() * 10_000 / window.as_micros().max(1);
    let share = u64::try_from(share).unwrap_or(u64::MAX);
    let found = conservation::check(&stage, &crowd.acknowledged(), &calls).await?;
    let created = crowd.latency();
    stage.close().await;
    let lines = vec![
        format!("queue        {}", judged.text()),
        format!("             {}", judged.shares.text()),
        format!(
            "             {} waiting: {} bytes of memory each; {}.{:02} % of a core meanwhile",
            grouped(count),
            grouped(each),
            share / 100,
            share % 100,
        ),
        format!("             {} creates/s before  {}", grouped(came), created.text()),
        format!("             {}", found.text()),
    ];
    let mut told = judged.json();
    told["name"] = json!("queue");
    told["waiting"] = json!(count);
    told["creates_per_second"] = json!(came);
    told["create_latency"] = created.json();
    told["bytes_per_payout"] = json!(each);
    told["resident_bytes"] = json!(full.resident);
    told["processor_hundredths_of_percent"] = json!(share);
    told["conservation"] = found.json();
    let mut figures = Figures::new(lines, told, found.holds());
    if !site.args.quick {
        figures.findings = judged.findings();
    }
    Ok(figures)
}

/// An engine in which so many may wait, and somebody who sees what its provider is called with.
async fn open(site: &Site<'_>, count: u64, rate: u64) -> Result<(Stage, Arc<Witness>), Failure> {
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
        watched as Arc<dyn adapters::provider::Provider>
    };
    // The ids of these payouts mean nothing to anybody.
    let (data, ids) = (site.ground.fresh(), IdKey([7; 32]));
    let stage = Stage::with(&config, data, ids, &settings, around).await?;
    let witness = witness.ok_or_else(|| Failure::failed("the engine has no provider"))?;
    Ok((stage, witness))
}

fn account(stage: &Stage) -> Result<AdapterHandle, Failure> {
    let gateway = stage.gateway();
    let account = gateway.adapters().and_then(|all| all.accounts().next().cloned());
    account.ok_or_else(|| Failure::failed("the engine has no provider account"))
}

/// Waits until what creating leaves to be done is done; it is not what waiting costs.
async fn settle(stage: &Stage, site: &Site<'_>) -> Result<(), Failure> {
    stage.gateway().events_have_caught_up(10 * GLANCE).await.map_err(Failure::failed)?;
    tokio::time::sleep(SETTLE_MAX.min(site.time())).await;
    Ok(())
}

/// Waits until so many wait for a permit, and so many have one.
async fn until(
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
