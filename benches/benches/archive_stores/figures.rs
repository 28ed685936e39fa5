//! What is measured, and how it is shown: one table for people, one JSON for
//! whatever compares runs.
//!
//! Apart from the measurement so that a figure is named, scaled and printed in
//! one place.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};

use crate::contender::Outcome;

/// The figures of one store, by name.
pub type Figures = Map<String, Value>;

/// Every row of the table: the figure's name, what it is called for people, and
/// by what it is divided to get there.
const ROWS: [(&str, &str, f64); 27] = [
    ("payouts", "payouts stored", 1.0),
    ("fill_s", "time to store them, s", 1.0),
    ("payouts_per_s", "payouts/s, all", 1.0),
    ("payouts_per_s_last_tenth", "payouts/s, the last tenth", 1.0),
    ("fill_cpu_ns_per_payout", "processor, all threads, µs per payout", 1e3),
    ("put_ns_p99", "batch of 1,024 stored, p99 ms", 1e6),
    ("put_ns_max", "batch of 1,024 stored, worst ms", 1e6),
    ("persist_ns_max", "persist, worst ms", 1e6),
    ("disk_bytes_per_payout", "disk, B per payout", 1.0),
    ("written_bytes_per_payout", "written in all, B per payout", 1.0),
    ("fill_peak_rss", "peak RSS while storing, MiB", 1_048_576.0),
    ("read_peak_rss", "peak RSS, opened and read, MiB", 1_048_576.0),
    ("open_after_kill_ns", "open after a kill, ms", 1e6),
    ("open_clean_ns", "open after a close, ms", 1e6),
    ("unsynced_kept", "of 8,192 not persisted, kept by a kill", 1.0),
    ("hit_ns_p50", "get, hit, p50 µs", 1e3),
    ("hit_ns_p99", "get, hit, p99 µs", 1e3),
    ("miss_ns_p50", "get, miss, p50 µs", 1e3),
    ("miss_ns_p99", "get, miss, p99 µs", 1e3),
    ("page_ns_p50", "page of 100, p50 µs", 1e3),
    ("page_ns_p99", "page of 100, p99 µs", 1e3),
    ("reference_ns_p50", "reference, p50 µs", 1e3),
    ("reference_ns_p99", "reference, p99 µs", 1e3),
    ("cold_hit_ns_p50", "get, nothing cached, p50 µs", 1e3),
    ("cold_hit_ns_p99", "get, nothing cached, p99 µs", 1e3),
    ("cold_page_ns_p50", "page of 100, nothing cached, p50 µs", 1e3),
    ("cold_page_ns_p99", "page of 100, nothing cached, p99 µs", 1e3),
];

/// The table in Markdown, a column per store.
pub fn table(stores: &[(String, Figures)]) -> String {
    let names: Vec<&str> = stores.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = format!("| | {} |\n|---|{}\n", names.join(" | "), "---:|".repeat(names.len()));
    for (name, title, scale) in ROWS {
        let cell = |figures: &Figures| match figures.get(name).and_then(Value::as_f64) {
            Some(figure) => shown(figure / scale),
            None => "-".to_owned(),
        };
        let cells: Vec<String> = stores.iter().map(|(_, figures)| cell(figures)).collect();
        text.push_str(&format!("| {title} | {} |\n", cells.join(" | ")));
    }
    text
}

/// Three digits are more than a shared machine can vouch for.
fn shown(figure: f64) -> String {
    if figure < 100.0 {
        let places = if figure < 10.0 { 2 } else { 1 };
        return format!("{figure:.places$}");
    }
    let digits = format!("{figure:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// How long each of many calls took.
#[derive(Default)]
pub struct Timings(Vec<u64>);

impl Timings {
    pub fn time<T>(&mut self, call: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let began = Instant::now();
        let answer = call();
        self.0.push(nanos(began.elapsed()));
        answer
    }

    /// Notes p50, p99 and the worst under names that begin with `name`.
    pub fn note(mut self, name: &str, figures: &mut Figures) {
        self.0.sort_unstable();
        for (suffix, percent) in [("p50", 50), ("p99", 99), ("max", 100)] {
            let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
            if let Some(nanos) = self.0.get(place) {
                figures.insert(format!("{name}_ns_{suffix}"), (*nanos).into());
            }
        }
    }
}

pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The most memory this process ever had, in bytes.
pub fn peak_rss() -> Outcome<u64> {
    Ok(proc_number("/proc/self/status", "VmHWM:")? * 1024)
}

/// What this process has written to files so far, in bytes.
pub fn written() -> Outcome<u64> {
    proc_number("/proc/self/io", "wchar:")
}

/// Processor time of all threads of this process so far. On a machine that
/// others use too it says more than the clock on the wall.
pub fn processor_time() -> Outcome<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let text = fs::read_to_string("/proc/self/stat")?;
    // The fields behind the name, which is in brackets and may hold anything.
    let (_, fields) = text.rsplit_once(')').ok_or("the kernel does not tell")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(TICK * ticks.sum::<Result<u32, _>>()?)
}

fn proc_number(file: &str, label: &str) -> Outcome<u64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the kernel does not tell")?.parse()?)
}

/// All files below a directory.
pub fn files(dir: &Path) -> Outcome<Vec<fs::DirEntry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry);
        }
    }
    Ok(found)
}

/// Blocks taken on the disk: preallocated space counts only once it is used.
pub fn disk_bytes(dir: &Path) -> Outcome<u64> {
    use std::os::unix::fs::MetadataExt;
    files(dir)?.iter().try_fold(0, |all, file| Ok(all + file.metadata()?.blocks() * 512))
}
