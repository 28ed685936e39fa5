//! What must be done outside once an entry is durable. Effects are data: the payout proposes, the
//! actor performs, and after a crash the same list is made again from the state alone.

use crate::entry::Intent;
use crate::payout::Payout;
use crate::schedule::needs_asking;
use crate::status::Status;
use crate::time::Timestamp;
use std::sync::Arc;

/// One thing to do outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Queue for a permit of the provider account.
    RequestPermit,
    /// Send exactly once.
    Submit(Arc<Intent>),
    /// Ask the provider for the status.
    Verify,
    /// Send the recall.
    Revoke,
    /// Send the undo.
    Cancel,
    /// Tell the operators: evidence contradicts what we believed.
    Alert,
}

/// What a payout needs done when it comes back from the journal. Never a submission: an intent
/// without an outcome is asked for.
pub fn pending_effects(payout: &Payout, now: Timestamp) -> Vec<Effect> {
    let standing = payout.standing();
    match standing.status {
        Status::Ready if wants_permit(payout, now) => vec![Effect::RequestPermit],
        Status::Invoking if standing.resubmit_asked => vec![Effect::RequestPermit],
        _ if needs_asking(payout) => vec![Effect::Verify],
        _ => Vec::new(),
    }
}

/// Whether a payout may stand in the queue for a permit.
pub fn wants_permit(payout: &Payout, now: Timestamp) -> bool {
    let standing = payout.standing();
    // What a clock wrote that was turned back since says nothing about when to try again.
    let turned_back = now < payout.updated_at();
    standing.status == Status::Ready
        && standing.process_asked
        && standing.hold.is_none()
        && standing.not_before.is_none_or(|then| turned_back || then <= now)
}
