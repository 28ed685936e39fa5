//! What a figure was measured on, and what a process has used for it: read from Linux's own files.
//! Apart because a number without its machine is worth nothing.

use crate::serve::cores;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Cores this process may use.
    pub cores: usize,
    /// Memory, in bytes; 0 if unknown.
    pub memory: u64,
}

impl Machine {
    /// This one.
    pub fn this() -> Machine {
        Machine { cores: cores(), memory: field("/proc/meminfo", "MemTotal:") }
    }

    /// For people.
    pub fn text(&self) -> String {
        let tenths = self.memory / (1 << 20) * 10 / 1_024;
        format!("{} cores, {}.{} GiB of memory", self.cores, tenths / 10, tenths % 10)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "cores": self.cores, "memory_bytes": self.memory })
    }
}

/// What a process has used until now; 0 where it is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Memory in RAM, in bytes.
    pub resident: u64,
    /// Processor time of all of its threads that still are.
    pub processor: Duration,
    /// Bytes that it caused to be written to the disk.
    pub written: u64,
    /// Bytes that it handed to the kernel to write, to sockets too.
    pub handed_over: u64,
}

impl Usage {
    /// Of this process.
    pub fn of(process: u32) -> Usage {
        let io = fs::read_to_string(format!("/proc/{process}/io")).unwrap_or_default();
        Usage {
            resident: field(&format!("/proc/{process}/status"), "VmRSS:"),
            processor: processor(process),
            written: number(&io, "write_bytes:"),
            handed_over: number(&io, "wchar:"),
        }
    }
}

/// The scheduler counts nanoseconds for each thread.
fn processor(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let nanos = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// What all threads of a process have used, those that have ended too: in hundredths of a second, which is
/// too coarse for a process that does nothing.
pub fn processor_of_all(process: u32) -> Duration {
    ticks(&fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default())
}

/// For itself and for the kernel in its name, in Linux's hundredths of a second.
fn ticks(stat: &str) -> Duration {
    // The program's name may have spaces in it, and ends with the last bracket.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// The kind of file system a path is on; an fsync on `tmpfs` reaches no disk.
pub fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let holding = mounted.filter(|(point, _)| path.starts_with(point));
    // Later mounts hide earlier ones on the same point.
    let nearest = holding.max_by_key(|(point, _)| point.len());
    nearest.map_or_else(|| "unknown".to_owned(), |(_, kind)| kind.to_owned())
}

/// A figure in KiB from one of the kernel's tables, in bytes.
fn field(file: &str, name: &str) -> u64 {
    number(&fs::read_to_string(file).unwrap_or_default(), name) * 1_024
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    figure.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_something() {
        let machine = Machine::this();
        let usage = Usage::of(std::process::id());
        assert!(machine.cores > 0 && machine.memory > usage.resident && usage.resident > 0);
        assert!(!usage.processor.is_zero());
        assert!(file_system(Path::new("/proc")).starts_with("proc"));
    }

    #[test]
    fn threads_that_have_ended_are_counted_too() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 90 0 0 0 25 4 0 0 20 0 3 0 1";
        assert_eq!(ticks(stat), Duration::from_millis(290));
        assert!(ticks("").is_zero());
    }
}
