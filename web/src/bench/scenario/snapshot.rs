//! `bench snapshot`: what a caller waits for a create while snapshots are taken one after another, against
//! what it waits without. Open loop in both, at the same rate, in turns.

use super::recovery::take_snapshot;
use crate::bench::fill::fill;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::open_loop::open_loop;
use crate::bench::progress::{Limit, Progress};
use crate::bench::report::{Figures, median, permille, ratio};
use crate::bench::requests::Requests;
use crate::bench::rounds::ROUNDS;
use crate::bench::schedule::Schedule;
use crate::bench::script::Creates;
use crate::bench::site::Site;
use crate::bench::tally::Tally;
use crate::cli::Failure;
use serde_json::json;
use std::cell::Cell;
use std::rc::Rc;

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let setting = Setting { no_snapshots: true, ..Setting::default() };
    let gateway = Rc::new(Gateway::start(site, &setting).await?);
    let count = site.args.payouts();
    fill(site, &gateway, Requests::waiting("snapshot"), count).await?;
    let creates = Rc::new(Creates::new(&gateway.merchant, Requests::waiting("meanwhile")));
    let slice = site.time() / ROUNDS;
    let rate = match site.args.rate {
        Some(rate) => rate,
        None => {
            let all = site.closed("create", Limit::Time(slice));
            all.run(&gateway.merchant, creates.clone()).await?.rate() / 2
        }
    };
    let run = async |name| {
        let progress = Progress::start(name, Limit::Time(slice), site.output);
        let schedule = Schedule::new(rate, slice);
        let door = &gateway.merchant;
        open_loop(door, creates.clone(), site.connections(), schedule, progress).await
    };
    let (mut without, mut with) = (Tally::new()?, Tally::new()?);
    let mut taken = Vec::new();
    for _ in 0..ROUNDS {
        without.join(&run("without").await?);
        let over = Rc::new(Cell::new(false));
        let (gateway, seen) = (gateway.clone(), over.clone());
        let snapshots = actix_rt::spawn(async move {
            let mut taken = Vec::new();
            while !seen.get() {
                taken.push(take_snapshot(&gateway).await?["took_ms"].as_u64().unwrap_or(0));
            }
            Ok::<_, Failure>(taken)
        });
        with.join(&run("with").await?);
        over.set(true);
        taken.extend(snapshots.await.map_err(Failure::failed)??);
    }
    let sound = gateway.metrics().await?.live() == count + creates.made().len() as u64;
    let (quiet, busy) = (without.latency.at(99.0), with.latency.at(99.0));
    let (number, each) = (taken.len(), median(taken));
    let lines = vec![
        format!(
            "snapshot     p99 of a create is {} times as long while snapshots are taken  ({} live, {}/s, \
             {number} snapshots of {each} ms)",
            ratio(permille(busy, quiet)),
            grouped(count),
            grouped(rate),
        ),
        format!("             without          {}", without.latency.text()),
        format!("             with             {}", with.latency.text()),
    ];
    let json = json!({
        "name": "snapshot",
        "live": count,
        "rate": rate,
        "p99_ratio_permille": permille(busy, quiet),
        "snapshots": number,
        "snapshot_ms": each,
        "latency_without": without.latency.json(),
        "latency_with": with.latency.json(),
    });
    let mut figures = Figures::new(lines, json, sound);
    figures.percentiles(&[("without", &without.latency), ("while snapshots run", &with.latency)]);
    figures.over_time(&[("without", &without.tenths), ("while snapshots run", &with.tenths)]);
    Ok(figures)
}
