//! `bench --crash`: whole lives with the sandbox in a process of its own, kill -9 in the middle, a restart on
//! the same directory. Then every payout that was answered for has to be there, and paid exactly once.

use super::life::{AT_ONCE, pace};
use crate::bench::child::Child;
use crate::bench::client::{Answer, Connection, unwanted};
use crate::bench::conservation;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::{Setting, write};
use crate::bench::latency::grouped;
use crate::bench::progress::{GLANCE, Limit};
use crate::bench::report::Figures;
use crate::bench::requests::{Mix, Requests};
use crate::bench::script::Creates;
use crate::bench::site::Site;
use crate::cli::Failure;
use serde::Deserialize;
use serde_json::json;
use std::cell::RefCell;
use std::ffi::OsStr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long the payouts that were under way may take to finish after the restart.
const PATIENCE: Duration = Duration::from_secs(120);

/// Kills and counts.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let file = site.ground.fresh();
    write(site.config, &Setting::default(), &file)?;
    let words = ["--config", "--bind", "127.0.0.1:0", "sandbox"].map(OsStr::new);
    let args = [words[0], file.as_os_str(), words[1], words[2], words[3]];
    let mut sandbox = Child::start(site, &args)?;
    let setting =
        Setting { sandbox: Some(sandbox.address("sandbox").await?), ..Setting::default() };
    let mut gateway = Gateway::start(site, &setting).await?;
    let requests = Requests::lives("crash", Mix::Bank);
    let creates = Rc::new(Creates::new(&gateway.merchant, requests.clone()));
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let finished = Rc::new(RefCell::new(Vec::new()));
    actix_rt::spawn(pace(gateway.watch().await?, permits.clone(), finished.clone()));
    let load = site.closed("crash", Limit::Time(site.time())).paced(permits.clone());
    let load = load.until_the_server_ends();
    let (door, script) = (gateway.merchant.clone(), creates.clone());
    let load = actix_rt::spawn(async move { load.run(&door, script).await });
    tokio::time::sleep(site.time() / 2).await;
    gateway.kill();
    permits.close();
    load.await.map_err(Failure::failed)??;
    let before = finished.borrow().last().map_or(0, |(_, count)| *count);
    let gateway = gateway.killed_and_restarted(site).await?;
    let (unsettled, resubmitted) = until_settled(&gateway).await?;
    let made = creates.made();
    let count = made.len() as u64;
    let allowed = site.args.connections;
    let found = conservation::check(site, &gateway, &requests, made, allowed).await?;
    let start = gateway.start;
    let mut lines = vec![
        format!(
            "crash        kill -9 after {} payouts were answered for and {} had finished; ready again in \
             {} ms with {} under way, {} of them sent again by an operator",
            grouped(count),
            grouped(before),
            start.ready.as_millis(),
            grouped(start.live),
            grouped(resubmitted),
        ),
        format!("             {}", found.text()),
    ];
    if unsettled > 0 {
        let seconds = PATIENCE.as_secs();
        lines.push(format!("             BROKEN: {unsettled} still under way after {seconds} s"));
    }
    let json = json!({
        "name": "crash",
        "acknowledged": count,
        "finished_before": before,
        "ready_ms": u64::try_from(start.ready.as_millis()).unwrap_or(u64::MAX),
        "live_after": start.live,
        "resubmitted": resubmitted,
        "unsettled": unsettled,
        "conservation": found.json(),
    });
    Ok(Figures::new(lines, json, unsettled == 0 && count > 0 && found.holds()))
}

/// What counts of a list.
#[derive(Deserialize)]
struct Page {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

/// Waits until nothing is under way, and says how much still is when patience ends. A submission that was
/// written down and never left is held until somebody says what to do; here the operator is the bench, and
/// has it sent.
async fn until_settled(gateway: &Gateway) -> Result<(u64, u64), Failure> {
    let (began, mut resubmitted) = (Instant::now(), 0);
    let (merchant, operator) = (&gateway.merchant, &gateway.operator);
    let mut connection = Connection::open(merchant).await.map_err(Failure::failed)?;
    loop {
        let live = gateway.metrics().await?.live();
        if live == 0 || began.elapsed() > PATIENCE {
            return Ok((live, resubmitted));
        }
        let path = format_args!("/v1/payouts?moderation_required=true&limit=100");
        let page: Page = serde_json::from_slice(connection.page(merchant, path).await?)
            .map_err(Failure::failed)?;
        for Listed { id } in page.data {
            let path = format_args!("/v1/ops/payouts/{id}/moderation");
            let body = br#"{"action":"resubmit","reason":"it never reached the provider"}"#;
            operator.post(path, "", body, connection.compose());
            let Answer { status, body } = connection.exchange().await.map_err(Failure::failed)?;
            match status {
                200..=299 => resubmitted += 1,
                // The provider has not been asked yet, or has answered meanwhile.
                409 => {}
                _ => return Err(unwanted(status, body)),
            }
        }
        tokio::time::sleep(50 * GLANCE).await;
    }
}
