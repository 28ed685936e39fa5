//! `bench life`: create, send, verify, paid, archived; as many lives at once as asked for, and in the end
//! every one of them is looked up and held against the provider's ledger.

use super::latency::{grouped, per_second};
use super::load::{Limit, Load};
use super::progress::GLANCE;
use super::stage::Stage;
use super::{BenchArgs, Figures, conservation};
use crate::cli::{Failure, Output};
use engine::Gateway;
use serde_json::json;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long payouts may take to finish after the last one was created.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures whole lives a second.
pub async fn run(stage: &Stage, args: &BenchArgs, output: &Output) -> Result<Figures, Failure> {
    let time = Duration::from_secs(args.seconds);
    let workload = stage.workload("life", true)?;
    let places = usize::try_from(args.concurrency).map_err(Failure::failed)?;
    let permits = Arc::new(Semaphore::new(places));
    let within = Rc::new(Cell::new(0));
    let pace = actix_rt::spawn(pace(stage.gateway(), permits.clone(), time, within.clone()));
    let load = Load::new(stage, workload, Limit::Time(time), "life", output)?;
    let sent = load.run(args.concurrency, Some(permits)).await?;
    let in_time = until_finished(&stage.gateway(), sent.acknowledged()).await;
    pace.abort();
    let found = conservation::check(stage, &sent.payouts).await?;
    let rate = per_second(within.get(), time);
    let lines = vec![
        format!(
            "life         {} lives/s  ({} within {} s, {} at once)",
            grouped(rate),
            grouped(within.get()),
            args.seconds,
            args.concurrency,
        ),
        format!("             created to paid  {}", found.latency.text()),
        format!("             create alone     {}", sent.latency.text()),
        found.text(),
    ];
    let json = json!({
        "name": "life",
        "lives_per_second": rate,
        "lives": within.get(),
        "seconds": args.seconds,
        "concurrency": args.concurrency,
        "latency": found.latency.json(),
        "create_latency": sent.latency.json(),
        "conservation": found.json(),
    });
    Ok(Figures { lines, json, sound: in_time && found.holds() })
}

/// Gives back a place for each finished life, and notes how many finished within the time.
async fn pace(gateway: Gateway, permits: Arc<Semaphore>, time: Duration, within: Rc<Cell<u64>>) {
    let (began, mut seen) = (Instant::now(), 0);
    loop {
        let finished = finished(&gateway);
        permits.add_permits(usize::try_from(finished - seen).unwrap_or(0));
        seen = finished;
        if began.elapsed() <= time {
            within.set(finished);
        }
        tokio::time::sleep(GLANCE).await;
    }
}

async fn until_finished(gateway: &Gateway, acknowledged: u64) -> bool {
    let began = Instant::now();
    while finished(gateway) < acknowledged {
        if began.elapsed() > PATIENCE {
            return false;
        }
        tokio::time::sleep(GLANCE).await;
    }
    true
}

fn finished(gateway: &Gateway) -> u64 {
    gateway.counters().finished.load(Ordering::Relaxed)
}
