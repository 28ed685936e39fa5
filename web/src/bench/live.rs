//! `bench --live N`: what a payout costs while it waits. All of them are in memory at once, complete and
//! never sent, and the process is weighed before and after.

use super::latency::{grouped, per_second};
use super::load::{Limit, Load};
use super::machine::resident;
use super::stage::Stage;
use super::{BenchArgs, Figures};
use crate::cli::{Failure, Output};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Made before the first weighing, so that threads, buffers and caches are not counted as payouts.
const WARM_UP: u64 = 2_000;

/// What is queued gets written, and the allocator gives back what it will.
const SETTLE: Duration = Duration::from_secs(3);

/// Measures the memory of live payouts.
pub async fn run(
    stage: &Stage,
    payouts: u64,
    args: &BenchArgs,
    output: &Output,
) -> Result<Figures, Failure> {
    let warm_up = stage.workload("warm-up", false)?;
    let warm_up = Load::new(stage, warm_up, Limit::Count(WARM_UP), "warm-up", output)?;
    warm_up.run(args.concurrency, None).await?;
    tokio::time::sleep(SETTLE).await;
    let before = resident();
    let workload = stage.workload("live", false)?;
    let load = Load::new(stage, workload, Limit::Count(payouts), "live", output)?;
    let mut sent = load.run(args.concurrency, None).await?;
    let count = sent.acknowledged();
    // The list of ids is the bench's own.
    sent.payouts = Vec::new();
    tokio::time::sleep(SETTLE).await;
    let after = resident();
    let weighed = Weighed { before, after, count, rate: per_second(count, sent.took) };
    Ok(weighed.figures(stage.gateway().counters().live.load(Ordering::Relaxed)))
}

/// Both weighings, in bytes, and what was made between them.
struct Weighed {
    before: u64,
    after: u64,
    count: u64,
    rate: u64,
}

impl Weighed {
    fn figures(&self, live: u64) -> Figures {
        let Weighed { before, after, count, rate } = *self;
        let each = after.saturating_sub(before) / count.max(1);
        let lines = vec![
            format!(
                "live         {} bytes for each live payout  ({} live)",
                grouped(each),
                grouped(live)
            ),
            format!(
                "             {} MiB before, {} MiB after; made at {} a second",
                before >> 20,
                after >> 20,
                grouped(rate),
            ),
        ];
        let json = json!({
            "name": "live",
            "bytes_per_payout": each,
            "live": live,
            "resident_before": before,
            "resident_after": after,
            "creates_per_second": rate,
        });
        Figures { lines, json, sound: live >= count }
    }
}
