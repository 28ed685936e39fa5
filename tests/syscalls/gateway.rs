//! A gateway as a process of its own that may end before it listens: under strace, or with a clock that a
//! story turns. Apart from the harness's `Process`, which takes an early end for the story's end.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tests::Client;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Whatever takes longer has stopped for ever. Generous: the machine may be busy with other things.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// How both sides are set up: small segments, and a provider whose days are milliseconds.
pub const SETTINGS: [(&str, &str); 13] = [
    ("BURSAR__STORE__SEGMENT_BYTES", "1048576"),
    ("BURSAR__STORE__FRAME_BYTES", "262144"),
    ("BURSAR__SERVER__WORKERS", "1"),
    ("BURSAR__ENGINE__PARTITIONS", "2"),
    ("BURSAR__SCRUB__EVERY", "0s"),
    ("BURSAR__SANDBOX__TIMEOUT", "500ms"),
    ("BURSAR__SANDBOX__VISIBILITY_LAG", "500ms"),
    ("BURSAR__SANDBOX__SETTLE_AFTER", "20ms"),
    ("BURSAR__SANDBOX__POLL_FIRST", "50ms"),
    ("BURSAR__SANDBOX__POLL_CAP", "500ms"),
    ("BURSAR__WEBHOOKS__TIMEOUT", "5s"),
    ("BURSAR__LOG__LEVEL", "warn,actix_http=off"),
    ("RUST_BACKTRACE", "0"),
];

/// A gateway that was started.
pub struct Gateway {
    child: Child,
    lines: UnboundedReceiver<String>,
    said: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
    dir: PathBuf,
    pub url: String,
}

impl Gateway {
    /// Starts it on this directory: the command line of the gateway behind whatever is to run it.
    pub fn start(dir: &Path, sandbox: &str, before: &[String], more: &[(&str, &str)]) -> Gateway {
        let own = std::env::current_exe().unwrap();
        let mut words = before.to_vec();
        words.push(own.to_str().unwrap().to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["serve", "--bind", "127.0.0.1:0", "--sandbox", sandbox]);
        command.arg("--data-dir").arg(dir).envs(SETTINGS).envs(more.iter().copied());
        command.env("BURSAR__STORE__INTENT_LEDGER", dir.join("ledger"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = unbounded_channel();
        let printed = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            // The rest is read and forgotten, so that the pipe never fills.
            printed.map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        let said = Arc::new(Mutex::new(String::new()));
        let (mut errors, heard) = (child.stderr.take().unwrap(), said.clone());
        let listener = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = errors.read(&mut piece) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..read]));
            }
        });
        let listener = Some(listener);
        Gateway { child, lines, said, listener, dir: dir.to_owned(), url: String::new() }
    }

    /// Whether it came as far as listening.
    pub async fn listens(&mut self) -> bool {
        let heard = tokio::time::timeout(DEADLINE, async {
            while let Some(line) = self.lines.recv().await {
                if let Some(url) = line.strip_prefix("listening on ") {
                    self.url = url.trim().to_owned();
                    return true;
                }
            }
            false
        });
        heard.await.unwrap_or(false)
    }

    /// Whether it listened, and is through with its recovery.
    pub async fn is_ready(&mut self) -> bool {
        if !self.listens().await {
            return false;
        }
        let client = Client::new(&self.url, "nobody's");
        let began = Instant::now();
        while began.elapsed() < DEADLINE {
            match client.send(client.request("GET", "/readyz")).await {
                Some(answer) if answer.status == 200 => return true,
                None if self.has_ended() => return false,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        false
    }

    /// The merchant's client, or the operator's.
    pub fn client(&self, key: &str) -> Client {
        let keys = std::fs::read_to_string(self.dir.join("dev-keys.json")).unwrap();
        let keys: Value = serde_json::from_str(&keys).unwrap();
        Client::new(&self.url, keys[key].as_str().unwrap())
    }

    /// What it wrote to standard error so far; all of it, if it has ended.
    pub fn said(&mut self) -> String {
        if self.has_ended()
            && let Some(listener) = self.listener.take()
        {
            listener.join().unwrap();
        }
        self.said.lock().unwrap().clone()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// The same, also if it is only about to: it has let go of its output.
    pub async fn ends_by_itself(&mut self) -> bool {
        match self.lines.is_closed() {
            true => self.ends().await.is_some(),
            false => self.has_ended(),
        }
    }

    /// No goodbye.
    pub fn kill(&mut self) -> ExitStatus {
        let _ = self.child.kill();
        self.child.wait().unwrap()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        // One that has ended already needs no telling.
        let _ = kill_process(pid, signal);
    }

    /// Its end, if it comes in time.
    pub async fn ends(&mut self) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < DEADLINE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        None
    }

    /// Whoever wrote to the same output has ended, too: strace has finished what it writes.
    pub async fn quiet(&mut self) {
        let rest = async { while self.lines.recv().await.is_some() {} };
        let _ = tokio::time::timeout(DEADLINE, rest).await;
    }
}

impl Drop for Gateway {
    /// A story that fails leaves no process behind.
    fn drop(&mut self) {
        self.kill();
    }
}
