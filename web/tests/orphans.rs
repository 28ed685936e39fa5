//! Payments that a restore has forgotten, found in the provider's own list: beside a sandbox in a process
//! of its own, from the restore to the last of them that somebody has dealt with.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod rig;

use process::{Running, bursar, stderr};
use rig::Place;
use serde_json::{Value, json};

#[test]
fn what_was_paid_and_forgotten_is_listed_until_somebody_has_dealt_with_it() {
    let place = Place::new();
    let mut bank = Running::start(&["sandbox", "--bind", "127.0.0.1:0"]);
    let bank_url = bank.line("sandbox on http://");
    let serve = |data: &str| place.serve_with(data, &["--sandbox", &bank_url]);
    let (gateway, url) = serve("data");
    place.send(&url, 0);
    let file = place.text("copy.export");
    place.good(&["snapshot", "export", "now", "--to", &file, "--url", &url]);
    (1..3).for_each(|number| drop(place.send(&url, number)));
    let paid = || process::get(&bank_url, "/_sim/ledger").matches("\"paid\":1").count();
    wait_for(|| (paid() == 3).then_some(()));
    assert_eq!(gateway.stop("TERM"), Some(0));
    let (into, data) = (place.text("restored"), place.text("data"));
    let restore = ["restore", "--snapshot", &file, "--into", &into, "--yes", "--data-dir", &data];
    let told = bursar(&restore);
    let plan = stderr(&told);
    assert!(told.status.success() && plan.contains("in the list of sandbox"), "{plan}");

    let (gateway, url) = serve("restored");
    let operator = header(&place, "operator_key");
    let ops = |first: &str, sent: &str| {
        let json = "Content-Type: application/json\r\n";
        process::exchange(&url, &format!("{first} HTTP/1.1"), &format!("{operator}{json}"), sent)
    };
    let quarantine = wait_for(|| {
        let quarantine = readiness(&url)["quarantine"].clone();
        (quarantine["orphans"] == 2).then_some(quarantine)
    });
    let said = (&quarantine["listing_under_way"], &quarantine["not_offered"]);
    assert_eq!(said, (&json!(true), &json!([])), "it is read once more in a minute");
    let page = body(&ops("GET /v1/ops/orphans?limit=1", ""));
    assert_eq!(
        (&page["open"], &page["has_more"], &page["lists"][0]["provider_account"]),
        (&json!(2), &json!(true), &json!("sandbox"))
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
    place.send(&url, 1);
    let left = body(&ops("GET /v1/ops/orphans", ""));
    assert_eq!((&left["open"], &left["data"][0]["payout"]), (&json!(1), &second["payout"]));
    let close = format!("POST /v1/ops/orphans/{}/close", second["payout"].as_str().unwrap());
    let silent = ops(&close, "{}");
    assert!(silent.starts_with("HTTP/1.1 422"), "a reason is given: {silent}");
    let reason = r#"{"reason": "got back from the recipient"}"#;
    let merchant = process::post(&url, &close[5..], &header(&place, "merchant_key"), reason);
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
    for figure in ["bursar_orphans 0", "bursar_orphan_lists_under_way 1"] {
        assert!(figures.contains(figure), "{figure}: {figures}");
    }
    let audit = wait_for(|| {
        let audit = ops("GET /v1/ops/audit", "");
        audit.contains("close_orphan").then_some(audit)
    });
    assert!(audit.contains("got back from the recipient"), "{audit}");
    wait_for(|| {
        let headers = header(&place, "merchant_key");
        let first = format!("GET /v1/payouts/{} HTTP/1.1", first["payout"].as_str().unwrap());
        let answer = process::exchange(&url, &first, &headers, "");
        answer.contains("PROCESSED").then_some(())
    });
    assert_eq!(paid(), 3, "nothing was paid a second time");
    assert_eq!(gateway.stop("TERM"), Some(0));
    assert_eq!(bank.stop("TERM"), Some(0));
}

fn header(place: &Place, name: &str) -> String {
    format!("Authorization: Bearer {}\r\n", place.key("data", name))
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
