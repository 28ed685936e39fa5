//! What a payout's turn at its provider account costs: queued fairly between merchants, taken out, and
//! granted by the rate limit. With many waiting, because that is when it matters.

use std::{hint::black_box, time::Duration};

use adapters::{fair_queue::FairQueue, rate_limit::RateLimit};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::id::{IdKey, MerchantId, PayoutId};

/// Merchants whose turns come one after the other.
const MERCHANTS: u64 = 16;

fn turns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fair queue");
    group.throughput(Throughput::Elements(1));
    for waiting in [1_000_u64, 1_000_000] {
        let mut queue = FairQueue::new(usize::MAX);
        let key = IdKey([7; 32]);
        let merchant = |number: u64| MerchantId(number % MERCHANTS);
        let payout = |number: u64| PayoutId::derive(&key, merchant(number), &number.to_string());
        for number in 0..waiting {
            queue.push(merchant(number), payout(number), ()).ok();
        }
        group.bench_function(BenchmarkId::new("one leaves, one comes", waiting), |bencher| {
            let mut number = 0;
            bencher.iter(|| {
                number += 1;
                // The one that leaves comes again, at the end: no id is derived in the measured part.
                if let Some((payout, ())) = queue.pop() {
                    black_box(queue.push(merchant(number), payout, ())).ok();
                }
            });
        });
    }
    group.finish();
}

fn grants(criterion: &mut Criterion) {
    let mut limit = RateLimit::new(5_000, Duration::from_secs(1));
    let mut now = Duration::ZERO;
    criterion.bench_function("rate limit/asked", |bencher| {
        bencher.iter(|| {
            now += Duration::from_micros(100);
            black_box(limit.try_take(black_box(now))).ok()
        });
    });
}

criterion_group!(benches, turns, grants);
criterion_main!(benches);
