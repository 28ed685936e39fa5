//! What a merchant may ask of a payout, when it is refused, and that asking twice is asking once.

use serde_json::json;
use std::time::Duration;
use tests::World;
use tests::recipient::{iban, payout};

#[actix_rt::test]
async fn a_payout_without_autoprocess_waits_for_its_command() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["autoprocess"] = json!(false);
    let id = world.merchant.create(&body).await.id();
    world.advance(Duration::from_secs(3_600));
    assert_eq!(world.merchant.payout(&id).await["status"], "READY");
    assert_eq!(world.merchant.command(&id, "process", &json!({})).await.status, 200);
    world.merchant.until_status(&id, "PROCESSED").await;
    assert_eq!(world.ledger(&id), (1, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn terminated_and_expired_payouts_are_never_sent() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["autoprocess"] = json!(false);
    let stopped = world.merchant.create(&body).await.id();
    let answer = world.merchant.command(&stopped, "terminate", &json!({})).await;
    assert_eq!(answer.at("/status"), "TERMINATED");
    assert_eq!(answer.at("/failure/code/value"), "TERMINATED");
    let again = world.merchant.command(&stopped, "process", &json!({})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "not_allowed"));
    assert!(again.text.contains("TERMINATED") && again.text.contains("process"));

    body["expires_in"] = json!(60);
    let late = world.merchant.create(&body).await.id();
    world.advance(Duration::from_secs(61));
    let expired = world.merchant.until_status(&late, "EXPIRED").await;
    assert_eq!(expired["failure"]["code"]["value"], "OPERATION_EXPIRED");
    assert_eq!((world.ledger(&stopped), world.ledger(&late)), ((0, 0, 0), (0, 0, 0)));
    world.stop().await;
}

#[actix_rt::test]
async fn details_that_were_wanted_can_be_given_later() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["recipient"] = json!({"type": "bank_account", "country": "DE"});
    let made = world.merchant.create(&body).await;
    assert_eq!((made.status, made.at("/status")), (201, json!("CREATED")), "{}", made.text);
    assert_eq!(made.at("/details_required"), json!(["recipient.name", "recipient.iban"]));
    let id = made.id();
    assert_eq!(world.merchant.command(&id, "process", &json!({})).await.status, 409);

    let wrong = json!({"recipient": {"iban": "DE89370400440532013001"}});
    let refused = world.merchant.command(&id, "details", &wrong).await;
    assert_eq!((refused.status, refused.at("/field")), (422, json!("recipient.iban")));
    let name = json!({"recipient": {"name": "Anna Schmidt"}});
    let half = world.merchant.command(&id, "details", &name).await;
    assert_eq!(half.at("/details_required"), json!(["recipient.iban"]));
    let rest = json!({"recipient": {"iban": iban("000", 1)}});
    assert_eq!(world.merchant.command(&id, "details", &rest).await.status, 200);
    world.merchant.until_status(&id, "PROCESSED").await;
    let late = world.merchant.command(&id, "details", &name).await;
    assert_eq!(late.status, 409);
    world.stop().await;
}

/// What is kept of a payout is read in one piece: a merchant who could make it ever longer could make it, and
/// the snapshots that it is in, unreadable.
#[actix_rt::test]
async fn no_merchant_writes_a_history_without_end() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["recipient"] = json!({"type": "bank_account", "country": "DE"});
    let id = world.merchant.create(&body).await.id();
    let name = json!({"recipient": {"name": "Anna Schmidt"}});
    let mut taken = 0;
    let refused = loop {
        let answer = world.merchant.command(&id, "details", &name).await;
        match answer.status {
            200 if taken < 2_000 => taken += 1,
            _ => break answer,
        }
    };
    assert_eq!((refused.status, refused.code().as_str()), (409, "not_allowed"), "{}", refused.text);
    assert!(taken > 100, "{taken}");
    // What ends it is taken for ever, and then it is read back from the archive.
    assert_eq!(world.merchant.command(&id, "terminate", &json!({})).await.status, 200);
    world.merchant.until_status(&id, "TERMINATED").await;
    world.stop().await;
}

