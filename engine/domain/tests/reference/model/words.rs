//! The words in which the model thinks: where a payout stands, where its money is, why it is held, what was
//! heard. Apart from what becomes of them, and spelled anew here, because the product's own are what is tested.

use crate::happens::Reason;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub enum Stage {
    Created,
    Ready,
    Invoking,
    Processing,
    Pending,
    Processed,
    PartiallyProcessed,
    Cancelling,
    Revoking,
    // From here on nothing leaves.
    CreateFailed,
    Terminated,
    Expired,
    InvokeFailed,
    ProcessFailed,
    Cancelled,
    CancelFailed,
    Revoked,
    RevokeFailed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Money {
    NotSent,
    Unknown,
    InFlight,
    Paid,
    Returned,
}

/// Why it is held. Evidence ends the first four, a person any.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub enum Cause {
    Doubt,
    ProviderHold,
    Overdue,
    Restored,
    Discrepancy,
    Quarantine,
    Paused,
}

/// What was heard, from whomever.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Word {
    pub says: Says,
    pub why: Reason,
    pub amount: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says {
    Taken,
    Waiting,
    Stuck,
    Paid,
    Failed,
    Returned,
    Undoing,
    Undone,
    UndoRefused,
    Refused,
    NotSent,
    // The last three prove nothing.
    Known,
    Unclear,
    NotFound,
}
