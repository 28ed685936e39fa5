//! Quotes come before permits, and must still hold when they arrive.

use super::fake::{Call, Script, accepted};
use super::*;
use crate::provider::Quote;
use domain::entry::Settlement;
use domain::failure::{Failure, Origin};
use domain::money::{Asset, AssetAmount};
use domain::resolution::Resolution;
use domain::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

fn quote(number: u8, seconds_left: i64) -> Script<Result<Quote, Failure>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let asset: Asset = "USDT".parse().unwrap();
    let settlement = Settlement {
        amount: AssetAmount::parse("1.07", asset).unwrap(),
        asset,
        rate: "1.07".parse().unwrap(),
        source: "fake".into(),
        at: Timestamp(now * 1_000_000),
        quote: Some(number.to_string().into()),
    };
    Script::Answer(Ok(Quote { settlement, valid_until: now + seconds_left }))
}

async fn ask_with_quote(world: &mut World) -> PermitGranted {
    let ask = RequestPermit { quote: Some(wish(1)), ..world.request(MERCHANT_A, 1) };
    world.adapter.request_permit(ask).await.unwrap();
    world.permit().await
}

fn name(granted: &PermitGranted) -> Option<&str> {
    granted.quoted.as_ref().unwrap().as_ref().unwrap().quote.as_deref()
}

#[actix_rt::test]
async fn a_quote_that_is_over_is_asked_for_again_before_the_permit() {
    let mut world = World::new(no_limits());
    world.fake.will_quote([quote(1, -5), quote(2, 0), quote(3, 60)]);
    let granted = ask_with_quote(&mut world).await;
    assert_eq!(name(&granted), Some("3"));
    assert_eq!(world.fake.saw(), [Call::Quote, Call::Quote, Call::Quote]);
    assert_eq!(world.submit(granted).await, accepted());
}

#[actix_rt::test]
async fn three_quotes_that_are_over_are_enough() {
    let mut world = World::new(no_limits());
    world.fake.will_quote([quote(1, -5), quote(2, -5), quote(3, -5), quote(4, 60)]);
    let granted = ask_with_quote(&mut world).await;
    assert_eq!(granted.quoted, Err(Failure::new(Resolution::GeneralError, Origin::Platform)));
    assert_eq!(world.fake.saw().len(), 3);
    drop(granted);
    assert_eq!(world.health().await.permits_out, 0);
}

#[actix_rt::test]
async fn why_there_is_no_quote_is_told_with_the_permit() {
    let mut world = World::new(no_limits());
    let granted = ask_with_quote(&mut world).await;
    assert_eq!(granted.quoted, Err(Failure::new(Resolution::InvalidMethod, Origin::Provider)));
    world.fake.will_quote([Script::Panic]);
    let granted = ask_with_quote(&mut world).await;
    assert_eq!(granted.quoted, Err(Failure::new(Resolution::GeneralError, Origin::Platform)));
}

#[actix_rt::test]
async fn quotes_take_slots_and_calls_like_everything_else() {
    let mut world = World::new(Limits { concurrency: 2, calls: 10, per: ms(200), ..no_limits() });
    world.fake.will_quote([quote(1, 60), quote(2, 60)]);
    let held = world.permit_for(9).await;
    let ask = RequestPermit { quote: Some(wish(1)), ..world.request(MERCHANT_A, 1) };
    world.adapter.request_permit(ask).await.unwrap();
    world.no_permit().await;
    assert!(world.fake.saw().is_empty(), "no slot, no quote");
    drop(held);
    let granted = world.permit().await;
    assert_eq!(name(&granted), Some("1"));
}
