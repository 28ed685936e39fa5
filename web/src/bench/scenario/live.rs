//! `bench live`: what payouts cost while they wait. All of them are in memory, complete and never sent, each
//! with its deadline armed; the gateway is weighed before and after, and then left alone.

use crate::bench::fill::fill;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::report::Figures;
use crate::bench::requests::Requests;
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::json;
use std::time::{Duration, Instant};

/// Made before the first weighing, so that threads, buffers and caches are not counted as payouts.
const WARM_UP: u64 = 2_000;

/// What is queued gets written, and the allocator gives back what it will.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// How long it is left alone at most.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let gateway = Gateway::start(site, &Setting::default()).await?;
    // A short run is one to try it out.
    let (settle, idle) = (SETTLE_MAX.min(site.time()), IDLE_MAX.min(site.time() * 4));
    fill(site, &gateway, Requests::waiting("warm-up"), WARM_UP).await?;
    tokio::time::sleep(settle).await;
    let before = gateway.usage();
    let count = site.args.live_payouts();
    fill(site, &gateway, Requests::waiting("live"), count).await?;
    tokio::time::sleep(settle).await;
    let after = gateway.usage();
    let live = gateway.metrics().await?.live();
    let began = (Instant::now(), gateway.usage().processor);
    tokio::time::sleep(idle).await;
    let (idle, used) = (began.0.elapsed(), gateway.usage().processor.saturating_sub(began.1));
    let share = used.as_micros() * 10_000 / idle.as_micros().max(1);
    let each = after.resident.saturating_sub(before.resident) / count.max(1);
    let lines = vec![
        format!(
            "live         {} bytes of memory for each live payout  ({} live; {} MiB before, {} MiB after)",
            grouped(each),
            grouped(live),
            before.resident >> 20,
            after.resident >> 20,
        ),
        format!(
            "             idle: {}.{:02} % of a core over {} s",
            share / 100,
            share % 100,
            idle.as_secs(),
        ),
    ];
    let json = json!({
        "name": "live",
        "bytes_per_payout": each,
        "live": live,
        "resident_before": before.resident,
        "resident_after": after.resident,
        "idle_processor_hundredths_of_percent": u64::try_from(share).unwrap_or(u64::MAX),
        "idle_ms": u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
    });
    Ok(Figures::new(lines, json, live == count + WARM_UP))
}
