//! The sandbox's two sides together: our account against the real server on a port of its own, and
//! against the world in the process. Apart from `world/tests.rs`, where nothing is real but the rules.

mod callbacks;
mod equality;
mod meaning;
mod server;
mod transactions;
mod transport;

use super::{SandboxOptions, SandboxProvider, SandboxServer, SandboxSettings, serve};
use crate::provider::{AtRisk, Limits, Lookup, Order, Provider};
use domain::id::{MerchantId, PayoutId, provider_reference};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{FetchOutcome, Found, ProviderState};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Patience of the account in tests: much longer than loopback takes, short enough to wait for.
const PATIENCE: Duration = Duration::from_millis(200);

fn settings() -> SandboxSettings {
    let defaults = SandboxSettings::default();
    SandboxSettings { limits: Limits { timeout: PATIENCE, ..defaults.limits.clone() }, ..defaults }
}

/// A server on a free port and the account there.
async fn start() -> (SandboxServer, SandboxProvider) {
    start_with(settings()).await
}

async fn start_with(settings: SandboxSettings) -> (SandboxServer, SandboxProvider) {
    let server = serve(SandboxOptions { settings: settings.clone(), ..SandboxOptions::default() })
        .await
        .unwrap();
    let provider = SandboxProvider::new(&settings, &server.url()).unwrap();
    (server, provider)
}

/// The payout that a test calls by this number.
fn payout(number: u8) -> PayoutId {
    PayoutId([number; 16])
}

fn eur(text: &str) -> (Amount, Currency) {
    let currency = Currency::parse("EUR").unwrap();
    (Amount::parse(text, currency).unwrap(), currency)
}

/// A first attempt of 125.40 EUR to an account that ends in `suffix`.
fn order(number: u8, suffix: u16) -> Arc<Order> {
    let text = |text: &str| Some(text.to_owned());
    let recipient = Recipient::build(RecipientInput {
        kind: text("bank_account"),
        name: text("Anna Schmidt"),
        account_number: Some(format!("12345{suffix:03}")),
        bank_code: text("021000021"),
        country: text("US"),
        ..RecipientInput::default()
    });
    let (amount, currency) = eur("125.40");
    Arc::new(Order {
        payout: payout(number),
        merchant: MerchantId(1),
        reference: provider_reference(payout(number), 1),
        amount,
        currency,
        method: Method::BankTransfer,
        recipient: recipient.unwrap(),
        description: None,
        settlement: None,
    })
}

fn lookup(order: &Order) -> Lookup {
    Lookup {
        payout: order.payout,
        merchant: order.merchant,
        reference: order.reference.clone(),
        provider_id: None,
        currency: order.currency,
        at_risk: AtRisk { amount: order.amount, age: Duration::ZERO },
    }
}

/// Asks until the payout is in that state; the loop and not a sleep waits, and not for ever.
async fn until(provider: &impl Provider, order: &Order, wanted: ProviderState) -> Found {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let outcome = provider.fetch_status(lookup(order)).await;
        match outcome {
            FetchOutcome::Found(found) if found.state == wanted => return found,
            other => assert!(Instant::now() < deadline, "{wanted:?} never came, but {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
