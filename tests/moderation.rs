//! What is held, as operators meet it: one incident for one trouble, decisions that are signed and
//! kept, outcomes that take two people, and money in doubt that stops a provider.

use serde_json::{Value, json};
use std::time::Duration;
use tests::World;
use tests::recipient::payout;

/// A payout that never reached the provider's books, and is held.
async fn held(world: &World, number: u32) -> String {
    let id = world.merchant.create(&payout("011", number)).await.id();
    world.merchant.until(&id, |payout| payout["moderation_required"] == true).await;
    id
}

/// Its next question is answered as the last one: nothing more happens by itself.
async fn quiet(world: &World, id: &str) -> u64 {
    let unknown = |statements: &Value| {
        let rows = statements["data"].as_array().unwrap();
        rows.last().is_some_and(|last| last["outcome"] == "not_found")
    };
    for _ in 0..400 {
        let statements = world.merchant.get(&format!("/v1/payouts/{id}/statements")).await.json();
        if unknown(&statements) {
            return world.merchant.payout(id).await["version"].as_u64().unwrap();
        }
        world.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the provider never said that it does not know {id}");
}

fn decision(action: &str, reason: &str) -> Value {
    json!({ "action": action, "reason": reason })
}

#[actix_rt::test]
async fn one_trouble_is_one_incident_and_is_decided_at_once() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let id = held(&world, number).await;
        quiet(&world, &id).await;
        ids.push(id);
    }
    let page = world.operator.get("/v1/ops/moderation?limit=3").await.json();
    assert_eq!((&page["held"], &page["has_more"]), (&json!(5), &json!(true)), "{page:#}");
    let [incident] = &page["incidents"].as_array().unwrap()[..] else { panic!("{page:#}") };
    assert_eq!(incident["count"], 5);
    assert_eq!(incident["amounts"], json!({ "EUR": "627.00" }));
    assert_eq!(incident["resolution"], "CONNECTION_TIMEOUT_ERROR");
    assert_eq!(incident["recommended"], "resubmit", "the provider does not know them");
    assert!(!incident["samples"].as_array().unwrap().is_empty());
    let shown = incident.to_string();
    assert!(!shown.contains("Schmidt") && !shown.contains("DE89"), "samples carry no recipient");
    let id = incident["id"].as_str().unwrap();
    for payout in &ids {
        assert_eq!(world.merchant.payout(payout).await["moderation"]["incident"], id);
    }
    let next = page["next_cursor"].as_str().unwrap();
    let rest = world.operator.get(&format!("/v1/ops/moderation?limit=3&cursor={next}")).await;
    assert_eq!(rest.at("/data").as_array().unwrap().len(), 2);

    let path = format!("/v1/ops/incidents/{id}/moderation");
    let done = world.operator.post(&path, &decision("resubmit", "confirmed by phone")).await;
    assert_eq!((done.status, done.at("/done")), (200, json!(5)), "{}", done.text);
    for payout in &ids {
        world.merchant.until_status(payout, "PROCESSED").await;
        assert_eq!(world.ledger(payout), (1, 0, 0), "paid once, under the same reference");
    }
    assert_eq!(world.operator.post(&path, &decision("release", "again")).await.status, 404);
    let audit = audit(&world, 5).await;
    for row in &audit {
        assert_eq!(row["action"], "resubmit");
        assert_eq!((&row["by"], &row["from"]), (&json!("dev-operator"), &json!("127.0.0.1")));
        assert_eq!(row["reason"], "confirmed by phone");
    }
    world.stop().await;
}

