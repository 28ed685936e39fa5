//! The power goes. A gateway is recorded, call by call, while merchants work with it and it is killed and
//! started again; then directories are made as a power cut at some moment may have left them, and a gateway
//! starts on each. Whatever it had told anybody must be there.
//!
//! 100 images; `BURSAR_FULL_SCALE=1`: 50,000; `BURSAR_POWER_IMAGES`: as many. Linux with strace only.
#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop where it stands")]

mod binary;
mod calls;
mod contents;
mod cuts;
mod dice;
mod disk;
mod image;
mod judge;
mod manner;
mod merchants;
mod playback;
mod recorder;
mod said;
mod series;
mod start;
mod tally;
mod trace;
mod witness;

use recorder::{Recording, record, strace_works};
use series::Series;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const NAMES: [&str; 2] =
    ["a_power_cut_takes_nothing_that_was_told", "a_disk_that_lies_about_fsync_is_noticed"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("gateway") => {
            let ended = recorder::serve(&arguments[1], &arguments[2]);
            return ended.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
        }
        Some("sandbox") => return web::cli::run(),
        // Listing and filtering, as test runners ask for them.
        Some("--list") => NAMES.iter().for_each(|name| println!("{name}: test")),
        Some(filter) if !filter.starts_with('-') && !NAMES.iter().any(|n| n.contains(filter)) => {}
        filter => {
            let filter = filter.filter(|text| !text.starts_with('-')).unwrap_or_default();
            return run(filter);
        }
    }
    ExitCode::SUCCESS
}

fn run(filter: &str) -> ExitCode {
    if !strace_works() {
        println!("SKIPPED: power cuts are recorded with strace, and there is none that works here");
        let must = std::env::var_os("BURSAR_MUST_NOT_SKIP").is_some();
        return if must { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    quieten();
    let (folder, is_new) = folder();
    if is_new {
        actix_rt::System::new().block_on(record(folder.clone()));
    }
    let series = Series::new(Recording::of(folder.clone()));
    let mut broken = Vec::new();
    if NAMES[0].contains(filter) {
        broken.extend(series.honest());
    }
    if NAMES[1].contains(filter) {
        broken.extend(series.lying());
    }
    if broken.is_empty() {
        println!("\ntest result: ok. 2 passed; 0 failed");
        if is_new {
            std::fs::remove_dir_all(folder).unwrap();
        }
        return ExitCode::SUCCESS;
    }
    for one in &broken {
        println!("\n{one}");
    }
    println!("\nThe recording is kept in {}; with", folder.display());
    println!("BURSAR_POWER_RECORDING={} BURSAR_POWER_IMAGE=<number>", folder.display());
    println!("one image is made and judged again.\ntest result: FAILED. {} broken", broken.len());
    ExitCode::FAILURE
}

/// A recording that was kept, or a place for a new one.
fn folder() -> (PathBuf, bool) {
    match std::env::var_os("BURSAR_POWER_RECORDING") {
        Some(kept) => (Path::new(&kept).to_owned(), false),
        None => (tempfile::tempdir().unwrap().keep(), true),
    }
}

/// A panic of a database's is an answer here; hundreds of them need no backtrace each. Before anything is
/// opened: the store puts a hook of its own before this one, and may not lose it.
fn quieten() {
    std::panic::set_hook(Box::new(|info| {
        let ours = std::thread::current().name().is_none_or(|name| !name.starts_with("open-"));
        if ours || std::env::var_os("BURSAR_SHOW_PANICS").is_some() {
            eprintln!("{info}");
        }
    }));
}
