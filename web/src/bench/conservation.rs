//! After payouts went their way over HTTP: every one that was answered for is read back over HTTP and held
//! against the provider's ledger, payout by payout and in the sums. A speed at which money is lost is no
//! speed.

mod lookups;

use super::gateway::Gateway;
use super::latency::grouped;
use super::progress::Limit;
use super::requests::{Fate, Requests};
use super::script::Made;
use super::site::Site;
use crate::cli::Failure;
use adapters::sandbox::wire::LedgerRow;
use domain::money::{Amount, Currency};
use lookups::{Lookups, Seen, ledger};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What was found.
#[derive(Default)]
pub struct Conservation {
    acknowledged: u64,
    /// As their requests wanted it, here and in the ledger.
    right: u64,
    missing: u64,
    /// Here or in the ledger otherwise than their requests wanted it.
    wrong: u64,
    paid_twice: u64,
    /// Paid though nobody was answered for them.
    strangers: u64,
    strangers_allowed: u64,
    /// Sums in minor units, by currency: what the gateway says was paid, and what the ledger says.
    sums: BTreeMap<String, (u128, u128)>,
}

/// Looks every payout up, and every line of the ledger. Payouts that were made but never answered for are
/// only there when a gateway was killed: so many may be.
pub async fn check(
    site: &Site<'_>,
    gateway: &Gateway,
    requests: &Requests,
    made: Vec<Made>,
    strangers_allowed: u64,
) -> Result<Conservation, Failure> {
    let sandbox = gateway.sandbox().ok_or_else(|| Failure::failed("the sandbox has no address"))?;
    let ledger = ledger(&sandbox).await?;
    let found = Conservation {
        acknowledged: made.len() as u64,
        strangers_allowed,
        ..Conservation::default()
    };
    let count = made.len() as u64;
    let lookups = Rc::new(Lookups::new(&gateway.merchant, requests, made, ledger, found));
    site.closed("looking", Limit::Count(count)).run(&gateway.merchant, lookups.clone()).await?;
    let (mut found, left) = lookups.take();
    found.strangers += left.values().filter(|row| row.paid > 0).count() as u64;
    found.paid_twice += left.values().filter(|row| row.paid > 1).count() as u64;
    Ok(found)
}

impl Conservation {
    /// One payout as it was seen, and its line in the ledger.
    fn count(&mut self, fate: Option<Fate>, seen: &Seen<'_>, row: Option<&LedgerRow>) {
        let paid = row.map_or(0, |row| row.paid);
        let ours = minor(seen.amount_processed.unwrap_or_default(), seen.currency);
        let theirs = row.filter(|row| row.paid > 0).map(|row| minor(&row.amount, &row.currency));
        let theirs = theirs.unwrap_or(0) * u128::from(paid);
        let sums = self.sums.entry(seen.currency.to_owned()).or_default();
        *sums = (sums.0 + ours, sums.1 + theirs);
        let kept = row.is_none_or(|row| row.returned == 0);
        let right = match fate {
            Some(Fate::Paid | Fate::Doubted) => seen.status == "PROCESSED" && paid == 1,
            Some(Fate::Failed) => seen.state == "failed" && paid == 0,
            Some(Fate::Open) => seen.status == "PENDING" && paid == 0,
            None => false,
        };
        self.paid_twice += u64::from(paid > 1);
        if right && kept && ours == theirs { self.right += 1 } else { self.wrong += 1 }
    }

    /// Nothing was lost, nothing paid twice, and both sides count the same money.
    pub fn holds(&self) -> bool {
        self.right == self.acknowledged
            && self.paid_twice == 0
            && self.strangers <= self.strangers_allowed
            && self.sums.values().all(|(ours, theirs)| ours == theirs)
    }

    /// For people.
    pub fn text(&self) -> String {
        let sums = self.sums.iter().map(|(code, (ours, theirs))| {
            format!("; {code} {} here, {} there", major(*ours), major(*theirs))
        });
        format!(
            "conservation {}: {} acknowledged, {} as they must be, {} otherwise, {} missing; ledger: \
             {} paid twice, {} that nobody was answered for{}",
            if self.holds() { "holds" } else { "BROKEN" },
            grouped(self.acknowledged),
            grouped(self.right),
            grouped(self.wrong),
            grouped(self.missing),
            grouped(self.paid_twice),
            grouped(self.strangers),
            sums.collect::<String>(),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let sums = self.sums.iter().map(|(code, (ours, theirs))| {
            (code.clone(), json!({ "gateway": major(*ours), "ledger": major(*theirs) }))
        });
        json!({
            "holds": self.holds(),
            "acknowledged": self.acknowledged,
            "right": self.right,
            "wrong": self.wrong,
            "missing": self.missing,
            "paid_twice": self.paid_twice,
            "strangers": self.strangers,
            "sums": sums.collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// Of an amount that cannot be read nothing is in the sum, which then differs.
fn minor(text: &str, currency: &str) -> u128 {
    let currency = Currency::parse(currency).ok();
    currency.and_then(|one| Amount::parse(text, one).ok()).map_or(0, Amount::minor_units)
}

/// Every currency of the bench has cents.
fn major(cents: u128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(paid: u32, amount: &str) -> LedgerRow {
        LedgerRow {
            payout: "po".to_owned(),
            reference: "r".to_owned(),
            paid,
            returned: 0,
            revoked: 0,
            amount: amount.to_owned(),
            currency: "EUR".to_owned(),
        }
    }

    #[test]
    fn what_is_lost_or_paid_otherwise_is_seen() {
        let told = |status, state, amount_processed| Seen {
            id: "po",
            status,
            state,
            amount_processed,
            currency: "EUR",
        };
        let processed = || told("PROCESSED", "completed", Some("1.25"));
        let failed = || told("PROCESS_FAILED", "failed", None);
        let table = [
            (Fate::Paid, processed(), Some(row(1, "1.25")), true),
            (Fate::Paid, processed(), Some(row(2, "1.25")), false),
            (Fate::Paid, processed(), Some(row(1, "1.24")), false),
            (Fate::Paid, processed(), None, false),
            (Fate::Doubted, told("INVOKING", "processing", None), Some(row(1, "1.25")), false),
            (Fate::Failed, failed(), Some(row(0, "1.25")), true),
            (Fate::Failed, failed(), None, true),
            (Fate::Failed, failed(), Some(row(1, "1.25")), false),
        ];
        for (fate, seen, row, sound) in table {
            let mut found = Conservation { acknowledged: 1, ..Conservation::default() };
            found.count(Some(fate), &seen, row.as_ref());
            assert_eq!(found.holds(), sound, "{fate:?} {} {row:?}", seen.status);
        }
        let lost = Conservation { acknowledged: 1, missing: 1, ..Conservation::default() };
        let strange =
            Conservation { strangers: 2, strangers_allowed: 1, ..Conservation::default() };
        assert!(!lost.holds() && !strange.holds());
    }
}