/// The audit list once it has so many rows; it is read behind the journal, a moment later.
async fn audit(world: &World, rows: usize) -> Vec<Value> {
    for _ in 0..400 {
        let page = world.operator.get("/v1/ops/audit?limit=100").await.json();
        let data = page["data"].as_array().unwrap().clone();
        if data.len() >= rows {
            assert_eq!(data.len(), rows);
            return data;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the audit list stays short");
}

#[actix_rt::test]
async fn an_outcome_takes_two_people_who_saw_the_same_payout() {
    let world = World::start().await;
    let id = held(&world, 1).await;
    let version = quiet(&world, &id).await;
    let path = format!("/v1/ops/payouts/{id}/moderation");
    let say = |version: u64| {
        json!({
            "action": "statement", "reason": "the bank's letter of today", "outcome": "paid",
            "amount": "125.40", "version": version,
        })
    };
    let stale = world.operator.post(&path, &say(version - 1)).await;
    assert_eq!((stale.status, stale.code()), (409, "payout_changed".to_owned()));
    let nothing = world.second_operator.post(&path, &decision("approve", "fine")).await;
    assert_eq!((nothing.status, nothing.code()), (409, "nothing_proposed".to_owned()));

    let proposed = world.operator.post(&path, &say(version)).await;
    assert_eq!(proposed.status, 200, "{}", proposed.text);
    let proposal = proposed.at("/proposal");
    assert_eq!((&proposal["by"], &proposal["outcome"]), (&json!("dev-operator"), &json!("paid")));
    assert_eq!(world.merchant.payout(&id).await["status"], "INVOKING", "nothing has happened yet");
    let alone = world.operator.post(&path, &decision("approve", "fine")).await;
    assert_eq!((alone.status, alone.code()), (409, "second_person_required".to_owned()));

    // Whatever happens to the payout voids what was proposed about it.
    let rejected = world.second_operator.post(&path, &decision("reject", "the wrong letter")).await;
    assert_eq!((rejected.status, rejected.at("/proposal")), (200, Value::Null));
    let void = world.second_operator.post(&path, &decision("approve", "fine")).await;
    assert_eq!(void.code(), "nothing_proposed");

    let version = world.merchant.payout(&id).await["version"].as_u64().unwrap();
    assert_eq!(world.operator.post(&path, &say(version)).await.status, 200);
    // Which of the two was seen must be said.
    let unsaid = world.second_operator.post(&path, &decision("approve", "I saw it too")).await;
    assert_eq!((unsaid.status, unsaid.code()), (409, "payout_changed".to_owned()));
    let mut approval = decision("approve", "I saw it too");
    approval["version"] = json!(version + 1);
    let approved = world.second_operator.post(&path, &approval).await;
    assert_eq!(approved.status, 200, "{}", approved.text);
    let payout = world.merchant.payout(&id).await;
    assert_eq!((&payout["status"], &payout["money"]), (&json!("PROCESSED"), &json!("paid")));
    assert_eq!(world.ledger(&id), (0, 0, 0), "a person's word sends nothing");
    let statements = world.merchant.get(&format!("/v1/payouts/{id}/statements")).await.json();
    let last = statements["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["source"], &last["by"]),
        (&json!("manual"), &json!("operator:dev-operator-2"))
    );
    let rows = audit(&world, 4).await;
    let actions: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["approve", "statement", "reject", "statement"]);
    world.stop().await;
}

#[actix_rt::test]
async fn what_cannot_be_decided_is_refused_with_its_reason() {
    let world = World::start().await;
    let id = held(&world, 1).await;
    quiet(&world, &id).await;
    let path = format!("/v1/ops/payouts/{id}/moderation");
    for (body, status, code) in [
        (json!({ "reason": "x" }), 422, "required"),
        (decision("explode", "x"), 422, "invalid_action"),
        (decision("release", " "), 422, "invalid_reason"),
        (decision("statement", "x"), 422, "required"),
        (json!({ "action": "release", "reason": "x", "outcome": "paid" }), 422, "unexpected_field"),
        (
            json!({ "action": "statement", "reason": "x", "outcome": "lost" }),
            422,
            "invalid_outcome",
        ),
        (
            json!({ "action": "statement", "reason": "x", "outcome": "failed", "resolution": "UNKNOWN" }),
            422,
            "invalid_resolution",
        ),
        (
            json!({ "action": "statement", "reason": "x", "outcome": "paid", "amount": "1.001" }),
            422,
            "too_many_decimals",
        ),
        (
            json!({ "action": "statement", "reason": "x", "outcome": "paid", "amount": "999.00" }),
            409,
            "outcome_unfit",
        ),
        (json!({ "action": "release", "reason": "x", "colour": "red" }), 422, "unknown_field"),
        (json!({ "action": "pause", "reason": "x" }), 409, "held_for_moderation"),
    ] {
        let answer = world.operator.post(&path, &body).await;
        let expected = if code == "too_many_decimals" { answer.code() } else { code.to_owned() };
        assert_eq!((answer.status, answer.code()), (status, expected), "{body}: {}", answer.text);
    }
    let merchant = world.merchant.post(&path, &decision("release", "mine")).await;
    assert_eq!(merchant.status, 403, "operators' addresses are not for merchants");
    assert_eq!(audit(&world, 0).await.len(), 0, "what is refused is not done");
    world.stop().await;
}

#[actix_rt::test]
async fn a_paused_payout_waits_and_a_paused_provider_keeps_its_queue() {
    let world = World::start().await;
    let mut body = payout("000", 1);
    body["autoprocess"] = json!(false);
    let id = world.merchant.create(&body).await.id();
    let path = format!("/v1/ops/payouts/{id}/moderation");
    assert_eq!(world.operator.post(&path, &decision("pause", "fraud check")).await.status, 200);
    let refused = world.merchant.command(&id, "process", &json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "held_for_moderation".to_owned()));
    let moderation = world.merchant.payout(&id).await["moderation"].clone();
    assert_eq!((&moderation["reason"], &moderation["cause"]), (&json!("PAUSED"), &json!("paused")));

    let closed = json!({ "mode": "verify_only", "reason": "maintenance at the bank" });
    let set = world.operator.post("/v1/ops/providers/sandbox", &closed).await;
    assert_eq!((set.status, set.at("/health/mode")), (200, json!("verify_only")), "{}", set.text);
    assert_eq!(set.at("/mode_set/by"), "dev-operator");
    assert_eq!(world.operator.post(&path, &decision("release", "checked")).await.status, 200);
    assert_eq!(world.merchant.command(&id, "process", &json!({})).await.status, 200);
    let waits = world.merchant.create(&payout("000", 2)).await.id();
    world.advance(Duration::from_secs(4 * 86_400));
    for id in [&id, &waits] {
        let payout = world.merchant.payout(id).await;
        assert_eq!(payout["status"], "READY", "in our own queue its life stands still");
    }
    let open = json!({ "mode": "open", "reason": "they are back" });
    assert_eq!(world.operator.post("/v1/ops/providers/sandbox", &open).await.status, 200);
    for id in [&id, &waits] {
        world.merchant.until_status(id, "PROCESSED").await;
        assert_eq!(world.ledger(id), (1, 0, 0));
    }
    let rows = audit(&world, 4).await;
    let actions: Vec<&str> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["set_mode", "release", "set_mode", "pause"]);
    world.stop().await;
}

