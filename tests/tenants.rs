//! One merchant never sees, finds or touches another's; foreign and missing look the same.

use serde_json::json;
use tests::World;
use tests::recipient::payout;

#[actix_rt::test]
async fn another_merchants_payout_is_as_absent_as_none() {
    let world = World::start().await;
    let id = world.merchant.create(&payout("000", 1)).await.id();
    world.merchant.until_status(&id, "PROCESSED").await;
    let missing = "po_00000000000000000000000000";
    let calls = [
        ("GET", ""),
        ("GET", "/history"),
        ("GET", "/statements"),
        ("POST", "/process"),
        ("POST", "/terminate"),
        ("POST", "/revoke"),
        ("POST", "/cancel"),
        ("POST", "/reconcile"),
        ("POST", "/details"),
    ];
    for (method, tail) in calls {
        let mut answers = Vec::new();
        for id in [id.as_str(), missing] {
            let request = world.other_merchant.request(method, &format!("/v1/payouts/{id}{tail}"));
            let body =
                if tail == "/details" { json!({"recipient": {"name": "A"}}) } else { json!({}) };
            let request = if method == "POST" { request.json(&body) } else { request };
            let answer = world.other_merchant.send(request).await.unwrap();
            let mut problem = answer.json();
            problem["request_id"] = json!(null);
            answers.push((answer.status, problem.to_string().replace(id, "ID")));
        }
        assert_eq!(answers[0].0, 404, "{method} {tail}");
        assert_eq!(answers[0], answers[1], "{method} {tail}");
    }
    let list = world.other_merchant.get("/v1/payouts").await;
    assert_eq!(list.at("/data"), json!([]));
    world.stop().await;
}

#[actix_rt::test]
async fn every_door_wants_its_own_key() {
    let world = World::start().await;
    let id = world.merchant.create(&payout("000", 1)).await.id();
    let nobody = tests::Client::new(&world.merchant.base, "sk_test_nobody");
    assert_eq!(nobody.get(&format!("/v1/payouts/{id}")).await.status, 401);
    let bare = nobody.http.get(format!("{}/v1/payouts", nobody.base));
    assert_eq!(nobody.send(bare).await.unwrap().status, 401);
    assert_eq!(world.operator.get("/v1/payouts").await.status, 403);
    assert_eq!(world.merchant.get(&format!("/v1/ops/payouts/{id}")).await.status, 403);
    assert_eq!(world.operator.get(&format!("/v1/ops/payouts/{id}")).await.status, 200);
    world.stop().await;
}
