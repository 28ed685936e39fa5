//! Lists: newest first, filtered, paged without gaps or repetitions.

use serde_json::{Value, json};
use tests::World;
use tests::recipient::payout;

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().into()).collect()
}

#[actix_rt::test]
async fn pages_follow_one_another_through_the_living_and_the_resting() {
    let world = World::start().await;
    let mut made = Vec::new();
    for number in 0..13 {
        let mut body = payout(if number % 3 == 0 { "002" } else { "000" }, number);
        body["autoprocess"] = json!(number % 4 != 0);
        if number == 5 {
            body["currency"] = json!("JPY");
            body["amount"] = json!("125");
        }
        made.push(world.merchant.create(&body).await.id());
    }
    for (number, id) in made.iter().enumerate() {
        let end = match (number % 4, number % 3) {
            (0, _) => "READY",
            (_, 0) => "PROCESS_FAILED",
            _ => "PROCESSED",
        };
        world.merchant.until_status(id, end).await;
    }
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/v1/payouts?limit=4".to_owned());
    loop {
        let page = world.merchant.get(&path).await.json();
        seen.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        path = format!("/v1/payouts?limit=4&cursor={cursor}");
    }
    assert_eq!(seen, made);

    let count = async |query: &str| {
        let page = world.merchant.get(&format!("/v1/payouts?limit=100&{query}")).await.json();
        ids(&page).len()
    };
    assert_eq!(count("status=READY").await, 4);
    assert_eq!(count("status=PROCESS_FAILED").await, 2 + 1);
    assert_eq!(count("state=failed").await, 3);
    assert_eq!(count("state=completed").await, 6);
    assert_eq!(count("currency=JPY").await, 1);
    assert_eq!(count("method=bank_transfer").await, 13);
    assert_eq!(count("method=card").await, 0);
    assert_eq!(count("moderation_required=true").await, 0);
    assert_eq!(count("created_after=2000-01-01T00:00:00Z").await, 13);
    assert_eq!(count("created_before=2000-01-01T00:00:00Z").await, 0);
    for bad in ["limit=0", "limit=101", "status=PAID", "cursor=xyz", "colour=red", "state=done"] {
        assert_eq!(world.merchant.get(&format!("/v1/payouts?{bad}")).await.status, 400, "{bad}");
    }
    world.stop().await;
}
