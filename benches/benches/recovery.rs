//! How fast the gateway is ready again, against a plain read of the same bytes: from the log alone and
//! from a snapshot, each run in a process of its own that ends as a killed one does. Fixed costs show
//! with `--live 0`.
//!
//! `cargo bench -p benches --bench recovery -- --live 1000000 --runs 5`
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a measurement that cannot go on should stop; rates are no money"
)]

#[path = "recovery/building.rs"]
mod building;
#[path = "recovery/silent.rs"]
mod silent;
#[path = "recovery/tasks.rs"]
mod tasks;

use std::path::Path;
use std::process::{Command, Stdio};
use tasks::Cost;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Journal entries of a payout that was made, accepted, sent and taken by its provider.
const ENTRIES: u64 = 4;

fn main() {
    let live = number("--live").unwrap_or(200_000);
    if let Some(task) = argument("--task") {
        return tasks::perform(&task, Path::new(&argument("--dir").unwrap()), live);
    }
    let runs = number("--runs").unwrap_or(5).max(1);
    let dir = tempfile::tempdir_in(".").unwrap();
    let measure = |task: &str, runs: u64| median(task, dir.path(), live, runs);
    println!("{live} live payouts, {} journal entries; median of {runs} runs", live * ENTRIES);
    println!("{:<34} {:>8} {:>8} {:>9} {:>11} {:>9}", "", "wall s", "cpu s", "MiB", "/s", "× read");
    measure("build", 1);
    let read = measure("read-log", runs);
    row("plain read of the log", live * ENTRIES, &read, &read);
    row("open the store, replay, no fold", live * ENTRIES, &measure("replay", runs), &read);
    row("ready, from the log alone", live * ENTRIES, &measure("recover", runs), &read);
    measure("snapshot", 1);
    let read = measure("read-snapshot", runs);
    row("plain read of the snapshot", live, &read, &read);
    row("open the store, replay, no fold", live, &measure("replay", runs), &read);
    row("ready, from the snapshot", live, &measure("recover", runs), &read);
}

/// Runs a task in processes of their own; the run whose time is in the middle.
fn median(task: &str, dir: &Path, live: u64, runs: u64) -> Cost {
    let mut costs: Vec<Cost> = (0..runs).map(|_| one(task, dir, live)).collect();
    costs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    costs.swap_remove(costs.len() / 2)
}

fn one(task: &str, dir: &Path, live: u64) -> Cost {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--task", task, "--live", &live.to_string(), "--dir"]).arg(dir);
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{task} failed");
    Cost::read(&String::from_utf8(output.stdout).unwrap())
}

fn row(name: &str, items: u64, cost: &Cost, read: &Cost) {
    println!(
        "{name:<34} {:>8.3} {:>8.2} {:>9} {:>11.0} {:>9.1}",
        cost.wall,
        cost.cpu,
        cost.bytes >> 20,
        items as f64 / cost.wall,
        cost.wall / read.wall,
    );
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|one| one != name).nth(1)
}

fn number(name: &str) -> Option<u64> {
    argument(name)?.parse().ok()
}
