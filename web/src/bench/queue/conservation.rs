//! After `queue`: every payout that was answered for still waits or is with the provider, and nothing was sent
//! twice. Apart from the other scenarios' checks, because hardly any of these payouts is finished.

use super::witness::Call;
use crate::bench::engine::stage::Stage;
use crate::bench::latency::grouped;
use crate::cli::Failure;
use domain::id::{MerchantId, PayoutId};
use domain::status::Status;
use engine::Refusal;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// What was found.
pub struct Conservation {
    acknowledged: u64,
    waiting: u64,
    sent: u64,
    missing: u64,
    /// References in the provider's ledger.
    ledger: u64,
    /// Payouts with more than one submission, reference or payment, or that nobody was answered for.
    ledger_otherwise: u64,
}

/// Looks every payout up, every submission, and every line of the ledger.
pub async fn check(
    stage: &Stage,
    acknowledged: &[(MerchantId, PayoutId)],
    calls: &[Call],
) -> Result<Conservation, Failure> {
    let mut found = Conservation {
        acknowledged: acknowledged.len() as u64,
        waiting: 0,
        sent: 0,
        missing: 0,
        ledger: 0,
        ledger_otherwise: 0,
    };
    let (gateway, mut sent) = (stage.gateway(), HashSet::new());
    for (merchant, id) in acknowledged {
        match gateway.for_merchant(*merchant).get(*id).await {
            Ok(view) if view.payout.status() == Status::Ready => found.waiting += 1,
            Ok(_) => drop(sent.insert(*id)),
            Err(Refusal::NotFound) => found.missing += 1,
            Err(refusal) => return Err(Failure::failed(refusal)),
        }
    }
    found.sent = sent.len() as u64;
    let mut rows: HashMap<String, (u64, u64)> = HashMap::new();
    for row in stage.sandbox().ledger(None) {
        found.ledger += 1;
        let of_it = rows.entry(row.payout).or_default();
        *of_it = (of_it.0 + 1, of_it.1 + u64::from(row.paid));
    }
    let mut submissions: HashMap<PayoutId, u64> = HashMap::new();
    for (_, id) in calls.iter().filter_map(|call| call.sent) {
        *submissions.entry(id).or_default() += 1;
    }
    let once = |(id, times): (&PayoutId, &u64)| {
        let row = rows.get(&id.to_string());
        *times == 1 && sent.contains(id) && row.is_some_and(|(rows, paid)| *rows == 1 && *paid <= 1)
    };
    let otherwise = submissions.iter().filter(|one| !once(*one)).count();
    // Of each payout that was sent there is a line, and there are no others.
    let astray = (rows.len() as u64).abs_diff(submissions.len() as u64);
    found.ledger_otherwise = otherwise as u64 + astray;
    Ok(found)
}

impl Conservation {
    /// Nothing was lost, and nothing was sent twice.
    pub fn holds(&self) -> bool {
        self.missing == 0
            && self.waiting + self.sent == self.acknowledged
            && self.sent == self.ledger
            && self.ledger_otherwise == 0
    }

    /// For people.
    pub fn text(&self) -> String {
        format!(
            "conservation {}: {} acknowledged, {} waiting, {} sent, {} missing; ledger: {} references, \
             {} otherwise than once",
            if self.holds() { "holds" } else { "BROKEN" },
            grouped(self.acknowledged),
            grouped(self.waiting),
            grouped(self.sent),
            grouped(self.missing),
            grouped(self.ledger),
            grouped(self.ledger_otherwise),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "holds": self.holds(),
            "acknowledged": self.acknowledged,
            "waiting": self.waiting,
            "sent": self.sent,
            "missing": self.missing,
            "ledger": self.ledger,
            "ledger_otherwise": self.ledger_otherwise,
        })
    }
}
