//! `bursar restore` as a shell sees it: what it asks, what it refuses, what it makes, and what a gateway
//! says that serves from it.

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

    fn serve(&self, data: &str) -> (Running, String) {
        let data = self.text(data);
        let mut gateway = Running::start(&["--bind", "127.0.0.1:0", "--data-dir", &data]);
        let url = gateway.line("listening on http://");
        gateway.line("curl -s ");
        (gateway, url)
    }

    /// A command on the directory `data`: with what code it ended, and what it answered.
    fn run(&self, args: &[&str]) -> (Option<i32>, Value) {
        let data = self.text("data");
        let ended = bursar(&[args, &["--json", "--data-dir", &data]].concat());
        let answer = stdout(&ended);
        let answer =
            answer.lines().last().unwrap_or_else(|| panic!("{args:?}: {}", stderr(&ended)));
        (ended.status.code(), serde_json::from_str(answer).unwrap())
    }

    fn good(&self, args: &[&str]) -> Value {
        let (code, answer) = self.run(args);
        assert_eq!(code, Some(0), "{args:?}: {answer:#}");
        answer
    }

    fn key(&self, of: &str) -> String {
        let keys = fs::read(self.path("data/dev-keys.json")).unwrap();
        let keys: Value = serde_json::from_slice(&keys).unwrap();
        format!("Authorization: Bearer {}\r\n", keys[of].as_str().unwrap())
    }

    fn create(&self, url: &str, numbers: std::ops::Range<u32>) {
        self.create_and(url, numbers, false);
    }

    fn create_and(&self, url: &str, numbers: std::ops::Range<u32>, autoprocess: bool) {
        for number in numbers {
            let body = json!({
                "amount": "125.40", "currency": "EUR", "method": "bank_transfer", "autoprocess": autoprocess,
                "recipient": {"type": "bank_account", "name": "Anna Schmidt", "country": "DE",
                              "iban": "DE89370400440532013000"},
            });
            let headers = format!("{}Idempotency-Key: k-{number}\r\n", self.key("merchant_key"));
            let answer = process::post(url, "/v1/payouts", &headers, &body.to_string());
            assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        }
    }
}

fn readiness(url: &str) -> Value {
    body(&process::get(url, "/readyz"))
}

fn body(answer: &str) -> Value {
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    // The body may come in pieces, each behind its length.
    let (from, to) = (body.find('{').unwrap(), body.rfind('}').unwrap());
    serde_json::from_str(&body[from..=to]).unwrap()
}

