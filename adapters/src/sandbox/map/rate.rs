//! What the sandbox's answer about a rate means. Apart from the answers about payouts: a rate moves no
//! money, and its troubles are told in the words of those who ask for rates.

use super::Heard;
use crate::rates::NoRate;
use crate::sandbox::wire::{NOT_OFFERED, RateBody, Said};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use domain::time::Timestamp;
use rust_decimal::Decimal;
use std::time::Duration;

/// What its rates name as their source.
pub const SOURCE: &str = "sandbox";

/// The rate, if it is one of the pair that was asked for.
pub fn rated(heard: Heard, from: Currency, to: Asset) -> Result<Rate, NoRate> {
    let not_offered = heard.code() == Some(NOT_OFFERED);
    match heard {
        Heard::TimedOut | Heard::Broken | Heard::Unreached => Err(NoRate::Unreachable),
        Heard::Answer { status: 200, said: Some(Said::Rate(told)), .. } => read(told, from, to),
        Heard::Answer { status: 422, .. } if not_offered => Err(NoRate::NotOffered),
        Heard::Answer { status: 200, .. } => {
            Err(NoRate::Unreadable { what: "it is not the sandbox's own" })
        }
        Heard::Answer { status, .. } => Err(NoRate::Refused { status }),
    }
}

fn read(told: RateBody, from: Currency, to: Asset) -> Result<Rate, NoRate> {
    let RateBody { from: told_from, to: told_to, rate, at } = told;
    if told_from != from.code() || told_to != to.symbol() {
        return Err(NoRate::Invalid);
    }
    let value = Decimal::from_str_exact(&rate).ok().filter(|value| *value > Decimal::ZERO);
    let since = u64::try_from(at).map_err(|_| NoRate::Invalid)?;
    let at = Timestamp(0).plus(Duration::from_secs(since));
    Ok(Rate { from, to, value: value.ok_or(NoRate::Invalid)?, source: SOURCE.into(), at })
}
