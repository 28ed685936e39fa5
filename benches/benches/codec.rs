//! What bytes cost: sealing and opening one entry of the journal, and a whole
//! payout as snapshots and the archive keep it.

use std::{error::Error, hint::black_box, time::Duration};

use benches::life::Life;
use bincode::{Decode, Encode};
use criterion::{Criterion, Throughput};
use domain::entry::{Entry, Fact};
use snapshots::codec::{Kind, open, seal_into};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let payout = Life::new()?.live()?;
    let learned = |entry: &&Entry| matches!(entry.fact, Fact::Learned(_));
    let entry = payout.entries().iter().find(learned).ok_or("nothing was learned")?;
    both_ways(&mut criterion, "entry", Kind::Entry, entry)?;
    both_ways(&mut criterion, "payout", Kind::Payout, &payout.entries().to_vec())?;
    criterion.final_summary();
    Ok(())
}

/// Seals and opens `value`; the size of its bytes stands in the name.
fn both_ways<T: Encode + Decode<()>>(
    criterion: &mut Criterion,
    name: &str,
    kind: Kind,
    value: &T,
) -> Result<(), Box<dyn Error>> {
    let mut bytes = Vec::new();
    seal_into(kind, value, &mut bytes)?;
    let sealed = bytes.clone();
    let mut group = criterion.benchmark_group(format!("{name} of {} B", sealed.len()));
    group.throughput(Throughput::Bytes(sealed.len() as u64));
    group.bench_function("seal", |bencher| {
        bencher.iter(|| seal_into(kind, black_box(value), &mut bytes));
    });
    group.bench_function("open", |bencher| {
        bencher.iter(|| open::<T>(kind, black_box(&sealed)));
    });
    group.finish();
    Ok(())
}
