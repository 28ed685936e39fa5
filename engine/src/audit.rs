//! What operators did, read: one list over payouts and desk alike, numbered as it was written to the
//! journal. Nothing on it exists anywhere else.

use crate::codec;
use crate::desk::{self, DeskEntry, DeskOrder};
use crate::event_feed::{AUDIT, OF_DESK};
use crate::events::unreadable;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use domain::entry::{By, Entry, Fact};
use domain::id::PayoutId;
use domain::time::Timestamp;
use snapshots::events::EventRow;
use std::sync::Arc;

/// One thing that an operator did.
#[derive(Clone, Debug, PartialEq)]
pub struct Audited {
    /// Its place on the list: 1, 2, 3 … without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Arc<str>,
    /// What: an action's word.
    pub action: &'static str,
    /// The payout, where it was about one.
    pub payout: Option<PayoutId>,
    /// The provider account, where it was about one.
    pub account: Option<Box<str>>,
    /// The mode, the outcome or the snapshot that was wanted.
    pub value: Option<Box<str>>,
    /// Why; none in journals of the time before reasons were kept.
    pub reason: Option<Box<str>>,
    /// The network address that the order came from.
    pub from: Option<Box<str>>,
}

impl Gateway {
    /// At most `limit` rows of the list behind a place, in order.
    pub fn audit(&self, after: u64, limit: usize) -> Result<Vec<Audited>, Refusal> {
        let rows = self.event_store()?.after(AUDIT, after, limit).map_err(unreadable)?;
        rows.into_iter().map(read).collect()
    }

    /// How long the list is.
    pub fn audit_newest(&self) -> Result<u64, Refusal> {
        self.event_store()?.last(AUDIT).map_err(unreadable)
    }
}

fn read(row: EventRow) -> Result<Audited, Refusal> {
    let EventRow { stream: _, sequence, payout, version: _, kind, nth: _, at: _, detail } = row;
    let damaged = |error: snapshots::codec::CodecError| {
        tracing::error!(sequence, %error, "a row of the audit list cannot be read");
        Refusal::Internal
    };
    if kind == OF_DESK {
        return Ok(of_desk(sequence, desk::entry(&detail).map_err(damaged)?));
    }
    Ok(of_payout(sequence, PayoutId(payout), codec::entry(&detail).map_err(damaged)?))
}

fn of_desk(sequence: u64, entry: DeskEntry) -> Audited {
    let DeskEntry { version: _, at, by, reason, from, order } = entry;
    let mut payout = None;
    let (action, account, value) = match order {
        DeskOrder::SetMode { account, mode } => ("set_mode", Some(account), Some(mode)),
        DeskOrder::Restored(restored) => {
            ("restored", None, Some(format!("record {}", restored.through).into()))
        }
        DeskOrder::TakeSnapshot => ("take_snapshot", None, None),
        DeskOrder::VerifySnapshot { id } => ("verify_snapshot", None, Some(id.to_string().into())),
        DeskOrder::PruneSnapshots => ("prune_snapshots", None, None),
        DeskOrder::Verify => ("verify", None, None),
        DeskOrder::FoundOrphans(found) => {
            let account = found.first().map(|orphan| orphan.account.clone());
            ("found_orphans", account, Some(found.len().to_string().into()))
        }
        DeskOrder::CloseOrphan { payout: of } => {
            payout = Some(of);
            ("close_orphan", None, None)
        }
        DeskOrder::ForgetOrphans(keys) => {
            ("forget_orphans", None, Some(keys.len().to_string().into()))
        }
        DeskOrder::ReadList { account, read } => {
            ("read_list", Some(account), Some(read.rows.to_string().into()))
        }
    };
    Audited {
        sequence,
        at,
        by,
        action,
        payout,
        account,
        value,
        reason: Some(reason),
        from: Some(from),
    }
}

fn of_payout(sequence: u64, payout: PayoutId, entry: Entry) -> Audited {
    let by = match entry.by {
        By::Operator(by) => by,
        // Only what operators did is put on the list.
        other => other.word().into(),
    };
    let mut row = Audited {
        sequence,
        at: entry.at,
        by,
        action: "",
        payout: Some(payout),
        account: None,
        value: None,
        reason: None,
        from: None,
    };
    match entry.fact {
        Fact::Operated(act) => {
            row.action = act.deed.word();
            if let domain::entry::Deed::Propose { proposal, .. } = &act.deed {
                row.value = Some(proposal.outcome.word().into());
            }
            (row.reason, row.from) = (Some(act.reason.clone()), Some(act.from.clone()));
        }
        Fact::Released => row.action = "release",
        Fact::ResubmitAsked => row.action = "resubmit",
        _ => row.action = "other",
    }
    row
}
