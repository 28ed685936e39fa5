//! One peer driven through all phases: warmed up, asked for payouts that wait, asked for whole lives, checked.

use super::{
    connection::Connection,
    crowd::{self, Created, per_second},
    option,
    peer::{Peer, Target},
    workload::Workload,
};
use serde_json::json;
use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

type Failure = Box<dyn Error + Send + Sync>;

/// How long payouts may take to finish after the last one was made.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is asked how many are finished.
const GLANCE: Duration = Duration::from_millis(20);

/// Drives, and prints what was measured.
pub fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let address = option(arguments, "--address", None)?;
    let target = Arc::new(Target {
        peer: Peer::named(&option(arguments, "--peer", None)?)?,
        metrics: option(arguments, "--metrics", Some(&address))?,
        key: option(arguments, "--key", Some(""))?,
        address,
    });
    let connections = option(arguments, "--connections", Some("64"))?.parse()?;
    let time = Duration::from_secs(option(arguments, "--seconds", Some("10"))?.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(phases(&target, connections, time)).map_err(|error| error.to_string().into())
}

async fn phases(target: &Arc<Target>, connections: usize, time: Duration) -> Result<(), Failure> {
    let warm = Workload::new("warm", true);
    let warmed = crowd::create(target, warm, connections, (time / 5).max(Duration::from_secs(1)));
    let mut finished = warmed.await?.ids.len() as u64;
    until_finished(target, finished).await?;

    let created = crowd::create(target, Workload::new("wait", false), connections, time).await?;

    let began = Instant::now();
    let lived = crowd::create(target, Workload::new("life", true), connections, time).await?;
    finished += lived.ids.len() as u64;
    until_finished(target, finished).await?;
    let lives = per_second(lived.ids.len() as u64, began.elapsed());

    let told = json!({
        "peer": format!("{:?}", target.peer).to_lowercase(),
        "connections": connections,
        "seconds": time.as_secs(),
        "creates_per_second": created.rate(),
        "create_p50_us": created.percentile(50.0),
        "create_p99_us": created.percentile(99.0),
        "lives_per_second": lives,
        "life_create_p50_us": lived.percentile(50.0),
        "life_create_p99_us": lived.percentile(99.0),
        "creates": created.ids.len(),
        "lives": lived.ids.len(),
    });
    check(target, created, connections, "READY").await?;
    check(target, lived, connections, "PROCESSED").await?;
    println!("{told}");
    Ok(())
}

/// Every payout that was answered for is found, in the status that it must have.
async fn check(
    target: &Arc<Target>,
    created: Created,
    connections: usize,
    status: &'static str,
) -> Result<(), Failure> {
    let acknowledged = created.ids.len() as u64;
    let found = crowd::look_up(target, created.ids, connections, status).await?;
    if found == acknowledged {
        return Ok(());
    }
    let lost = acknowledged - found;
    Err(format!("of {acknowledged} acknowledged payouts {lost} are not {status}").into())
}

/// Waits until so many payouts are through.
async fn until_finished(target: &Target, wanted: u64) -> Result<(), Failure> {
    let mut connection = Connection::open(&target.metrics).await?;
    let (request, began) = (target.count(), Instant::now());
    loop {
        let answer = connection.ask(&request).await?;
        let text = String::from_utf8_lossy(answer.body);
        let told = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .find_map(|line| line.split_once("payouts_finished_total "));
        let finished: u64 = told.ok_or("it is not told how many are finished")?.1.trim().parse()?;
        if finished >= wanted {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("{finished} of {wanted} payouts are finished, and no more").into());
        }
        tokio::time::sleep(GLANCE).await;
    }
}
