//! `bench mixed`: a realistic day, open loop: small payouts to phones, some to banks and wallets, some that
//! fail, some of which nobody knows for a while whether they were paid. In the end each must be what it must.

use crate::bench::conservation;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::{grouped, per_second};
use crate::bench::open_loop::open_loop;
use crate::bench::progress::{Limit, Progress};
use crate::bench::report::Figures;
use crate::bench::requests::{Fate, Mix, Requests};
use crate::bench::schedule::Schedule;
use crate::bench::script::Creates;
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::json;
use std::rc::Rc;
use std::time::Instant;

/// Payouts a second, unless it was asked for otherwise.
const RATE: u64 = 2_000;

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let requests = Requests::lives("mixed", Mix::Day);
    let gateway = Gateway::start(site, &Setting::default()).await?;
    let creates = Rc::new(Creates::new(&gateway.merchant, requests.clone()));
    let schedule = Schedule::new(site.args.rate.unwrap_or(RATE), site.time());
    let progress = Progress::start("mixed", Limit::Time(site.time()), site.output);
    let began = Instant::now();
    let sent =
        open_loop(&gateway.merchant, creates.clone(), site.connections(), schedule, progress);
    let sent = sent.await?;
    let made = creates.made();
    let count = made.len() as u64;
    let all = gateway.until(|now| now.finished() >= count).await?;
    let rate = per_second(count, began.elapsed());
    let share = |fate| made.iter().filter(|one| requests.fate(one.number) == fate).count() as u64;
    let (failed, doubted) = (share(Fate::Failed), share(Fate::Doubted));
    let used = gateway.usage();
    let found = conservation::check(site, &gateway, &requests, made, 0).await?;
    let lines = vec![
        format!(
            "mixed        {} payouts of all kinds at {}/s, all finished at {}/s  ({} failed, {} in doubt \
             for a while)",
            grouped(count),
            grouped(schedule.rate()),
            grouped(rate),
            grouped(failed),
            grouped(doubted),
        ),
        format!("             create, open     {}", sent.latency.text()),
        format!("             {}", found.text()),
    ];
    let json = json!({
        "name": "mixed",
        "rate": schedule.rate(),
        "payouts": count,
        "finished_per_second": rate,
        "failed": failed,
        "doubted": doubted,
        "latency": sent.latency.json(),
        "resident_bytes": used.resident,
        "conservation": found.json(),
    });
    let mut figures = Figures::new(lines, json, all && found.holds());
    figures.percentiles(&[("create", &sent.latency)]);
    figures.over_time(&[("creates", &sent.tenths)]);
    Ok(figures)
}
