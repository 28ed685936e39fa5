//! How many payouts stand where, and with how much money: counts and sums by status and currency.
//! Apart because snapshots keep one, and whoever compares two points in time makes two.

use domain::money::Currency;
use domain::payout::Payout;
use domain::status::Status;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Counts and sums by status and currency. The sums are of what was asked for, in the currency's units.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    rows: BTreeMap<(Status, Currency), (u64, Decimal)>,
}

/// One status in one currency.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TallyRow {
    /// The status.
    pub status: Status,
    /// The currency.
    pub currency: Currency,
    /// How many payouts.
    pub count: u64,
    /// How much in all.
    pub amount: Decimal,
}

impl Tally {
    /// Counts a payout.
    pub fn add(&mut self, payout: &Payout) {
        let request = payout.request();
        self.add_amount(payout.status(), request.currency, request.amount.value());
    }

    /// Counts a payout of which only this much is known.
    pub fn add_amount(&mut self, status: Status, currency: Currency, amount: Decimal) {
        let (count, sum) = self.rows.entry((status, currency)).or_default();
        *count += 1;
        // An amount has at most 18 digits; a sum of more than 28 would take ten thousand million payouts.
        *sum = sum.saturating_add(amount);
    }

    /// All rows, by status and then by currency.
    pub fn rows(&self) -> impl Iterator<Item = TallyRow> + '_ {
        self.rows.iter().map(|((status, currency), (count, amount))| TallyRow {
            status: *status,
            currency: *currency,
            count: *count,
            amount: *amount,
        })
    }

    /// How many payouts in all.
    pub fn count(&self) -> u64 {
        self.rows.values().map(|(count, _)| count).sum()
    }
}

impl FromIterator<TallyRow> for Tally {
    fn from_iter<I: IntoIterator<Item = TallyRow>>(rows: I) -> Tally {
        let row = |TallyRow { status, currency, count, amount }: TallyRow| {
            ((status, currency), (count, amount))
        };
        Tally { rows: rows.into_iter().map(row).collect() }
    }
}
