//! `bursar verify`, `replay`, `inspect` and the ledger of intents, as a shell sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::{Running, bursar, stderr, stdout};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// With small segments, and a ledger beside the data directory.
    fn config(&self) -> String {
        let ledger = self.text("intents");
        let archive = format!("file://{}", self.text("archive"));
        fs::create_dir_all(self.path("archive")).unwrap();
        let text = format!(
            "[store]\nsegment_bytes = 4_194_304\nintent_ledger = {ledger:?}\n\
             [log_archive]\nurl = {archive:?}\n"
        );
        fs::write(self.path("bursar.toml"), text).unwrap();
        self.text("bursar.toml")
    }

    fn serve(&self, data: &str) -> (Running, String) {
        let (data, config) = (self.text(data), self.config());
        let args = ["--bind", "127.0.0.1:0", "--data-dir", &data, "--config", &config];
        let mut gateway = Running::start(&args);
        let url = gateway.line("listening on http://");
        gateway.line("curl -s ");
        (gateway, url)
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, Value) {
        let (data, config) = (self.text("data"), self.config());
        let ended = bursar(&[args, &["--json", "--data-dir", &data, "--config", &config]].concat());
        let answer = stdout(&ended);
        let answer =
            answer.lines().last().unwrap_or_else(|| panic!("{args:?}: {}", stderr(&ended)));
        (ended.status.code(), serde_json::from_str(answer).unwrap())
    }

    /// With what code it ended, and all that it said.
    fn told(&self, args: &[&str]) -> (Option<i32>, String) {
        let (data, config) = (self.text("data"), self.config());
        let ended = bursar(&[args, &["--data-dir", &data, "--config", &config]].concat());
        (ended.status.code(), stdout(&ended) + &stderr(&ended))
    }

    fn good(&self, args: &[&str]) -> Value {
        let (code, answer) = self.run(args);
        assert_eq!(code, Some(0), "{args:?}: {answer:#}");
        answer
    }

    fn key(&self) -> String {
        let keys = fs::read(self.path("data/dev-keys.json")).unwrap();
        let keys: Value = serde_json::from_slice(&keys).unwrap();
        keys["merchant_key"].as_str().unwrap().to_owned()
    }

    /// Makes a payout that is sent at once; its id.
    fn create(&self, url: &str, number: u32) -> String {
        let body = json!({
            "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
            "recipient": {"type": "bank_account", "name": "Anna Schmidt", "country": "DE",
                          "iban": "DE89370400440532013000"},
        });
        let key = self.key();
        let headers = format!("Authorization: Bearer {key}\r\nIdempotency-Key: k-{number}\r\n");
        let answer = process::post(url, "/v1/payouts", &headers, &body.to_string());
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let at = answer.find("po_").unwrap();
        answer[at..at + 29].to_owned()
    }

    fn until_paid(&self, url: &str, id: &str) {
        let key = self.key();
        let first = format!("GET /v1/payouts/{id} HTTP/1.1\r\nAuthorization: Bearer {key}");
        for _ in 0..1_000 {
            if process::exchange(url, &first, "", "").contains("\"PROCESSED\"") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("{id} was never paid");
    }
}

#[test]
fn what_is_stored_is_held_against_the_log_and_a_changed_byte_is_told() {
    let place = Place(tempfile::tempdir().unwrap());
    let (gateway, url) = place.serve("data");
    let ids = [1, 2, 3].map(|number| place.create(&url, number));
    ids.iter().for_each(|id| place.until_paid(&url, id));
    let (code, answer) = place.run(&["verify"]);
    assert_eq!(code, Some(1), "a gateway serves from it: {answer}");
    let seen = place.good(&["inspect", &ids[0]]);
    assert!(seen.to_string().contains("PROCESSED") && !seen.to_string().contains("Anna"), "{seen}");
    assert_eq!(gateway.stop("TERM"), Some(0));

    place.good(&["verify"]);
    place.good(&["replay", "--all"]);
    place.good(&["replay", &ids[1]]);
    let (code, answer) = place.run(&["inspect", "po_00000000000000000000000001"]);
    assert_eq!(code, Some(1), "{answer}");
    let (code, answer) = place.told(&["inspect", "nonsense"]);
    assert_eq!(code, Some(2), "{answer}");

    let segment = fs::read_dir(place.path("data/log")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[400] ^= 1;
    fs::write(&segment, bytes).unwrap();
    for command in [&["verify"][..], &["replay", "--all"]] {
        let (code, answer) = place.told(command);
        assert_eq!(code, Some(3), "{command:?}: {answer}");
        let name = segment.file_name().unwrap().to_str().unwrap();
        assert!(answer.contains(name), "it names the file: {answer}");
    }
}

#[test]
fn a_ledger_knows_what_was_sent_after_the_last_copy() {
    let place = Place(tempfile::tempdir().unwrap());
    let (gateway, url) = place.serve("data");
    let first = place.create(&url, 1);
    place.until_paid(&url, &first);
    let file = place.text("copy.export");
    place.good(&["snapshot", "export", "now", "--to", &file, "--url", &url]);
    let lost = place.create(&url, 2);
    place.until_paid(&url, &lost);
    assert_eq!(gateway.stop("TERM"), Some(0));

    let (into, ledger) = (place.text("restored"), place.text("intents"));
    let restored = place.good(&[
        "restore",
        "--snapshot",
        &file,
        "--ledger",
        &ledger,
        "--into",
        &into,
        "--yes",
    ]);
    assert_eq!((&restored["known"], &restored["orphans"]), (&json!(true), &json!(1)));
    assert_eq!(restored["carried"][0]["status"], "INVOKING", "it was sent, and is asked about");
    let (gateway, url) = place.serve("restored");
    let key = place.key();
    let ask = format!("GET /v1/payouts/{lost} HTTP/1.1\r\nAuthorization: Bearer {key}");
    let answer = process::exchange(&url, &ask, "", "");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"restored\""), "{answer}");
    assert_eq!(gateway.stop("TERM"), Some(0));

    let empty = place.text("empty");
    fs::create_dir(&empty).unwrap();
    let elsewhere = place.text("elsewhere");
    let (code, answer) = place.run(&[
        "restore",
        "--snapshot",
        &file,
        "--ledger",
        &empty,
        "--into",
        &elsewhere,
        "--yes",
    ]);
    assert_eq!(code, Some(3), "a ledger of another log says nothing: {answer}");
    assert!(!place.path("elsewhere").exists());

    // The machine is gone but for its archive, which had everything at the orderly stop.
    fs::remove_dir_all(place.path("data/log")).unwrap();
    let logs = fs::read_dir(place.path("archive")).unwrap();
    let logs: Vec<String> =
        logs.map(|log| log.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(logs.len(), 2, "the restored gateway has archived its own log there: {logs:?}");
    for log in logs {
        let source = format!("archive:{log}");
        let restored =
            place.good(&["restore", "--snapshot", &source, "--into", &elsewhere, "--yes"]);
        let kept = restored["kept"].as_array().unwrap();
        let count = kept.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>();
        assert_eq!((count, &restored["known"]), (2, &json!(false)), "{restored:#}");
        assert!(place.path("elsewhere/identity").exists(), "the secret of the ids came along");
        fs::remove_dir_all(&elsewhere).unwrap();
    }
}
