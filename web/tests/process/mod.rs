//! Running the built binary: to its end, or until it is told to stop.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "not every binary of tests does all of it")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// It, and what the machine has set is none of its business.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bursar"));
    command.args(args).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BURSAR__")) {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub fn bursar(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// What it answered.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it said about itself.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A process that runs until it is stopped; killed when the test ends before that.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it.
    pub fn start(args: &[&str]) -> Running {
        Running::of(&mut command(args))
    }

    /// The same, with what it says about itself in a file.
    pub fn heard_in(file: &Path, args: &[&str]) -> Running {
        Running::begun(command(args).stderr(File::create(file).unwrap()))
    }

    /// Starts one that is set up already.
    pub fn of(command: &mut Command) -> Running {
        Running::begun(command.stderr(Stdio::null()))
    }

    fn begun(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Running { child, lines }
    }

    /// Waits for the line that holds this. Of an announced address, the answer is the address.
    pub fn line(&mut self, wanted: &str) -> String {
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if line.contains(wanted) {
                let address = line.find("http://").filter(|_| wanted.ends_with("http://"));
                return line[address.unwrap_or(0)..].trim_end().to_owned();
            }
            line.clear();
        }
        panic!("it ended without saying {wanted:?}");
    }

    /// Sends a signal and waits for the end.
    pub fn stop(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole answer to a GET.
pub fn get(address: &str, path: &str) -> String {
    exchange(address, &format!("GET {path} HTTP/1.1"), "", "")
}

/// The whole answer to a POST of JSON, with these header lines.
pub fn post(address: &str, path: &str, headers: &str, body: &str) -> String {
    let headers = format!("Content-Type: application/json\r\n{headers}");
    exchange(address, &format!("POST {path} HTTP/1.1"), &headers, body)
}

pub fn exchange(address: &str, first: &str, headers: &str, body: &str) -> String {
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{first}\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