#[test]
fn a_restore_says_what_it_will_do_and_never_writes_over_anything() {
    let place = Place(tempfile::tempdir().unwrap());
    let (gateway, url) = place.serve("data");
    place.create(&url, 0..3);
    place.good(&["snapshot", "create", "--url", &url]);
    let file = place.text("copy.export");
    place.good(&["snapshot", "export", "1", "--to", &file, "--url", &url]);
    place.create(&url, 3..5);

    let into = place.text("restored");
    let (code, answer) = place.run(&["restore", "--snapshot", "now", "--into", &into, "--yes"]);
    assert_eq!(code, Some(1), "what it sends meanwhile would not be known: {answer}");
    assert!(answer.to_string().contains("stop it first"), "{answer}");
    let drill = place.good(&["restore", "--drill", "--snapshot", &file]);
    assert_eq!((&drill["quarantined"], &drill["plan"]["known"]), (&json!(3), &json!(false)));
    assert!(drill["ready_milliseconds"].as_u64().unwrap() > 0);
    assert!(!place.path("data.drill").exists(), "nothing is kept but the figures");
    let figures = process::get(&url, "/metrics");
    assert!(figures.contains("bursar_restore_drill_quarantined_payouts 3"), "{figures}");
    assert_eq!(gateway.stop("TERM"), Some(0));

    let to_one = ["restore", "--snapshot", "1", "--into", &into];
    let (code, answer) = place.run(&to_one);
    assert_eq!(code, Some(2), "nobody can be asked: {answer}");
    assert!(!place.path("restored").exists());
    let restored = place.good(&[&to_one[..], &["--yes", "--by", "ann"]].concat());
    assert_eq!((&restored["known"], &restored["quarantined"]), (&json!(true), &json!(0)));
    assert_eq!(restored["forgotten"][0]["count"], 2, "made since, and never sent");
    assert_eq!(restored["kept"][0]["amount"], "376.20");
    let (code, answer) = place.run(&[&to_one[..], &["--yes"]].concat());
    assert_eq!(code, Some(1), "never over anything: {answer}");
    for (flag, value) in
        [("--to-seq", "999999"), ("--to", "yesterday"), ("--to", "1999-01-01T00:00:00Z")]
    {
        let elsewhere = place.text("elsewhere");
        let (code, answer) = place.run(&[
            "restore",
            "--snapshot",
            "now",
            "--into",
            &elsewhere,
            flag,
            value,
            "--yes",
        ]);
        assert_eq!(code, Some(2), "{flag} {value}: {answer}");
        assert!(!place.path("elsewhere").exists());
    }

    let (gateway, url) = place.serve("restored");
    assert_eq!(readiness(&url)["quarantine"], Value::Null, "all that was sent is known");
    // What was forgotten is made again by its key.
    place.create(&url, 0..5);
    let keys: Value =
        serde_json::from_slice(&fs::read(place.path("restored/dev-keys.json")).unwrap()).unwrap();
    let operator = keys["operator_key"].as_str().unwrap();
    let client = format!("GET /v1/ops/audit HTTP/1.1\r\nAuthorization: Bearer {operator}");
    // The record is read from the journal behind the running gateway.
    let mut audit = String::new();
    for _ in 0..500 {
        audit = process::exchange(&url, &client, "", "");
        if audit.contains("\"restored\"") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(audit.contains("\"restored\"") && audit.contains("\"ann\""), "{audit}");
    assert_eq!(gateway.stop("TERM"), Some(0));
}

#[test]
fn what_a_file_cannot_know_is_asked_about_until_nothing_is_left() {
    let place = Place(tempfile::tempdir().unwrap());
    let (gateway, url) = place.serve("data");
    place.create(&url, 0..4);
    assert_eq!(gateway.stop("TERM"), Some(0));
    let file = place.text("copy.export");
    place.good(&["snapshot", "export", "now", "--to", &file]);
    let into = place.text("restored");
    let restored = place.good(&["restore", "--snapshot", &file, "--into", &into, "--yes"]);
    assert_eq!((&restored["known"], &restored["quarantined"]), (&json!(false), &json!(4)));
    assert_eq!(restored["suspects"][0]["amount"], "501.60");

    let (gateway, url) = place.serve("restored");
    let mut last = Value::Null;
    for _ in 0..1_500 {
        last = readiness(&url)["quarantine"].clone();
        assert_eq!(last["epoch"], 1, "it says so for as long as new payouts are asked about");
        if last["left"] == 0 {
            break;
        }
        assert!(last["ends_at"].is_string() && last["amounts"]["EUR"].is_string(), "{last}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(last["left"], 0, "the sandbox knows none of them, and would recognise each");
    assert!(last["asks_first_until"].is_string());
    assert_eq!(gateway.stop("TERM"), Some(0));
}

#[test]
fn what_was_paid_and_forgotten_is_listed_until_somebody_has_dealt_with_it() {
    let place = Place(tempfile::tempdir().unwrap());
    let mut bank = Running::start(&["sandbox", "--bind", "127.0.0.1:0"]);
    let bank_url = bank.line("sandbox on http://");
    let serve = |data: &str| {
        let data = place.text(data);
        let args = ["--bind", "127.0.0.1:0", "--data-dir", &data, "--sandbox", &bank_url];
        let mut gateway = Running::start(&args);
        let url = gateway.line("listening on http://");
        gateway.line("curl -s ");
        (gateway, url)
    };
    let (gateway, url) = serve("data");
    place.create_and(&url, 0..1, true);
    let file = place.text("copy.export");
    place.good(&["snapshot", "export", "now", "--to", &file, "--url", &url]);
    place.create_and(&url, 1..3, true);
    let paid = || process::get(&bank_url, "/_sim/ledger").matches("\"paid\":1").count();
    wait_for(|| (paid() == 3).then_some(()));
    assert_eq!(gateway.stop("TERM"), Some(0));
    let (into, data) = (place.text("restored"), place.text("data"));
    let restore = ["restore", "--snapshot", &file, "--into", &into, "--yes", "--data-dir", &data];
    let told = bursar(&restore);
    let plan = stderr(&told);
    assert!(told.status.success() && plan.contains("in the list of sandbox"), "{plan}");

    let (gateway, url) = serve("restored");
    let operator = place.key("operator_key");
    let ops = |first: &str, sent: &str| {
        let json = "Content-Type: application/json\r\n";
        process::exchange(&url, &format!("{first} HTTP/1.1"), &format!("{operator}{json}"), sent)
    };
    let quarantine = wait_for(|| {
        let quarantine = readiness(&url)["quarantine"].clone();
        (quarantine["listing_under_way"] == false).then_some(quarantine)
    });
    assert_eq!((&quarantine["orphans"], &quarantine["not_offered"]), (&json!(2), &json!([])));
    let page = body(&ops("GET /v1/ops/orphans?limit=1", ""));
    assert_eq!(
        (&page["open"], &page["has_more"], &page["lists"][0]["rows"]),
        (&json!(2), &json!(true), &json!(3))
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = body(&ops(&format!("GET /v1/ops/orphans?limit=1&cursor={cursor}"), ""));
    assert_eq!((next["data"].as_array().unwrap().len(), &next["has_more"]), (1, &json!(false)));
    let (first, second) = (&page["data"][0], &next["data"][0]);
    assert_eq!(first["asked"], json!({"amount": "125.40", "currency": "EUR"}));
    assert_eq!(
        (&first["outcome"], &first["paid"]["amount"]),
        (&json!("settled"), &json!("125.40"))
    );
    assert_ne!(first["payout"], second["payout"]);

    // The first merchant asks again: the same payout finds its payment.
    place.create_and(&url, 1..2, true);
    let left = body(&ops("GET /v1/ops/orphans", ""));
    assert_eq!((&left["open"], &left["data"][0]["payout"]), (&json!(1), &second["payout"]));
    let close = format!("POST /v1/ops/orphans/{}/close", second["payout"].as_str().unwrap());
    let silent = ops(&close, "{}");
    assert!(silent.starts_with("HTTP/1.1 422"), "a reason is given: {silent}");
    let reason = r#"{"reason": "got back from the recipient"}"#;
    let merchant = process::post(&url, &close[5..], &place.key("merchant_key"), reason);
    assert!(merchant.starts_with("HTTP/1.1 403"), "{merchant}");
    let closed = ops(&close, reason);
    assert!(closed.starts_with("HTTP/1.1 200"), "{closed}");
    assert_eq!(body(&closed)["data"][0]["payout"], second["payout"]);
    let again = ops(&close, reason);
    assert!(again.starts_with("HTTP/1.1 404") && again.contains("orphan_not_found"), "{again}");
    let known =
        ops(&format!("POST /v1/ops/orphans/{}/close", first["payout"].as_str().unwrap()), reason);
    assert!(known.starts_with("HTTP/1.1 404"), "it is no orphan any more: {known}");
    let figures = process::get(&url, "/metrics");
    for figure in ["bursar_orphans 0", "bursar_orphan_lists_under_way 0"] {
        assert!(figures.contains(figure), "{figure}: {figures}");
    }
    let audit = wait_for(|| {
        let audit = ops("GET /v1/ops/audit", "");
        audit.contains("close_orphan").then_some(audit)
    });
    assert!(audit.contains("got back from the recipient"), "{audit}");
    wait_for(|| {
        let headers = place.key("merchant_key");
        let first = format!("GET /v1/payouts/{} HTTP/1.1", first["payout"].as_str().unwrap());
        let answer = process::exchange(&url, &first, &headers, "");
        answer.contains("PROCESSED").then_some(())
    });
    assert_eq!(paid(), 3, "nothing was paid a second time");
    assert_eq!(gateway.stop("TERM"), Some(0));
    assert_eq!(bank.stop("TERM"), Some(0));
}

/// Asks over and over until there is an answer.
fn wait_for<T>(ask: impl Fn() -> Option<T>) -> T {
    for _ in 0..1_500 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("it never came");
}
