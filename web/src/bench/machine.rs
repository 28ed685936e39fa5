//! What a figure was measured on, and how much memory this process has: read from Linux's own files.
//! Apart because a number without its machine is worth nothing.

use crate::serve::cores;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

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

/// The memory this process has in RAM, in bytes; 0 if unknown.
pub fn resident() -> u64 {
    field("/proc/self/status", "VmRSS:")
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
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    figure.unwrap_or(0) * 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_something() {
        let machine = Machine::this();
        assert!(machine.cores > 0 && machine.memory > resident() && resident() > 0);
        assert!(file_system(Path::new("/proc")).starts_with("proc"));
    }
}
