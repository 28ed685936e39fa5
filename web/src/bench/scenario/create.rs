//! `bench create`: durable `POST /v1/payouts`. First all that the gateway can, in turns with the bare echo and
//! with the disk alone; then at half of that, open loop, for what a caller waits.

use crate::bench::echo::Echo;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::open_loop::open_loop;
use crate::bench::progress::{Limit, Progress};
use crate::bench::raw_log::RawLog;
use crate::bench::report::{Figures, permille, ratio};
use crate::bench::requests::Requests;
use crate::bench::rounds::{Contender, rounds};
use crate::bench::schedule::Schedule;
use crate::bench::script::Creates;
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::json;
use std::rc::Rc;

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let gateway = Gateway::start(site, &Setting::default()).await?;
    let echo = Echo::start(site).await?;
    let ours = Rc::new(Creates::new(&gateway.merchant, Requests::waiting("create")));
    let theirs = Rc::new(Creates::new(&echo.door, Requests::waiting("create")));
    let before = gateway.metrics().await?;
    let contenders = [
        Contender { name: "echo", door: echo.door.clone(), script: theirs },
        Contender { name: "create", door: gateway.merchant.clone(), script: ours.clone() },
    ];
    let mut raw = RawLog::new()?;
    let disk_alone = async || {
        let made = ours.made().len() as u64;
        raw.round(site, &before, &gateway.metrics().await?, made)
    };
    let outcomes = rounds(site, &contenders, disk_alone).await?;
    let [bare, full] = outcomes.as_slice() else {
        return Err(Failure::failed("two contenders had other than two outcomes"));
    };
    drop(echo);
    let (rate, bare_rate) = (full.all.rate(), bare.all.rate());
    let half = Schedule::new(site.args.rate.unwrap_or(rate / 2), site.time());
    let progress = Progress::start("open loop", Limit::Time(site.time()), site.output);
    let open =
        open_loop(&gateway.merchant, ours.clone(), site.connections(), half, progress).await?;
    let acknowledged = ours.made().len() as u64;
    let known = gateway.metrics().await?.get("bursar_payouts_created_total");
    let resident = gateway.usage().resident;
    let lines = vec![
        format!(
            "create       {} durable creates/s over HTTP: {} of the bare echo's {}  ({} connections)",
            grouped(rate),
            ratio(full.to_first),
            grouped(bare_rate),
            site.args.connections,
        ),
        format!("             closed loop      {}", full.all.latency.text()),
        format!("             echo             {}", bare.all.latency.text()),
        format!("             open, {}/s  {}", grouped(half.rate()), open.latency.text()),
        format!("             {}", raw.text()),
        format!("             the gateway has {} MiB of memory", resident >> 20),
    ];
    let json = json!({
        "name": "create",
        "creates_per_second": rate,
        "echo_per_second": bare_rate,
        "ratio_to_echo_permille": full.to_first,
        "ratio_to_raw_log_permille": permille(rate, raw.creates()),
        "creates": acknowledged,
        "connections": site.args.connections,
        "latency": full.all.latency.json(),
        "echo_latency": bare.all.latency.json(),
        "open_loop": { "rate": half.rate(), "requests": open.count, "latency": open.latency.json() },
        "raw_log": raw.json(),
        "resident_bytes": resident,
    });
    let mut figures = Figures::new(lines, json, known == acknowledged);
    figures.percentiles(&[
        ("open loop at half", &open.latency),
        ("closed loop", &full.all.latency),
        ("bare echo", &bare.all.latency),
    ]);
    figures.over_time(&[("create", &full.all.tenths), ("bare echo", &bare.all.tenths)]);
    Ok(figures)
}
