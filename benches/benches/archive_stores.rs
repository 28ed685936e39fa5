//! Which store shall hold the archive of finished payouts: fjall, redb, or sled
//! with packed blocks.
//!
//!     cargo bench -p benches --bench archive_stores -- --payouts 1000000
//!
//! Apart from Criterion because the questions are those of growth: does it slow
//! down as it fills, what does it take of disk and memory, how long until it is
//! open again. Each store fills in one process, which then ends as a killed one
//! would, and is read in a second one, so that peak memory belongs to one store
//! and one task. The stores take turns; they never run at once.
//!
//! Options: `--payouts N`, `--stores a,b` (`fjall`, `fjall-split`, `redb`,
//! `sled-packed`), `--dir D` (where the data goes, and is deleted), `--limit S`
//! (seconds after which filling stops).

#![allow(clippy::float_arithmetic, reason = "rates for people to read")]

#[path = "archive_stores/contender.rs"]
mod contender;
#[path = "archive_stores/figures.rs"]
mod figures;
#[path = "archive_stores/in_fjall.rs"]
mod in_fjall;
#[path = "archive_stores/in_redb.rs"]
mod in_redb;
#[path = "archive_stores/in_sled_blocks.rs"]
mod in_sled_blocks;
#[path = "archive_stores/workload.rs"]
mod workload;

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio, exit},
    time::{Duration, Instant},
};

use contender::{Contender, Outcome};
use figures::{Figures, Timings, nanos};
use workload::{Draws, Finished};

/// The allocator of the gateway.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Payouts unless `--payouts` says otherwise: to see that it works, and to measure.
const A_TASTE: u64 = 10_000;
const A_MEAL: u64 = 1_000_000;
const BATCH: u64 = 1_024;
const PERSIST_EVERY: u64 = 100_000;
/// Stored after the last persist, to see what a kill takes.
const UNSYNCED: u64 = 8 * BATCH;
const READS: u64 = 20_000;
const PAGES: u64 = 1_000;
const COLD_READS: u64 = 2_000;
const COLD_PAGES: u64 = 200;
const PAGE_ROWS: usize = 100;

fn main() -> Outcome<()> {
    let options = Options::read(env::args().skip(1))?;
    match options.task.as_deref() {
        None => compare(&options),
        Some("fill") => {
            print(&fill(&options)?);
            // No destructor runs: to the store it is a kill.
            exit(0)
        }
        Some(_) => {
            print(&read(&options)?);
            Ok(())
        }
    }
}

struct Options {
    payouts: u64,
    stores: Vec<String>,
    dir: PathBuf,
    limit: Duration,
    /// Set in the child processes: `fill` or `read`.
    task: Option<String>,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self {
            payouts: 0,
            stores: ["fjall", "redb", "sled-packed"].map(str::to_owned).into(),
            dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
            limit: Duration::from_secs(600),
            task: None,
        };
        let mut by_default = A_TASTE;
        while let Some(word) = words.next() {
            // `cargo bench` adds this one; `cargo test` wants a taste only.
            if word == "--bench" {
                by_default = A_MEAL;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
            match word.as_str() {
                "--payouts" => options.payouts = value.replace('_', "").parse()?,
                "--stores" => options.stores = value.split(',').map(str::to_owned).collect(),
                "--dir" => options.dir = value.into(),
                "--limit" => options.limit = Duration::from_secs(value.parse()?),
                "--task" => options.task = Some(value),
                _ => return Err(format!("{word} is no option").into()),
            }
        }
        if options.payouts == 0 {
            options.payouts = by_default;
        }
        Ok(options)
    }

    fn open(&self) -> Outcome<Box<dyn Contender>> {
        contender::open(self.stores.first().ok_or("no store is named")?, &self.dir)
    }
}

