//! A process of this very binary, started by the bench and ended with it: what it announces as JSON lines,
//! how it is killed, what it has used. Apart from what it is told to do.

use super::machine;
use super::site::Site;
use crate::cli::Failure;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{self, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long a process may take to say the next thing; a recovery of many millions takes long.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running process.
pub struct Child {
    process: process::Child,
    events: mpsc::UnboundedReceiver<(Instant, Value)>,
    began: Instant,
    log: PathBuf,
}

impl Child {
    /// Starts it. What it writes about itself goes to a file.
    pub fn start(site: &Site<'_>, args: &[&OsStr]) -> Result<Child, Failure> {
        let log = site.ground.fresh();
        let program = std::env::current_exe().map_err(Failure::failed)?;
        let mut command = Command::new(program);
        command.arg("--json").args(args).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(&log).map_err(Failure::failed)?);
        // It is told everything that counts in its own file.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BURSAR__") {
                command.env_remove(name);
            }
        }
        let began = Instant::now();
        let mut process = command.spawn().map_err(Failure::failed)?;
        let (tell, events) = mpsc::unbounded_channel();
        if let Some(lines) = process.stdout.take() {
            std::thread::spawn(move || read(lines, &tell));
        }
        Ok(Child { process, events, began, log })
    }

    /// Waits until it says this, and tells how long after its start that was.
    pub async fn said(&mut self, event: &str) -> Result<(Duration, Value), Failure> {
        loop {
            match tokio::time::timeout(PATIENCE, self.events.recv()).await {
                Ok(Some((at, said))) if said["event"] == event => {
                    return Ok((at.saturating_duration_since(self.began), said));
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(self.lost(event)),
            }
        }
    }

    /// Waits for the address that it announces with this.
    pub async fn address(&mut self, event: &str) -> Result<SocketAddr, Failure> {
        let (_, said) = self.said(event).await?;
        let url = said["url"].as_str().unwrap_or_default();
        let address = url.strip_prefix("http://").and_then(|address| address.parse().ok());
        address.ok_or_else(|| Failure::failed(format!("\"{url}\" is no address")))
    }

    /// What it has used until now.
    pub fn usage(&self) -> machine::Usage {
        machine::Usage::of(self.process.id())
    }

    /// kill -9, and waits for the end.
    pub fn kill(&mut self) {
        // One that has ended already is as dead.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    fn lost(&self, event: &str) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().last().unwrap_or("nothing else");
        Failure::failed(format!("a process of the bench did not say \"{event}\"; it said: {last}"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read(lines: ChildStdout, tell: &mpsc::UnboundedSender<(Instant, Value)>) {
    for line in BufReader::new(lines).lines().map_while(Result::ok) {
        let Ok(said) = serde_json::from_str(&line) else { continue };
        if tell.send((Instant::now(), said)).is_err() {
            return;
        }
    }
}
