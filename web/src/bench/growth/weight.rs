//! What a stock takes to open, and once it is open: time, memory, disk. Apart from what it can do, because
//! an empty store is weighed as well.

use super::stock::Stock;
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::progress::GLANCE;
use crate::bench::report::median;
use crate::bench::site::Site;
use crate::cli::Failure;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often it is opened; the time in the middle counts.
const OPENINGS: usize = 3;

/// What is queued gets written, and the allocator gives back what it will.
const SETTLE_MAX: Duration = Duration::from_secs(3);

/// How long nothing of what is behind may be caught up with.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a stock takes.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// From the begin of the process to ready, in microseconds.
    pub open_us: u64,
    /// The part of the last opening that was recovery, in microseconds.
    recovery_us: u64,
    /// Journal records that were read in it.
    records: u64,
    /// Memory once it is open and left alone, in bytes.
    pub resident: u64,
    /// What the data directory takes of the disk, in bytes.
    pub disk: u64,
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
    until_events_are_read(&gateway).await?;
    tokio::time::sleep(SETTLE_MAX.min(site.time())).await;
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let open_us = median(times.into_iter().map(micros).collect());
    let disk = on_disk(&stock.data).map_err(Failure::failed)?;
    let (recovery_us, records) = (micros(gateway.start.recovery), gateway.start.records);
    let resident = gateway.usage().resident;
    Ok((gateway, Weight { open_us, recovery_us, records, resident, disk }))
}

/// Events are read behind the readiness, of many payouts for long; it ends when they do not advance.
async fn until_events_are_read(gateway: &Gateway) -> Result<(), Failure> {
    let mut watch = gateway.watch().await?;
    let (mut least, mut since) = (u64::MAX, Instant::now());
    loop {
        let behind = watch.look().await?.get("bursar_events_behind");
        if behind == 0 {
            return Ok(());
        }
        if behind < least {
            (least, since) = (behind, Instant::now());
        } else if since.elapsed() > PATIENCE {
            return Err(Failure::failed(format!("{behind} entries are not read as events")));
        }
        tokio::time::sleep(10 * GLANCE).await;
    }
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
        json!({
            "open_us": self.open_us,
            "recovery_us": self.recovery_us,
            "records_read": self.records,
            "resident_bytes": self.resident,
            "disk_bytes": self.disk,
        })
    }
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
