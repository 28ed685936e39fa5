//! Snapshots as operators read them, and payouts summed up by status and currency.

use super::{AmountOut, TimeOut};
use engine::tally::{Tally, TallyRow};
use engine::{SnapshotSeen, Why};
use serde::Serialize;
use utoipa::ToSchema;

/// One snapshot of the live payouts.
#[derive(Serialize, ToSchema)]
#[schema(as = Snapshot)]
pub struct SnapshotOut {
    /// Counts up over the life of the data directory.
    #[schema(example = 17)]
    id: u64,
    /// When it was begun; null if a build took it that did not note it.
    taken_at: Option<TimeOut>,
    /// From the first copy until all of it was read back.
    #[schema(example = 812)]
    took_ms: u64,
    /// schedule, growth, stop, operator or program; null if it was not noted.
    #[schema(example = "schedule")]
    why: Option<&'static str>,
    /// Who asked for it, if somebody did.
    by: Option<String>,
    /// Why, in their words.
    reason: Option<String>,
    /// Each payout is in it as it was at this sequence of the journal, or later.
    #[schema(example = 52_417)]
    base_sequence: u64,
    /// The journal's last sequence when the snapshot was finished.
    sealed_at: u64,
    /// Payouts in it: those that lived. What had finished lies in the archive.
    #[schema(example = 1_204)]
    payouts: u64,
    /// Its size, compressed.
    bytes: u64,
    /// BLAKE3 over all that is in it.
    content: String,
    /// Its payouts by status and currency; empty if it was not noted.
    live: Vec<TallyRowOut>,
}

/// Payouts of one status in one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = StatusSum)]
pub struct TallyRowOut {
    /// The status.
    #[schema(example = "PENDING")]
    status: &'static str,
    /// The currency.
    #[schema(example = "EUR")]
    currency: String,
    /// How many payouts.
    count: u64,
    /// How much was asked for, in all.
    amount: AmountOut,
}

/// Renders a snapshot.
pub fn snapshot(seen: &SnapshotSeen) -> SnapshotOut {
    let (by, reason) = match &seen.why {
        Some(Why::Ordered { by, reason }) => (Some(by.to_string()), Some(reason.to_string())),
        _ => (None, None),
    };
    SnapshotOut {
        id: seen.id,
        taken_at: seen.taken_at.map(TimeOut),
        took_ms: u64::try_from(seen.took.as_millis()).unwrap_or(u64::MAX),
        why: seen.why.as_ref().map(Why::word),
        by,
        reason,
        base_sequence: seen.base_sequence,
        sealed_at: seen.sealed_at,
        payouts: seen.payouts,
        bytes: seen.bytes,
        content: blake3::Hash::from_bytes(seen.content).to_hex().to_string(),
        live: tally(&seen.tally),
    }
}

/// Renders counts and sums.
pub fn tally(tally: &Tally) -> Vec<TallyRowOut> {
    let row = |TallyRow { status, currency, count, amount }: TallyRow| TallyRowOut {
        status: status.code(),
        currency: currency.code().to_owned(),
        count,
        amount: AmountOut(amount),
    };
    tally.rows().map(row).collect()
}
