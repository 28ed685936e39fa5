//! Every source asked as it will be: over sockets where there are sockets, and with a clock that is
//! turned where there are ages.

mod asked_over_http;
mod cached_and_stale;
mod the_sandbox;

use super::*;
use domain::id::PayoutId;
use rust_decimal::Decimal;
use std::sync::atomic::{AtomicI64, Ordering};

/// Three seconds past midnight of the 21st of November 2026.
const START: Timestamp = Timestamp(1_795_219_203_000_000);

/// A clock that stands until it is turned.
#[derive(Clone)]
struct Turned(Arc<AtomicI64>);

impl Turned {
    fn new() -> Turned {
        Turned(Arc::new(AtomicI64::new(START.0)))
    }

    fn now(&self) -> Now {
        let clock = self.clone();
        Arc::new(move || Timestamp(clock.0.load(Ordering::SeqCst)))
    }

    fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

fn seconds_after_start(seconds: i64) -> Timestamp {
    Timestamp(START.0 + seconds * 1_000_000)
}

fn euros() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

#[actix_rt::test]
async fn a_table_holds_since_it_was_loaded_and_knows_what_is_in_it() {
    let pair = (euros(), Asset::Btc);
    let table = FixedRates::new([(pair, decimal("0.00001683"))], START);
    let told = table.rate(euros(), Asset::Btc).await.unwrap();
    let expected = Rate {
        from: euros(),
        to: Asset::Btc,
        value: decimal("0.00001683"),
        source: "fixed".into(),
        at: START,
    };
    assert_eq!((told, table.max_age()), (expected, None));
    assert_eq!(table.rate(euros(), Asset::Eth).await, Err(NoRate::NotOffered));
    let dollars = Currency::parse("USD").unwrap();
    assert_eq!(table.rate(dollars, Asset::Btc).await, Err(NoRate::NotOffered));
    let worthless = FixedRates::new([(pair, Decimal::ZERO)], START);
    assert_eq!(worthless.rate(euros(), Asset::Btc).await, Err(NoRate::Invalid));
}

#[test]
fn a_source_is_shown_by_its_name() {
    let rates = Rates { asked: Some(Arc::new(FixedRates::new([], START))), ..Rates::default() };
    let shown = format!("{rates:?}");
    assert_eq!(shown, "Rates { at_execution: None, asked: Some(RateSource(fixed)) }");
}
