//! What commands answer, on standard output: lines for people, or JSON for programs. Apart because a
//! reader that went away must end no gateway, and because whoever waits for a line must get it at once.

use serde_json::Value;
use std::io::{self, Write};

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
    let mut out = io::stdout().lock();
    // A closed pipe is its reader's business.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
