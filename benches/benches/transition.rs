//! What the heart costs: asking the table of statuses for every pair, and one
//! whole life from its creation to its payment, without disk or actors.

use std::{error::Error, hint::black_box, time::Duration};

use benches::life::Life;
use criterion::{Criterion, Throughput};
use domain::{
    status::Status,
    transition::{Trigger, next},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    every_pair(&mut criterion);
    whole_life(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn every_pair(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transition::next");
    let pairs = Status::ALL.len() * Trigger::ALL.len();
    group.throughput(Throughput::Elements(pairs as u64));
    group.bench_function("every pair", |bencher| {
        bencher.iter(|| {
            for from in Status::ALL {
                for on in Trigger::ALL {
                    black_box(next(black_box(from), black_box(on)));
                }
            }
        });
    });
    group.finish();
}

fn whole_life(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let life = Life::new()?;
    // A life that goes wrong would look fast.
    let status = life.live()?.status();
    if status != Status::Processed {
        return Err(format!("the life ends as {status}").into());
    }
    let mut group = criterion.benchmark_group("decide and apply");
    group.throughput(Throughput::Elements(1));
    group.bench_function("a whole life", |bencher| bencher.iter(|| black_box(&life).live()));
    group.finish();
    Ok(())
}
