//! The engine without HTTP: a durable create through the gateway, and a read of a live payout, which
//! is one message to its supervisor and back.

use actix_rt::System;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use benches::life::Life;
use criterion::{Criterion, criterion_group, criterion_main};
use domain::entry::Request;
use domain::id::IdKey;
use domain::time::Timestamp;
use engine::clock::SystemClock;
use engine::gateway::Created;
use engine::{Engine, EngineOptions, MerchantDoor};
use std::hint::black_box;
use std::sync::Arc;

/// An ordinary request that waits for its process command and never expires.
fn waiting() -> Request {
    let life = Life::new().unwrap_or_else(|error| panic!("{error}"));
    Request { autoprocess: false, expires_at: Timestamp(i64::MAX), ..life.request }
}

async fn start(dir: &std::path::Path) -> (Engine, MerchantDoor) {
    let engine = Engine::prepare(EngineOptions::new(dir, IdKey([7; 32])), Arc::new(SystemClock));
    let sandbox =
        InlineSandbox::new(&SandboxSettings::default(), Arc::new(VirtualClock::running()));
    let recovered = engine.recover(vec![Arc::new(sandbox)]).await;
    recovered.unwrap_or_else(|error| panic!("{error}"));
    let door = engine.gateway().for_merchant(waiting().merchant);
    (engine, door)
}

fn gateway(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
    let system = System::new();
    let (engine, door) = system.block_on(start(dir.path()));
    let request = waiting();
    let mut number = 0_u64;
    criterion.bench_function("engine/create, one at a time", |bencher| {
        bencher.iter(|| {
            number += 1;
            let created = system.block_on(door.create(&format!("key-{number}"), request.clone()));
            black_box(created).ok();
        });
    });
    let Ok(Created::New(made) | Created::Replayed(made)) =
        system.block_on(door.create("read", waiting()))
    else {
        panic!("the payout to read was not made");
    };
    let id = made.payout.id();
    criterion.bench_function("engine/read a live payout", |bencher| {
        bencher.iter(|| black_box(system.block_on(door.get(id))).is_ok());
    });
    system.block_on(engine.stop());
}

criterion_group!(benches, gateway);
criterion_main!(benches);
