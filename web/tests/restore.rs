//! `bursar restore` as a shell sees it: what it asks, what it refuses, what it makes, and what a gateway
//! says that serves from it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod rig;

use rig::Place;
use serde_json::{Value, json};

fn readiness(url: &str) -> Value {
    let answer = process::get(url, "/readyz");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    // The body may come in pieces, each behind its length.
    let (from, to) = (body.find('{').unwrap(), body.rfind('}').unwrap());
    serde_json::from_str(&body[from..=to]).unwrap()
}

#[test]
fn a_restore_says_what_it_will_do_and_never_writes_over_anything() {
    let place = Place::new();
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
    let audit = place.audit("restored", &url, "\"restored\"");
    assert!(audit.contains("\"restored\"") && audit.contains("\"ann\""), "{audit}");
    assert_eq!(gateway.stop("TERM"), Some(0));
}

#[test]
fn what_a_file_cannot_know_is_asked_about_until_nothing_is_left() {
    let place = Place::new();
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
