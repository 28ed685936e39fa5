//! The real binary, hit where it writes: killed at each call by which it writes to its data directory, refused by
//! the disk there, stopped while payouts are under way, and with a clock that jumps by years. The sandbox is a
//! process of its own; its ledger says what was paid.
//!
//! A binary of its own, because it runs itself as the gateway and as the sandbox. It needs strace, and Linux.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a story that cannot go on should stop where it stands"
)]

#[cfg(target_os = "linux")]
mod clocks;
#[cfg(target_os = "linux")]
mod enumeration;
#[cfg(target_os = "linux")]
mod frozen;
#[cfg(target_os = "linux")]
mod gateway;
#[cfg(target_os = "linux")]
mod ground;
#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod merchants;
#[cfg(target_os = "linux")]
mod refused;
#[cfg(target_os = "linux")]
mod round;
#[cfg(target_os = "linux")]
mod scene;
#[cfg(target_os = "linux")]
mod strace;

use std::process::ExitCode;

/// A story, and what it needs that a machine may not have.
type Story = (&'static str, fn() -> Result<(), &'static str>, fn());

#[cfg(target_os = "linux")]
const STORIES: [Story; 4] = [
    ("killed_at_every_write", killed::needs, killed::story),
    ("refused_by_the_disk_at_every_write", refused::needs, refused::story),
    ("stopped_for_a_while", frozen::needs, frozen::story),
    ("the_clock_jumps_by_years", clocks::needs, clocks::story),
];

#[cfg(not(target_os = "linux"))]
const STORIES: [Story; 0] = [];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let first = arguments.first().map(String::as_str).unwrap_or_default();
    if matches!(first, "serve" | "sandbox" | "verify") {
        return web::cli::run();
    }
    // Listing and filtering, as test runners ask for them.
    if arguments.iter().any(|one| one == "--list") {
        STORIES.iter().for_each(|(name, ..)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filter = arguments.iter().find(|one| !one.starts_with('-'));
    let chosen = |name: &str| filter.is_none_or(|filter| name.contains(filter.as_str()));
    let chosen: Vec<Story> = STORIES.into_iter().filter(|(name, ..)| chosen(name)).collect();
    println!("\nrunning {} tests", chosen.len());
    for (name, needs, story) in &chosen {
        match needs() {
            Ok(()) => {
                story();
                println!("test {name} ... ok");
            }
            Err(missing) if std::env::var_os("BURSAR_MUST_NOT_SKIP").is_some() => {
                panic!("{name} needs {missing}, and may not be skipped here")
            }
            Err(missing) => println!("test {name} ... skipped: {missing} is not to be had here"),
        }
    }
    let filtered = STORIES.len() - chosen.len();
    println!(
        "\ntest result: ok. {} passed; 0 failed; 0 ignored; 0 measured; {filtered} filtered out",
        chosen.len()
    );
    ExitCode::SUCCESS
}

/// Whether a story is to be told in its full length.
#[cfg(target_os = "linux")]
fn in_full() -> bool {
    std::env::var_os("BURSAR_FULL_SCALE").is_some()
}

/// How many rounds of kills, and of refused calls: so many as fit into a usual run of all tests, unless told.
#[cfg(target_os = "linux")]
fn rounds_at_most() -> usize {
    match std::env::var("BURSAR_ROUNDS").as_deref() {
        Ok("all") => usize::MAX,
        Ok(most) => most.parse().unwrap(),
        Err(_) if in_full() => usize::MAX,
        Err(_) => USUAL_ROUNDS,
    }
}

#[cfg(target_os = "linux")]
const USUAL_ROUNDS: usize = 24;
