//! The other yardstick: what the disk gives. A loop that writes frames into a preallocated file in the same
//! directory, each followed by `fdatasync`, each as large as the group commits that were just seen.

use super::gateway::Metrics;
use super::latency::{Latency, grouped, per_second};
use super::rounds::ROUNDS;
use super::site::Site;
use crate::cli::Failure;
use crate::config::Durability;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// The file is written over from the begin when its end is reached, as blocks that are there already.
const FILE_BYTES: u64 = 16 << 20;

/// How long it runs in all at most.
const TIME_MAX: Duration = Duration::from_secs(1);

/// What the disk gave.
pub struct RawLog {
    latency: Latency,
    took: Duration,
    frame_bytes: u64,
    /// In hundredths.
    creates_each: u64,
}

impl RawLog {
    /// Nothing yet.
    pub fn new() -> Result<RawLog, Failure> {
        let latency = Latency::new().map_err(Failure::failed)?;
        Ok(RawLog { latency, took: Duration::ZERO, frame_bytes: 0, creates_each: 0 })
    }

    /// Runs for a round, with frames of the size of those between two looks at the metrics, in which so
    /// many payouts were made.
    pub fn round(
        &mut self,
        site: &Site<'_>,
        before: &Metrics,
        after: &Metrics,
        made: u64,
    ) -> Result<(), Failure> {
        let grown = |name: &str| after.get(name).saturating_sub(before.get(name));
        let commits = grown("bursar_journal_commits_total").max(1);
        let bytes = (grown("bursar_journal_bytes_total") / commits).clamp(1, FILE_BYTES / 2);
        self.frame_bytes = bytes;
        self.creates_each = made * 100 / commits;
        let sync = site.config.store.durability == Durability::Fsync;
        let time = site.time().min(TIME_MAX) / ROUNDS;
        let (latency, took) =
            frames(&site.ground.fresh(), bytes, sync, time).map_err(Failure::failed)?;
        self.latency.join(&latency);
        self.took += took;
        Ok(())
    }

    /// Frames a second.
    pub fn frames(&self) -> u64 {
        per_second(self.latency.count(), self.took)
    }

    /// Creates a second, if they came in frames as they were seen.
    pub fn creates(&self) -> u64 {
        self.frames() * self.creates_each / 100
    }

    /// For people.
    pub fn text(&self) -> String {
        format!(
            "raw log: {} frames/s of {} bytes, each synced; at {}.{:02} creates a frame {} creates/s",
            grouped(self.frames()),
            grouped(self.frame_bytes),
            self.creates_each / 100,
            self.creates_each % 100,
            grouped(self.creates()),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "frames_per_second": self.frames(),
            "frame_bytes": self.frame_bytes,
            "creates_per_frame_hundredths": self.creates_each,
            "creates_per_second": self.creates(),
            "latency": self.latency.json(),
        })
    }
}

fn frames(path: &Path, bytes: u64, sync: bool, time: Duration) -> io::Result<(Latency, Duration)> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let frame = vec![0x5a; usize::try_from(bytes).map_err(io::Error::other)?];
    let blank = vec![0; 1 << 20];
    for place in 0..FILE_BYTES >> 20 {
        file.write_all_at(&blank, place << 20)?;
    }
    file.sync_all()?;
    let mut latency = Latency::new().map_err(io::Error::other)?;
    let (began, mut place) = (Instant::now(), 0);
    while began.elapsed() < time {
        let written = Instant::now();
        file.write_all_at(&frame, place)?;
        if sync {
            file.sync_data()?;
        }
        latency.record(written.elapsed());
        place += bytes;
        if place + bytes > FILE_BYTES {
            place = 0;
        }
    }
    Ok((latency, began.elapsed()))
}
