//! Webhook endpoints through the API: what a merchant can do with its own, and cannot with another's.

use super::rig::Answer;
use super::*;
use crate::keys::merchant_id;
use crate::webhooks::memory::{MemoryNotebook, MemorySource};
use crate::webhooks::receiver::Receiver;
use crate::webhooks::{Feed, Settings, Webhooks};
use engine::clock::TurnedClock;
use serde_json::Value;

pub const ALL: &str = "/v1/webhook-endpoints";

/// A gateway with webhooks, and the events of its first merchant.
pub struct Shop {
    rig: Rig,
    source: Arc<MemorySource>,
    webhooks: Webhooks,
    clock: TurnedClock,
}

impl Shop {
    pub fn open() -> Shop {
        let shop = Shop::recovering();
        let feed =
            Feed { source: shop.source.clone(), notebook: Arc::new(MemoryNotebook::default()) };
        shop.webhooks.connect(feed);
        shop
    }

    fn recovering() -> Shop {
        let (rig, clock) = (Rig::unready(), TurnedClock::default());
        let settings = Settings { loopback_for_test: true, ..Settings::default() };
        let webhooks =
            Webhooks::open(rig.folder.path(), settings, Arc::new(clock.clone())).unwrap();
        let source = Arc::new(MemorySource::of(merchant_id("acme", false), []));
        Shop { rig, source, webhooks, clock }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>, key: &str) -> Answer {
        let (gateway, keys) = (self.rig.engine.gateway(), self.rig.keys.clone());
        let state = AppState::new(gateway, keys, AppOptions::default());
        let state = web::Data::new(state.with_webhooks(Some(self.webhooks.clone())));
        let service = init_service(app(state)).await;
        let request = TestRequest::with_uri(path).method(method.parse().unwrap());
        let request = request.insert_header(("Authorization", format!("Bearer {key}")));
        let request = match body {
            Some(body) => request.set_json(body),
            None => request,
        };
        read(service.call(request.to_request()).await).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None, &self.rig.merchant).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body), &self.rig.merchant).await
    }

    /// Makes an endpoint at this receiver.
    async fn at(&self, receiver: &Receiver) -> String {
        let made = self.post(ALL, json!({ "url": receiver.url() })).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.header("Location").to_owned()
    }
}

#[actix_web::test]
async fn an_endpoint_is_made_read_changed_and_removed() {
    let shop = Shop::open();
    let body = json!({
        "url": "https://shop.example.com/hook", "description": "the shop",
        "events": ["payout.processed", "payout.*"],
    });
    let made = shop.post(ALL, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (path, made) = (made.header("Location").to_owned(), made.json());
    assert_eq!(path, format!("{ALL}/{}", made["id"].as_str().unwrap()));
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && made["id"].as_str().unwrap().starts_with("whk_"));
    assert_eq!((&made["enabled"], &made["signature"]), (&true.into(), &"hmac".into()));
    assert_eq!(made["livemode"], false);

    let read = shop.get(&path).await;
    assert!(!read.text.contains(secret) && read.json().get("secret").is_none(), "{}", read.text);
    assert!(
        secret
            .starts_with(read.json()["secrets"][0]["hint"].as_str().unwrap().trim_end_matches('…'))
    );
    let listed = shop.get(ALL).await.json();
    assert_eq!(listed["data"], json!([read.json()]));

    let change = json!({"url": "http://shop.example.com:8080/", "events": [], "enabled": false, "description": ""});
    let changed = shop.call("PATCH", &path, Some(change), &shop.rig.merchant).await.json();
    assert_eq!(
        (&changed["url"], &changed["events"]),
        (&"http://shop.example.com:8080/".into(), &json!([]))
    );
    assert_eq!(
        (&changed["enabled"], &changed["disabled_reason"]),
        (&false.into(), &"merchant".into())
    );
    assert_eq!(changed["description"], Value::Null);
    let nothing = shop.call("PATCH", &path, Some(json!({})), &shop.rig.merchant).await.json();
    assert_eq!(nothing, changed);

    let removed = shop.call("DELETE", &path, None, &shop.rig.merchant).await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    let gone = shop.get(&path).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "webhook_endpoint_not_found"));
    assert_eq!(shop.get(ALL).await.json()["data"], json!([]));
}

