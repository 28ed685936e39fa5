//! Rates as merchants see them, from sources that have one, have none, or are not there.

use super::*;
use adapters::rates::{CachedRates, FixedRates, NoRate, RateSource, Rates};
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::future::ready;

const PAIR: &str = "/v1/rates?from=EUR&to=BTC";
const LOADED_AT: Timestamp = Timestamp(1_795_219_203_000_000);

/// A source that always fails in the same way.
struct Failing(NoRate);

impl RateSource for Failing {
    fn name(&self) -> &str {
        "failing"
    }

    fn rate(&self, _: Currency, _: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        Box::pin(ready(Err(self.0)))
    }
}

fn table() -> FixedRates {
    let euros = Currency::parse("EUR").unwrap();
    FixedRates::new([((euros, Asset::Btc), "0.00001683".parse().unwrap())], LOADED_AT)
}

fn asked(source: impl RateSource) -> Rig {
    let rig = Rig::unready();
    rig.engine.convert_by(Rates { asked: Some(Arc::new(source)), ..Rates::default() });
    rig
}

async fn get(rig: &Rig, path: &str) -> rig::Answer {
    rig.call(TestRequest::with_uri(path), Some(&rig.merchant)).await
}

#[actix_web::test]
async fn a_rate_is_told_with_its_source_and_its_age() {
    let answer = get(&asked(table()), PAIR).await;
    let told = json!({
        "object": "rate", "from": "EUR", "to": "BTC", "value": "0.00001683", "source": "fixed",
        "at": "2026-11-21T00:00:03.000000Z",
    });
    assert_eq!((answer.status, answer.json()), (200, told.clone()));
    let cached =
        CachedRates::new(Arc::new(table()), Duration::from_secs(90), Arc::new(|| LOADED_AT));
    let mut with_age = told;
    with_age["max_age_seconds"] = json!(90);
    assert_eq!(get(&asked(cached), PAIR).await.json(), with_age);
}

#[actix_web::test]
async fn what_is_no_pair_is_refused_with_the_parameter_at_fault() {
    let rig = asked(table());
    for (query, status, code, fields) in [
        ("", 422, "required", &["from", "to"][..]),
        ("?from=EUR", 422, "required", &["to"]),
        ("?from=eur&to=BTC", 422, "invalid_currency", &["from"]),
        ("?from=XAU&to=BTC", 422, "invalid_currency", &["from"]),
        ("?from=EUR&to=DOGE", 422, "invalid_asset", &["to"]),
        ("?from=BTC&to=EUR", 422, "invalid_currency", &["from", "to"]),
        ("?from=EUR&to=BTC&to=ETH", 400, "invalid_parameter", &[]),
        ("?from=EUR&to=BTC&at=now", 400, "unknown_parameter", &[]),
    ] {
        let answer = get(&rig, &format!("/v1/rates{query}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{query}");
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        let at_fault: Vec<_> =
            errors.iter().map(|fault| fault["field"].as_str().unwrap()).collect();
        assert_eq!(at_fault, fields, "{query}");
        assert!(!answer.text.contains("DOGE"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn that_there_is_no_rate_is_said_and_whether_asking_again_may_help() {
    for (why, retry_after) in [
        (NoRate::NotOffered, ""),
        (NoRate::Unreadable { what: "it is not JSON" }, ""),
        (NoRate::Unreachable, "1"),
        (NoRate::Refused { status: 502 }, "1"),
        (NoRate::Stale, "1"),
    ] {
        let answer = get(&asked(Failing(why)), PAIR).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "rate_unavailable"), "{why}");
        assert_eq!(answer.header("Retry-After"), retry_after, "{why}");
        assert_eq!(answer.json()["detail"], why.to_string());
    }
    let answer = get(&Rig::unready(), PAIR).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "rate_unavailable"));
}

/// Tells one payout's conversion, once it has one.
async fn conversion(rig: &Rig, id: &str) -> serde_json::Value {
    for _ in 0..1_000 {
        let payout = get(rig, &format!("/v1/payouts/{id}")).await.json();
        if !payout["settlement"].is_null() {
            return payout["settlement"].clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never sent: {}", get(rig, &format!("/v1/payouts/{id}")).await.text);
}

#[actix_web::test]
async fn a_payout_is_converted_by_the_source_when_it_is_sent() {
    let rig = Rig::unready();
    let source: Arc<dyn RateSource> = Arc::new(table());
    let rates = Rates { at_execution: Some(source.clone()), asked: Some(source) };
    rig.engine.convert_by(rates);
    let sandbox =
        InlineSandbox::new(&SandboxSettings::default(), Arc::new(VirtualClock::running()));
    rig.engine.recover(vec![Arc::new(sandbox)]).await.unwrap();
    let body = json!({
        "amount": "125.40", "currency": "EUR", "method": "crypto",
        "recipient": {
            "type": "crypto_address", "network": "bitcoin",
            "address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        },
    });
    let made = rig.call(create("k").set_json(body), Some(&rig.merchant)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let settlement = conversion(&rig, made.json()["id"].as_str().unwrap()).await;
    let rate = json!({
        "value": "0.00001683", "from": "EUR", "to": "BTC", "source": "fixed",
        "at": "2026-11-21T00:00:03.000000Z",
    });
    assert_eq!(settlement, json!({ "amount": "0.00211048", "currency": "BTC", "rate": rate }));
}
