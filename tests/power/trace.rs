//! What strace wrote, read back: every call that may change a file or tell somebody something, with the
//! places at which it began and ended. Apart from what the calls mean, because this is a text format.
//!
//! Places are in one order over all threads: twice the line's number, and one more for an end. A thread
//! whose call has ended does nothing before strace has seen the end, so whatever follows from it is at a
//! later place.

use std::collections::HashMap;

/// A system call as it was written down.
#[derive(Debug)]
pub struct Call {
    pub begin: u64,
    pub end: u64,
    pub name: String,
    pub arguments: Vec<String>,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Returned(i64),
    Failed,
    /// Its process was killed meanwhile.
    Unseen,
}

/// Calls traced. Whatever else could change a file or its name would be a gap in the recording, so those
/// that are not known to `calls` are traced too, and refused there.
pub const TRACED: &str = "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,\
    fallocate,lseek,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,\
    rmdir,fsync,fdatasync,sync_file_range,msync,mmap,sync,syncfs,copy_file_range,sendfile,splice,sendto,\
    sendmsg,sendmmsg,close,dup,dup2,dup3,fcntl,io_uring_setup";

/// Reads a recording whose first line has the number `first`; also the number behind its last line.
pub fn read(text: &str, first: u64) -> (Vec<Call>, u64) {
    let mut calls = Vec::new();
    let mut begun: HashMap<&str, (u64, String)> = HashMap::new();
    let mut number = first;
    for line in text.lines() {
        number += 1;
        let (thread, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start();
        if let Some(before) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (2 * number, before.to_owned()));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let behind = resumed.split_once(" resumed>").map_or("", |(_, behind)| behind);
            if let Some((begin, before)) = begun.remove(thread) {
                calls.extend(call(&format!("{before}{behind}"), begin, 2 * number + 1));
            }
        } else {
            calls.extend(call(rest, 2 * number, 2 * number + 1));
        }
    }
    // A call that nobody saw the end of was under way when its process was killed. The kernel carries out what
    // it has begun with a file, but may not have begun; a sync among them has promised nothing.
    calls.extend(begun.into_values().filter_map(|(begin, before)| {
        let (name, rest) = before.split_once('(')?;
        let (name, arguments) = (name.to_owned(), split(rest));
        Some(Call { begin, end: 2 * number + 1, name, arguments, outcome: Outcome::Unseen })
    }));
    // By their ends, for then they had happened. But a number is free for others as soon as its closing has
    // begun, and may be opened again before that has ended.
    let happened = |call: &Call| if call.name == "close" { call.begin } else { call.end };
    calls.sort_by_key(|call| (happened(call), call.begin));
    (calls, number)
}

fn call(text: &str, begin: u64, end: u64) -> Option<Call> {
    // "--- SIGTERM" and "+++ exited" are no calls.
    let (name, rest) = text.split_once('(')?;
    if name.contains(' ') {
        return None;
    }
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    let digits = result.split(|c: char| !(c.is_ascii_digit() || c == '-')).next()?;
    let outcome = match digits.parse() {
        Ok(number) if number >= 0 => Outcome::Returned(number),
        // "?": nobody was left to be told.
        _ if result.starts_with('?') => Outcome::Unseen,
        _ => Outcome::Failed,
    };
    Some(Call { begin, end, name: name.to_owned(), arguments: split(arguments), outcome })
}

/// At the commas that are in no bracket. Texts are all hexadecimal, so nothing in them looks like one.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[from..at].trim().to_owned());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim().to_owned());
    parts
}

/// The bytes of all texts in an argument, one behind the other: of a buffer, a path, a vector of buffers.
pub fn bytes(argument: &str) -> Vec<u8> {
    assert!(!argument.ends_with("..."), "strace cut a text short");
    let mut found = Vec::new();
    for (nth, piece) in argument.split('"').enumerate() {
        if nth % 2 == 1 {
            found.extend(hexadecimal(piece));
        }
    }
    found
}

/// Of `\x2f\x74`.
pub fn hexadecimal(text: &str) -> impl Iterator<Item = u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks_exact(4).map(move |code| 16 * digit(code[2]) + digit(code[3]))
}

/// The number of a descriptor, and what strace says it stands for.
pub fn descriptor(argument: &str) -> (i64, String) {
    let (number, rest) = argument.split_once('<').unwrap_or((argument, ""));
    let name = hexadecimal(rest.split('>').next().unwrap_or("")).collect();
    (number.trim().parse().unwrap_or(-1), String::from_utf8(name).unwrap_or_default())
}
