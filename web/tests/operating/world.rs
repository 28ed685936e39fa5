//! The world that a page assumes: a folder with a gateway in it that serves at an address, a shell in that
//! folder that finds `bursar`, and places such as `/srv` that are elsewhere here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::process::{self, Running};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Ends what a command has said; nobody says this by chance.
const MARK: &str = "--- it has ended with";

/// A folder, its gateway, and a shell.
pub struct World {
    folder: TempDir,
    port: u16,
    gateway: Option<Running>,
    shell: Shell,
    /// What stands for what on the page.
    stands_for: Vec<(&'static str, String)>,
}

struct Shell {
    child: Child,
    stdin: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl World {
    /// Nothing serves yet.
    pub fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "srv", "mnt/other", "backups"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let here = PathBuf::from(env!("CARGO_BIN_EXE_bursar"));
        std::os::unix::fs::symlink(here, folder.path().join("bin/bursar")).unwrap();
        // Free a moment ago; a start that finds it taken says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut shell = command("sh", &folder, port);
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, said) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let shell = Shell { child, stdin, said: BufReader::new(said) };
        let path = |name: &str| format!("{}/{name}", folder.path().to_str().unwrap());
        let stands_for = vec![
            ("http://127.0.0.1:8080", format!("http://127.0.0.1:{port}")),
            ("/srv/", path("srv/")),
            ("/mnt/other/", path("mnt/other/")),
        ];
        let mut world = World { folder, port, gateway: None, shell, stands_for };
        world.run("exec 2>&1");
        world
    }

    /// From now on this stands for that on the page.
    pub fn let_stand(&mut self, word: &'static str, value: impl Into<String>) {
        self.stands_for.retain(|(known, _)| *known != word);
        self.stands_for.push((word, value.into()));
    }

    /// A command as it is typed here.
    pub fn typed(&self, command: &str) -> String {
        let put = |text: String, (word, value): &(&str, String)| text.replace(word, value);
        self.stands_for.iter().fold(command.to_owned(), put)
    }

    /// Runs a command in the shell; with what code it ended, and all that it said.
    pub fn run(&mut self, command: &str) -> (i32, String) {
        let Shell { stdin, said, .. } = &mut self.shell;
        // In the shell itself, so that what is set stays set; with nobody at the keyboard.
        writeln!(stdin, "{{ {command}\n}} </dev/null\nprintf '\\n%s %s\\n' '{MARK}' $?").unwrap();
        let (mut all, mut line) = (String::new(), String::new());
        while said.read_line(&mut line).unwrap() > 0 {
            if let Some(code) = line.strip_prefix(MARK) {
                return (code.trim().parse().unwrap(), all);
            }
            all.push_str(&line);
            line.clear();
        }
        panic!("the shell ended at {command}: {all}");
    }

    /// A gateway that serves from the folder, or none.
    pub fn serving(&mut self, wanted: bool) {
        if wanted == self.gateway.is_some() {
            return;
        }
        match self.gateway.take() {
            Some(gateway) => assert_eq!(gateway.stop("TERM"), Some(0)),
            None => self.gateway = Some(self.start(&[])),
        }
    }

    fn start(&self, args: &[&str]) -> Running {
        let mut serve = command(env!("CARGO_BIN_EXE_bursar"), &self.folder, self.port);
        let mut gateway = Running::of(serve.args(args));
        gateway.line("curl -s ");
        gateway
    }

    /// A command that serves until it is stopped.
    pub fn serves(&self, typed: &str) {
        let args: Vec<&str> = typed.split_whitespace().skip(1).collect();
        assert_eq!(self.start(&args).stop("TERM"), Some(0), "{typed}");
    }

    /// Writes a file into its folder.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Something of an earlier command that the next one must not find.
    pub fn clear(&self, path: &str) {
        if fs::remove_dir_all(path).is_err() {
            let _ = fs::remove_file(path);
        }
    }

    /// Makes a payout to this account; its id.
    pub fn create(&self, number: u32, iban: &str) -> String {
        let body = json!({
            "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
            "recipient": {"type": "bank_account", "name": "Anna Schmidt", "country": "DE", "iban": iban},
        });
        let key = self.key("merchant_key");
        let headers = format!("Authorization: Bearer {key}\r\nIdempotency-Key: k-{number}\r\n");
        let answer = process::post(&self.url(), "/v1/payouts", &headers, &body.to_string());
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let at = answer.find("po_").unwrap();
        answer[at..at + 29].to_owned()
    }

    /// Waits until a payout is described in these words.
    pub fn until(&self, id: &str, words: &str) {
        let key = self.key("merchant_key");
        let first = format!("GET /v1/payouts/{id} HTTP/1.1\r\nAuthorization: Bearer {key}");
        for _ in 0..1_000 {
            if process::exchange(&self.url(), &first, "", "").contains(words) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{id} never was {words}");
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn key(&self, name: &str) -> String {
        let keys = fs::read(self.folder.path().join("bursar-data/dev-keys.json")).unwrap();
        let keys: Value = serde_json::from_slice(&keys).unwrap();
        keys[name].as_str().unwrap().to_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.shell.child.kill();
        let _ = self.shell.child.wait();
    }
}

/// A process of this world: in its folder, with its settings, and with nothing that the machine has set.
fn command(program: &str, folder: &TempDir, port: u16) -> Command {
    let mut command = Command::new(program);
    let set = std::env::vars().map(|(name, _)| name);
    for name in set.filter(|name| name.starts_with("BURSAR_") && !name.contains("MUST")) {
        command.env_remove(name);
    }
    let root = folder.path().to_str().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .current_dir(folder.path())
        .env("PATH", format!("{root}/bin:{path}"))
        .env("BURSAR__SERVER__BIND", format!("127.0.0.1:{port}"))
        .env("BURSAR__STORE__SEGMENT_BYTES", "4194304")
        .env("BURSAR__STORE__INTENT_LEDGER", format!("{root}/mnt/other/intents"))
        .env("BURSAR__LOG_ARCHIVE__URL", format!("file://{root}/backups"))
        .env("BURSAR__LOG__LEVEL", "error");
    command
}
