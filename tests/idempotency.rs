//! The same key is the same payout: at once, later, concurrently, and with the keys in another order.

use serde_json::json;
use tests::World;
use tests::recipient::{iban, payout};

#[actix_rt::test]
async fn the_same_request_twice_is_one_payout_and_one_answer() {
    let world = World::start().await;
    let first = world.merchant.create_as("k", &payout("000", 1)).await;
    world.merchant.until_status(&first.id(), "PROCESSED").await;
    let again = world.merchant.create_as("k", &payout("000", 1)).await;
    assert_eq!((again.status, &again.text), (201, &first.text), "byte for byte as answered then");
    assert_eq!(first.header("Idempotent-Replayed"), "");
    assert_eq!(again.header("Idempotent-Replayed"), "true");

    let body = format!(
        r#" {{"recipient": {{"iban":"{}","country":"DE","name":"Anna Schmidt","type":"bank_account"}},
            "method":"bank_transfer","currency":"EUR","amount":"125.40"}} "#,
        iban("000", 1)
    );
    let request = world.merchant.request("POST", "/v1/payouts").header("Idempotency-Key", "k");
    let reordered = request.header("Content-Type", "application/json").body(body);
    assert_eq!(world.merchant.send(reordered).await.unwrap().text, first.text);

    let other = world.merchant.create_as("k", &payout("000", 2)).await;
    assert_eq!((other.status, other.code().as_str()), (422, "idempotency_key_reused"));
    assert_eq!(world.ledger(&first.id()), (1, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn the_same_request_from_many_sides_at_once_is_one_payout() {
    let world = World::start().await;
    let body = payout("000", 1);
    let calls = (0..40).map(|_| {
        let (client, body) = (world.merchant.clone(), body.clone());
        tokio::task::spawn_local(async move { client.create_as("k", &body).await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap());
    }
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (201, &answers[0].text));
    }
    let fresh = answers.iter().filter(|answer| answer.header("Idempotent-Replayed") != "true");
    assert_eq!(fresh.count(), 1, "made once");
    world.merchant.until_status(&answers[0].id(), "PROCESSED").await;
    assert_eq!(world.ledger(&answers[0].id()), (1, 0, 0));
    world.stop().await;
}

#[actix_rt::test]
async fn a_merchants_reference_is_unique_and_a_refused_request_burns_nothing() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["reference"] = json!("order-1");
    let first = world.merchant.create_as("k1", &body).await;
    let second = world.merchant.create_as("k2", &body).await;
    assert_eq!((second.status, second.code().as_str()), (409, "duplicate_reference"));
    assert!(second.text.contains(&first.id()), "the answer names the other payout");
    let other = world.other_merchant.create_as("k2", &body).await;
    assert_eq!(other.status, 201, "another merchant's references are its own");

    let mut wrong = payout("000", 3);
    wrong["amount"] = json!("1.234");
    assert_eq!(world.merchant.create_as("k3", &wrong).await.status, 422);
    assert_eq!(world.merchant.create_as("k3", &payout("000", 3)).await.status, 201);
    world.stop().await;
}

#[actix_rt::test]
async fn one_key_of_two_merchants_is_two_payouts() {
    let world = World::start().await;
    let ours = world.merchant.create_as("k", &payout("000", 1)).await;
    let theirs = world.other_merchant.create_as("k", &payout("000", 1)).await;
    assert_ne!(ours.id(), theirs.id());
    world.stop().await;
}