/// Measures every store and prints what it found.
fn compare(options: &Options) -> Outcome<()> {
    let began = Instant::now();
    let body = (0..10_000).map(|number| Finished::new(number).body.len()).sum::<usize>() / 10_000;
    let making = began.elapsed() / 10_000;
    println!("{} payouts; bodies of {body} B, each made in {making:?}", options.payouts);
    let mut found = Vec::new();
    for store in &options.stores {
        let dir = tempfile::tempdir_in(&options.dir)?;
        let mut figures = child(options, store, dir.path(), options.payouts, "fill")?;
        let filled = figures.get("payouts").and_then(|n| n.as_u64()).ok_or("nothing was stored")?;
        figures.extend(child(options, store, dir.path(), filled, "read")?);
        eprintln!("{}", figures::table(&[(store.clone(), figures.clone())]));
        found.push((store.clone(), figures));
    }
    println!("{}", figures::table(&found));
    let json: Figures = found.into_iter().map(|(store, figures)| (store, figures.into())).collect();
    print(&json);
    Ok(())
}

/// This program again, for one task with one store.
fn child(options: &Options, store: &str, dir: &Path, payouts: u64, task: &str) -> Outcome<Figures> {
    let output = Command::new(env::current_exe()?)
        .args(["--payouts", &payouts.to_string(), "--stores", store, "--task", task])
        .args(["--limit", &options.limit.as_secs().to_string(), "--dir"])
        .arg(dir)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{store} could not {task}: {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn print(figures: &Figures) {
    println!("{}", serde_json::Value::from(figures.clone()));
}

/// Stores the payouts as the archiver would, and a few more without a persist.
fn fill(options: &Options) -> Outcome<Figures> {
    let mut store = options.open()?;
    let mut figures = Figures::new();
    let (mut puts, mut persists) = (Timings::default(), Timings::default());
    let began = Instant::now();
    // How much was stored when, to tell the last tenth from the rest.
    let mut marks = Vec::new();
    let mut stored = 0;
    while stored < options.payouts && began.elapsed() < options.limit {
        let until = (stored + BATCH).min(options.payouts);
        let batch = (stored..until).map(Finished::new).collect();
        puts.time(|| store.put(batch))?;
        if until / PERSIST_EVERY > stored / PERSIST_EVERY {
            persists.time(|| store.persist())?;
        }
        marks.push((until, began.elapsed()));
        if until * 10 / options.payouts > stored * 10 / options.payouts {
            eprintln!("{}: {until} in {:?}", options.stores.join(","), began.elapsed());
        }
        stored = until;
    }
    persists.time(|| store.persist())?;
    let took = began.elapsed();
    let before_last = (marks.len() * 9 / 10).checked_sub(1).map(|mark| marks[mark]);
    let (last_from, last_began) = before_last.unwrap_or_default();
    let rate = |payouts: u64, time: Duration| payouts as f64 / time.as_secs_f64();
    figures.insert("payouts".into(), stored.into());
    figures.insert("fill_s".into(), took.as_secs_f64().into());
    figures.insert("payouts_per_s".into(), rate(stored, took).into());
    let last_rate = rate(stored - last_from, took - last_began);
    figures.insert("payouts_per_s_last_tenth".into(), last_rate.into());
    puts.note("put", &mut figures);
    persists.note("persist", &mut figures);
    let per_payout = |bytes: u64| (bytes / stored.max(1)).into();
    figures.insert("disk_bytes_per_payout".into(), per_payout(figures::disk_bytes(&options.dir)?));
    figures.insert("written_bytes_per_payout".into(), per_payout(figures::written()?));
    let processor = nanos(figures::processor_time()?) / stored.max(1);
    figures.insert("fill_cpu_ns_per_payout".into(), processor.into());
    figures.insert("fill_peak_rss".into(), figures::peak_rss()?.into());
    for first in (stored..stored + UNSYNCED).step_by(BATCH as usize) {
        store.put((first..first + BATCH).map(Finished::new).collect())?;
    }
    // Its destructor would close it tidily.
    std::mem::forget(store);
    Ok(figures)
}

/// Opens what a killed process left, reads, and opens again after a close.
fn read(options: &Options) -> Outcome<Figures> {
    let mut figures = Figures::new();
    let began = Instant::now();
    let store = options.open()?;
    figures.insert("open_after_kill_ns".into(), nanos(began.elapsed()).into());
    let stored = options.payouts;
    gets(store.as_ref(), stored, READS, "hit", &mut figures)?;
    misses(store.as_ref(), &mut figures)?;
    references(store.as_ref(), stored, &mut figures)?;
    pages(store.as_ref(), stored, PAGES, "page", &mut figures)?;
    let kept = (stored..stored + UNSYNCED)
        .map(|number| Ok(u64::from(store.get(&workload::id(number))?.is_some())))
        .sum::<Outcome<u64>>()?;
    figures.insert("unsynced_kept".into(), kept.into());
    figures.insert("read_peak_rss".into(), figures::peak_rss()?.into());
    drop(store);
    let began = Instant::now();
    let store = options.open()?;
    figures.insert("open_clean_ns".into(), nanos(began.elapsed()).into());
    drop(store);
    forget_cached_pages(&options.dir)?;
    let store = options.open()?;
    gets(store.as_ref(), stored, COLD_READS, "cold_hit", &mut figures)?;
    pages(store.as_ref(), stored, COLD_PAGES, "cold_page", &mut figures)?;
    Ok(figures)
}

fn gets(
    store: &dyn Contender,
    stored: u64,
    times: u64,
    name: &str,
    figures: &mut Figures,
) -> Outcome<()> {
    let mut timings = Timings::default();
    let mut draws = Draws::of(times, b'g');
    for _ in 0..times {
        let number = draws.below(stored);
        let id = workload::id(number);
        let body = timings.time(|| store.get(&id))?;
        if body.as_ref() != Some(&Finished::new(number).body) {
            return Err(format!("payout {number} was not read as it was stored").into());
        }
    }
    timings.note(name, figures);
    Ok(())
}

fn misses(store: &dyn Contender, figures: &mut Figures) -> Outcome<()> {
    let mut timings = Timings::default();
    for number in 0..READS {
        let id = workload::unknown_id(number);
        if timings.time(|| store.get(&id))?.is_some() {
            return Err("a payout was read that was never stored".into());
        }
    }
    timings.note("miss", figures);
    Ok(())
}

fn references(store: &dyn Contender, stored: u64, figures: &mut Figures) -> Outcome<()> {
    let mut timings = Timings::default();
    let mut draws = Draws::of(stored, b'h');
    for _ in 0..READS {
        let number = draws.below(stored);
        let (merchant, hash) = (workload::merchant(number), workload::reference(number));
        let found = timings.time(|| store.reference(merchant, hash))?;
        if found != Some(workload::id(number)) {
            return Err(format!("the reference of payout {number} was not found").into());
        }
    }
    timings.note("reference", figures);
    Ok(())
}

fn pages(
    store: &dyn Contender,
    stored: u64,
    times: u64,
    name: &str,
    figures: &mut Figures,
) -> Outcome<()> {
    let mut timings = Timings::default();
    let mut draws = Draws::of(times, b'p');
    for _ in 0..times {
        let number = draws.below(stored);
        let row = |number| (workload::created_at(number), workload::id(number));
        let merchant = workload::merchant(number);
        let page = timings.time(|| store.page(merchant, row(number), PAGE_ROWS))?;
        let in_order = page.is_sorted_by(|newer, older| newer.0 > older.0);
        // The first and the last row of the page, found without the store.
        let first = workload::older_of_same_merchant(number);
        let last = (0..PAGE_ROWS).try_fold(number, |at, _| workload::older_of_same_merchant(at));
        let full =
            last.is_none_or(|last| page.last() == Some(&row(last)) && page.len() == PAGE_ROWS);
        if !in_order || !full || page.first() != first.map(row).as_ref() {
            return Err(format!("the page behind payout {number} is wrong").into());
        }
    }
    timings.note(name, figures);
    Ok(())
}

/// Takes the store's files out of the kernel's page cache, as far as it lets us.
fn forget_cached_pages(dir: &Path) -> Outcome<()> {
    for entry in figures::files(dir)? {
        let file = File::open(entry.path())?;
        // Only pages that the disk has may go.
        file.sync_all()?;
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    }
    Ok(())
}
