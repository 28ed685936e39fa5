//! `bench get`: reading a payout by its id, while it lives and once it is archived, in turns with the echo.

use crate::bench::echo::Echo;
use crate::bench::fill::fill;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::report::{Figures, ratio};
use crate::bench::requests::{Mix, Requests};
use crate::bench::rounds::{Contender, rounds};
use crate::bench::script::{Gets, Made};
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::json;
use std::rc::Rc;

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let gateway = Gateway::start(site, &Setting::default()).await?;
    let count = site.args.payouts();
    let live = fill(site, &gateway, Requests::waiting("get-live"), count).await?;
    let lives = Requests::lives("get-archived", Mix::Bank);
    let archived = fill(site, &gateway, lives, count).await?;
    // Whatever is archived is out of memory.
    let settled = gateway.until(|now| now.finished() >= count && now.live() <= count).await?;
    let echo = Echo::start(site).await?;
    let ids = |made: Vec<Made>| made.into_iter().map(|made| made.id).collect::<Vec<_>>();
    let (live, archived) = (ids(live), ids(archived));
    let gets = |name, door: &_, ids| Contender {
        name,
        door: Clone::clone(door),
        script: Rc::new(Gets::new(door, ids)),
    };
    let contenders = [
        gets("echo", &echo.door, live.clone()),
        gets("get live", &gateway.merchant, live),
        gets("get archived", &gateway.merchant, archived),
    ];
    let outcomes = rounds(site, &contenders, async || Ok(())).await?;
    let [bare, live, archived] = outcomes.as_slice() else {
        return Err(Failure::failed("three contenders had other than three outcomes"));
    };
    let line = |word: &str, one: &crate::bench::rounds::Outcome| {
        format!(
            "{word} {}/s: {} of the bare echo's {}  {}",
            grouped(one.all.rate()),
            ratio(one.to_first),
            grouped(bare.all.rate()),
            one.all.latency.text(),
        )
    };
    let lines = vec![line("get          live    ", live), line("             archived", archived)];
    let json = json!({
        "name": "get",
        "payouts": count,
        "echo_per_second": bare.all.rate(),
        "live_per_second": live.all.rate(),
        "live_ratio_to_echo_permille": live.to_first,
        "archived_per_second": archived.all.rate(),
        "archived_ratio_to_echo_permille": archived.to_first,
        "live_latency": live.all.latency.json(),
        "archived_latency": archived.all.latency.json(),
        "resident_bytes": gateway.usage().resident,
    });
    let mut figures = Figures::new(lines, json, settled);
    figures.percentiles(&[
        ("live", &live.all.latency),
        ("archived", &archived.all.latency),
        ("bare echo", &bare.all.latency),
    ]);
    let series: [(&str, &[u64]); 3] = [
        ("live", &live.all.tenths),
        ("archived", &archived.all.tenths),
        ("bare echo", &bare.all.tenths),
    ];
    figures.over_time(&series);
    Ok(figures)
}
