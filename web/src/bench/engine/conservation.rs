//! After `life`: every payout that was answered for is found and paid, and the provider's ledger says
//! the same, payout by payout and in the sum. A speed at which money is lost is no speed.

use super::super::latency::{Latency, grouped};
use super::stage::Stage;
use crate::cli::Failure;
use adapters::sandbox::wire::LedgerRow;
use domain::id::PayoutId;
use domain::money::Amount;
use domain::payout::Payout;
use domain::status::Status;
use engine::Refusal;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::HashMap;

/// How many payouts are read at once.
const AT_ONCE: usize = 256;

/// What was found. Sums in cents.
pub struct Conservation {
    acknowledged: u64,
    processed: u64,
    missing: u64,
    elsewhere: u64,
    paid_once: u64,
    paid_wrongly: u64,
    ours: u128,
    theirs: u128,
    /// From creation to payment.
    pub latency: Latency,
}

/// Looks every payout up, and every line of the ledger.
pub async fn check(stage: &Stage, payouts: &[PayoutId]) -> Result<Conservation, Failure> {
    let mut found = Conservation {
        acknowledged: payouts.len() as u64,
        processed: 0,
        missing: 0,
        elsewhere: 0,
        paid_once: 0,
        paid_wrongly: 0,
        ours: 0,
        theirs: 0,
        latency: Latency::new().map_err(Failure::failed)?,
    };
    let ledger = stage.sandbox().ledger(None);
    let mut ledger: HashMap<&str, &LedgerRow> =
        ledger.iter().map(|row| (row.payout.as_str(), row)).collect();
    let door = stage.door();
    for some in payouts.chunks(AT_ONCE) {
        for (id, seen) in some.iter().zip(join_all(some.iter().map(|id| door.get(*id))).await) {
            match seen {
                Ok(view) => found.count(&view.payout),
                Err(Refusal::NotFound) => found.missing += 1,
                Err(refusal) => return Err(Failure::failed(refusal)),
            }
            found.count_row(ledger.remove(id.to_string().as_str()));
        }
    }
    // What the provider paid and nobody was answered for.
    found.paid_wrongly += ledger.values().filter(|row| row.paid > 0).count() as u64;
    Ok(found)
}

impl Conservation {
    fn count(&mut self, payout: &Payout) {
        if payout.status() != Status::Processed {
            self.elsewhere += 1;
            return;
        }
        self.processed += 1;
        self.ours += payout.standing().amount_processed.map_or(0, Amount::minor_units);
        let paid = |entry: &&domain::entry::Entry| {
            entry.moved.is_some_and(|step| step.to == Status::Processed)
        };
        if let Some(entry) = payout.entries().iter().find(paid) {
            self.latency.record(entry.at.since(payout.created_at()));
        }
    }

    fn count_row(&mut self, row: Option<&LedgerRow>) {
        match row.filter(|row| row.paid == 1 && row.returned == 0) {
            Some(row) => {
                self.paid_once += 1;
                self.theirs += cents(&row.amount);
            }
            None => self.paid_wrongly += 1,
        }
    }

    /// Nothing was lost, nothing paid twice, and both sides count the same money.
    pub fn holds(&self) -> bool {
        self.processed == self.acknowledged
            && self.paid_once == self.acknowledged
            && self.paid_wrongly == 0
            && self.ours == self.theirs
    }

    /// For people.
    pub fn text(&self) -> String {
        format!(
            "conservation {}: {} acknowledged, {} PROCESSED, {} elsewhere, {} missing; \
             ledger: {} paid once, {} otherwise; EUR {} here, EUR {} there",
            if self.holds() { "holds" } else { "BROKEN" },
            grouped(self.acknowledged),
            grouped(self.processed),
            grouped(self.elsewhere),
            grouped(self.missing),
            grouped(self.paid_once),
            grouped(self.paid_wrongly),
            euros(self.ours),
            euros(self.theirs),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "holds": self.holds(),
            "acknowledged": self.acknowledged,
            "processed": self.processed,
            "elsewhere": self.elsewhere,
            "missing": self.missing,
            "ledger_paid_once": self.paid_once,
            "ledger_otherwise": self.paid_wrongly,
            "amount_processed": euros(self.ours),
            "ledger_amount": euros(self.theirs),
        })
    }
}

/// The cents of an amount in euros; an amount that cannot be read is missing from the sum.
fn cents(text: &str) -> u128 {
    let euro = domain::money::Currency::parse("EUR");
    euro.ok().and_then(|euro| Amount::parse(text, euro).ok()).map_or(0, Amount::minor_units)
}

fn euros(cents: u128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
