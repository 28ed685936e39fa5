//! What strace is told, and what it says: every call by which the gateway writes to its data directory, and the
//! one that is to go wrong. Apart because its counting decides what a round hits: strace counts calls of one name
//! for each thread, and only those that touch the path it was given.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// The calls by which something is written, or given or denied a name. The question mark: not every processor
/// has the old ones.
const WRITES: &str = "write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,fallocate,\
    ?rename,renameat,renameat2,?unlink,unlinkat,?rmdir,?mkdir,mkdirat,?link,linkat,?open,?creat,openat";

/// One call on files of the data directory.
#[derive(Clone, Debug)]
pub struct Call {
    pid: String,
    pub thread: String,
    pub name: String,
    /// Relative to the directory, which itself is ".".
    pub paths: Vec<String>,
    /// An open that makes no file changes nothing.
    writes: bool,
    pub injected: bool,
}

/// One place to hit: the n-th call of this name, by one thread, on this file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub name: String,
    /// By which it is aimed at.
    pub path: String,
    pub nth: u32,
    pub kind: String,
}

/// Call and kind of file: what a round covers.
pub type Pair = (String, String);

impl Target {
    pub fn pair(&self) -> Pair {
        (self.name.clone(), self.kind.clone())
    }

    /// Whether some thread came as far.
    pub fn is_reached_by(&self, calls: &[Call]) -> bool {
        let same = |one: &Target| one.nth == self.nth && one.path == self.path;
        targets(calls).iter().any(|one| one.name == self.name && same(one))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {} of {} ({})", self.name, self.nth, self.path, self.kind)
    }
}

/// What goes wrong at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process is killed in place of the call.
    Kill,
    /// The call fails with this error, this once.
    Once(&'static str),
    /// It and all later ones do.
    FromThenOn(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Kill => write!(to, "killed at"),
            Fault::Once(error) => write!(to, "{error} once at"),
            Fault::FromThenOn(error) => write!(to, "{error} from then on at"),
        }
    }
}

/// Whether there is one that works here.
pub fn works() -> bool {
    let tried =
        std::process::Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Tells every call and changes nothing. `-D`: the child is the gateway and not strace.
pub fn counting(log: &Path) -> Vec<String> {
    let (log, trace) = (log.to_str().unwrap(), &format!("trace={WRITES}"));
    words(&[
        "strace",
        "-D",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-y",
        "-Y",
        "-s0",
        "-o",
        log,
        "-e",
        trace,
    ])
}

/// Makes one target go wrong, in a data directory.
pub fn hitting(log: &Path, dir: &Path, target: &Target, fault: Fault) -> Vec<String> {
    let Target { name, path, nth, kind: _ } = target;
    let how = match fault {
        Fault::Kill => format!("signal=KILL:when={nth}"),
        Fault::Once(error) => format!("error={error}:when={nth}"),
        Fault::FromThenOn(error) => format!("error={error}:when={nth}+"),
    };
    let path = if path == "." { dir.to_owned() } else { dir.join(path) };
    let (log, path) = (log.to_str().unwrap(), path.to_str().unwrap());
    let (trace, inject) = (&format!("trace={name}"), &format!("inject={name}:{how}"));
    let mut all = words(&["strace", "-D", "-f", "-qq", "-y", "-Y", "-s0", "-o", log, "-P", path]);
    all.extend(words(&["-e", trace, "-e", inject]));
    if fault != Fault::Kill {
        // Where only the calls asked for stop, signals cannot be sent; errors can.
        all.push("--seccomp-bpf".to_owned());
    }
    all
}

/// The calls that a log tells of, on files in this directory, in its order.
pub fn calls(log: &str, dir: &Path) -> Vec<Call> {
    let dir = dir.to_str().unwrap();
    log.lines().filter_map(|line| call(line, dir)).collect()
}

/// `123<thread> name(arguments) = result`.
fn call(line: &str, dir: &str) -> Option<Call> {
    let (pid, rest) = line.split_once('<')?;
    let (thread, rest) = rest.split_once("> ")?;
    let (name, arguments) = rest.trim_start().split_once('(')?;
    if name.contains(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
        return None;
    }
    let mut paths: Vec<String> = Vec::new();
    for found in arguments.split(dir).skip(1) {
        let end = found.find(['"', '>']).unwrap_or(found.len());
        let path = found[..end].trim_end_matches(" (deleted)").trim_matches('/');
        // Another directory whose name goes on.
        if found.starts_with(['/', '"', '>']) {
            paths.push(if path.is_empty() { ".".to_owned() } else { path.to_owned() });
        }
    }
    let opens = matches!(name, "open" | "openat");
    let [pid, thread, name] = [pid.trim(), thread, name].map(str::to_owned);
    let writes = !opens || arguments.contains("O_CREAT");
    let injected = arguments.contains("(INJECTED)");
    (!paths.is_empty()).then_some(Call { pid, thread, name, paths, writes, injected })
}

/// Every place that these calls give to be hit. A file with a random name cannot be aimed at before it is there.
pub fn targets(calls: &[Call]) -> BTreeSet<Target> {
    let mut counted: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for call in calls {
        let touched: BTreeSet<&str> = call.paths.iter().map(String::as_str).collect();
        for path in touched {
            *counted.entry((&call.pid, &call.name, path)).or_default() += 1;
        }
        // Of what is given another name, the old one: segments are named by what happens to stand in them.
        let Some(path) = call.paths.iter().find(|path| !path.contains("/.tmp")) else { continue };
        if call.writes {
            let nth = counted[&(call.pid.as_str(), call.name.as_str(), path.as_str())];
            let kind = kind(&call.paths[call.paths.len() - 1]);
            found.insert(Target { name: call.name.clone(), path: path.clone(), nth, kind });
        }
    }
    found
}

/// A path without what differs between files of its kind.
pub fn kind(path: &str) -> String {
    let piece = |piece: &str| {
        let hex = |part: &str| part.len() >= 8 && part.chars().all(|one| one.is_ascii_hexdigit());
        let parts: Vec<&str> = piece.split(['.', '-']).collect();
        if piece.starts_with(".tmp") {
            return ".tmp#".to_owned();
        }
        let mut plain = piece.to_owned();
        parts.iter().filter(|part| hex(part)).for_each(|part| plain = plain.replace(part, "#"));
        let mut short = String::new();
        for letter in plain.chars() {
            let letter = if letter.is_ascii_digit() { '#' } else { letter };
            if letter != '#' || !short.ends_with('#') {
                short.push(letter);
            }
        }
        short
    };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}
