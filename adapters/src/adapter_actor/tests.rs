//! The actor with a scripted provider, in real time: it owns timers, so what is asserted is order and
//! lower bounds, never how fast this machine is.

mod fake;
mod limits;
mod lists;
mod modes;
mod quotes;
mod rates;
mod troubles;

use super::messages::*;
use super::{AdapterActor, AdapterHandle};
use crate::fair_queue::QueueFull;
use crate::provider::{AtRisk, Limits, Lookup, Order, QuoteWish};
use actix::{Actor, Addr, Context, Handler};
use domain::id::{MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{FetchOutcome, SubmitOutcome};
use fake::Fake;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

const MERCHANT_A: MerchantId = MerchantId(1);
const MERCHANT_B: MerchantId = MerchantId(2);

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Long enough to be sure that nothing more comes of it.
const A_WHILE: Duration = ms(60);

/// Limits that limit nothing.
fn no_limits() -> Limits {
    Limits {
        calls: 0,
        per: Duration::from_secs(1),
        verify_share: 20,
        concurrency: 100,
        timeout: Duration::from_secs(20),
        queue: 1_000,
        in_doubt_max: Vec::new(),
    }
}

/// Stands for all payouts: hands every permit on to the test.
struct Payouts(mpsc::UnboundedSender<PermitGranted>);

impl Actor for Payouts {
    type Context = Context<Payouts>;
}

impl Handler<PermitGranted> for Payouts {
    type Result = ();

    fn handle(&mut self, granted: PermitGranted, _: &mut Context<Self>) {
        let _test_is_over = self.0.send(granted);
    }
}

/// An account, its provider, and whoever waits for its permits.
struct World {
    fake: Arc<Fake>,
    adapter: AdapterHandle,
    payouts: Addr<Payouts>,
    granted: mpsc::UnboundedReceiver<PermitGranted>,
}

impl World {
    fn new(limits: Limits) -> World {
        World::with(limits, AdapterSettings::default())
    }

    fn with(limits: Limits, settings: AdapterSettings) -> World {
        let fake = Fake::new(limits);
        let (tell, granted) = mpsc::unbounded_channel();
        let payouts = Payouts(tell).start();
        let adapter = AdapterActor::start_here(fake.clone(), settings);
        World { fake, adapter, payouts, granted }
    }

    /// Asks for a permit for the payout of that number.
    async fn ask(&self, merchant: MerchantId, number: u8) -> Result<(), QueueFull> {
        self.adapter.request_permit(self.request(merchant, number)).await
    }

    fn request(&self, merchant: MerchantId, number: u8) -> RequestPermit {
        let grant_to = self.payouts.clone().recipient();
        RequestPermit { payout: payout(number), merchant, quote: None, grant_to }
    }

    /// The next permit; the test fails if none comes.
    async fn permit(&mut self) -> PermitGranted {
        timeout(Duration::from_secs(10), self.granted.recv()).await.unwrap().unwrap()
    }

    /// A permit that was asked for and granted at once.
    async fn permit_for(&mut self, number: u8) -> PermitGranted {
        self.ask(MERCHANT_A, number).await.unwrap();
        self.permit().await
    }

    /// Nothing is granted for a while.
    async fn no_permit(&mut self) {
        sleep(A_WHILE).await;
        assert!(self.granted.try_recv().is_err(), "a permit was granted");
    }

    async fn submit(&self, granted: PermitGranted) -> SubmitOutcome {
        let order = order(granted.payout);
        self.adapter.submit(granted.permit, Arc::new(order)).await
    }

    async fn fetch(&self, number: u8) -> FetchOutcome {
        timeout(Duration::from_secs(10), self.adapter.fetch(lookup(number))).await.unwrap()
    }

    async fn health(&self) -> Health {
        self.adapter.health().await.unwrap()
    }
}

fn payout(number: u8) -> PayoutId {
    PayoutId([number; 16])
}

fn euros() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn recipient() -> Recipient {
    let input = RecipientInput {
        kind: Some("wallet".to_owned()),
        email: Some("a@example.org".to_owned()),
        ..RecipientInput::default()
    };
    Recipient::build(input).unwrap()
}

fn amount() -> Amount {
    Amount::parse("1.00", euros()).unwrap()
}

fn order(payout: PayoutId) -> Order {
    Order {
        payout,
        merchant: MERCHANT_A,
        reference: payout.base32(),
        amount: amount(),
        currency: euros(),
        method: Method::Wallet,
        recipient: recipient(),
        description: None,
        settlement: None,
    }
}

fn lookup(number: u8) -> Lookup {
    Lookup {
        payout: payout(number),
        merchant: MERCHANT_B,
        reference: payout(number).base32(),
        provider_id: None,
        currency: euros(),
        at_risk: AtRisk { amount: amount(), age: Duration::ZERO },
    }
}

fn wish(number: u8) -> QuoteWish {
    QuoteWish {
        payout: payout(number),
        amount: amount(),
        currency: euros(),
        recipient: recipient(),
    }
}
