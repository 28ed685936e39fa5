//! `bench list`: pages of a hundred payouts, read one after another through all of them by one caller, so
//! that it is the time of a page and not of a queue.

use crate::bench::client::Connection;
use crate::bench::fill::fill;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::progress::{Limit, Progress};
use crate::bench::report::Figures;
use crate::bench::requests::{Mix, Requests};
use crate::bench::site::Site;
use crate::bench::tally::Tally;
use crate::cli::Failure;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use std::time::Instant;

/// What counts of a page.
#[derive(Deserialize)]
struct Page {
    data: Vec<IgnoredAny>,
    next_cursor: Option<String>,
}

/// Measures it.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let gateway = Gateway::start(site, &Setting::default()).await?;
    let count = site.args.payouts();
    fill(site, &gateway, Requests::lives("list", Mix::Bank), count).await?;
    let settled = gateway.until(|now| now.finished() >= count && now.live() == 0).await?;
    let (tally, listed) = walk(site, &gateway).await?;
    // The walk may end with the time, in the middle of the list.
    let complete = listed.is_none_or(|listed| listed == count);
    let lines = vec![format!(
        "list         {} pages/s of 100 among {}  {}",
        grouped(tally.rate()),
        grouped(count),
        tally.latency.text(),
    )];
    let json = json!({
        "name": "list",
        "payouts": count,
        "pages": tally.count,
        "pages_per_second": tally.rate(),
        "latency": tally.latency.json(),
    });
    let mut figures = Figures::new(lines, json, settled && complete);
    figures.percentiles(&[("page of 100", &tally.latency)]);
    figures.over_time(&[("pages", &tally.tenths)]);
    Ok(figures)
}

/// Walks through the list until the time is over, and as often as there is time for; how many payouts
/// were on it, if it came to its end.
pub async fn walk(site: &Site<'_>, gateway: &Gateway) -> Result<(Tally, Option<u64>), Failure> {
    let door = &gateway.merchant;
    let mut connection = Connection::open(door).await.map_err(Failure::failed)?;
    let progress = Progress::start("list", Limit::Time(site.time()), site.output);
    let (began, mut tally) = (Instant::now(), Tally::new()?);
    let (mut cursor, mut seen, mut listed) = (None::<String>, 0, None);
    while began.elapsed() < site.time() {
        let more = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let asked = Instant::now();
        let page = connection.page(door, format_args!("/v1/payouts?limit=100{more}")).await?;
        tally.add(asked.elapsed(), began.elapsed());
        let page: Page = serde_json::from_slice(page).map_err(Failure::failed)?;
        seen += page.data.len() as u64;
        cursor = page.next_cursor;
        if cursor.is_none() {
            listed = Some(std::mem::take(&mut seen));
        }
        progress.reached(tally.count);
    }
    progress.finish();
    tally.took = began.elapsed();
    Ok((tally, listed))
}
