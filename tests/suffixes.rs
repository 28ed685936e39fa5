//! Every magic recipient of the sandbox ends as its table says, and the provider's ledger agrees:
//! money moved exactly once, or not at all.

use serde_json::{Value, json};
use std::time::Duration;
use tests::World;
use tests::recipient::payout;

/// suffix, status at the end, times paid, times returned, times revoked.
const ENDS: &[(&str, &str, u64, u64, u64)] = &[
    ("000", "PROCESSED", 1, 0, 0),
    ("123", "PROCESSED", 1, 0, 0),
    ("001", "INVOKE_FAILED", 0, 0, 0),
    ("002", "PROCESS_FAILED", 0, 0, 0),
    ("003", "INVOKE_FAILED", 0, 0, 0),
    ("004", "PROCESS_FAILED", 0, 0, 0),
    ("005", "PROCESS_FAILED", 0, 0, 0),
    ("007", "INVOKE_FAILED", 0, 0, 0),
    ("010", "PROCESSED", 1, 0, 0),
    ("012", "PROCESSED", 1, 0, 0),
    ("013", "PROCESSED", 1, 0, 0),
    ("014", "INVOKE_FAILED", 0, 0, 0),
    ("015", "INVOKE_FAILED", 0, 0, 0),
    ("017", "PROCESSED", 1, 0, 0),
    ("018", "PROCESSED", 1, 0, 0),
    ("019", "PROCESSED", 1, 0, 0),
    ("020", "PROCESSED", 1, 0, 0),
    ("021", "PROCESSED", 1, 0, 0),
    ("022", "PROCESSED", 1, 0, 0),
    ("023", "PROCESSED", 1, 0, 0),
    ("024", "PROCESSED", 1, 0, 0),
    ("025", "PROCESS_FAILED", 0, 0, 0),
    ("026", "PROCESS_FAILED", 0, 0, 0),
    ("031", "PENDING", 0, 0, 0),
    ("032", "PROCESSED", 1, 0, 0),
    ("040", "PARTIALLY_PROCESSED", 1, 0, 0),
    ("051", "PROCESSED", 1, 0, 0),
    ("053", "PROCESSED", 1, 0, 0),
    ("060", "PROCESSED", 1, 0, 0),
    ("061", "PROCESSED", 1, 0, 0),
    ("062", "PROCESSED", 1, 0, 0),
];

#[actix_rt::test]
async fn every_suffix_ends_as_the_table_says() {
    let world = World::start().await;
    let mut made = Vec::new();
    for (number, row) in ENDS.iter().enumerate() {
        let answer = world.merchant.create(&payout(row.0, number as u32)).await;
        assert_eq!(answer.status, 201, "{}: {}", row.0, answer.text);
        made.push(answer.id());
    }
    for ((suffix, end, paid, returned, revoked), id) in ENDS.iter().zip(&made) {
        let payout = world.merchant.until_status(id, end).await;
        assert_eq!(world.ledger(id), (*paid, *returned, *revoked), "{suffix}");
        let history = world.merchant.get(&format!("/v1/payouts/{id}/history")).await;
        assert_eq!(history.at("/data").as_array().unwrap().last().unwrap()["to"], *end, "{suffix}");
        let failed = payout["state"] == "failed";
        assert_eq!(payout["failure"].is_object(), failed, "{suffix}: {payout}");
        if failed {
            assert!(payout["failure"]["code"]["category"].is_string(), "{suffix}");
        }
    }
    world.stop().await;
}

#[actix_rt::test]
async fn every_resolution_can_be_forced_and_is_told() {
    let world = World::start().await;
    let mut made = Vec::new();
    for number in 0..27_u32 {
        made.push(world.merchant.create(&payout(&format!("9{number:02}"), number)).await.id());
    }
    for (id, resolution) in made.iter().zip(domain::resolution::Resolution::ALL) {
        if resolution == domain::resolution::Resolution::Ok {
            world.merchant.until_status(id, "PROCESSED").await;
            continue;
        }
        let failed = world.merchant.until_status(id, "PROCESS_FAILED").await;
        assert_eq!(failed["resolution"], resolution.code());
        assert_eq!(failed["failure"]["code"]["value"], resolution.code());
        assert_eq!(world.ledger(id), (0, 0, 0), "{resolution}");
    }
    world.stop().await;
}

