//! What commands answer, on standard output: lines for people, or JSON for programs. Apart because a
//! reader that went away must end no gateway, and because whoever waits for a line must get it at once.

use super::Failure;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::OnceLock;

/// Why an answer did not get out, if one did not. There is one standard output.
static LOST: OnceLock<String> = OnceLock::new();

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// In JSON, or for people.
    pub fn new(json: bool) -> Output {
        Output { json }
    }

    /// The answer in the form that was asked for.
    pub fn say(&self, text: &str, json: &Value) {
        if self.json { self.json_only(json) } else { write(text) }
    }

    /// The same for what is told once and never again.
    ///
    /// # Errors
    /// It did not get out, for whatever reason.
    pub fn say_for_sure(&self, text: &str, json: &Value) -> io::Result<()> {
        if self.json { try_to_write(&json.to_string()) } else { try_to_write(text) }
    }

    /// Whether what is written goes to where nobody reads. A shell that closes standard output leads there, too:
    /// the library that every program starts with puts this in its place.
    pub fn leads_nowhere() -> bool {
        let (out, nowhere) = (rustix::fs::fstat(io::stdout()), rustix::fs::stat("/dev/null"));
        matches!((out, nowhere), (Ok(out), Ok(nowhere)) if out.st_rdev == nowhere.st_rdev)
    }

    /// What is to be told at the end.
    ///
    /// # Errors
    /// An answer did not get out although somebody was there to read it.
    pub fn ended(&self) -> Result<(), Failure> {
        match LOST.get() {
            Some(why) => Err(Failure::failed(format!("standard output: {why}"))),
            None => Ok(()),
        }
    }

    /// For people; a program does not see it.
    pub fn text_only(&self, text: &str) {
        if !self.json {
            write(text);
        }
    }

    /// For programs; people do not see it.
    pub fn json_only(&self, json: &Value) {
        if self.json {
            write(&json.to_string());
        }
    }

    /// Whether nobody asked for JSON.
    pub fn is_read_as_text(&self) -> bool {
        !self.json
    }

    /// Whether a person reads along on a terminal.
    pub fn is_watched(&self) -> bool {
        !self.json && io::IsTerminal::is_terminal(&io::stderr())
    }
}

fn write(line: &str) {
    match try_to_write(line) {
        // A closed pipe is its reader's business.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            LOST.get_or_init(|| error.to_string());
        }
        _ => {}
    }
}

fn try_to_write(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush())
}
