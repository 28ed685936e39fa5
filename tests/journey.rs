//! One payout from request to PROCESSED, in the order of ARCHITECTURE.md, and the same payout after
//! a restart.

use serde_json::json;
use tests::World;
use tests::recipient::payout;

#[actix_rt::test]
async fn a_payout_is_made_sent_verified_and_remembered() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["reference"] = json!("order-1001");
    body["metadata"] = json!({"order": "1001"});
    let made = world.merchant.create(&body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.at("/status"), "READY");
    assert_eq!(made.at("/state"), "pending");
    assert_eq!(made.at("/money"), "not_sent");
    assert_eq!(made.at("/recipient/name"), "A*** S******");
    assert_eq!(made.at("/metadata/order"), "1001");

    let id = made.id();
    let paid = world.merchant.until_status(&id, "PROCESSED").await;
    assert_eq!(paid["state"], "completed");
    assert_eq!(paid["final"], false, "it may still be cancelled or returned");
    assert_eq!(paid["money"], "paid");
    assert_eq!(paid["amount_processed"], "125.40");
    assert_eq!(paid["resolution"], "OK");
    assert_eq!(paid["moderation_required"], false);
    assert_eq!(paid["attempts"][0]["number"], 1);
    assert_eq!(paid["attempts"][0]["provider_account"], "sandbox");
    assert_eq!(paid["failure"], json!(null));
    assert_eq!(world.ledger(&id), (1, 0, 0));

    let history = world.merchant.get(&format!("/v1/payouts/{id}/history")).await;
    let steps: Vec<String> = history
        .at("/data")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["to"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(steps[..3], ["CREATED", "READY", "INVOKING"]);
    assert_eq!(steps.last().unwrap(), "PROCESSED");

    let statements = world.merchant.get(&format!("/v1/payouts/{id}/statements")).await;
    let last = statements.at("/data").as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["outcome"], "paid");
    assert_eq!(last["source"], "reconciliation", "only a status fetch finishes a payout");
    assert_eq!(last["amount"], "125.40");

    let found = world.merchant.get("/v1/payouts?reference=order-1001").await;
    assert_eq!(found.at("/data/0/id"), id.as_str());
    world.stop().await;
}

#[actix_rt::test]
async fn a_restart_remembers_everything() {
    let dir = tempfile::tempdir().unwrap();
    let settings = adapters::sandbox::SandboxSettings::default();
    let options = || adapters::sandbox::SandboxOptions {
        settings: settings.clone(),
        ..adapters::sandbox::SandboxOptions::default()
    };
    let sandbox = adapters::sandbox::serve(options()).await.unwrap();
    let world = World::join(dir.path(), sandbox, &settings).await;
    let paid = world.merchant.create(&payout("000", 1)).await.id();
    let mut waits = payout("000", 2);
    waits["autoprocess"] = json!(false);
    let waiting = world.merchant.create_as("waits", &waits).await;
    let before = world.merchant.until_status(&paid, "PROCESSED").await;
    world.stop().await;

    let sandbox = adapters::sandbox::serve(options()).await.unwrap();
    let world = World::join(dir.path(), sandbox, &settings).await;
    assert_eq!(world.merchant.payout(&paid).await, before);
    let again = world.merchant.create_as("waits", &waits).await;
    assert_eq!((again.status, &again.text), (201, &waiting.text), "the same answer as before");
    assert_eq!(again.header("Idempotent-Replayed"), "true");
    world.merchant.command(&waiting.id(), "process", &json!({})).await;
    world.merchant.until_status(&waiting.id(), "PROCESSED").await;
    world.stop().await;
}
