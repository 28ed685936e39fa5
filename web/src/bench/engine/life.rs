//! Whole lives in the engine: create, send, verify, paid, archived; as many at once as asked for, and in
//! the end every one of them is looked up and held against the provider's ledger.

use super::super::args::BenchArgs;
use super::super::latency::{Latency, per_second};
use super::super::progress::{GLANCE, Limit};
use super::conservation::{self, Conservation};
use super::load::Load;
use super::stage::Stage;
use crate::cli::{Failure, Output};
use engine::Gateway;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long payouts may take to finish after the last one was created.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of it.
pub struct Lives {
    /// Finished within the time, a second.
    pub rate: u64,
    /// Finished within the time.
    pub within: u64,
    /// Of the creates.
    pub created: Latency,
    /// What was found in the end.
    pub found: Conservation,
    /// All of them finished.
    pub in_time: bool,
}

/// Measures whole lives a second.
pub async fn run(stage: &Stage, args: &BenchArgs, output: &Output) -> Result<Lives, Failure> {
    let time = args.time();
    let workload = stage.workload("life", true)?;
    let places = usize::try_from(args.concurrency).map_err(Failure::failed)?;
    let permits = Arc::new(Semaphore::new(places));
    let within = Rc::new(Cell::new(0));
    let pace = actix_rt::spawn(pace(stage.gateway(), permits.clone(), time, within.clone()));
    let load = Load::new(stage, workload, Limit::Time(time), "engine lives", output)?;
    let sent = load.run(args.concurrency, Some(permits)).await?;
    let in_time = until_finished(&stage.gateway(), sent.acknowledged()).await;
    pace.abort();
    let found = conservation::check(stage, &sent.payouts).await?;
    let (rate, within) = (per_second(within.get(), time), within.get());
    Ok(Lives { rate, within, created: sent.latency, found, in_time })
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
