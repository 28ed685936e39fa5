//! Callbacks from the real server to a listener that stands in for the gateway, and what is made of
//! them there.

use super::*;
use crate::provider::{CallbackOutcome, RawCallback};
use crate::sandbox::CallbackKey;
use crate::sandbox::wire::SIGNATURE_HEADER;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Whoever the callbacks go to: keeps them, after failing as often as it is told to.
#[derive(Default)]
struct Listener {
    heard: Mutex<Vec<RawCallback>>,
    failures_left: AtomicU32,
}

async fn hear(listener: Data<Listener>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let left = listener.failures_left.load(Ordering::SeqCst);
    if left > 0 {
        listener.failures_left.store(left - 1, Ordering::SeqCst);
        return HttpResponse::ServiceUnavailable().finish();
    }
    let text = |value: &actix_web::http::header::HeaderValue| {
        value.to_str().unwrap_or_default().to_owned()
    };
    let headers =
        request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let received_at =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
            as i64;
    listener.heard.lock().unwrap().push(RawCallback { headers, body: body.to_vec(), received_at });
    HttpResponse::Ok().finish()
}

/// A listener on a free port, and the address to call back to.
fn listen() -> (Data<Listener>, String) {
    let listener = Data::new(Listener::default());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/callbacks/sandbox", socket.local_addr().unwrap());
    let shared = listener.clone();
    let app = move || {
        App::new().app_data(shared.clone()).route("/v1/callbacks/sandbox", web::post().to(hear))
    };
    rt::spawn(HttpServer::new(app).workers(1).disable_signals().listen(socket).unwrap().run());
    (listener, url)
}

impl Listener {
    /// What the account makes of the callbacks so far: "ring REFERENCE", "answer STATE", "stranger".
    fn told(&self, provider: &SandboxProvider) -> Vec<String> {
        let judge = |raw: &RawCallback| match provider.callback(raw) {
            CallbackOutcome::Doorbell { token: Some(_), found: Some(found), .. } => {
                format!("answer {:?}", found.state)
            }
            CallbackOutcome::Doorbell { event, .. } => {
                format!("ring {}", event.unwrap_or_default().rsplit('_').next().unwrap())
            }
            CallbackOutcome::Unauthenticated { .. } => "stranger".to_owned(),
            CallbackOutcome::Ignored => "ignored".to_owned(),
        };
        self.heard.lock().unwrap().iter().map(judge).collect()
    }

