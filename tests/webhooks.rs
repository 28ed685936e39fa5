//! Every change of a payout reaches its merchant once, in order, with proof; and says the same there
//! as everywhere else.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tests::recipient::payout;
use tests::{Client, Receiver, World};

/// Suffixes that between them reach every resolution that the sandbox can give, and every way to end.
const SUFFIXES: &[&str] = &[
    "000", "001", "002", "003", "004", "005", "010", "012", "013", "014", "015", "017", "018",
    "019", "020", "021", "022", "023", "024", "025", "026", "031", "032", "040", "011", "016",
];

async fn endpoint(merchant: &Client, receiver: &Receiver, more: Value) -> Value {
    let mut body = json!({ "url": receiver.url });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = merchant.post("/v1/webhook-endpoints", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()
}

/// All events of the merchant, page by page.
async fn events(merchant: &Client) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = merchant.get(&format!("/v1/events?after={after}&limit=100")).await.json();
        all.extend(page["data"].as_array().unwrap().clone());
        after = page["next_after"].as_u64().unwrap();
        if page["has_more"] == false {
            return all;
        }
    }
}

/// Waits until the receiver has taken every event there is; over the pauses between attempts the
/// clock is turned if `turned` says so.
async fn all_told(world: &World, receiver: &Receiver, turned: bool) -> Vec<Value> {
    for round in 1..4_000 {
        let known = events(&world.merchant).await;
        if receiver.count() >= known.len() {
            return known;
        }
        if turned && round % 20 == 0 {
            world.clock.advance(Duration::from_secs(60));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} of {} told", receiver.count(), events(&world.merchant).await.len());
}

/// Rests: nothing is under way that would change it by itself.
fn rests(payout: &Value) -> bool {
    let open = payout["state"] == "pending" || payout["state"] == "processing";
    !open || payout["moderation_required"] == true || payout["status"] == "PENDING"
}

#[actix_rt::test]
async fn a_payout_says_the_same_in_get_list_event_and_webhook() {
    let world = World::start().await;
    let receiver = Receiver::start();
    let secret = endpoint(&world.merchant, &receiver, json!({})).await;
    let secret = secret["secret"].as_str().unwrap().to_owned();
    let mut made = Vec::new();
    for (number, suffix) in SUFFIXES.iter().enumerate() {
        made.push(world.merchant.create(&payout(suffix, number as u32)).await.id());
    }
    for id in &made {
        world.merchant.until(id, rests).await;
    }
    let known = all_told(&world, &receiver, false).await;

    // Gapless over the merchant, gapless over each payout, each event once.
    for (place, event) in known.iter().enumerate() {
        assert_eq!(event["sequence"], place + 1);
    }
    let lengths = receiver.in_order();
    assert_eq!(lengths.len(), made.len());
    assert_eq!(lengths.values().sum::<u64>(), known.len() as u64);

    let proof = standardwebhooks::Webhook::new(&secret).unwrap();
    let mut told: HashMap<String, Value> = HashMap::new();
    for one in receiver.taken() {
        let mut headers = http::HeaderMap::new();
        for (name, value) in [
            ("webhook-id", &one.id),
            ("webhook-timestamp", &one.timestamp),
            ("webhook-signature", &one.signature),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        proof.verify(&one.body, &headers).unwrap();
        let listed = known.iter().find(|event| event["id"] == one.id.as_str()).unwrap();
        assert_eq!(&one.event, listed, "a webhook and the list of events tell one event alike");
        let id = one.event["data"]["payout"]["id"].as_str().unwrap().to_owned();
        told.insert(id, one.event["data"]["payout"].clone());
    }
    let listed = world.merchant.get("/v1/payouts?limit=100").await.json();
    let mut resolutions = std::collections::BTreeSet::new();
    for id in &made {
        let mut shown = world.merchant.payout(id).await;
        let rows = listed["data"].as_array().unwrap();
        let mut row = rows.iter().find(|row| row["id"] == id.as_str()).unwrap().clone();
        let mut last = told[id].clone();
        // The next question's time moves with every question, and questions are no events.
        for one in [&mut shown, &mut row, &mut last] {
            one.as_object_mut().unwrap().remove("next_check_at");
        }
        assert_eq!(shown, row, "the list and the payout differ");
        assert_eq!(shown, last, "the last event and the payout differ");
        assert_eq!(shown["failure"].is_object(), shown["state"] == "failed");
        resolutions.extend(shown["resolution"].as_str().map(str::to_owned));
    }
    assert!(resolutions.len() >= 6, "{resolutions:?}");
    world.stop().await;
}

#[actix_rt::test]
async fn a_receiver_killed_and_started_again_ends_with_every_event_once_and_in_order() {
    let payouts: u32 = scale(10_048, 448);
    let world = World::start().await;
    let mut receiver = Receiver::start();
    endpoint(&world.merchant, &receiver, json!({})).await;
    let mut made = 0;
    for round in 0..8 {
        let clients = (0..8).map(|client| {
            let (merchant, share) = (world.merchant.clone(), payouts / 64);
            let first = (round * 8 + client) * share;
            tokio::task::spawn_local(async move {
                for number in first..first + share {
                    let made = merchant.create(&payout("000", number)).await;
                    assert_eq!(made.status, 201, "{}", made.text);
                }
                share
            })
        });
        for client in clients.collect::<Vec<_>>() {
            made += client.await.unwrap();
        }
        if round % 2 == 0 {
            receiver.kill().await;
        } else {
            receiver.start_again().await;
        }
        world.clock.advance(Duration::from_secs(30));
    }
    let last = world.merchant.create(&payout("000", 9_999_999)).await.id();
    world.merchant.until_status(&last, "PROCESSED").await;
    let mut before = 0;
    loop {
        // Every payout has come to rest once nothing new happens any more.
        let newest = world.engine.gateway();
        let newest = newest.for_merchant(domain::id::MerchantId::from_name("test:dev"));
        let newest = newest.newest_event().unwrap();
        if newest == before && newest >= u64::from(made) * 5 {
            break;
        }
        before = newest;
        world.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let known = all_told(&world, &receiver, true).await;
    let lengths = receiver.in_order();
    assert_eq!(lengths.len() as u32, made + 1);
    assert_eq!(receiver.count(), known.len(), "every event, and none that is not");
    println!("{made} payouts, {} events, {} messages", known.len(), receiver.heard().len());
    world.stop().await;
}

#[actix_rt::test]
async fn a_dead_endpoint_holds_up_nobody_and_ends_disabled() {
    let world = World::start().await;
    let (well, mut dead) = (Receiver::start(), Receiver::start());
    endpoint(&world.merchant, &well, json!({ "events": ["payout.processed"] })).await;
    let sick = endpoint(&world.merchant, &dead, json!({})).await;
    dead.kill().await;
    let mut made = Vec::new();
    for number in 0..40 {
        made.push(world.merchant.create(&payout("000", number)).await.id());
    }
    for id in &made {
        world.merchant.until_status(id, "PROCESSED").await;
    }
    for _ in 0..500 {
        if well.count() == made.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(well.count(), made.len(), "the healthy endpoint has everything it asked for");
    assert!(well.taken().iter().all(|one| one.event["type"] == "payout.processed"));
    let path = format!("/v1/webhook-endpoints/{}", sick["id"].as_str().unwrap());
    for _ in 0..400 {
        world.clock.advance(Duration::from_secs(3_600));
        tokio::time::sleep(Duration::from_millis(10)).await;
        if world.merchant.get(&path).await.at("/enabled") == false {
            break;
        }
    }
    let ended = world.merchant.get(&path).await.json();
    assert_eq!((&ended["enabled"], &ended["disabled_reason"]), (&json!(false), &json!("failing")));
    let log = world.merchant.get(&format!("{path}/deliveries?delivered=false")).await.json();
    assert!(!log["data"].as_array().unwrap().is_empty(), "and its log tells why");

    // Repaired and enabled again; what was given up meanwhile is sent again on request.
    dead.start_again().await;
    let mut request = world.merchant.request("PATCH", &path);
    request = request.json(&json!({ "enabled": true }));
    assert_eq!(world.merchant.send(request).await.unwrap().status, 200);
    let until = events(&world.merchant).await.len();
    let range = json!({ "after": 0, "until": until });
    let replayed = world.merchant.post(&format!("{path}/replay"), &range).await;
    assert!(replayed.status < 300, "{}", replayed.text);
    all_told(&world, &dead, true).await;
    world.stop().await;
}

/// The size that the manual promises where the machine is given the time, a smaller one elsewhere.
pub fn scale(full: u32, small: u32) -> u32 {
    if std::env::var_os("BURSAR_FULL_SCALE").is_some() { full } else { small }
}
