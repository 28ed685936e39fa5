//! Payouts counted and summed, by status and currency. Apart because a restore is decided by looking
//! at these figures, and each of its lists is one.

use domain::money::{Amount, Currency};
use domain::status::Status;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How many, and how much.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum {
    /// Payouts.
    pub count: u64,
    /// Their amounts together.
    pub amount: Decimal,
}

/// Sums by status and currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals(pub BTreeMap<(&'static str, Currency), Sum>);

impl Totals {
    /// Adds a payout.
    pub fn add(&mut self, status: Status, currency: Currency, amount: Amount) {
        let sum = self.0.entry((status.code(), currency)).or_default();
        sum.count += 1;
        sum.amount += amount.value();
    }

    /// Payouts of all kinds.
    pub fn count(&self) -> u64 {
        self.0.values().map(|sum| sum.count).sum()
    }

    /// All amounts, by currency.
    pub fn by_currency(&self) -> BTreeMap<Currency, Decimal> {
        let mut all = BTreeMap::new();
        for ((_, currency), sum) in &self.0 {
            *all.entry(*currency).or_default() += sum.amount;
        }
        all
    }
}
