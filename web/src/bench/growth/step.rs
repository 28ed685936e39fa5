//! One step: a gateway opened on a stock of payouts, what it takes to open, what it takes when it is open,
//! how fast it reads, and how fast it takes payouts beside another with a smaller stock. Apart from which
//! steps there are and what is to be thought of them.

use super::stock::Stock;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::progress::Limit;
use crate::bench::report::{median, ratio};
use crate::bench::requests::Requests;
use crate::bench::rounds::{Contender, rounds};
use crate::bench::scenario::list::walk;
use crate::bench::script::{Creates, Gets};
use crate::bench::site::Site;
use crate::bench::tally::Tally;
use crate::cli::Failure;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// How often it is opened; the time in the middle counts.
const OPENINGS: usize = 3;

/// What is queued gets written, and the allocator gives back what it will.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// What a stock takes.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// From the begin of the process to ready, in microseconds.
    pub open_us: u64,
    /// Memory once it is open and left alone, in bytes.
    pub resident: u64,
    /// What the data directory takes of the disk, in bytes.
    pub disk: u64,
}

/// What came of a step.
pub struct Step {
    /// So many payouts were there, or merchants.
    pub many: u64,
    /// What it takes.
    pub weight: Weight,
    /// Creates a second by those with the smaller stock, in thousandths.
    pub create_ratio: u64,
    creates: Tally,
    /// Memory after all of it, in bytes.
    resident_after: u64,
    reads: Option<Reads>,
    /// What was counted is what was made.
    pub sound: bool,
}

/// How fast a stock is read.
struct Reads {
    pages: Tally,
    gets: Tally,
    /// No payout was missing on the list, as far as it was walked.
    complete: bool,
}

/// Opens it, again and again, and weighs it.
pub async fn weigh(site: &Site<'_>, stock: &Stock) -> Result<(Gateway, Weight), Failure> {
    let key = stock.merchants.first().map_or("", |merchant| merchant.key.as_str());
    let mut gateway = Gateway::over(site, &Setting::default(), stock.data.clone(), key).await?;
    let mut times = vec![gateway.start.ready];
    while times.len() < OPENINGS {
        gateway = gateway.killed_and_restarted(site).await?;
        times.push(gateway.start.ready);
    }
    // Events are read behind the readiness.
    gateway.until(|now| now.get("bursar_events_behind") == 0).await?;
    tokio::time::sleep(SETTLE_MAX.min(site.time())).await;
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let open_us = median(times.into_iter().map(micros).collect());
    let disk = on_disk(&stock.data).map_err(Failure::failed)?;
    let resident = gateway.usage().resident;
    Ok((gateway, Weight { open_us, resident, disk }))
}

/// Measures a stock of so `many` beside a smaller one.
pub async fn measure(
    site: &Site<'_>,
    many: u64,
    stock: &Stock,
    smaller: &Stock,
    reading: bool,
) -> Result<Step, Failure> {
    let (gateway, weight) = weigh(site, stock).await?;
    // Before there are other payouts on the list.
    let reads = if reading { Some(read(site, &gateway, stock).await?) } else { None };
    let key = smaller.merchants.first().map_or("", |merchant| merchant.key.as_str());
    let beside = Gateway::over(site, &Setting::default(), smaller.data.clone(), key).await?;
    let contender = |name, gateway: &Gateway, stock: &Stock| {
        let doors = stock.merchants.iter().map(|one| gateway.merchant.with_key(&one.key));
        let script = Creates::by_turns(doors.collect(), Requests::waiting("beside"));
        let script = Rc::new(script);
        (script.clone(), Contender { name, door: gateway.merchant.clone(), script })
    };
    let (theirs, one) = contender("smaller", &beside, smaller);
    let (ours, other) = contender("create", &gateway, stock);
    let outcomes = rounds(site, &[one, other], async || Ok(())).await?;
    let known = gateway.metrics().await?.live() == ours.made().len() as u64
        && beside.metrics().await?.live() == theirs.made().len() as u64;
    let resident_after = gateway.usage().resident;
    let outcome = outcomes.into_iter().nth(1);
    let outcome = outcome.ok_or_else(|| Failure::failed("two contenders had one outcome"))?;
    let sound = known && reads.as_ref().is_none_or(|reads| reads.complete);
    let (create_ratio, creates) = (outcome.to_first, outcome.all);
    Ok(Step { many, weight, create_ratio, creates, resident_after, reads, sound })
}

async fn read(site: &Site<'_>, gateway: &Gateway, stock: &Stock) -> Result<Reads, Failure> {
    let (pages, listed) = walk(site, gateway).await?;
    // The walk may end with the time, in the middle of the list.
    let complete = listed.is_none_or(|listed| listed == stock.payouts);
    let gets = Rc::new(Gets::new(&gateway.merchant, stock.some.clone()));
    let load = site.closed("get archived", Limit::Time(site.time() / 3));
    let gets = load.run(&gateway.merchant, gets).await?;
    Ok(Reads { pages, gets, complete })
}

/// What this directory and all in it takes; files with holes only what is there of them.
fn on_disk(path: &Path) -> std::io::Result<u64> {
    let found = fs::symlink_metadata(path)?;
    // A block is 512 bytes here, whatever the file system's are.
    let mut bytes = found.blocks() * 512;
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            bytes += match on_disk(&entry?.path()) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
                taken => taken?,
            };
        }
    }
    Ok(bytes)
}

impl Weight {
    /// For people.
    pub fn text(&self) -> String {
        format!(
            "ready in {} ms, {} MiB of memory, {} MiB on disk",
            self.open_us / 1_000,
            grouped(self.resident >> 20),
            grouped(self.disk >> 20),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "open_us": self.open_us, "resident_bytes": self.resident, "disk_bytes": self.disk })
    }
}

impl Step {
    /// For people; `than` is what its creates are held against.
    pub fn text(&self, of: &str, than: &str) -> String {
        let reads = self.reads.as_ref().map(|reads| {
            format!(
                "; page of 100 p99 {}.{:02} ms, {} archived reads/s",
                reads.pages.latency.at(99.0) / 1_000,
                reads.pages.latency.at(99.0) % 1_000 / 10,
                grouped(reads.gets.rate()),
            )
        });
        format!(
            "{:>11} {of}: {} creates/s, {} of {than}; {} ({} MiB after all){}",
            grouped(self.many),
            grouped(self.creates.rate()),
            ratio(self.create_ratio),
            self.weight.text(),
            grouped(self.resident_after >> 20),
            reads.unwrap_or_default(),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let mut json = self.weight.json();
        json["create_ratio_permille"] = json!(self.create_ratio);
        json["creates_per_second"] = json!(self.creates.rate());
        json["create_latency"] = self.creates.latency.json();
        json["resident_after_bytes"] = json!(self.resident_after);
        if let Some(reads) = &self.reads {
            json["pages"] = json!(reads.pages.count);
            json["page_latency"] = reads.pages.latency.json();
            json["archived_gets_per_second"] = json!(reads.gets.rate());
            json["archived_get_latency"] = reads.gets.latency.json();
        }
        json
    }
}
