//! The sandbox as a source: the same rates over HTTP and inside the process, and the same as its
//! offers are made by.

use super::*;
use crate::provider::{Provider, QuoteWish};
use crate::sandbox::{
    Faults, InlineSandbox, SandboxOptions, SandboxProvider, SandboxSettings, VirtualClock, serve,
};
use domain::money::Amount;
use domain::recipient::{Recipient, RecipientInput};

fn inline(settings: &SandboxSettings) -> InlineSandbox {
    InlineSandbox::new(settings, Arc::new(VirtualClock::standing(START)))
}

async fn served(settings: &SandboxSettings) -> crate::sandbox::SandboxServer {
    serve(SandboxOptions { settings: settings.clone(), ..SandboxOptions::default() }).await.unwrap()
}

#[actix_web::test]
async fn rates_are_the_same_with_and_without_a_network() {
    let settings = SandboxSettings::default();
    let server = served(&settings).await;
    let http = SandboxProvider::new(&settings, &server.url()).unwrap();
    let inline = inline(&settings);
    let (btc, krona) = (Asset::Btc, Currency::parse("ISK").unwrap());
    let there = http.rate(euros(), btc).await.unwrap();
    let here = inline.rate(euros(), btc).await.unwrap();
    assert_eq!((here.value, &*here.source, here.at), (decimal("0.000016875"), "sandbox", START));
    assert_eq!(Rate { at: START, ..there }, here);
    assert_eq!(http.rate(krona, btc).await, Err(NoRate::NotOffered));
    assert_eq!(inline.rate(krona, btc).await, Err(NoRate::NotOffered));
    server.stop().await;
    let gone = SandboxProvider::new(&settings, "http://127.0.0.1:1").unwrap();
    assert_eq!(gone.rate(euros(), btc).await, Err(NoRate::Unreachable));
}

#[actix_web::test]
async fn strangers_are_told_nothing_and_an_old_token_is_renewed() {
    let settings = SandboxSettings::default();
    let server = served(&settings).await;
    let stranger = SandboxSettings { client_secret: "a guess".into(), ..settings.clone() };
    let stranger = SandboxProvider::new(&stranger, &server.url()).unwrap();
    let turned_away = Err(NoRate::Refused { status: 401 });
    assert_eq!(stranger.rate(euros(), Asset::Btc).await, turned_away);
    let known = SandboxProvider::new(&settings, &server.url()).unwrap();
    assert!(known.rate(euros(), Asset::Btc).await.is_ok());
    server.advance(Duration::from_secs(2 * 3_600));
    assert!(known.rate(euros(), Asset::Btc).await.is_ok());
    server.stop().await;
}

#[actix_web::test]
async fn an_offer_is_made_by_the_rate_that_is_told() {
    let sandbox = inline(&SandboxSettings::default());
    let text = |text: &str| Some(text.to_owned());
    let recipient = Recipient::build(RecipientInput {
        kind: text("crypto_address"),
        network: text("bitcoin"),
        address: text("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ..RecipientInput::default()
    })
    .unwrap();
    let asset = recipient.settles_in().unwrap();
    let (amount, currency) = (Amount::parse("125.40", euros()).unwrap(), euros());
    let wish = QuoteWish { payout: PayoutId([1; 16]), amount, currency, recipient };
    let offered = sandbox.quote(wish).await.unwrap().settlement;
    let rate = sandbox.rate(currency, asset).await.unwrap();
    assert_eq!((offered.rate, offered.asset), (rate.value, rate.to));
    assert_eq!(Ok(offered.amount), rate.convert(amount));
}

#[actix_web::test]
async fn a_busy_sandbox_tells_no_rate() {
    let faults = Faults { rate_limit: 1, ..Faults::default() };
    let busy = inline(&SandboxSettings { faults, ..SandboxSettings::default() });
    assert!(busy.rate(euros(), Asset::Btc).await.is_ok());
    let refused = busy.rate(euros(), Asset::Btc).await.unwrap_err();
    assert_eq!((refused, refused.passes()), (NoRate::Refused { status: 429 }, true));
}