#[actix_rt::test]
async fn what_never_arrived_waits_for_an_operator_and_is_paid_once() {
    let world = World::start().await;
    for suffix in ["011", "016"] {
        let id = world.merchant.create(&payout(suffix, 1)).await.id();
        let held = world.merchant.until(&id, |payout| payout["moderation_required"] == true).await;
        assert_eq!((&held["status"], &held["money"]), (&json!("INVOKING"), &json!("unknown")));
        world.advance(Duration::from_secs(3_600));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(world.merchant.payout(&id).await["status"], "INVOKING", "silence is no answer");
        assert_eq!(world.ledger(&id), (0, 0, 0));

        let path = format!("/v1/ops/payouts/{id}/moderation");
        let order = json!({"action": "resubmit", "reason": "the provider has never heard of it"});
        let answer = world.operator.post(&path, &order).await;
        assert_eq!(answer.status, 200, "{suffix}: {}", answer.text);
        let paid = world.merchant.until_status(&id, "PROCESSED").await;
        assert_eq!(paid["moderation_required"], false);
        assert_eq!(paid["attempts"].as_array().unwrap().len(), 1, "the same attempt");
        assert_eq!(world.ledger(&id), (1, 0, 0), "{suffix}");
    }
    world.stop().await;
}

#[actix_rt::test]
async fn a_payout_held_for_review_is_released_by_evidence() {
    let world = World::start().await;
    let id = world.merchant.create(&payout("006", 1)).await.id();
    let held = world.merchant.until(&id, |payout| payout["moderation_required"] == true).await;
    assert_eq!(held["status"], "PENDING");
    world.advance(Duration::from_secs(70));
    let paid = world.merchant.until_status(&id, "PROCESSED").await;
    assert_eq!(paid["moderation_required"], false);
    assert_eq!(world.ledger(&id), (1, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn a_stuck_payout_is_asked_about_for_ever_and_shown_to_a_person() {
    let world = World::start().await;
    let mut body = payout("030", 1);
    body["expires_in"] = json!(30_000_000);
    let id = world.merchant.create(&body).await.id();
    let stuck = world.merchant.until_status(&id, "PENDING").await;
    assert_eq!(stuck["moderation_required"], false);
    world.advance(Duration::from_secs(25 * 3_600));
    world.merchant.until(&id, |payout| payout["moderation_required"] == true).await;
    let still = world.merchant.payout(&id).await;
    assert_eq!(still["status"], "PENDING");
    assert!(still["next_check_at"].is_string(), "nothing sleeps for ever");
    world.stop().await;
}

#[actix_rt::test]
async fn money_that_comes_back_cancels_and_late_payment_raises_an_alert() {
    let world = World::start().await;
    let returned = world.merchant.create(&payout("041", 1)).await.id();
    let liar = world.merchant.create(&payout("042", 2)).await.id();
    world.merchant.until_status(&returned, "PROCESSED").await;
    world.merchant.until_status(&liar, "PROCESS_FAILED").await;
    world.advance(Duration::from_secs(10));
    let back = world.merchant.until_status(&returned, "CANCELLED").await;
    assert_eq!(back["money"], "returned");
    assert_eq!(world.ledger(&returned), (1, 1, 0));

    let alert = world.merchant.until(&liar, |payout| payout["moderation_required"] == true).await;
    assert_eq!(alert["status"], "PROCESS_FAILED", "never a silent flip");
    assert_eq!(alert["money"], "paid", "where the money is, is told all the same");
    assert_eq!(world.ledger(&liar), (1, 0, 0), "and nobody pays a second time");
    world.stop().await;
}

#[actix_rt::test]
async fn revoking_and_cancelling_end_as_the_provider_says() {
    let world = World::start().await;
    type Case = (&'static str, &'static str, &'static str, &'static str, (u64, u64, u64));
    let cases: [Case; 4] = [
        ("050", "in flight", "revoke", "REVOKED", (0, 0, 1)),
        ("052", "in flight", "revoke", "REVOKED", (0, 0, 1)),
        ("053", "PROCESSED", "cancel", "CANCELLED", (1, 1, 0)),
        ("054", "PROCESSED", "cancel", "CANCEL_FAILED", (1, 0, 0)),
    ];
    for (number, (suffix, when, command, end, ledger)) in cases.into_iter().enumerate() {
        let id = world.merchant.create(&payout(suffix, number as u32)).await.id();
        let ready = |payout: &Value| match when {
            "in flight" => payout["status"] == "PROCESSING" || payout["status"] == "PENDING",
            status => payout["status"] == status,
        };
        world.merchant.until(&id, ready).await;
        let answer = world.merchant.command(&id, command, &json!({})).await;
        assert_eq!(answer.status, 200, "{suffix}: {}", answer.text);
        let ended = world.merchant.until_status(&id, end).await;
        assert_eq!(ended["final"], true);
        assert_eq!(world.ledger(&id), ledger, "{suffix}");
    }
    // Paid already, though nobody has told us: the gateway looks before it recalls.
    let id = world.merchant.create(&payout("051", 9)).await.id();
    world
        .merchant
        .until(&id, |payout| payout["money"] == "in_flight" || payout["money"] == "paid")
        .await;
    let refused = world.merchant.command(&id, "revoke", &json!({})).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(world.merchant.payout(&id).await["status"], "PROCESSED");
    assert_eq!(world.ledger(&id), (1, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn wrong_credentials_fail_one_payout_and_hold_the_others_back() {
    let world = World::start().await;
    let refused = world.merchant.create(&payout("063", 1)).await.id();
    let failed = world.merchant.until_status(&refused, "INVOKE_FAILED").await;
    assert_eq!(failed["failure"]["code"]["category"], "MERCHANT_CONFIG_ERROR");
    let health = world.operator.get("/v1/ops/providers/sandbox").await;
    assert_ne!(health.at("/breaker"), json!("closed"), "{}", health.text);
    let next = world.merchant.create(&payout("000", 2)).await.id();
    world.merchant.until_status(&next, "PROCESSED").await;
    world.stop().await;
}

#[actix_rt::test]
async fn a_crypto_payout_captures_a_rate_that_was_still_good() {
    let world = World::start().await;
    let body = json!({
        "amount": "125.40", "currency": "EUR", "method": "crypto",
        "recipient": {"type": "crypto_address", "network": "bitcoin",
                      "address": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}
    });
    let id = world.merchant.create(&body).await.id();
    let paid = world.merchant.until_status(&id, "PROCESSED").await;
    assert_eq!(paid["settlement"]["currency"], "BTC");
    assert_eq!(paid["settlement"]["rate"]["from"], "EUR");
    assert!(
        paid["settlement"]["amount"].is_string() && paid["settlement"]["rate"]["value"].is_string()
    );
    assert_eq!(world.ledger(&id), (1, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn other_rails_choose_by_their_own_last_digits() {
    let world = World::start().await;
    let cases = [
        (
            "mobile_money",
            json!({"type": "phone", "number": "+254712345002", "country": "KE"}),
            "PROCESS_FAILED",
        ),
        (
            "mobile_money",
            json!({"type": "phone", "number": "+254712345678", "country": "KE"}),
            "PROCESSED",
        ),
        ("wallet", json!({"type": "wallet", "email": "anna+001@example.com"}), "INVOKE_FAILED"),
        ("wallet", json!({"type": "wallet", "email": "anna@example.com"}), "PROCESSED"),
        ("card", json!({"type": "card", "token": "tok_abc_040"}), "PARTIALLY_PROCESSED"),
        (
            "card",
            json!({"type": "card", "token": "tok_abc", "sim_resolution": "ANTIFRAUD_ERROR"}),
            "PROCESS_FAILED",
        ),
        (
            "bank_transfer",
            json!({"type": "bank_account", "name": "Bo Li", "country": "US",
            "account_number": "000123456003", "bank_code": "021000021"}),
            "INVOKE_FAILED",
        ),
    ];
    for (method, recipient, end) in cases {
        let body =
            json!({"amount": "10.00", "currency": "EUR", "method": method, "recipient": recipient});
        let made = world.merchant.create(&body).await;
        assert_eq!(made.status, 201, "{method}: {}", made.text);
        world.merchant.until_status(&made.id(), end).await;
    }
    world.stop().await;
}
