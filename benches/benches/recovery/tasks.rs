//! What is measured, one task to a process, and what it cost.

use crate::building::{self, ID_KEY};
use crate::silent::Silent;
use engine::clock::SystemClock;
use engine::{Engine, EngineOptions};
use snapshots::{Store, StoreOptions};
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What a task took.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Seconds by the clock.
    pub wall: f64,
    /// Seconds of all threads together.
    pub cpu: f64,
    /// Bytes read, or resident at the end.
    pub bytes: u64,
}

impl Cost {
    pub fn read(text: &str) -> Cost {
        let mut words = text.split_whitespace();
        let (wall, cpu) = (words.next().unwrap(), words.next().unwrap());
        let bytes = words.next().unwrap().parse().unwrap();
        Cost { wall: wall.parse().unwrap(), cpu: cpu.parse().unwrap(), bytes }
    }
}

/// Does the task, prints its cost, and ends as a killed process does: nothing is closed.
pub fn perform(task: &str, dir: &Path, live: u64) {
    let (data, plain) = (dir.join("data"), dir.join("plain"));
    let began = Instant::now();
    let bytes = match task {
        "build" => building::build(&data, live),
        "snapshot" => snapshot(&data, &plain, live),
        "read-log" => segments(&data),
        "read-snapshot" => read(&plain),
        "replay" => replay(&data),
        "recover" => recover(&data, live),
        other => panic!("there is no task {other}"),
    };
    println!("{:.6} {:.2} {bytes}", began.elapsed().as_secs_f64(), processor_time());
    std::process::exit(0);
}

fn segments(data: &Path) -> u64 {
    let entries = fs::read_dir(data.join("log")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "seg"))
        .map(|path| read(&path))
        .sum()
}

/// Reads a file from its beginning, into the same memory again and again.
fn read(path: &Path) -> u64 {
    let (mut file, mut space) = (File::open(path).unwrap(), vec![0; 256 * 1024]);
    let mut total = 0;
    loop {
        match file.read(&mut space).unwrap() {
            0 => return total,
            some => total += some as u64,
        }
    }
}

/// The store stays open: closing it is no part of the start.
fn replay(data: &Path) -> u64 {
    let options = StoreOptions { data_dir: data.to_owned(), ..StoreOptions::default() };
    let store = Store::open(options).unwrap();
    store.replay::<Infallible>(&mut |_| Ok(())).unwrap();
    std::mem::forget(store);
    resident()
}

fn recover(data: &Path, live: u64) -> u64 {
    let engine = Engine::prepare(EngineOptions::new(data, ID_KEY), Arc::new(SystemClock));
    let system = actix_rt::System::new();
    let found = system.block_on(engine.recover(vec![Arc::new(Silent::new())])).unwrap();
    assert_eq!(found.live, live);
    std::mem::forget((engine, system));
    resident()
}

/// Recovers, and stops in order: that takes a snapshot. Beside it, a file of as many bytes.
fn snapshot(data: &Path, plain: &Path, live: u64) -> u64 {
    let engine = Engine::prepare(EngineOptions::new(data, ID_KEY), Arc::new(SystemClock));
    actix_rt::System::new().block_on(async {
        let found = engine.recover(vec![Arc::new(Silent::new())]).await.unwrap();
        assert_eq!(found.live, live);
        engine.snapshot().await.unwrap();
        let taken = engine.gateway().store().unwrap().snapshots.newest().unwrap();
        fs::write(plain, vec![1; taken.bytes as usize]).unwrap();
        engine.stop().await;
        taken.bytes
    })
}

/// User and system time of the whole process, in seconds.
fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
