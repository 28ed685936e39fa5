//! Snapshots as operators meet them: taken while payouts live, by hand and by the clock, read back,
//! kept and deleted by a policy, each order on the record; and payouts as they were.

use serde_json::{Value, json};
use std::time::Duration;
use tests::World;
use tests::recipient::payout;

const PATH: &str = "/v1/ops/snapshots";

/// Takes one. The clock may be at it: then it is asked for again, as a person would.
async fn take(world: &World, reason: &str) -> Value {
    for _ in 0..400 {
        let taken = world.operator.post(PATH, &json!({ "reason": reason })).await;
        if taken.status != 409 {
            assert_eq!(taken.status, 201, "{}", taken.text);
            return taken.json();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("another snapshot never ended");
}

async fn listed(world: &World) -> Vec<Value> {
    world.operator.get(PATH).await.at("/data").as_array().unwrap().clone()
}

/// A payout that waits for its merchant.
async fn waiting(world: &World, number: u32) -> String {
    let mut body = payout("000", number);
    body["autoprocess"] = json!(false);
    world.merchant.create(&body).await.id()
}

#[actix_rt::test]
async fn a_snapshot_says_when_why_and_what_stands_where() {
    let world = World::start().await;
    for number in 0..3 {
        waiting(&world, number).await;
    }
    let taken = world.operator.post(PATH, &json!({ "reason": "before the upgrade" })).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    assert_eq!(taken.header("Location"), format!("{PATH}/{}", taken.at("/id")));
    assert_eq!((taken.at("/payouts"), taken.at("/why")), (json!(3), json!("operator")));
    assert_eq!(
        (taken.at("/by"), taken.at("/reason")),
        (json!("dev-operator"), json!("before the upgrade"))
    );
    let sums = json!([{"status": "READY", "currency": "EUR", "count": 3, "amount": "376.20"}]);
    assert_eq!(taken.at("/live"), sums, "{}", taken.text);
    assert!(taken.at("/taken_at").as_str().is_some_and(|at| at.ends_with('Z')));
    let id = taken.at("/id");
    let one = world.operator.get(&format!("{PATH}/{id}")).await;
    assert_eq!(one.json(), taken.json());
    assert_eq!(listed(&world).await[0], taken.json());
    for absent in ["999", "0", "latest", "-1"] {
        let answer = world.operator.get(&format!("{PATH}/{absent}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "snapshot_not_found"),
            "{absent}"
        );
    }
    world.stop().await;
}

#[actix_rt::test]
async fn every_order_is_on_the_record() {
    let world = World::start().await;
    waiting(&world, 1).await;
    let id = take(&world, "one").await["id"].clone();
    let verified =
        world.operator.post(&format!("{PATH}/{id}/verify"), &json!({ "reason": "two" })).await;
    assert_eq!((verified.status, verified.at("/good")), (200, json!(true)), "{}", verified.text);
    let dry = json!({ "reason": "three", "dry_run": true });
    assert_eq!(world.operator.post(&format!("{PATH}/prune"), &dry).await.status, 200);
    let pruned = world.operator.post(&format!("{PATH}/prune"), &json!({ "reason": "four" })).await;
    assert_eq!((pruned.at("/kept"), pruned.at("/removed")), (json!([id]), json!([])));
    let rows = audit(&world, 3).await;
    let row = |row: &Value| {
        let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (word("action"), word("by"), word("reason"), word("from"), word("value"))
    };
    let by = "dev-operator";
    let expected = [
        ("prune_snapshots", by, "four", "127.0.0.1", ""),
        ("verify_snapshot", by, "two", "127.0.0.1", &id.to_string()),
        ("take_snapshot", by, "one", "127.0.0.1", ""),
    ];
    let found: Vec<_> = rows.iter().map(row).collect();
    for (found, (action, by, reason, from, value)) in found.iter().zip(expected) {
        let found = (&*found.0, &*found.1, &*found.2, &*found.3, &*found.4);
        assert_eq!(found, (action, by, reason, from, value));
    }
    assert_eq!(found.len(), 3, "a dry run is no order: {rows:#?}");
    world.stop().await;
}

/// The audit list once it has so many rows; it lags a moment behind.
async fn audit(world: &World, count: usize) -> Vec<Value> {
    for _ in 0..500 {
        let rows =
            world.operator.get("/v1/ops/audit").await.at("/data").as_array().unwrap().clone();
        if rows.len() >= count {
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the orders are not on the record");
}

#[actix_rt::test]
async fn only_operators_reach_them_and_only_with_a_reason() {
    let world = World::start().await;
    let refused = world.merchant.get(PATH).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"));
    let refused = world.merchant.post(PATH, &json!({ "reason": "x" })).await;
    assert_eq!(refused.status, 403);
    let table = [
        (PATH.to_owned(), json!({}), "reason"),
        (PATH.to_owned(), json!({ "reason": " " }), "reason"),
        (PATH.to_owned(), json!({ "reason": "x", "dry_run": true }), "dry_run"),
        (format!("{PATH}/prune"), json!({ "reason": "x", "dry_run": "yes" }), "dry_run"),
        (format!("{PATH}/1/verify"), json!({ "reason": 5 }), "reason"),
    ];
    for (path, body, field) in table {
        let refused = world.operator.post(&path, &body).await;
        assert_eq!((refused.status, refused.at("/field")), (422, json!(field)), "{}", refused.text);
    }
    let unknown = world.operator.post(&format!("{PATH}/7/verify"), &json!({ "reason": "x" })).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "snapshot_not_found"));
    assert!(listed(&world).await.is_empty(), "nothing was taken");
    world.stop().await;
}

#[actix_rt::test]
async fn the_clock_takes_one_and_the_newest_two_are_kept() {
    let world = World::start().await;
    waiting(&world, 1).await;
    take(&world, "by hand").await;
    waiting(&world, 2).await;
    world.advance(Duration::from_secs(3_700));
    let mut found = Vec::new();
    for _ in 0..1_000 {
        found = listed(&world).await;
        if found.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let [newest, before] = &found[..] else { panic!("the hour has passed: {found:#?}") };
    assert_eq!((&newest["why"], &newest["by"]), (&json!("schedule"), &Value::Null));
    assert_eq!(newest["payouts"], 2);
    assert_eq!(before["reason"], "by hand");
    take(&world, "a third").await;
    let kept: Vec<_> = listed(&world).await.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(kept, [json!(3), json!(2)]);
    world.stop().await;
}

#[actix_rt::test]
async fn a_payout_is_told_as_it_was_at_any_time_that_has_passed() {
    let world = World::start().await;
    let id = waiting(&world, 1).await;
    let made = world.merchant.payout(&id).await;
    world.advance(Duration::from_secs(60));
    world.merchant.command(&id, "process", &json!({})).await;
    let paid = world.merchant.until_status(&id, "PROCESSED").await;
    // It has left memory for the archive by now or does so soon: it is told the same from either.
    let at = |at: &str| format!("/v1/payouts/{id}?at={at}");
    let time = |of: &Value, name: &str| of[name].as_str().unwrap().to_owned();
    let then = world.merchant.get(&at(&time(&made, "updated_at"))).await.json();
    assert_eq!((&then["status"], &then["version"]), (&json!("READY"), &made["version"]));
    assert_eq!(
        (&then["money"], &then["attempts"], &then["amount_processed"]),
        (&json!("not_sent"), &json!([]), &Value::Null)
    );
    let now = world.merchant.get(&at(&time(&paid, "updated_at"))).await.json();
    assert_eq!((&now["status"], &now["money"]), (&json!("PROCESSED"), &json!("paid")));
    let before = world.merchant.get(&at("2001-01-01T00:00:00Z")).await;
    assert_eq!((before.status, before.code().as_str()), (404, "payout_not_found"));
    assert!(before.at("/detail").as_str().unwrap().contains("at that time"), "{}", before.text);
    let future = world.merchant.get(&at("2999-01-01T00:00:00Z")).await;
    assert_eq!((future.status, future.at("/field")), (400, json!("at")), "{}", future.text);
    let stranger = world.other_merchant.get(&at(&time(&made, "updated_at"))).await;
    assert_eq!(stranger.status, 404, "another merchant's past is as absent as its present");
    world.stop().await;
}
