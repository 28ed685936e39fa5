//! Every target for a while: a process of its own for each, two at a time. An input that breaks a promise is
//! kept in the target's corpus, so that it is tried at every run from then on.
//!
//! `BURSAR_FUZZ_SECONDS`: so long for each target; unless told, a number of inputs that is always the same.
//! `BURSAR_SEED`: other inputs. `BURSAR_FUZZ_JOBS`: so many targets at a time, 2 unless told. An argument without
//! dashes chooses the targets whose names hold it.
#![allow(clippy::unwrap_used, reason = "a run that cannot go on should stop where it stands")]

use fuzz::driver::{self, Driver, Enough};
use fuzz::target::Target;
use fuzz::{TARGETS, corpus};
use peak_alloc::PeakAlloc;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Names the target that a process is for.
const OF_TARGET: &str = "BURSAR_FUZZ_TARGET";
/// Where the input at hand lies.
const LAST: &str = "BURSAR_FUZZ_LAST";
/// How much longer than its time a target may take before it is said to hang.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(OF_TARGET) {
        return explore(TARGETS.iter().find(|target| target.name == name).unwrap());
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if said("--list") || said("--ignored") {
        let listed = TARGETS.iter().filter(|_| said("--list") && !said("--ignored"));
        listed.for_each(|target| println!("{}: test", target.name));
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|one| !one.starts_with('-')).collect();
    let chosen = |target: &&Target| {
        wanted.is_empty() || wanted.iter().any(|part| target.name.contains(part.as_str()))
    };
    let waiting = Mutex::new(TARGETS.iter().filter(chosen));
    let (passed, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..number("BURSAR_FUZZ_JOBS").unwrap_or(2).max(1) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(target) = next else { return };
                    let count = if run(target) { &passed } else { &failed };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let (passed, failed) = (passed.into_inner(), failed.into_inner());
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// How long each target may take, where that is what ends it.
fn time() -> Option<Duration> {
    number("BURSAR_FUZZ_SECONDS").map(Duration::from_secs)
}

/// One target in a process of its own; whether it kept all promises.
fn run(target: &Target) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let last: PathBuf = dir.path().join("input");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(OF_TARGET, target.name)
        .env(LAST, &last)
        .env("TMPDIR", dir.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let ends = Instant::now() + time().unwrap_or_default() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() > ends => {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    };
    let how = match status {
        Some(status) if status.success() => return true,
        // It has told what broke, and kept the input.
        Some(status) if status.code() == Some(1) => return false,
        Some(status) => format!("died: {status}"),
        None => "hangs".to_owned(),
    };
    match driver::last_input(&last).map(|input| corpus::keep(target.name, "died", &input)) {
        Some(path) => println!("{:<18} {how}, at {}", target.name, path.display()),
        None => println!("{:<18} {how}, before any input", target.name),
    }
    false
}

/// In the process of one target.
fn explore(target: &Target) -> ExitCode {
    let last = PathBuf::from(std::env::var_os(LAST).unwrap());
    let mut driver = Driver::open(target, &HEAP, &last).unwrap();
    // A panic before the first input is told as usual.
    driver::note_panics();
    let began = Instant::now();
    let enough = time().map_or(Enough::Inputs(target.usual), Enough::Time);
    match driver.explore(enough, number("BURSAR_SEED").unwrap_or(1)) {
        Ok(done) => {
            println!(
                "{:<18} {:>9} inputs in {} s, {} different outcomes, at most {} KiB",
                target.name,
                done.tried,
                began.elapsed().as_secs(),
                done.outcomes,
                done.memory / 1024,
            );
            ExitCode::SUCCESS
        }
        Err(broken) => {
            let path = corpus::keep(target.name, "broke", &broken.input);
            println!("{:<18} broken by {}\n{}", target.name, path.display(), broken.why);
            ExitCode::FAILURE
        }
    }
}
