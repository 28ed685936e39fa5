//! What the logs may hold: ids, addresses, statuses and codes; no key, no recipient, no word of a
//! merchant's. A canary stands in every field of requests that are taken, refused and unreadable.

use super::webhooks::{self, Shop};
use super::*;
use crate::webhooks::receiver::Receiver;
use std::io;
use std::sync::Mutex;
use tracing_subscriber::filter::LevelFilter;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn a_canary_in_every_field_is_never_heard_again() {
    let captured = Captured::default();
    let writer = captured.clone();
    let logs = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: a subscriber of this thread alone would race with the other tests over
    // which spans anybody listens to. What they log must not hold a canary either.
    tracing::subscriber::set_global_default(logs).unwrap();
    let rig = Rig::unready();
    let body = json!({
        "amount": "CANARY1", "currency": "CANARY2", "method": "CANARY3",
        "recipient": {
            "type": "CANARY4", "name": "CANARY5", "iban": "CANARY6", "country": "CANARY7",
            "bic": "CANARY8", "number": "CANARY9", "token": "CANARY10", "CANARY11": "x",
        },
        "reference": "CANARY12\n", "description": "CANARY13\n", "metadata": {"CANARY14": "CANARY15"},
        "expires_at": "CANARY16", "provider_account": "CANARY 17", "CANARY18": 1,
    });
    let text = format!("{{\"iban\": \"CANARY19\" oops {body}");
    let json = "application/json";
    let requests = [
        create("CANARY20").set_json(&body),
        create("CANARY 21").set_json(&body),
        create("k").insert_header(("Content-Type", json)).set_payload(text),
        create("k").insert_header(("X-Request-Id", "CANARY 22")),
        TestRequest::with_uri("/v1/payouts/CANARY23?CANARY24=CANARY25"),
        TestRequest::with_uri("/v1/payouts?reference=CANARY26&cursor=CANARY27"),
        TestRequest::with_uri("/CANARY28"),
        TestRequest::post().uri("/v1/callbacks/CANARY29").set_payload("CANARY30"),
    ];
    for request in requests {
        let answer = rig.call(request, Some(&rig.merchant)).await;
        assert!(answer.status >= 400, "{}", answer.text);
    }
    let stranger = TestRequest::with_uri("/v1/methods")
        .insert_header(("Authorization", "Bearer sk_test_CANARY31"));
    assert_eq!(rig.call(stranger, None).await.status, 401);

    // An endpoint's address may hold a secret of the merchant's, and messages hold everything else.
    let receiver = Receiver::start(|_| "500 CANARY32\n\nCANARY33".to_owned()).await;
    let shop = Shop::open();
    let url = format!("{}/CANARY34?token=CANARY35", receiver.url());
    let wanted = json!({"url": url, "description": "CANARY36", "events": ["payout.*"]});
    let made = shop.post(webhooks::ALL, wanted).await;
    let test = format!("{}/test", made.header("Location"));
    assert_eq!(shop.post(&test, json!({})).await.json()["status"], 500);
    let secret = made.json()["secret"].as_str().unwrap().trim_start_matches("whsec_").to_owned();
    let refused = json!({"url": "https://CANARY37@localhost/", "CANARY38": 1});
    assert_eq!(shop.post(webhooks::ALL, refused).await.status, 422);

    let logged = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    assert!(logged.contains("route=\"/v1/payouts\"") && logged.contains("status=422"), "{logged}");
    let heard: Vec<&str> = logged.lines().filter(|line| line.contains("CANARY")).collect();
    assert!(heard.is_empty(), "{heard:#?}");
    assert!(!logged.contains(&rig.merchant[8..]), "no key is logged");
    assert!(!logged.contains(&secret), "no signing secret is logged");
}
