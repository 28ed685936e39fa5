//! Rates that somebody wrote down. Apart from the other sources because nobody is asked: a table holds
//! from when it was loaded until another one is, and so never gets stale.

use super::{NoRate, RateSource};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use domain::time::Timestamp;
use futures_util::future::{BoxFuture, ready};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// What its rates name as their source.
const NAME: &str = "fixed";

/// A table of rates. Every rate holds since the table was loaded.
#[derive(Clone, Debug)]
pub struct FixedRates {
    table: BTreeMap<(Currency, Asset), Decimal>,
    loaded_at: Timestamp,
}

impl FixedRates {
    /// The table, loaded at that time.
    pub fn new(
        table: impl IntoIterator<Item = ((Currency, Asset), Decimal)>,
        loaded_at: Timestamp,
    ) -> FixedRates {
        FixedRates { table: table.into_iter().collect(), loaded_at }
    }

    fn look_up(&self, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        let value = *self.table.get(&(from, to)).ok_or(NoRate::NotOffered)?;
        if value <= Decimal::ZERO {
            return Err(NoRate::Invalid);
        }
        Ok(Rate { from, to, value, source: NAME.into(), at: self.loaded_at })
    }
}

impl RateSource for FixedRates {
    fn name(&self) -> &str {
        NAME
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        Box::pin(ready(self.look_up(from, to)))
    }
}
