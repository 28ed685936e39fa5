//! `bench life`: whole lives over HTTP, from the create to PROCESSED, for as long as was asked for; in the
//! end every payout is read back and held against the ledger.

use crate::bench::conservation;
use crate::bench::echo::Echo;
use crate::bench::gateway::{Gateway, Watch};
use crate::bench::gateway_file::Setting;
use crate::bench::latency::{grouped, per_second};
use crate::bench::progress::{GLANCE, Limit};
use crate::bench::report::{Figures, permille, ratio};
use crate::bench::requests::{Mix, Requests};
use crate::bench::script::Creates;
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;

/// Lives under way at once: more than finish between two looks, so that nothing waits for the looking.
pub const AT_ONCE: usize = 2_048;

/// Measures whole lives a second.
pub async fn run(site: &Site<'_>) -> Result<Figures, Failure> {
    let echo = Echo::start(site).await?;
    let before = bare(site, &echo).await?;
    let requests = Requests::lives("life", Mix::Bank);
    let gateway = Gateway::start(site, &Setting::default()).await?;
    let creates = Rc::new(Creates::new(&gateway.merchant, requests.clone()));
    let (idle, permits) = (gateway.usage(), Arc::new(Semaphore::new(AT_ONCE)));
    let finished = Rc::new(RefCell::new(Vec::new()));
    let pace = pace(gateway.watch().await?, permits.clone(), finished.clone());
    let pace = actix_rt::spawn(pace);
    let load = site.closed("life", Limit::Time(site.time())).paced(permits);
    let sent = load.run(&gateway.merchant, creates.clone()).await?;
    let made = creates.made();
    let count = made.len() as u64;
    let all = gateway.until(|metrics| metrics.finished() >= count).await?;
    pace.abort();
    let used = gateway.usage();
    let after = bare(site, &echo).await?;
    drop(echo);
    let tenths = tenths(&finished.borrow());
    let within = finished.borrow().iter().rfind(|(at, _)| *at <= site.time().as_millis()).copied();
    let (millis, lives) = within.unwrap_or_default();
    let rate =
        per_second(lives, std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(1)));
    let echoed = u64::midpoint(before, after);
    let each = |bytes: u64| bytes / count.max(1);
    let written = each(used.written.saturating_sub(idle.written));
    let handed = each(used.handed_over.saturating_sub(idle.handed_over));
    let found = conservation::check(site, &gateway, &requests, made, 0).await?;
    let lines = vec![
        format!(
            "life         {} lives/s over HTTP: {} of the bare echo's {}  ({} in {} ms)",
            grouped(rate),
            ratio(permille(rate, echoed)),
            grouped(echoed),
            grouped(lives),
            site.time().as_millis(),
        ),
        format!("             create among them  {}", sent.latency.text()),
        format!(
            "             {} bytes written to disk for each life ({} handed to the kernel, answers \
             included); {} MiB of memory",
            grouped(written),
            grouped(handed),
            used.resident >> 20,
        ),
        format!("             {}", found.text()),
    ];
    let json = json!({
        "name": "life",
        "lives_per_second": rate,
        "echo_per_second": echoed,
        "ratio_to_echo_permille": permille(rate, echoed),
        "lives": lives,
        "milliseconds": u64::try_from(millis).unwrap_or(u64::MAX),
        "connections": site.args.connections,
        "latency": sent.latency.json(),
        "written_bytes_per_life": written,
        "handed_over_bytes_per_life": handed,
        "resident_bytes": used.resident,
        "conservation": found.json(),
    });
    let mut figures = Figures::new(lines, json, all && found.holds());
    figures.percentiles(&[("create among lives", &sent.latency)]);
    figures.over_time(&[("creates", &sent.tenths), ("lives finished", &tenths)]);
    Ok(figures)
}

/// What the echo gives, in a third of the time, before or after.
async fn bare(site: &Site<'_>, echo: &Echo) -> Result<u64, Failure> {
    let script = Rc::new(Creates::new(&echo.door, Requests::waiting("life")));
    let load = site.closed("echo", Limit::Time(site.time() / 3));
    Ok(load.run(&echo.door, script).await?.rate())
}

/// Gives back a place for each finished life, and notes how many had finished when, in milliseconds.
pub async fn pace(
    mut watch: Watch,
    permits: Arc<Semaphore>,
    finished: Rc<RefCell<Vec<(u128, u64)>>>,
) {
    let (began, mut seen) = (Instant::now(), 0);
    // A gateway that answers no more is noticed by everybody else.
    while let Ok(metrics) = watch.look().await {
        let now = metrics.finished();
        permits.add_permits(usize::try_from(now.saturating_sub(seen)).unwrap_or(0));
        seen = now;
        finished.borrow_mut().push((began.elapsed().as_millis(), now));
        tokio::time::sleep(10 * GLANCE).await;
    }
}

/// How many finished in each tenth of a second.
fn tenths(finished: &[(u128, u64)]) -> Vec<u64> {
    let mut tenths: Vec<u64> = Vec::new();
    let mut before = 0;
    for (millis, count) in finished {
        let place = usize::try_from(millis / 100).unwrap_or(0);
        if tenths.len() <= place {
            tenths.resize(place + 1, 0);
        }
        tenths[place] += count - before;
        before = *count;
    }
    tenths
}