#[actix_rt::test]
async fn money_in_doubt_stops_the_provider_until_evidence_brings_it_down() {
    let eur = "EUR".parse().unwrap();
    let most = domain::money::Amount::parse("300.00", eur).unwrap();
    let world =
        World::start_with(|settings| settings.limits.in_doubt_max = vec![(eur, most)]).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let id = held(&world, number).await;
        quiet(&world, &id).await;
        ids.push(id);
    }
    let exposure = world.operator.get("/v1/ops/exposure").await.json();
    assert_eq!(
        exposure["data"],
        json!([{
            "provider_account": "sandbox", "merchant": "dev", "currency": "EUR",
            "count": 3, "amount": "376.20",
        }])
    );
    assert_eq!(exposure["limits"][0]["stopped"], true, "{exposure:#}");
    let metrics = world.operator.get("/metrics").await.text;
    let gauge = "bursar_money_in_doubt{account=\"sandbox\",currency=\"EUR\"} 376.20";
    assert!(metrics.lines().any(|line| line == gauge), "{metrics}");

    let waits = world.merchant.create(&payout("000", 9)).await.id();
    world.advance(Duration::from_secs(3_600));
    assert_eq!(world.merchant.payout(&waits).await["status"], "READY");
    // One outcome is enough to be below the limit again.
    let path = format!("/v1/ops/payouts/{}/moderation", ids[0]);
    let never =
        json!({ "action": "statement", "reason": "not on their list", "outcome": "not_sent" });
    assert_eq!(world.operator.post(&path, &never).await.status, 200);
    assert_eq!(
        world.second_operator.post(&path, &decision("approve", "so I see")).await.status,
        200
    );
    assert_eq!(world.merchant.payout(&ids[0]).await["status"], "TERMINATED");
    world.merchant.until_status(&waits, "PROCESSED").await;
    let exposure = world.operator.get("/v1/ops/exposure").await.json();
    assert_eq!(exposure["limits"][0]["stopped"], false);
    world.stop().await;
}
