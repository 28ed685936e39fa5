//! Conversions by a source of rates: the provider is left alone, and whatever becomes of the source,
//! the permit arrives.

use super::fake::accepted;
use super::*;
use crate::rates::{FixedRates, NoRate, RateSource};
use domain::conversion::Rate;
use domain::entry::Settlement;
use domain::failure::{Failure, Origin};
use domain::money::{Asset, AssetAmount};
use domain::resolution::Resolution;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;

const LOADED_AT: Timestamp = Timestamp(1_700_000_000_000_000);

fn tron() -> Recipient {
    let input = RecipientInput {
        kind: Some("crypto_address".to_owned()),
        network: Some("tron".to_owned()),
        address: Some("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".to_owned()),
        ..RecipientInput::default()
    };
    Recipient::build(input).unwrap()
}

fn fixed(rate: &str) -> FixedRates {
    FixedRates::new([((euros(), Asset::Usdt), rate.parse().unwrap())], LOADED_AT)
}

fn world(limits: Limits, rates: impl RateSource) -> World {
    let settings =
        AdapterSettings { rates: Some(Arc::new(rates)), margin: ms(20), ..Default::default() };
    World::with(limits, settings)
}

async fn ask_to_convert(world: &mut World, recipient: Recipient) -> PermitGranted {
    let quote = Some(QuoteWish { recipient, ..wish(1) });
    let ask = RequestPermit { quote, ..world.request(MERCHANT_A, 1) };
    world.adapter.request_permit(ask).await.unwrap();
    world.permit().await
}

/// What a source can do that is no answer.
enum Trouble {
    Hangs,
    Panics,
    Fails(NoRate),
}

impl RateSource for Trouble {
    fn name(&self) -> &str {
        "trouble"
    }

    fn rate(&self, _: Currency, _: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        match self {
            Trouble::Hangs => Box::pin(std::future::pending()),
            Trouble::Panics => Box::pin(async { panic!("the source was told to") }),
            Trouble::Fails(why) => Box::pin(std::future::ready(Err(*why))),
        }
    }
}

#[actix_rt::test]
async fn the_amount_is_computed_from_the_rate_and_the_provider_is_not_asked() {
    let mut world = world(no_limits(), fixed("1.0799999999"));
    let granted = ask_to_convert(&mut world, tron()).await;
    let settlement = Settlement {
        amount: AssetAmount::parse("1.079999", Asset::Usdt).unwrap(),
        asset: Asset::Usdt,
        rate: "1.0799999999".parse().unwrap(),
        source: "fixed".into(),
        at: LOADED_AT,
        quote: None,
    };
    assert_eq!(granted.quoted, Ok(Some(settlement)));
    assert!(world.fake.saw().is_empty());
    assert_eq!(world.submit(granted).await, accepted());
}

#[actix_rt::test]
async fn what_does_not_convert_needs_no_rate() {
    let mut world = world(no_limits(), Trouble::Panics);
    assert_eq!(world.permit_for(1).await.quoted, Ok(None));
}

#[actix_rt::test]
async fn why_there_is_no_conversion_is_told_with_the_permit() {
    let platform = |resolution| Err(Failure::new(resolution, Origin::Platform));
    let mut worthless = world(no_limits(), fixed("0.0000001"));
    let granted = ask_to_convert(&mut worthless, tron()).await;
    assert_eq!(granted.quoted, platform(Resolution::InvalidAmount));
    let granted = ask_to_convert(&mut worthless, recipient()).await;
    assert_eq!(granted.quoted, platform(Resolution::InvalidMethod), "no asset arrives there");
    let table = [
        (Trouble::Fails(NoRate::NotOffered), Resolution::InvalidMethod),
        (Trouble::Fails(NoRate::Stale), Resolution::GeneralError),
        (Trouble::Fails(NoRate::Unreachable), Resolution::GeneralError),
        (Trouble::Panics, Resolution::GeneralError),
        (Trouble::Hangs, Resolution::GeneralError),
    ];
    for (trouble, resolution) in table {
        let mut world = world(Limits { timeout: ms(20), ..no_limits() }, trouble);
        let granted = ask_to_convert(&mut world, tron()).await;
        assert_eq!(granted.quoted, platform(resolution));
        drop(granted);
        assert_eq!(world.health().await.permits_out, 0);
        assert!(world.fake.saw().is_empty());
    }
}