#[actix_web::test]
async fn an_endpoint_with_ed25519_shows_its_public_key_and_no_secret() {
    let shop = Shop::open();
    let body = json!({"url": "https://shop.example.com/hook", "signature": "ed25519"});
    let made = shop.post(ALL, body).await;
    assert!(!made.text.contains("whsk_") && !made.text.contains("whsec_"), "{}", made.text);
    let made = made.json();
    assert!(made["secrets"][0]["public_key"].as_str().unwrap().starts_with("whpk_"));
    assert_eq!(made["secrets"][0]["hint"], Value::Null);
}

#[actix_web::test]
async fn every_fault_is_named() {
    let shop = Shop::open();
    let good = "https://shop.example.com/hook";
    #[rustfmt::skip]
    let table = [
        (json!({}), "url", "required"),
        (json!({"url": 5}), "url", "invalid_type"),
        (json!({"url": "https://169.254.169.254/"}), "url", "invalid_url"),
        (json!({"url": "https://user:secret@shop.example.com/"}), "url", "invalid_url"),
        (json!({"url": "http://10.0.0.1:8080/"}), "url", "invalid_url"),
        (json!({"url": good, "events": "payout.*"}), "events", "invalid_type"),
        (json!({"url": good, "events": ["payout.paid"]}), "events", "invalid_event_type"),
        (json!({"url": good, "events": ["payout.*", 7]}), "events[1]", "invalid_type"),
        (json!({"url": good, "signature": "rsa"}), "signature", "invalid_signature"),
        (json!({"url": good, "description": "x".repeat(501)}), "description", "invalid_description"),
        (json!({"url": good, "enabled": "yes"}), "enabled", "invalid_type"),
        (json!({"url": good, "secret": "whsec_mine"}), "secret", "unknown_field"),
        (json!([]), "", "invalid_type"),
    ];
    for (body, field, code) in table {
        let answer = shop.post(ALL, body.clone()).await;
        let found = (answer.status, answer.code());
        assert_eq!(found, (422, code.to_owned()), "{body}");
        assert_eq!(answer.json()["field"].as_str().unwrap_or_default(), field, "{body}");
        assert!(
            !answer.text.contains("secret@") && !answer.text.contains("169.254"),
            "{}",
            answer.text
        );
    }
    let unknown = shop.post(ALL, json!({"url": good, "events": ["payout.paid"]})).await;
    assert!(unknown.text.contains("payout.partially_processed"), "it names what there is");
    let made = shop.post(ALL, json!({"url": good})).await.json();
    let path = format!("{ALL}/{}", made["id"].as_str().unwrap());
    #[rustfmt::skip]
    let table = [
        ("rotate-secret", json!({"overlap": -1}), "overlap", "invalid_overlap"),
        ("rotate-secret", json!({"overlap": 604_801}), "overlap", "invalid_overlap"),
        ("rotate-secret", json!({"overlap": "1"}), "overlap", "invalid_type"),
        ("test", json!({"x": 1}), "x", "unknown_field"),
        ("replay", json!({}), "event", "required"),
        ("replay", json!({"event": "evt_1", "after": 1}), "event", "conflicting_fields"),
        ("replay", json!({"after": 5, "until": 5}), "until", "invalid_sequence"),
        ("replay", json!({"until": 5}), "event", "required"),
    ];
    for (what, body, field, code) in table {
        let answer = shop.post(&format!("{path}/{what}"), body.clone()).await;
        assert_eq!((answer.status, answer.code()), (422, code.to_owned()), "{what} {body}");
        assert_eq!(answer.json()["field"], field, "{what} {body}");
    }
    for query in ["limit=0", "limit=101", "cursor=x", "delivered=maybe", "unknown=1", "event="] {
        let answer = shop.get(&format!("{path}/deliveries?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
    }
}

#[actix_web::test]
async fn another_merchants_endpoint_is_answered_exactly_as_none() {
    let shop = Shop::open();
    let made = shop.post(ALL, json!({"url": "https://shop.example.com/hook"})).await.json();
    let theirs = made["id"].as_str().unwrap();
    let none = "whk_00000000000000000000000000";
    let url = || Some(json!({"url": "https://evil.example.com/"}));
    let requests = [
        ("GET", "", None),
        ("PATCH", "", url()),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", Some(json!({}))),
        ("POST", "/test", None),
        ("POST", "/replay", Some(json!({"event": "evt_1"}))),
        ("GET", "/deliveries", None),
    ];
    for (method, rest, body) in requests {
        let mut answers = Vec::new();
        for id in [theirs, none, "whk_x", "po_1"] {
            let path = format!("{ALL}/{id}{rest}");
            let answer = shop.call(method, &path, body.clone(), &shop.rig.other_merchant).await;
            assert_eq!(answer.status, 404, "{method} {rest}: {}", answer.text);
            let mut said = answer.json();
            said["request_id"] = Value::Null;
            answers.push(said);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{method} {rest}");
    }
    let theirs = shop.call("GET", ALL, None, &shop.rig.other_merchant).await.json();
    assert_eq!(theirs["data"], json!([]));
    assert_eq!(shop.get(ALL).await.json()["data"][0]["url"], "https://shop.example.com/hook");
}

#[actix_web::test]
async fn there_are_at_most_sixteen() {
    let shop = Shop::open();
    for _ in 0..16 {
        let made = shop.post(ALL, json!({"url": "https://shop.example.com/hook"})).await;
        assert_eq!(made.status, 201);
    }
    let refused = shop.post(ALL, json!({"url": "https://shop.example.com/hook"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "too_many_webhook_endpoints"));
}

#[actix_web::test]
async fn a_rotated_secret_is_shown_once_and_the_old_one_ends() {
    let shop = Shop::open();
    let made = shop.post(ALL, json!({"url": "https://shop.example.com/hook"})).await.json();
    let path = format!("{ALL}/{}", made["id"].as_str().unwrap());
    let rotated = shop.post(&format!("{path}/rotate-secret"), json!({"overlap": 60})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let rotated = rotated.json();
    assert_ne!(rotated["secret"], made["secret"]);
    let ends: Vec<bool> = rotated["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["expires_at"].is_string())
        .collect();
    assert_eq!(ends, [false, true]);
    let again = shop.call("POST", &format!("{path}/rotate-secret"), None, &shop.rig.merchant).await;
    assert_eq!(again.json()["secrets"].as_array().unwrap().len(), 3);
    assert!(shop.get(&path).await.json().get("secret").is_none());
}

#[actix_web::test]
async fn a_test_message_says_what_the_endpoint_answered() {
    let shop = Shop::open();
    let receiver = Receiver::start(|_| "418 Teapot\n\nshort and stout".to_owned()).await;
    let path = shop.at(&receiver).await;
    let told = shop.call("POST", &format!("{path}/test"), None, &shop.rig.merchant).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    assert_eq!((&told["delivered"], &told["status"]), (&false.into(), &418.into()));
    assert_eq!(
        (&told["error"], &told["event"]),
        (&Value::Null, &receiver.ids()[0].as_str().into())
    );
    let row = &shop.get(&format!("{path}/deliveries")).await.json()["data"][0];
    assert_eq!(
        (&row["type"], &row["response_body"]),
        (&"webhook.test".into(), &"short and stout".into())
    );
    assert_eq!((&row["manual"], &row["request_body"]), (&true.into(), &Value::Null));
    // Nobody there is an answer too.
    drop(receiver);
    let told = shop.call("POST", &format!("{path}/test"), None, &shop.rig.merchant).await.json();
    assert_eq!(told["status"], Value::Null);
    assert!(["not_connected", "broken_off"].contains(&told["error"].as_str().unwrap()), "{told}");
}

#[actix_web::test]
async fn deliveries_are_paged_and_filtered_and_show_what_was_sent() {
    let shop = Shop::open();
    let receiver = Receiver::start(|heard| {
        if heard.id() == "evt_3" { "500 No".to_owned() } else { "204 Fine".to_owned() }
    })
    .await;
    let path = shop.at(&receiver).await;
    (1..=5).for_each(|payout| shop.source.push(payout));
    receiver.wait(5).await;
    let deliveries = format!("{path}/deliveries");
    let mut all = Value::Null;
    // What was sent is in the log within a quarter of a second of the dispatcher's clock.
    for _ in 0..2_000 {
        all = shop.get(&deliveries).await.json()["data"].take();
        let delivered = |row: &&Value| row["delivered"] == true;
        if all.as_array().unwrap().iter().filter(delivered).count() == 4 {
            break;
        }
        shop.clock.advance(Duration::from_millis(250));
        tokio::task::yield_now().await;
    }
    let sequences = |rows: &Value| -> Vec<u64> {
        rows.as_array().unwrap().iter().map(|row| row["sequence"].as_u64().unwrap()).collect()
    };
    let good: std::collections::BTreeSet<u64> =
        sequences(&shop.get(&format!("{deliveries}?delivered=true")).await.json()["data"])
            .into_iter()
            .collect();
    assert_eq!(good, [1, 2, 4, 5].into());
    let failed = shop.get(&format!("{deliveries}?event=evt_3&delivered=false")).await.json();
    let first = failed["data"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&first["sequence"], &first["attempt"], &first["status"]),
        (&3.into(), &1.into(), &500.into())
    );
    assert!(first["next_attempt_at"].is_string());
    assert_eq!(first["request_body"], r#"{"id":"evt_3","type":"payout.processed","sequence":3}"#);
    let page = shop.get(&format!("{deliveries}?limit=2&delivered=true")).await.json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (2, &true.into()));
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = shop.get(&format!("{deliveries}?delivered=true&cursor={cursor}")).await.json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["has_more"]), (2, &false.into()));
    assert!(!all.as_array().unwrap().is_empty());
}

#[actix_web::test]
async fn events_are_sent_again_on_request() {
    let shop = Shop::open();
    let receiver = Receiver::start(|_| "204 Fine".to_owned()).await;
    let path = shop.at(&receiver).await;
    (1..=5).for_each(|payout| shop.source.push(payout));
    receiver.wait(5).await;
    let replay = format!("{path}/replay");
    let one = shop.post(&replay, json!({"event": "evt_2"})).await;
    assert_eq!((one.status, &one.json()["until"]), (202, &2.into()), "{}", one.text);
    receiver.wait(6).await;
    let range = shop.post(&replay, json!({"after": 3})).await.json();
    assert_eq!((&range["after"], &range["until"]), (&3.into(), &5.into()));
    receiver.wait(8).await;
    assert_eq!(receiver.ids()[5..], ["evt_2", "evt_4", "evt_5"]);
    let unknown = shop.post(&replay, json!({"event": "evt_9"})).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "webhook_event_not_found"));
    shop.call("PATCH", &path, Some(json!({"enabled": false})), &shop.rig.merchant).await;
    let disabled = shop.post(&replay, json!({"event": "evt_2"})).await;
    assert_eq!((disabled.status, disabled.code().as_str()), (409, "webhook_endpoint_disabled"));
}

#[actix_web::test]
async fn without_webhooks_or_before_recovery_nothing_is_promised() {
    let rig = Rig::unready();
    let off = rig.call(TestRequest::with_uri(ALL), Some(&rig.merchant)).await;
    assert_eq!((off.status, off.code().as_str()), (503, "webhooks_off"));
    let shop = Shop::recovering();
    let early = shop.post(ALL, json!({"url": "https://shop.example.com/hook"})).await;
    assert_eq!((early.status, early.header("Retry-After")), (503, "1"));
    assert_eq!(shop.get(ALL).await.json()["data"], json!([]));
}
