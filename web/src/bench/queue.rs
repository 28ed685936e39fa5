//! `bursar bench queue`: a provider that may be called only so often, and many payouts that wait for it, nine
//! tenths of them one merchant's. Is its rate used, is it kept, and has every merchant its turn? The engine is
//! in this process, so that every call is seen at the moment at which it leaves.
//!
//! Reading order: `crowd.rs` (who waits) → this file → `witness.rs` (what the provider sees) → `judgement.rs`,
//! `shares.rs` (what that is worth) → `conservation.rs`.

mod account;
mod conservation;
mod crowd;
mod judgement;
mod shares;
mod witness;

use super::engine::stage::Stage;
use super::latency::{grouped, per_second};
use super::machine::{Usage, processor_of_all};
use super::progress::GLANCE;
use super::report::Figures;
use super::site::Site;
use crate::cli::Failure;
use account::{open, provider_account, until};
use adapters::adapter_actor::AdapterHandle;
use adapters::adapter_actor::messages::Mode;
use crowd::Crowd;
use judgement::Judgement;
use serde_json::json;
use std::time::{Duration, Instant};

/// Calls a second that the provider allows, if nothing else was asked for.
const RATE: u64 = 100;

/// Made before the first weighing, so that threads, buffers and caches are not counted as payouts.
const WARM_UP: u64 = 2_000;

/// What is queued gets written, and the allocator gives back what it will.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// Lets all of them queue up, opens the provider for a while, and looks at what it was called with.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let (count, rate) = (site.args.payouts(), site.args.rate.unwrap_or(RATE));
    let (stage, witness) = open(site, count, rate).await?;
    let account = provider_account(&stage)?;
    let crowd = Crowd::new(&stage, site, count)?;
    let queued = queue_up(site, &stage, &account, &crowd, count).await?;
    let window = let_through(site, &account).await?;
    let calls = witness.calls();
    let found = conservation::check(&stage, &crowd.acknowledged(), &calls).await?;
    stage.close().await;
    let judged = Judgement::of(&calls, window.opened, window.length, rate, &crowd.merchants);
    let (share, created) = (window.share, crowd.latency());
    let Queued { each, resident, came } = queued;
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
    told["resident_bytes"] = json!(resident);
    told["processor_hundredths_of_percent"] = json!(share);
    told["conservation"] = found.json();
    let mut figures = Figures::new(lines, told, found.holds());
    if !site.args.quick {
        figures.findings = judged.findings();
    }
    Ok(figures)
}

/// All of them wait.
struct Queued {
    /// What each takes, in bytes.
    each: u64,
    /// What the process takes, in bytes.
    resident: u64,
    /// Creates a second.
    came: u64,
}

/// Nobody leaves before all are there.
async fn queue_up(
    site: &Site<'_>,
    stage: &Stage,
    account: &AdapterHandle,
    crowd: &Crowd,
    count: u64,
) -> Result<Queued, Failure> {
    account.set_mode(Mode::VerifyOnly).await;
    let warm_up = WARM_UP.min(count / 10);
    crowd.come(warm_up).await?;
    settle(stage, site).await?;
    let before = Usage::of(std::process::id()).resident;
    let coming = Instant::now();
    crowd.come(count - warm_up).await?;
    let came = per_second(count - warm_up, coming.elapsed());
    settle(stage, site).await?;
    until(account, |waiting, _| waiting as u64 == count).await?;
    let resident = Usage::of(std::process::id()).resident;
    let each = resident.saturating_sub(before) / (count - warm_up).max(1);
    Ok(Queued { each, resident, came })
}

/// While the provider was open.
struct Window {
    opened: Instant,
    length: Duration,
    /// Processor time of this process, in hundredths of a percent of a core.
    share: u64,
}

/// Lets as many through as the provider takes; who is on the way at the end gets there.
async fn let_through(site: &Site<'_>, account: &AdapterHandle) -> Result<Window, Failure> {
    let process = std::process::id();
    let (opened, before) = (Instant::now(), processor_of_all(process));
    account.set_mode(Mode::Open).await;
    tokio::time::sleep(site.time()).await;
    let (length, used) = (opened.elapsed(), processor_of_all(process).saturating_sub(before));
    account.set_mode(Mode::VerifyOnly).await;
    until(account, |_, permits_out| permits_out == 0).await?;
    let share = used.as_micros() * 10_000 / length.as_micros().max(1);
    Ok(Window { opened, length, share: u64::try_from(share).unwrap_or(u64::MAX) })
}

/// Waits until what creating leaves to be done is done; it is not what waiting costs.
async fn settle(stage: &Stage, site: &Site<'_>) -> Result<(), Failure> {
    stage.gateway().events_have_caught_up(10 * GLANCE).await.map_err(Failure::failed)?;
    tokio::time::sleep(SETTLE_MAX.min(site.time())).await;
    Ok(())
}
