//! A gateway lives under strace: it starts, is given work, is killed, starts again, ends. Apart from what the
//! calls mean, because this is the only part with processes.

use crate::calls::{Effect, effects};
use crate::merchants;
use crate::trace::{TRACED, read};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tests::Receiver;
use tests::process::Process;
use web::cli::{Failure, Output};
use web::config::{Inputs, load};

/// Small, so that several are filled.
pub const SEGMENT_BYTES: u64 = 64 * 1024;

/// A recording: what was done, and the directory as it was in the end.
pub struct Recording {
    /// Of its own: the traces, and the root in which the data directory lies.
    pub folder: PathBuf,
    pub effects: Vec<Effect>,
    /// The place behind the last call.
    pub end: u64,
}

/// How a gateway's life ends.
#[derive(Clone, Copy)]
enum Ending {
    Killed,
    Asked,
}

const ENDINGS: [Ending; 3] = [Ending::Killed, Ending::Asked, Ending::Killed];

impl Recording {
    /// Reads what was recorded in this folder, which must lie where it lay then.
    pub fn of(folder: PathBuf) -> Recording {
        let mut recording = Recording { folder, effects: Vec::new(), end: 0 };
        let mut openings = 0;
        for life in 0..ENDINGS.len() {
            let text = fs::read_to_string(recording.trace(life)).unwrap();
            let (calls, last) = read(&text, recording.end / 2);
            let (found, next) = effects(&calls, &recording.root(), openings);
            recording.effects.extend(found);
            (recording.end, openings) = (2 * last + 2, next);
        }
        recording
    }

    /// What the data directory lies in.
    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    fn trace(&self, life: usize) -> PathBuf {
        self.folder.join(format!("trace-{life}"))
    }
}

/// Whether there is an strace, and it may look at its own children.
pub fn strace_works() -> bool {
    let mut tried = Command::new("strace");
    tried.args(["-f", "--seccomp-bpf", "-e", "trace=close", "-o", "/dev/null", "true"]);
    tried.stdout(Stdio::null()).stderr(Stdio::null());
    tried.status().is_ok_and(|status| status.success())
}

/// Lives through everything once, in this folder.
pub async fn record(folder: PathBuf) {
    let recording = Recording { folder, effects: Vec::new(), end: 0 };
    fs::create_dir(recording.root()).unwrap();
    let sandbox = Process::start(&["sandbox", "--bind", "127.0.0.1:0"], "sandbox on ");
    let receiver = Receiver::start();
    for (life, ending) in ENDINGS.into_iter().enumerate() {
        let gateway = Traced::start(&recording.trace(life), &recording.data(), &sandbox.url);
        merchants::work(&gateway.url, &recording.data(), life as u32, &receiver).await;
        gateway.end(ending);
    }
    sandbox.kill();
}

/// A gateway under strace.
struct Traced {
    strace: Child,
    process: String,
    url: String,
}

impl Traced {
    fn start(written: &Path, data: &Path, sandbox: &str) -> Traced {
        let mut strace = Command::new("strace")
            .args(["-f", "-y", "-qq", "-xx", "-s", "2000000", "--seccomp-bpf", "-e", "signal=none"])
            .args(["-e", &format!("trace={TRACED}"), "-o"])
            .arg(written)
            .arg(std::env::current_exe().unwrap())
            .arg("gateway")
            .arg(data)
            .arg(sandbox)
            .env("BURSAR__ENGINE__SNAPSHOT_EVERY", "150")
            .env("BURSAR__STORE__INTENT_LEDGER", data.with_file_name("ledger"))
            .env("BURSAR__SERVER__WORKERS", "2")
            .env("BURSAR__SANDBOX__TIMEOUT", "400ms")
            // On a busy machine answers come too late now and then, and are asked for.
            .env("BURSAR__SANDBOX__VISIBILITY_LAG", "500ms")
            .env("BURSAR__SANDBOX__POLL_FIRST", "50ms")
            .env("BURSAR__SANDBOX__POLL_CAP", "500ms")
            .env("BURSAR__LOG__LEVEL", "error,actix_http=off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(strace.stdout.take().unwrap()).lines();
        let mut told = |marker: &str| loop {
            let Some(Ok(line)) = lines.next() else { panic!("the gateway ended too early") };
            if let Some(rest) = line.strip_prefix(marker) {
                break rest.trim().to_owned();
            }
        };
        let (process, url) = (told("process "), told("listening on "));
        std::thread::spawn(move || lines.for_each(drop));
        Traced { strace, process, url }
    }

    /// strace ends when the gateway has.
    fn end(mut self, ending: Ending) {
        let signal = match ending {
            Ending::Killed => "-KILL",
            Ending::Asked => "-TERM",
        };
        let sent = Command::new("kill").args([signal, &self.process]).status();
        assert!(sent.unwrap().success(), "the gateway was gone already");
        self.strace.wait().unwrap();
    }
}

impl Drop for Traced {
    /// A story that fails leaves no process behind.
    fn drop(&mut self) {
        if let Ok(None) = self.strace.try_wait() {
            let _ = Command::new("kill").args(["-KILL", &self.process]).status();
            let _ = self.strace.wait();
        }
    }
}

/// The gateway itself: `bursar serve` with segments that are smaller than anybody may configure.
pub fn serve(data: &str, sandbox: &str) -> Result<(), Failure> {
    println!("process {}", std::process::id());
    let mut inputs = Inputs::of_process(None);
    inputs.flags.extend([
        ("--bind", "server.bind", "127.0.0.1:0".to_owned()),
        ("--data-dir", "store.data_dir", data.to_owned()),
        ("--sandbox", "sandbox.url", sandbox.to_owned()),
    ]);
    let mut config = load(&inputs).map_err(Failure::usage)?;
    config.store.segment_bytes = SEGMENT_BYTES;
    config.store.frame_bytes = SEGMENT_BYTES as usize / 4;
    web::serve::run(config, &Output::new(false))
}
