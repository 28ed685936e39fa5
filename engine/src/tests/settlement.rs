//! Payouts that are converted: at the rate of the moment they are sent, within the merchant's bound,
//! and never again.

use super::scripted::{Manner, Scripted};
use super::{Rig, signed};
use crate::View;
use crate::gateway::Created;
use crate::refusal::Refusal;
use adapters::adapter_actor::messages::Mode;
use adapters::rates::{NoRate, RateSource, Rates};
use domain::conversion::Rate;
use domain::entry::{Request, Settlement};
use domain::method::Method;
use domain::money::{Asset, Currency};
use domain::recipient::{Recipient, RecipientInput};
use domain::status::Status;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A source that says what the story wants; nothing is the silence of a source.
struct Told(Mutex<Option<&'static str>>);

impl Told {
    fn say(&self, rate: Option<&'static str>) {
        *self.0.lock().unwrap() = rate;
    }
}

impl RateSource for Told {
    fn name(&self) -> &str {
        "told"
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        let told = *self.0.lock().unwrap();
        Box::pin(async move {
            let value = told.ok_or(NoRate::Stale)?.parse().unwrap();
            Ok(Rate { from, to, value, source: "told".into(), at: Timestamp(7) })
        })
    }
}

async fn rig(dir: &Path, told: &Arc<Told>) -> Rig {
    let source: Arc<dyn RateSource> = told.clone();
    let rates = Rates { at_execution: Some(source.clone()), asked: Some(source) };
    Rig::start_with(dir, Scripted::new(Manner::Pays), |engine| engine.convert_by(rates)).await
}

fn to_bitcoin(request: &mut Request) {
    let input = RecipientInput {
        kind: Some("crypto_address".into()),
        address: Some("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4".into()),
        network: Some("bitcoin".into()),
        ..RecipientInput::default()
    };
    request.method = Method::Crypto;
    request.recipient = Recipient::build(input).unwrap();
    request.max_slippage_bps = Some(100);
}

fn settlement(view: &View) -> Settlement {
    view.payout.last_intent().unwrap().settlement.clone().unwrap()
}

#[actix_rt::test]
async fn the_rate_of_the_moment_is_captured_and_never_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let told = Arc::new(Told(Mutex::new(Some("0.00002"))));
    let rig = rig(dir.path(), &told).await;
    let gateway = rig.engine.gateway();
    gateway.set_mode("scripted", Mode::VerifyOnly, signed("ann")).await.unwrap();
    let id = rig.create("k1", to_bitcoin).await.payout.id();
    // 0.75 % from the rate at the creation: within the bound of 1 %.
    told.say(Some("0.00002015"));
    gateway.set_mode("scripted", Mode::Open, signed("ann")).await.unwrap();
    let view = rig.until(id, |view| view.payout.status() == Status::Processed).await;
    let captured = settlement(&view);
    // 125.40 × 0.00002015 is 0.00252681 exactly: rounded down to eight digits.
    assert_eq!(captured.amount.value().to_string(), "0.00252681");
    assert_eq!((captured.rate.to_string(), &*captured.source), ("0.00002015".into(), "told"));
    assert_eq!(view.payout.quoted().unwrap().value.to_string(), "0.00002");
    drop(gateway);
    rig.stop().await;

    told.say(Some("9"));
    let rig = self::rig(dir.path(), &told).await;
    assert_eq!(settlement(&rig.door().get(id).await.unwrap()), captured);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn outside_the_bound_it_waits_for_a_better_rate_and_its_life_runs() {
    let dir = tempfile::tempdir().unwrap();
    let told = Arc::new(Told(Mutex::new(Some("0.00002"))));
    let rig = rig(dir.path(), &told).await;
    let gateway = rig.engine.gateway();
    gateway.set_mode("scripted", Mode::VerifyOnly, signed("ann")).await.unwrap();
    let better = rig.create("k1", to_bitcoin).await.payout.id();
    let never = rig.create("k2", |request| {
        to_bitcoin(request);
        request.max_slippage_bps = Some(10);
    });
    let never = never.await.payout.id();
    told.say(Some("0.0000203"));
    gateway.set_mode("scripted", Mode::Open, signed("ann")).await.unwrap();
    for id in [better, never] {
        let view = rig.until(id, |view| view.payout.standing().rate_missed).await;
        assert_eq!(view.payout.status(), Status::Ready, "1.5 % is too far");
    }
    // Their merchant asks again while they wait: they go on waiting for the rate.
    for id in [better, never] {
        let key = if id == better { "k1" } else { "k2" };
        let bound = if id == better { 100 } else { 10 };
        let asked = rig.create(key, |request| {
            to_bitcoin(request);
            request.max_slippage_bps = Some(bound);
        });
        assert_eq!(asked.await.payout.id(), id);
    }
    told.say(Some("0.0000201"));
    for _ in 0..400 {
        rig.clock.advance(Duration::from_secs(31));
        tokio::time::sleep(Duration::from_millis(5)).await;
        if rig.door().get(better).await.unwrap().payout.status() == Status::Processed {
            break;
        }
    }
    rig.until(better, |view| view.payout.status() == Status::Processed).await;
    rig.clock.advance(Duration::from_secs(172_900));
    rig.until(never, |view| view.payout.status() == Status::Expired).await;
    let missed = |view: &View| view.payout.entries().len();
    assert!(missed(&rig.door().get(never).await.unwrap()) < 8, "one entry says that it waits");
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn without_a_rate_nothing_is_made_and_what_was_made_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let told = Arc::new(Told(Mutex::new(None)));
    let rig = rig(dir.path(), &told).await;
    let mut request = super::request(&rig.clock);
    to_bitcoin(&mut request);
    request.reference = Some("order-1".into());
    let refused = rig.door().create("k1", request.clone()).await;
    assert!(matches!(refused, Err(Refusal::NoRate(NoRate::Stale))), "{refused:?}");
    told.say(Some("0.00002"));
    let made = rig.door().create("k1", request.clone()).await.unwrap();
    assert!(matches!(made, Created::New(_)), "the key and the reference were not used up");
    told.say(None);
    let again = rig.door().create("k1", request).await.unwrap();
    assert!(matches!(again, Created::Replayed(_)));
    let bank = rig.create("k2", |_| {}).await.payout.id();
    let view = rig.until(bank, |view| view.payout.status() == Status::Processed).await;
    assert!(view.payout.last_intent().unwrap().settlement.is_none(), "only crypto is converted");
    rig.engine.stop().await;
}