    async fn until(&self, provider: &SandboxProvider, wanted: &[&str]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let mut told = self.told(provider);
            // Deliveries are made side by side, so their order means nothing.
            told.sort();
            if told == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "never {wanted:?}, but {told:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[actix_web::test]
async fn what_arrives_for_each_suffix() {
    let table: [(u16, &[&str]); 6] = [
        (0, &["ring 1"]),
        (21, &["ring 1", "ring 1", "ring 1"]),
        (22, &["ring 1", "ring 2"]),
        (24, &["ring 2", "stranger"]),
        (25, &["ring 1"]),
        (41, &["ring 1", "ring 2"]),
    ];
    for (suffix, expected) in table {
        let (server, provider) = start().await;
        let (listener, url) = listen();
        provider.set_callback_url(url);
        provider.submit(order(1, suffix)).await;
        server.advance(Duration::from_secs(60));
        listener.until(&provider, expected).await;
        server.stop().await;
    }
}

#[actix_web::test]
async fn a_callback_can_overtake_the_answer() {
    let patient = SandboxSettings::default();
    let (server, provider) = start_with(patient).await;
    let (listener, url) = listen();
    provider.set_callback_url(url);
    let outcome = provider.submit(order(1, 23)).await;
    assert_eq!(listener.told(&provider), ["ring 1"], "before {outcome:?} came");
    assert_eq!(server.ledger_of(payout(1))[0].paid, 1);
    server.stop().await;
}

#[actix_web::test]
async fn a_deferred_question_is_answered_by_callback() {
    let (server, provider) = start().await;
    let (listener, url) = listen();
    provider.set_callback_url(url);
    let order = order(1, 61);
    provider.submit(order.clone()).await;
    server.advance(Duration::from_secs(1));
    let FetchOutcome::Deferred { token } = provider.fetch_status(lookup(&order)).await else {
        panic!("answered")
    };
    server.advance(Duration::from_secs(1));
    listener.until(&provider, &["answer Settled", "ring 1"]).await;
    let heard = listener.heard.lock().unwrap().clone();
    let answers = heard.iter().filter_map(|raw| match provider.callback(raw) {
        CallbackOutcome::Doorbell { token: Some(token), found: Some(found), reference, .. } => {
            Some((reference, (token, found)))
        }
        _ => None,
    });
    let (reference, (answered, found)) = answers.into_iter().next().unwrap();
    assert_eq!(
        (reference, answered, found.amount),
        (order.reference.clone(), token, Some(eur("125.40")))
    );
    server.stop().await;
}

#[actix_web::test]
async fn a_listener_that_was_away_hears_it_later() {
    let (server, provider) = start().await;
    let (listener, url) = listen();
    listener.failures_left.store(2, Ordering::SeqCst);
    provider.set_callback_url(url);
    provider.submit(order(1, 0)).await;
    listener.until(&provider, &["ring 1"]).await;
    assert_eq!(listener.failures_left.load(Ordering::SeqCst), 0);
    server.stop().await;
}

fn raw(body: &str, signature: Option<String>, received_at: i64) -> RawCallback {
    let headers = signature.into_iter().map(|value| (SIGNATURE_HEADER.to_owned(), value)).collect();
    RawCallback { headers, body: body.as_bytes().to_vec(), received_at }
}

#[test]
fn only_a_fresh_signature_over_these_very_bytes_counts() {
    let key = CallbackKey::new(&settings().callback_secret);
    let provider = SandboxProvider::new(&settings(), "http://127.0.0.1:1").unwrap();
    let body = r#"{"event_id":"evt_1","reference":"r-1","payout":"po_x","status":"failed","amount":"1.00","currency":"EUR"}"#;
    let tampered = body.replace("r-1", "r-2");
    let good = key.sign(1_000, body.as_bytes());
    let (stamp, mac) = good.split_once(',').unwrap();
    let table = [
        ("good", raw(body, Some(good.clone()), 1_000), true),
        ("just in time", raw(body, Some(good.clone()), 1_300), true),
        (
            "a second old secret beside it",
            raw(body, Some(format!("{stamp},v1={},{mac}", "0".repeat(64))), 1_000),
            true,
        ),
        ("late", raw(body, Some(good.clone()), 1_301), false),
        ("from the future", raw(body, Some(good.clone()), 699), false),
        ("another body", raw(&tampered, Some(good.clone()), 1_000), false),
        ("another time", raw(body, Some(format!("t=1001,{mac}")), 1_000), false),
        ("another spelling of the time", raw(body, Some(format!("t=01000,{mac}")), 1_000), false),
        (
            "another secret",
            raw(body, Some(CallbackKey::of_a_forger().sign(1_000, body.as_bytes())), 1_000),
            false,
        ),
        ("no mac", raw(body, Some(stamp.to_owned()), 1_000), false),
        ("no time", raw(body, Some(mac.to_owned()), 1_000), false),
        ("short", raw(body, Some(good[..good.len() - 1].to_owned()), 1_000), false),
        ("not hex", raw(body, Some(format!("{stamp},v1={}", "é".repeat(32))), 1_000), false),
        ("nothing", raw(body, None, 1_000), false),
    ];
    for (what, raw, believed) in table {
        match provider.callback(&raw) {
            CallbackOutcome::Doorbell { reference, event, token, found } => {
                assert!(believed && found.is_some(), "{what}");
                assert_eq!(
                    (&*reference, event.as_deref(), token),
                    ("r-1", Some("evt_1"), None),
                    "{what}"
                );
            }
            CallbackOutcome::Unauthenticated { reference, .. } => {
                assert!(!believed && reference.is_some(), "{what}: whoever sent it, one may ask");
            }
            CallbackOutcome::Ignored => panic!("{what} is ignored"),
        }
    }
}

#[test]
fn a_signed_body_about_nothing_is_ignored() {
    let key = CallbackKey::new(&settings().callback_secret);
    let provider = SandboxProvider::new(&settings(), "http://127.0.0.1:1").unwrap();
    for body in ["", "{}", "[]", "ping", r#"{"reference":"r-1"}"#] {
        let raw = raw(body, Some(key.sign(5, body.as_bytes())), 5);
        assert!(matches!(provider.callback(&raw), CallbackOutcome::Ignored), "{body}");
    }
}
