//! The same behaviours with and without HTTP: a benchmark or a simulation inline says something
//! about the real thing only if this holds.

use super::*;
use crate::provider::{CallbackOutcome, RawCallback};
use crate::sandbox::{InlineSandbox, VirtualClock};
use domain::time::Timestamp;
use futures_util::future::join_all;
use std::sync::Mutex;

/// Every suffix but 023, whose answer comes later than this account waits, and 061, whose tokens
/// count the questions.
const SUFFIXES: &[u16] = &[
    0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 30, 31,
    32, 40, 41, 42, 50, 51, 52, 53, 54, 60, 62, 63, 777, 900, 901, 905, 914, 918, 926,
];

fn inline() -> InlineSandbox {
    InlineSandbox::new(&settings(), Arc::new(VirtualClock::standing(Timestamp(1_000_000))))
}

#[actix_web::test]
async fn inline_is_equal_to_http() {
    let (server, http) = start().await;
    let inline = inline();
    let orders: Vec<_> = SUFFIXES
        .iter()
        .zip(1..)
        .map(|(suffix, number)| (*suffix, order(number, *suffix)))
        .collect();
    let told = join_all(orders.iter().map(|(_, order)| http.submit(order.clone()))).await;
    for ((suffix, order), told) in orders.iter().zip(told) {
        assert_eq!(inline.submit(order.clone()).await, told, "{suffix:03}: submission");
    }
    server.advance(Duration::from_secs(120));
    inline.advance(Duration::from_secs(120));
    for (suffix, order) in &orders {
        let (there, here) =
            (http.fetch_status(lookup(order)).await, inline.fetch_status(lookup(order)).await);
        assert_eq!(here, there, "{suffix:03}: lookup");
        assert_eq!(
            inline.ledger(Some(order.payout)),
            server.ledger_of(order.payout),
            "{suffix:03}: ledger"
        );
    }
    server.stop().await;
}

#[actix_web::test]
async fn inline_callbacks_are_signed_and_come_when_the_clock_is_turned() {
    let inline = inline();
    let heard: Arc<Mutex<Vec<RawCallback>>> = Arc::default();
    let ear = heard.clone();
    inline.on_callback(Arc::new(move |raw| ear.lock().unwrap().push(raw)));
    inline.submit(order(1, 0)).await;
    inline.submit(order(2, 24)).await;
    inline.submit(order(3, 23)).await;
    let rings = || {
        let judge = |raw: &RawCallback| match inline.callback(raw) {
            CallbackOutcome::Doorbell { reference, .. } => format!("ring {reference}"),
            other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
        };
        heard.lock().unwrap().iter().map(judge).collect::<Vec<_>>()
    };
    let ring = |number| format!("ring {}", provider_reference(payout(number), 1));
    assert_eq!(rings(), ["Unauthenticated".to_owned(), ring(3)], "what is due at once");
    inline.advance(Duration::from_millis(199));
    assert_eq!(rings().len(), 2);
    inline.advance(Duration::from_millis(1));
    assert_eq!(rings()[2..], [ring(1), ring(2)]);
    assert_eq!(inline.next_due(), None);
    assert_eq!((inline.ledger(None).len(), inline.calls(None).len()), (3, 3));
}

#[actix_web::test]
async fn on_a_running_clock_callbacks_come_by_themselves() {
    let inline = InlineSandbox::new(&settings(), Arc::new(VirtualClock::running()));
    let (sender, heard) = std::sync::mpsc::channel();
    inline.on_callback(Arc::new(move |raw| drop(sender.send(raw))));
    inline.submit(order(1, 0)).await;
    let raw = heard.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(matches!(inline.callback(&raw), CallbackOutcome::Doorbell { .. }));
}
