//! The 18 statuses of a payout: at what stage it is. Apart from `transition.rs`, which says how one
//! follows another, because everything that shows a payout needs the words and nothing more.

use crate::standing::Money;
use bincode::{Decode, Encode};
use std::fmt;
use std::str::FromStr;

/// At what stage a payout is. The codes are those of the published status table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[repr(u8)]
pub enum Status {
    /// Refused while part of a batch or payout request; never sent.
    CreateFailed,
    /// Accepted; recipient details may still be wanted.
    Created,
    /// Complete; waits for a permit, or for the process command.
    Ready,
    /// Stopped by the merchant or the recipient before anything was sent.
    Terminated,
    /// Its deadline passed before anything was sent.
    Expired,
    /// The intent is durable: the provider may have it.
    Invoking,
    /// The provider definitely refused it.
    InvokeFailed,
    /// The provider accepted it.
    Processing,
    /// The provider has it and waits.
    Pending,
    /// Verified paid in full.
    Processed,
    /// Verified paid in part.
    PartiallyProcessed,
    /// Verified failed after the provider had it.
    ProcessFailed,
    /// An undo of the success was sent.
    Cancelling,
    /// The success was undone, or the provider returned the money.
    Cancelled,
    /// The undo was refused: the money stays paid.
    CancelFailed,
    /// A recall was sent while in flight.
    Revoking,
    /// The recall worked.
    Revoked,
    /// The recall was refused, or came after the payment.
    RevokeFailed,
}

use Status::*;

impl Status {
    /// Every status, in the order of the published table.
    pub const ALL: [Status; 18] = [
        CreateFailed,
        Created,
        Ready,
        Terminated,
        Expired,
        Invoking,
        InvokeFailed,
        Processing,
        Pending,
        Processed,
        PartiallyProcessed,
        ProcessFailed,
        Cancelling,
        Cancelled,
        CancelFailed,
        Revoking,
        Revoked,
        RevokeFailed,
    ];

    /// Nothing leaves a final status. No wildcard: a new status must answer here.
    pub const fn is_final(self) -> bool {
        match self {
            CreateFailed | Terminated | Expired | InvokeFailed | ProcessFailed => true,
            Cancelled | CancelFailed | Revoked | RevokeFailed => true,
            Created | Ready | Invoking | Processing | Pending => false,
            Processed | PartiallyProcessed | Cancelling | Revoking => false,
        }
    }

    /// Settled: paid, never sent again, yet it may still be cancelled or returned.
    pub const fn is_settled(self) -> bool {
        matches!(self, Processed | PartiallyProcessed)
    }

    /// The engine waits for the provider's word.
    pub const fn is_with_provider(self) -> bool {
        matches!(self, Invoking | Processing | Pending | Revoking | Cancelling)
    }

    /// The code as spelled on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            CreateFailed => "CREATE_FAILED",
            Created => "CREATED",
            Ready => "READY",
            Terminated => "TERMINATED",
            Expired => "EXPIRED",
            Invoking => "INVOKING",
            InvokeFailed => "INVOKE_FAILED",
            Processing => "PROCESSING",
            Pending => "PENDING",
            Processed => "PROCESSED",
            PartiallyProcessed => "PARTIALLY_PROCESSED",
            ProcessFailed => "PROCESS_FAILED",
            Cancelling => "CANCELLING",
            Cancelled => "CANCELLED",
            CancelFailed => "CANCEL_FAILED",
            Revoking => "REVOKING",
            Revoked => "REVOKED",
            RevokeFailed => "REVOKE_FAILED",
        }
    }

    /// The status with this number in `ALL`; indexes keep one byte.
    pub fn from_byte(byte: u8) -> Option<Status> {
        Status::ALL.into_iter().find(|status| *status as u8 == byte)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A word that is none of the 18 codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of the 18 status codes")]
pub struct UnknownStatus;

impl FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Status::ALL.into_iter().find(|status| status.code() == text).ok_or(UnknownStatus)
    }
}

/// The short form for merchants who want four words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Not yet submitted.
    Pending,
    /// Submitted; awaiting verification.
    Processing,
    /// Verified paid.
    Completed,
    /// Verified not paid, or paid back; read the failure.
    Failed,
}

impl State {
    /// All four, in the order of a life.
    pub const ALL: [State; 4] =
        [State::Pending, State::Processing, State::Completed, State::Failed];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Processing => "processing",
            State::Completed => "completed",
            State::Failed => "failed",
        }
    }

    /// The state of a status; REVOKE_FAILED follows where the money is: whoever could not be called back may
    /// still have failed by itself.
    pub const fn of(status: Status, money: Money) -> State {
        match status {
            Created | Ready => State::Pending,
            Invoking | Processing | Pending | Revoking => State::Processing,
            Processed | PartiallyProcessed | Cancelling | CancelFailed => State::Completed,
            CreateFailed | Terminated | Expired | InvokeFailed | ProcessFailed => State::Failed,
            Cancelled | Revoked => State::Failed,
            RevokeFailed => match money {
                Money::Paid => State::Completed,
                Money::NotSent | Money::Returned => State::Failed,
                Money::Unknown | Money::InFlight => State::Processing,
            },
        }
    }
}
