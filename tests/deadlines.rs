//! What a payout waits for, and what its deadline makes of the waiting: its merchant's time runs, our
//! own does not, and once it was sent only the provider can end it.

use serde_json::{Value, json};
use std::time::Duration;
use tests::World;
use tests::recipient::payout;

const DAY: Duration = Duration::from_secs(86_400);

/// A bank transfer whose account is still wanted.
fn without_account(autoprocess: bool) -> Value {
    json!({
        "amount": "125.40", "currency": "EUR", "method": "bank_transfer", "autoprocess": autoprocess,
        "recipient": { "type": "bank_account", "name": "Anna Schmidt", "country": "DE" },
    })
}

/// What is done to it, in order, and where it ends; days pass where it says so.
const STORIES: &[(&str, &[&str], &str, Option<&str>)] = &[
    ("wanting", &[], "CREATED", None),
    ("wanting", &["details"], "PROCESSED", None),
    ("wanting", &["terminate"], "TERMINATED", Some("TERMINATED")),
    ("wanting", &["3 days"], "EXPIRED", Some("OPERATION_EXPIRED")),
    ("wanting by hand", &["details"], "READY", None),
    ("wanting by hand", &["details", "3 days"], "EXPIRED", Some("OPERATION_EXPIRED")),
    ("wanting by hand", &["details", "process"], "PROCESSED", None),
    ("by hand", &["terminate"], "TERMINATED", Some("TERMINATED")),
    ("by hand", &["3 days"], "EXPIRED", Some("OPERATION_EXPIRED")),
    // Asked in time, and the provider is closed: the wait is ours.
    ("by hand", &["close", "process", "3 days"], "READY", None),
    ("by hand", &["close", "process", "3 days", "open"], "PROCESSED", None),
    ("by hand", &["close", "process", "3 days", "terminate"], "TERMINATED", Some("TERMINATED")),
    // Sent: the deadline recalls it, and it never expires.
    ("slow", &["1 day"], "PENDING", None),
    // The provider refuses to recall what it has no word for: the money stays in flight.
    ("strange", &["3 days"], "REVOKE_FAILED", None),
    ("slow", &["3 days"], "REVOKED", Some("REVOKED")),
];

#[actix_rt::test]
async fn a_deadline_ends_what_waits_for_its_merchant_and_recalls_what_was_sent() {
    for (kind, steps, end, failure) in STORIES {
        let world = World::start().await;
        let body = match *kind {
            "wanting" => without_account(true),
            "wanting by hand" => without_account(false),
            "by hand" => {
                let mut body = payout("000", 1);
                body["autoprocess"] = json!(false);
                body
            }
            "strange" => payout("031", 1),
            _ => payout("050", 1),
        };
        let made = world.merchant.create(&body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let id = made.id();
        let wanting = kind.starts_with("wanting");
        assert_eq!(made.at("/status"), if wanting { "CREATED" } else { "READY" }, "{kind}");
        assert_eq!(made.at("/details_required").as_array().unwrap().is_empty(), !wanting);
        if matches!(*kind, "slow" | "strange") {
            world.merchant.until(&id, |payout| payout["state"] == "processing").await;
        }
        for step in *steps {
            take(&world, &id, step).await;
        }
        let payout = world.merchant.until_status(&id, end).await;
        let code = payout["failure"]["code"]["value"].as_str();
        assert_eq!(code, *failure, "{kind} {steps:?}");
        let paid = u64::from(*end == "PROCESSED");
        assert_eq!(world.ledger(&id).0, paid, "{kind} {steps:?}");
        world.stop().await;
    }
}

async fn take(world: &World, id: &str, step: &str) {
    let mode = |mode: &str| json!({ "mode": mode, "reason": "a story" });
    match step {
        "details" => {
            let details = json!({ "recipient": { "iban": "DE89370400440532013000" } });
            let given = world.merchant.command(id, "details", &details).await;
            assert_eq!(given.status, 200, "{}", given.text);
        }
        "process" | "terminate" => {
            let done = world.merchant.command(id, step, &json!({})).await;
            assert_eq!(done.status, 200, "{}", done.text);
        }
        "close" | "open" => {
            let word = if step == "close" { "verify_only" } else { "open" };
            let set = world.operator.post("/v1/ops/providers/sandbox", &mode(word)).await;
            assert_eq!(set.status, 200, "{}", set.text);
        }
        "1 day" => world.advance(DAY),
        "3 days" => world.advance(DAY * 3),
        other => panic!("no such step: {other}"),
    }
}
