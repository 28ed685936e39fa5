//! Recipient details and keys never reach a log, an error text, or a list of what went wrong.

use serde_json::json;
use std::sync::{Arc, Mutex};
use tests::World;
use tests::recipient::iban;

/// Everything that any part of the gateway logs, at every level.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_rt::test]
async fn a_canary_in_every_field_is_never_heard_again() {
    let captured = Captured::default();
    let writer = captured.clone();
    let logs = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _ = tracing::subscriber::set_global_default(logs);
    let world = World::start().await;
    let canary = iban("002", 7_654_321);
    let name = "Zebedee Canarybird";
    let body = json!({
        "amount": "125.40", "currency": "EUR", "method": "bank_transfer",
        "recipient": {"type": "bank_account", "name": name, "country": "DE", "iban": canary},
        "description": "canary-description", "metadata": {"note": "canary-metadata"}
    });
    let made = world.merchant.create(&body).await;
    assert_eq!(made.status, 201);
    world.merchant.until_status(&made.id(), "PROCESS_FAILED").await;
    assert!(!made.text.contains(&canary) && !made.text.contains(name), "answers are masked");

    let mut wrong = body.clone();
    wrong["recipient"]["iban"] = json!("DE00CANARYIBAN0000");
    wrong["recipient"]["name"] = json!("4111 1111 1111 1111");
    let refused = world.merchant.create(&wrong).await;
    assert_eq!(refused.status, 422);
    for secret in ["CANARYIBAN", "4111 1111", "41111111"] {
        assert!(!refused.text.contains(secret), "{}", refused.text);
    }
    let broken = world.merchant.request("POST", "/v1/payouts").header("Idempotency-Key", "b");
    let broken =
        broken.header("Content-Type", "application/json").body("{\"iban\": \"CANARYBROKEN\" oops");
    let answer = world.merchant.send(broken).await.unwrap();
    assert_eq!(answer.status, 400);
    assert!(!answer.text.contains("CANARYBROKEN"));
    let key = world.merchant.key.clone();
    world.stop().await;

    let logged = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    let secrets = [
        canary.as_str(),
        name,
        "CANARYIBAN",
        "CANARYBROKEN",
        "4111 1111",
        "41111111",
        "canary-description",
        "canary-metadata",
        key.as_str(),
    ];
    for secret in secrets {
        assert!(!logged.contains(secret), "a secret was logged: {secret}");
    }
}
