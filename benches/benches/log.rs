//! The write-ahead log: one append made durable, alone and among others. A commit is one
//! `fdatasync` however many wait for it, so the cost of an append falls as the crowd grows.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use snapshots::{Record, Store, StoreOptions};
use std::hint::black_box;

fn append(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("no directory: {error}"));
    let options = StoreOptions { data_dir: dir.path().into(), ..StoreOptions::default() };
    let store = Store::open(options).unwrap_or_else(|error| panic!("{error}"));
    let running = store.start().unwrap_or_else(|error| panic!("{error}"));
    let mut group = criterion.benchmark_group("log/append");
    for crowd in [1_u32, 16, 256] {
        group.throughput(Throughput::Elements(u64::from(crowd)));
        group.bench_with_input(BenchmarkId::from_parameter(crowd), &crowd, |bencher, crowd| {
            bencher.iter(|| {
                let last = (0..*crowd).map(|number| {
                    let payout = u128::from(number).to_be_bytes();
                    running.journal.append(vec![Record { payout, version: 1, body: vec![7; 120] }])
                });
                // All are queued before the last one is waited for: the order is the log's.
                let waiting: Vec<_> = last.collect();
                black_box(running.journal.append_blocking(Vec::new())).ok();
                drop(waiting);
            });
        });
    }
    group.finish();
    running.close();
}

criterion_group!(benches, append);
criterion_main!(benches);
