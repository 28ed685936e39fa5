//! What webhooks cost the payouts, and a dead endpoint its neighbours: the same payouts without any
//! endpoint, with a healthy one, and with a healthy one beside others that take every connection and
//! never answer. All on one machine in one run, so the ratios mean something and the rates little.
//!
//! `cargo bench -p benches --bench webhooks -- --payouts 20000`
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a measurement that cannot go on should stop; rates are no money"
)]

use actix_web::{App, HttpResponse, HttpServer, web as http};
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::entry::Request;
use domain::id::{Fingerprint, IdKey, MerchantId};
use domain::method::Method;
use domain::money::Amount;
use domain::recipient::{Recipient, RecipientInput};
use engine::clock::{Clock, SystemClock};
use engine::{Engine, EngineOptions, MerchantDoor};
use futures_util::stream::{self, StreamExt};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use web::webhooks::{Filter, Scheme, Settings, Wanted, Webhooks, gateway_feed};

const MERCHANT: MerchantId = MerchantId(7);
/// Events of a payout that is paid without trouble.
const EVENTS: u64 = 5;
const DEAD: usize = 4;

fn main() {
    let payouts = payouts();
    actix_rt::System::new().block_on(async {
        let alone = round(payouts, 0, 0).await;
        let healthy = round(payouts, 1, 0).await;
        let beside_dead = round(payouts, 1, DEAD).await;
        println!("{payouts} payouts                      lives/s   ratio   events told/s   ratio");
        row("no endpoint", &alone, &alone, None);
        row("one healthy endpoint", &healthy, &alone, None);
        row("the same beside four dead", &beside_dead, &alone, Some(&healthy));
    });
}

/// How long it took until all payouts were settled, and until all events were told.
struct Round {
    lives: f64,
    told: Option<f64>,
}

fn row(name: &str, round: &Round, base: &Round, told_base: Option<&Round>) {
    let told = round.told.map_or("-".to_owned(), |told| format!("{told:.0}"));
    let ratio = told_base.and_then(|base| Some(round.told? / base.told?));
    let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    println!(
        "{name:<32} {:>9.0} {:>7.2} {told:>15} {ratio:>7}",
        round.lives,
        round.lives / base.lives
    );
}

async fn round(payouts: u64, healthy: usize, dead: usize) -> Round {
    let dir = tempfile::tempdir_in(".").unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let engine = Engine::prepare(EngineOptions::new(dir.path(), IdKey([3; 32])), clock.clone());
    let mut settings = SandboxSettings::default();
    settings.limits.calls = 0;
    settings.limits.concurrency = 512;
    settings.poll.first = Duration::from_millis(250);
    let sandbox = InlineSandbox::new(&settings, Arc::new(VirtualClock::running()));
    engine.recover(vec![Arc::new(sandbox)]).await.unwrap();
    let gateway = engine.gateway();
    let told = Settings { loopback_for_test: true, ..Settings::default() };
    let webhooks = Webhooks::open(dir.path(), told, clock.clone()).unwrap();
    let taken = Arc::new(AtomicU64::new(0));
    let mut silent = Vec::new();
    for _ in 0..healthy {
        subscribe(&webhooks, &receiver(taken.clone()), &*clock);
    }
    for _ in 0..dead {
        // Bound and never accepted from: the kernel takes connections, and nobody answers.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        subscribe(&webhooks, &format!("http://{}/", listener.local_addr().unwrap()), &*clock);
        silent.push(listener);
    }
    webhooks.connect(gateway_feed(gateway.clone()));

    let (began, door) = (Instant::now(), gateway.for_merchant(MERCHANT));
    stream::iter(0..payouts).for_each_concurrent(256, |number| create(&door, number)).await;
    let counters = gateway.counters();
    while counters.finished.load(Ordering::Relaxed) < payouts {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let lives = payouts as f64 / began.elapsed().as_secs_f64();
    let events = payouts * EVENTS;
    while healthy > 0 && taken.load(Ordering::Relaxed) < events {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let told = (healthy > 0).then(|| events as f64 / began.elapsed().as_secs_f64());
    webhooks.stop().await;
    engine.stop().await;
    Round { lives, told }
}

async fn create(door: &MerchantDoor, number: u64) {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    let currency = "EUR".parse().unwrap();
    let request = Request {
        merchant: MERCHANT,
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
        expires_at: SystemClock.now().plus(Duration::from_secs(172_800)),
        provider_account: None,
        max_slippage_bps: None,
    };
    door.create(&format!("k{number}"), request).await.unwrap();
}

fn subscribe(webhooks: &Webhooks, url: &str, clock: &dyn Clock) {
    let wanted = Wanted {
        url: url.to_owned(),
        description: None,
        events: Filter::default(),
        signature: Scheme::Hmac,
        enabled: true,
    };
    let made = webhooks.endpoints().create((MERCHANT, false), wanted, 0, clock.now()).unwrap();
    webhooks.poke(made.id);
}

/// A receiver that counts and answers 204; its address.
fn receiver(taken: Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let taken = http::Data::from(taken);
    let hear = |_: http::Bytes, taken: http::Data<AtomicU64>| async move {
        taken.fetch_add(1, Ordering::Relaxed);
        HttpResponse::NoContent().finish()
    };
    let app = move || App::new().app_data(taken.clone()).route("/", http::post().to(hear));
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    actix_rt::spawn(server.run());
    url
}

fn payouts() -> u64 {
    let mut arguments = std::env::args().skip_while(|one| one != "--payouts").skip(1);
    arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}
