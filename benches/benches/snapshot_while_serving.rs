//! What a snapshot costs whoever creates payouts meanwhile: durable creates without snapshots and with
//! snapshots back to back, in turns, on one engine in one run, so that the ratio means something where
//! the figures themselves mean little. Fails if the ratio is worse than what is promised.
//!
//! `cargo bench -p benches --bench snapshot_while_serving -- --live 100000`
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a measurement that cannot go on should stop; rates are no money"
)]

use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::entry::Request;
use domain::id::{Fingerprint, IdKey, MerchantId};
use domain::method::Method;
use domain::money::Amount;
use domain::recipient::{Recipient, RecipientInput};
use engine::clock::{Clock, SystemClock};
use engine::{Engine, EngineOptions, MerchantDoor};
use futures_util::stream::{self, StreamExt};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MERCHANT: MerchantId = MerchantId(7);

/// A create's p99 while snapshots are taken, against without.
const PROMISED: f64 = 2.0;

fn main() {
    let [live, seconds, concurrency, rounds] =
        [("--live", 100_000), ("--seconds", 4), ("--concurrency", 64), ("--rounds", 3)]
            .map(|(name, default)| argument(name, default));
    let run = Run { seconds, concurrency: concurrency as usize, next: Cell::new(0) };
    let ratio = actix_rt::System::new().block_on(measure(&run, live, rounds));
    assert!(ratio <= PROMISED, "a create's p99 is {ratio:.2} times as long during snapshots");
}

struct Run {
    seconds: u64,
    concurrency: usize,
    /// The number of the next payout.
    next: Cell<u64>,
}

/// What was taken meanwhile.
#[derive(Clone, Copy, Default)]
struct Snapshots {
    count: u32,
    took: Duration,
    payouts: u64,
}

async fn measure(run: &Run, live: u64, rounds: u64) -> f64 {
    let dir = tempfile::tempdir_in(".").unwrap();
    let mut options = EngineOptions::new(dir.path(), IdKey([3; 32]));
    (options.snapshot_every, options.snapshot_interval) = (0, Duration::ZERO);
    let engine = Engine::prepare(options, Arc::new(SystemClock));
    let clock = Arc::new(VirtualClock::running());
    let sandbox = InlineSandbox::new(&SandboxSettings::default(), clock);
    engine.recover(vec![Arc::new(sandbox)]).await.unwrap();
    let door = engine_door(&engine);
    let engine = Rc::new(engine);
    while run.next.get() < live {
        let upto = (run.next.get() + 10_000).min(live);
        let numbers = run.next.replace(upto)..upto;
        stream::iter(numbers).for_each_concurrent(256, |number| create(&door, number)).await;
    }
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut taken = Snapshots::default();
    for _ in 0..rounds {
        without.extend(creates(run, &door).await);
        let (stop, done) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(taken)));
        let taking = actix_rt::spawn(back_to_back(engine.clone(), stop.clone(), done.clone()));
        with.extend(creates(run, &door).await);
        stop.set(true);
        taking.await.unwrap();
        taken = done.get();
    }
    let (list, _) = engine.gateway().snapshots().await.unwrap();
    let ratio = tell(&mut without, &mut with, run.seconds * rounds);
    let each = taken.took.as_secs_f64() / f64::from(taken.count.max(1));
    let newest = list.first().unwrap();
    println!(
        "{} snapshots, {each:.2} s each, {:.2} µs and {:.1} bytes for each live payout; {} payouts in the last",
        taken.count,
        taken.took.as_micros() as f64 / taken.payouts.max(1) as f64,
        newest.bytes as f64 / newest.payouts.max(1) as f64,
        newest.payouts,
    );
    engine.stop().await;
    ratio
}

fn engine_door(engine: &Engine) -> MerchantDoor {
    engine.gateway().for_merchant(MERCHANT)
}

async fn back_to_back(engine: Rc<Engine>, stop: Rc<Cell<bool>>, done: Rc<Cell<Snapshots>>) {
    while !stop.get() {
        let taken = engine.snapshot().await.unwrap();
        let Snapshots { count, took, payouts } = done.get();
        let (took, payouts) = (took + taken.took, payouts + taken.payouts);
        done.set(Snapshots { count: count + 1, took, payouts });
    }
}

/// Creates for some seconds; how long each took, in microseconds.
async fn creates(run: &Run, door: &MerchantDoor) -> Vec<u64> {
    let until = Instant::now() + Duration::from_secs(run.seconds);
    let times = RefCell::new(Vec::new());
    let caller = |_| async {
        while Instant::now() < until {
            let number = run.next.replace(run.next.get() + 1);
            let began = Instant::now();
            create(door, number).await;
            times.borrow_mut().push(began.elapsed().as_micros() as u64);
        }
    };
    stream::iter(0..run.concurrency).for_each_concurrent(None, caller).await;
    times.into_inner()
}

fn tell(without: &mut [u64], with: &mut [u64], seconds: u64) -> f64 {
    println!("                          creates/s   p50 ms   p99 ms   max ms");
    for (name, times) in [("without", &mut *without), ("snapshots back to back", &mut *with)] {
        times.sort_unstable();
        let millis = |per_mille| at(times, per_mille) as f64 / 1_000.0;
        let rate = times.len() as f64 / seconds as f64;
        let (p50, p99, max) = (millis(500), millis(990), millis(1_000));
        println!("{name:<24} {rate:>10.0} {p50:>8.2} {p99:>8.2} {max:>8.2}");
    }
    let ratio = |per_mille| at(with, per_mille) as f64 / at(without, per_mille).max(1) as f64;
    println!("ratio                               {:>8.2} {:>8.2}", ratio(500), ratio(990));
    ratio(990)
}

fn at(sorted: &[u64], per_mille: usize) -> u64 {
    sorted[(sorted.len() - 1) * per_mille / 1_000]
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
        autoprocess: false,
        expires_at: SystemClock.now().plus(Duration::from_secs(172_800)),
        provider_account: None,
        max_slippage_bps: None,
    };
    door.create(&format!("k{number}"), request).await.unwrap();
}

fn argument(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|one| one != name).skip(1);
    arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default)
}
