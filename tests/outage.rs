//! An hour without a provider, a hundred payouts a second: one incident for an operator to look at,
//! nothing to click, and every payout paid once when the provider is back.

use crate::webhooks::scale;
use adapters::provider::*;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::entry::Request;
use domain::failure::{Failure, Origin};
use domain::id::{Fingerprint, IdKey, MerchantId};
use domain::method::Method;
use domain::money::Amount;
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use engine::clock::{Clock, TurnedClock};
use engine::{Engine, EngineOptions, ListQuery};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tests::recipient::iban;

const HOUR: u32 = 3_600;

/// A provider that goes silent: half of what it is sent meanwhile it never sees, the other half it
/// pays without a word. It promises that what it does not know after ten minutes was never sent.
struct Silent {
    inner: InlineSandbox,
    caps: Caps,
    down: AtomicBool,
}

impl Silent {
    fn new() -> Arc<Silent> {
        let inner =
            InlineSandbox::new(&SandboxSettings::default(), Arc::new(VirtualClock::running()));
        let mut caps = inner.caps().clone();
        caps.policy.not_found_final_after = Some(Duration::from_secs(600));
        caps.limits.calls = 0;
        caps.limits.concurrency = 512;
        Arc::new(Silent { inner, caps, down: AtomicBool::new(false) })
    }

    fn is_down(&self) -> bool {
        self.down.load(Ordering::SeqCst)
    }
}

fn silence() -> Failure {
    Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport)
}

impl Provider for Silent {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        self.inner.prepare(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        if !self.is_down() {
            return self.inner.submit(order);
        }
        let arrives = order.reference.as_bytes()[20].is_multiple_of(2);
        let paid = arrives.then(|| self.inner.submit(order));
        Box::pin(async move {
            if let Some(paid) = paid {
                paid.await;
            }
            SubmitOutcome::Ambiguous { why: silence() }
        })
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        if !self.is_down() {
            return self.inner.fetch_status(lookup);
        }
        Box::pin(async { FetchOutcome::Unknown { why: silence(), retry_after: None } })
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.inner.revoke(lookup)
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.inner.cancel(lookup)
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        self.inner.callback(raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        self.inner.quote(wish)
    }
}

fn request(number: u32, now: domain::time::Timestamp) -> Request {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some(iban("000", number)),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    let currency = "EUR".parse().unwrap();
    Request {
        merchant: MerchantId(7),
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: Amount::parse("10.00", currency).unwrap(),
        currency,
        method: Method::BankTransfer,
        recipient: Recipient::build(input).unwrap(),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess: true,
        expires_at: now.plus(Duration::from_secs(172_800)),
        provider_account: None,
        max_slippage_bps: None,
    }
}

#[actix_rt::test]
async fn an_hour_without_the_provider_is_one_incident_and_ends_by_evidence() {
    let per_second = scale(100, 2);
    let dir = tempfile::tempdir().unwrap();
    let clock = TurnedClock::default();
    // From eight in the morning: an incident does not reach over midnight.
    let day = 86_400_000_000_i64;
    let until_eight = day - clock.now().0.rem_euclid(day) + 8 * 3_600_000_000;
    clock.advance(Duration::from_micros(until_eight as u64));
    let options = EngineOptions::new(dir.path(), IdKey([3; 32]));
    let engine = Engine::prepare(options, Arc::new(clock.clone()));
    let provider = Silent::new();
    engine.recover(vec![provider.clone()]).await.unwrap();
    let gateway = engine.gateway();
    let door = gateway.for_merchant(MerchantId(7));

    provider.down.store(true, Ordering::SeqCst);
    for second in 0..HOUR {
        let made = stream::iter(0..per_second).for_each_concurrent(64, |place| {
            let (door, number) = (&door, second * per_second + place);
            let request = request(number, clock.now());
            async move {
                door.create(&format!("k{number}"), request).await.unwrap();
            }
        });
        made.await;
        clock.advance(Duration::from_secs(1));
    }
    let (all, book) = (HOUR * per_second, gateway.moderation().unwrap().clone());
    let incidents = book.incidents();
    assert_eq!(incidents.len(), 1, "one thing to look at: {incidents:?}");
    assert_eq!(incidents[0].key.reason, Resolution::ConnectionTimeoutError);
    assert!(incidents[0].count > 0 && incidents[0].count <= u64::from(all));
    let doubtful = incidents[0].count;

    provider.down.store(false, Ordering::SeqCst);
    let finished = || gateway.counters().live.load(Ordering::Relaxed) == 0;
    for _ in 0..12_000 {
        if finished() {
            break;
        }
        clock.advance(Duration::from_secs(5));
        provider.inner.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(finished(), "{} are left", gateway.counters().live.load(Ordering::Relaxed));
    assert!(book.incidents().is_empty() && book.exposure().is_empty(), "released by evidence");
    let ledger = provider.inner.ledger(None);
    assert_eq!(ledger.len(), all as usize, "each reached the provider");
    assert!(ledger.iter().all(|row| row.paid == 1 && row.returned == 0), "and was paid once");
    let held = ListQuery { moderation_required: Some(true), limit: 1, ..ListQuery::default() };
    assert!(door.list(&held).await.unwrap().views.is_empty());
    println!("{all} payouts, {doubtful} in doubt at the end of the hour, no decision by anybody");
    engine.stop().await;
}