#[actix_rt::test]
async fn details_that_the_account_cannot_serve_end_the_payout_before_anything_is_sent() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["recipient"] = json!({"type": "bank_account", "country": "DE", "name": "Anna Schmidt"});
    let id = world.merchant.create(&body).await.id();
    let details = json!({"recipient": {"iban": iban("007", 1)}});
    let given = world.merchant.command(&id, "details", &details).await;
    assert_eq!(
        (given.status, given.at("/status")),
        (200, json!("CREATE_FAILED")),
        "{}",
        given.text
    );
    assert_eq!(given.at("/failure/code/value"), json!("INVALID_RECIPIENT"));
    assert_eq!(world.ledger(&id), (0, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn a_command_under_the_same_key_is_answered_the_same() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["autoprocess"] = json!(false);
    let id = world.merchant.create(&body).await.id();
    let path = format!("/v1/payouts/{id}/process");
    let ask =
        || world.merchant.request("POST", &path).header("Idempotency-Key", "once").json(&json!({}));
    let first = world.merchant.send(ask()).await.unwrap();
    world.merchant.until_status(&id, "PROCESSED").await;
    let again = world.merchant.send(ask()).await.unwrap();
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(again.header("Idempotent-Replayed"), "true");
    let path = format!("/v1/payouts/{id}/cancel");
    let other =
        world.merchant.request("POST", &path).header("Idempotency-Key", "once").json(&json!({}));
    assert_eq!(world.merchant.send(other).await.unwrap().status, 422);
    world.stop().await;
}

#[actix_rt::test]
async fn reconcile_asks_the_provider_now_and_shows_both_sides() {
    let world = World::start().await;
    let id = world.merchant.create(&payout("030", 1)).await.id();
    world.merchant.until_status(&id, "PENDING").await;
    let path = format!("/v1/payouts/{id}/reconcile");
    let answer = world.merchant.post(&path, &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.at("/before/status"), "PENDING");
    assert_eq!(answer.at("/after/status"), "PENDING");
    assert!(answer.at("/statement/source").is_string());

    let mut body = payout("000", 2);
    body["autoprocess"] = json!(false);
    let unsent = world.merchant.create(&body).await.id();
    let refused = world.merchant.post(&format!("/v1/payouts/{unsent}/reconcile"), &json!({})).await;
    assert_eq!(refused.status, 409);
    world.stop().await;
}

#[actix_rt::test]
async fn the_past_can_be_asked_for() {
    let world = World::start().await;
    let made = world.merchant.create(&payout("000", 1)).await;
    let id = made.id();
    world.merchant.until_status(&id, "PROCESSED").await;
    let then = made.at("/updated_at").as_str().unwrap().to_owned();
    let earlier = world.merchant.get(&format!("/v1/payouts/{id}?at={then}")).await;
    assert_eq!(earlier.at("/status"), "READY", "{}", earlier.text);
    let before = world.merchant.get(&format!("/v1/payouts/{id}?at=2001-01-01T00:00:00Z")).await;
    assert_eq!(before.status, 404);
    world.stop().await;
}

#[actix_rt::test]
async fn callbacks_are_only_ever_hints() {
    let world = World::start().await;
    let id = world.merchant.create(&payout("030", 1)).await.id();
    let pending = world.merchant.until_status(&id, "PENDING").await;
    let reference = pending["attempts"][0]["provider_reference"].as_str().unwrap();
    let lie = json!({"event_id": "e1", "reference": reference, "payout": id, "status": "settled",
                     "amount": "125.40", "currency": "EUR"});
    let url = format!("{}/v1/callbacks/sandbox", world.merchant.base);
    for _ in 0..20 {
        let call = world.merchant.http.post(&url).json(&lie);
        assert_eq!(world.merchant.send(call).await.unwrap().status, 200);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.merchant.payout(&id).await["status"], "PENDING");
    let stray = world.merchant.http.post(&url).body("not even json");
    assert_eq!(world.merchant.send(stray).await.unwrap().status, 200);
    let nowhere = world.merchant.http.post(url.replace("sandbox", "nobody")).json(&lie);
    assert_eq!(world.merchant.send(nowhere).await.unwrap().status, 404);
    world.stop().await;
}
