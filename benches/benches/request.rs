//! What a request costs before the engine hears of it: the body read and fingerprinted, amount and recipient
//! judged, the payout's id derived from its idempotency key; and how a failure is put into its category.

use std::{error::Error, hint::black_box, time::Duration};

use benches::life::BODY;
use criterion::{Criterion, Throughput};
use domain::{
    failure::{Category, Origin, Rail},
    id::{Fingerprint, IdKey, MerchantId, PayoutId},
    money::{Amount, Currency},
    recipient::{Recipient, RecipientInput},
    resolution::Resolution,
};
use web::json::Node;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    body(&mut criterion);
    judgement(&mut criterion)?;
    ids(&mut criterion);
    categories(&mut criterion);
    criterion.final_summary();
    Ok(())
}

/// The JSON, and the fingerprint by which a retry with another body is known.
fn body(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("body of {} B", BODY.len()));
    group.throughput(Throughput::Bytes(BODY.len() as u64));
    group.bench_function("read", |bencher| {
        bencher.iter(|| Node::read(black_box(BODY.as_bytes())).is_ok());
    });
    group.bench_function("read and fingerprinted", |bencher| {
        bencher.iter(|| Node::read(black_box(BODY.as_bytes())).map(|node| node.fingerprint()).ok());
    });
    group.bench_function("blake3 alone", |bencher| {
        bencher.iter(|| Fingerprint::of(black_box(BODY.as_bytes())));
    });
    group.finish();
}

fn judgement(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let currency: Currency = "EUR".parse()?;
    let mut group = criterion.benchmark_group("judged");
    group.bench_function("amount", |bencher| {
        bencher.iter(|| Amount::parse(black_box("125.40"), currency));
    });
    let input = || RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    // One that is refused would look fast.
    Recipient::build(input()).map_err(|faults| format!("{faults:?}"))?;
    group.bench_function("recipient with its IBAN", |bencher| {
        bencher.iter(|| Recipient::build(black_box(input())));
    });
    group.finish();
    Ok(())
}

fn ids(criterion: &mut Criterion) {
    let (key, merchant) = (IdKey([7; 32]), MerchantId::from_name("acme"));
    let mut group = criterion.benchmark_group("id");
    group.bench_function("derived from the idempotency key", |bencher| {
        bencher.iter(|| PayoutId::derive(&key, merchant, black_box("order-2026-000123")));
    });
    let id = PayoutId::derive(&key, merchant, "order-2026-000123");
    let text = id.to_string();
    group.bench_function("as text", |bencher| bencher.iter(|| black_box(id).to_string()));
    group.bench_function("read", |bencher| bencher.iter(|| black_box(&text).parse::<PayoutId>()));
    group.finish();
}

/// Every resolution, from every mouth, on every rail.
fn categories(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("failure");
    let all = Resolution::ALL.len() * Origin::ALL.len() * 2;
    group.throughput(Throughput::Elements(all as u64));
    group.bench_function("category of each", |bencher| {
        bencher.iter(|| {
            for resolution in Resolution::ALL {
                for origin in Origin::ALL {
                    for rail in [Rail::MobileMoney, Rail::Other] {
                        black_box(Category::of(black_box(resolution), origin, rail));
                    }
                }
            }
        });
    });
    group.finish();
}
