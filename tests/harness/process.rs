//! The gateway and the sandbox as processes of their own, to be killed. The binary under test is
//! the test itself, run again with the command line of the gateway.

use crate::client::Client;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A child process that printed where it listens.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Starts the command line and waits for `marker http://…` on its standard output.
    pub fn start(arguments: &[&str], marker: &str) -> Process {
        Process::start_with(arguments, marker, &[])
    }

    /// The same with more in its environment.
    pub fn start_with(arguments: &[&str], marker: &str, more: &[(&str, &str)]) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .env("BURSAR__STORE__SEGMENT_BYTES", "4194304")
            .env("BURSAR__ENGINE__SNAPSHOT_EVERY", "400")
            .env("BURSAR__LOG__LEVEL", "error,actix_http=off")
            .envs(more.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let Some(Ok(line)) = lines.next() else { panic!("{arguments:?} ended too early") };
            if let Some(url) = line.strip_prefix(marker) {
                break url.trim().to_owned();
            }
        };
        // The rest is read and forgotten, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        Process { child, url }
    }

    /// Its number for the kernel.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// No goodbye.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    /// A story that fails leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The merchant's client for a gateway that runs on this directory.
pub fn merchant(url: &str, data_dir: &Path) -> Client {
    let keys = std::fs::read_to_string(data_dir.join("dev-keys.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    Client::new(url, keys["merchant_key"].as_str().unwrap())
}
