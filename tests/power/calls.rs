//! What the recorded calls did: to files of the data directory, and towards those who were told or asked
//! something. Apart from the file system's model, because descriptors are a matter of the process.

use crate::trace::{Call, Outcome, bytes, descriptor};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An effect, with the places at which its call began and ended.
#[derive(Clone, Debug)]
pub struct Effect {
    pub begin: u64,
    pub end: u64,
    /// Nobody saw its end: it may never have begun.
    pub unseen: bool,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// A file is there from now on, with this number; the model knows whether it was before.
    Open {
        path: PathBuf,
        create: bool,
        truncate: bool,
        opening: u64,
    },
    Write {
        opening: u64,
        at: At,
        bytes: Arc<[u8]>,
    },
    /// The opening stands there from now on.
    Seek {
        opening: u64,
        to: u64,
    },
    Truncate {
        opening: u64,
        length: u64,
    },
    Allocate {
        opening: u64,
        length: u64,
    },
    /// `fsync`, or `fdatasync`.
    Sync {
        opening: u64,
        metadata: bool,
    },
    MakeDirectory(PathBuf),
    Rename(PathBuf, PathBuf),
    /// Of a file or a directory.
    Remove(PathBuf),
    /// To somebody outside.
    Send(Vec<u8>),
}

/// Where a write goes.
#[derive(Clone, Copy, Debug)]
pub enum At {
    Offset(u64),
    /// Where the opening stands.
    Next,
    End,
}

/// Reads the effects under `root` of one process out of its calls. Openings are counted from `first`;
/// also the number behind the last one.
pub fn effects(calls: &[Call], root: &Path, first: u64) -> (Vec<Effect>, u64) {
    let mut process = Process { root, next: first, open: HashMap::new() };
    let mut found = Vec::new();
    for call in calls {
        if let Some(what) = process.effect(call) {
            let unseen = call.outcome == Outcome::Unseen;
            found.push(Effect { begin: call.begin, end: call.end, unseen, what });
        }
    }
    (found, process.next)
}

/// The descriptors of a process.
struct Process<'r> {
    root: &'r Path,
    next: u64,
    /// By number: the opening, and whether it appends.
    open: HashMap<i64, (u64, bool)>,
}

impl Process<'_> {
    fn effect(&mut self, call: &Call) -> Option<What> {
        let argument = |nth: usize| call.arguments.get(nth).map_or("", String::as_str);
        let number = |nth: usize| argument(nth).parse::<u64>().unwrap_or(0);
        match call.name.as_str() {
            "openat" => self.open(call),
            "close" => {
                self.open.remove(&descriptor(argument(0)).0);
                None
            }
            "dup" | "dup2" | "dup3" => self.copy(argument(0), call),
            "fcntl" if argument(1).starts_with("F_DUPFD") => self.copy(argument(0), call),
            "write" | "writev" | "sendto" | "sendmsg" => self.write(call, None),
            "pwrite64" => self.write(call, Some(number(3))),
            "ftruncate" => {
                let (opening, _) = self.opening(argument(0))?;
                Some(What::Truncate { opening, length: number(1) })
            }
            "fallocate" => {
                let (opening, _) = self.opening(argument(0))?;
                assert!(argument(1) == "0" && number(2) == 0, "an allocation of another kind");
                Some(What::Allocate { opening, length: number(3) })
            }
            "fsync" | "fdatasync" => {
                let Outcome::Returned(_) = call.outcome else { return None };
                let (opening, _) = self.opening(argument(0))?;
                Some(What::Sync { opening, metadata: call.name == "fsync" })
            }
            "lseek" => match call.outcome {
                Outcome::Returned(to) => {
                    let (opening, _) = self.opening(argument(0))?;
                    Some(What::Seek { opening, to: to as u64 })
                }
                _ => None,
            },
            "mkdir" => self.named(call, 0).map(What::MakeDirectory),
            "unlink" | "rmdir" => self.named(call, 0).map(What::Remove),
            "unlinkat" => self.named(call, 1).map(What::Remove),
            "rename" => Some(What::Rename(self.named(call, 0)?, self.named(call, 1)?)),
            "renameat" | "renameat2" => {
                Some(What::Rename(self.named(call, 1)?, self.named(call, 3)?))
            }
            _ => self.harmless(call),
        }
    }

    /// Reading needs no model, and `sync_file_range` promises nothing after a power cut.
    fn harmless(&self, call: &Call) -> Option<What> {
        let descriptor_at = match call.name.as_str() {
            "mmap" if call.arguments.get(3).is_none_or(|flags| !flags.contains("MAP_SHARED")) => {
                return None;
            }
            "mmap" => 4,
            "fcntl" | "sync_file_range" => return None,
            _ => 0,
        };
        let about = call.arguments.get(descriptor_at).map_or("", String::as_str);
        let path = if about.starts_with('"') { path_of(about) } else { descriptor(about).1.into() };
        assert!(
            !path.starts_with(self.root),
            "{} of {} is not modelled",
            call.name,
            path.display()
        );
        None
    }

    fn open(&mut self, call: &Call) -> Option<What> {
        let Outcome::Returned(number) = call.outcome else { return None };
        let flags = call.arguments.get(2)?;
        let path = self.named(call, 1)?;
        let opening = self.next;
        self.next += 1;
        self.open.insert(number, (opening, flags.contains("O_APPEND")));
        let (create, truncate) = (flags.contains("O_CREAT"), flags.contains("O_TRUNC"));
        Some(What::Open { path, create, truncate, opening })
    }

    fn copy(&mut self, from: &str, call: &Call) -> Option<What> {
        let Outcome::Returned(to) = call.outcome else { return None };
        let opening = self.opening(from)?;
        self.open.insert(to, opening);
        None
    }

    fn write(&self, call: &Call, offset: Option<u64>) -> Option<What> {
        // Buffers are the second argument of all of them; a message's are within it.
        let text = call.arguments.get(1)?;
        let Some((opening, appends)) = self.opening(&call.arguments[0]) else {
            let (_, name) = descriptor(&call.arguments[0]);
            return name.starts_with("socket:").then(|| What::Send(bytes(text)));
        };
        let mut bytes = bytes(text);
        match call.outcome {
            Outcome::Returned(written) => bytes.truncate(written as usize),
            Outcome::Failed => return None,
            Outcome::Unseen => {}
        }
        let at = match offset {
            Some(offset) => At::Offset(offset),
            None if appends => At::End,
            None => At::Next,
        };
        Some(What::Write { opening, at, bytes: bytes.into() })
    }

    fn opening(&self, argument: &str) -> Option<(u64, bool)> {
        let (number, name) = descriptor(argument);
        let opening = self.open.get(&number).copied();
        assert!(
            opening.is_some() || !Path::new(&name).starts_with(self.root),
            "who opened {name}?"
        );
        opening
    }

    /// The path in this argument, if it is one of ours and the call did not fail.
    fn named(&self, call: &Call, nth: usize) -> Option<PathBuf> {
        if call.outcome == Outcome::Failed {
            return None;
        }
        let mut path = path_of(call.arguments.get(nth)?);
        if path.is_relative() && nth > 0 {
            let (_, folder) = descriptor(&call.arguments[nth - 1]);
            path = Path::new(&folder).join(path);
        }
        path.starts_with(self.root).then_some(path)
    }
}

fn path_of(argument: &str) -> PathBuf {
    String::from_utf8(bytes(argument)).unwrap_or_default().into()
}
