//! A folder with data directories in it, and what a shell does with them: the gateway served, commands
//! run, payouts made. Apart from `process`, which knows only how a binary is started and stopped.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "not every binary of tests does all of it")]

use crate::process::{self, Running, bursar, stderr, stdout};
use serde_json::{Value, json};
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// How often something is looked at that comes a moment later, and the pause between two looks.
const LOOKS: u32 = 1_000;
const LOOK: Duration = Duration::from_millis(20);

/// A data directory, and what is written beside it.
pub struct Place {
    folder: TempDir,
    configured: bool,
}

impl Place {
    /// An empty one; commands see the configuration that is built in.
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), configured: false }
    }

    /// One whose commands see these settings.
    pub fn with(settings: impl FnOnce(&Place) -> String) -> Place {
        let place = Place { configured: true, ..Place::new() };
        fs::write(place.path("bursar.toml"), settings(&place)).unwrap();
        place
    }

    /// Something in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its path as an argument.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A gateway that serves from this directory, and its address.
    pub fn serve(&self, data: &str) -> (Running, String) {
        self.serve_with(data, &[])
    }

    /// The same with these arguments besides.
    pub fn serve_with(&self, data: &str, more: &[&str]) -> (Running, String) {
        let common = self.common(data);
        let common: Vec<&str> = common.iter().map(String::as_str).collect();
        let args = [&["--bind", "127.0.0.1:0"], &common[..], more].concat();
        let mut gateway = Running::start(&args);
        let url = gateway.line("listening on http://");
        gateway.line("curl -s ");
        (gateway, url)
    }

    /// A command on the directory `data`: with what code it ended, and what it answered.
    pub fn run(&self, args: &[&str]) -> (Option<i32>, Value) {
        self.run_on("data", args)
    }

    /// The same on another one.
    pub fn run_on(&self, data: &str, args: &[&str]) -> (Option<i32>, Value) {
        let common = self.common(data);
        let common: Vec<&str> = common.iter().map(String::as_str).collect();
        let ended = bursar(&[args, &["--json"], &common].concat());
        // What was changed or refused answers in one line.
        let answer = stdout(&ended);
        let answer =
            answer.lines().last().unwrap_or_else(|| panic!("{args:?}: {}", stderr(&ended)));
        (ended.status.code(), serde_json::from_str(answer).unwrap())
    }

    /// A command that has to end well; its answer.
    pub fn good(&self, args: &[&str]) -> Value {
        let (code, answer) = self.run(args);
        assert_eq!(code, Some(0), "{args:?}: {answer:#}");
        answer
    }

    /// With what code a command ended, and all that it said to people.
    pub fn told(&self, args: &[&str]) -> (Option<i32>, String) {
        let common = self.common("data");
        let common: Vec<&str> = common.iter().map(String::as_str).collect();
        let ended = bursar(&[args, &common].concat());
        (ended.status.code(), stdout(&ended) + &stderr(&ended))
    }

    fn common(&self, data: &str) -> Vec<String> {
        let mut common = vec!["--data-dir".to_owned(), self.text(data)];
        if self.configured {
            common.extend(["--config".to_owned(), self.text("bursar.toml")]);
        }
        common
    }

    /// One of the test keys of a directory.
    pub fn key(&self, data: &str, name: &str) -> String {
        let keys = fs::read(self.path(data).join("dev-keys.json")).unwrap();
        let keys: Value = serde_json::from_slice(&keys).unwrap();
        keys[name].as_str().unwrap().to_owned()
    }

    /// Makes payouts that wait for their merchant, one for each number.
    pub fn create(&self, url: &str, numbers: Range<u32>) {
        for number in numbers {
            self.make(url, number, false);
        }
    }

    /// Makes a payout that is sent at once; its id.
    pub fn send(&self, url: &str, number: u32) -> String {
        let answer = self.make(url, number, true);
        let at = answer.find("po_").unwrap();
        answer[at..at + 29].to_owned()
    }

    fn make(&self, url: &str, number: u32, autoprocess: bool) -> String {
        let body = json!({
            "amount": "125.40", "currency": "EUR", "method": "bank_transfer", "autoprocess": autoprocess,
            "recipient": {"type": "bank_account", "name": "Anna Schmidt", "country": "DE",
                          "iban": "DE89370400440532013000"},
        });
        let key = self.key("data", "merchant_key");
        let headers = format!("Authorization: Bearer {key}\r\nIdempotency-Key: k-{number}\r\n");
        let answer = process::post(url, "/v1/payouts", &headers, &body.to_string());
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        answer
    }

    /// Waits until the provider has paid.
    pub fn until_paid(&self, url: &str, id: &str) {
        let key = self.key("data", "merchant_key");
        until(&format!("{id} is paid"), || {
            read(url, &format!("/v1/payouts/{id}"), &key).contains("\"PROCESSED\"")
        });
    }

    /// The record of a gateway that serves from a directory, once these words are on it: it is read from
    /// the journal a moment behind.
    pub fn audit(&self, data: &str, url: &str, word: &str) -> String {
        let key = self.key(data, "operator_key");
        let mut seen = String::new();
        until(&format!("{word} is on the record"), || {
            seen = read(url, "/v1/ops/audit", &key);
            seen.contains(word)
        });
        seen
    }
}

/// What a caller with this key is answered.
pub fn read(url: &str, path: &str, key: &str) -> String {
    let first = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {key}");
    process::exchange(url, &first, "", "")
}

/// Looks until it is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        std::thread::sleep(LOOK);
    }
    panic!("it never came to be that {what}");
}
