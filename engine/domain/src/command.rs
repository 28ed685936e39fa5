//! What a merchant or an operator may ask of a payout, and how it may be refused. A refusal is a
//! named value with a sentence of its own; nothing has changed when one is given.

use crate::entry::Act;
use crate::failure::Failure;
use crate::recipient::{FieldError, RecipientInput};
use crate::status::Status;
use std::sync::Arc;

/// What a person may ask.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Send a payout that does not process by itself.
    Process,
    /// Add recipient details that were wanted.
    GiveDetails {
        /// What the merchant says.
        given: Box<RecipientInput>,
        /// What the account that the payout would go to finds wrong with it then. Nobody else can know; the
        /// engine asks before it decides.
        fault: Option<Box<Failure>>,
    },
    /// Stop before anything is sent.
    Terminate,
    /// Recall while in flight.
    Revoke,
    /// Undo after success.
    Cancel,
    /// Ask the provider now.
    Reconcile,
    /// An operator's order; refused when it comes from anybody else.
    Operate(Arc<Act>),
}

impl Command {
    /// The word as spelled on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Command::Process => "process",
            Command::GiveDetails { .. } => "details",
            Command::Terminate => "terminate",
            Command::Revoke => "revoke",
            Command::Cancel => "cancel",
            Command::Reconcile => "reconcile",
            Command::Operate(act) => act.deed.word(),
        }
    }
}

/// Why a command was refused.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Refused {
    /// Not in this status.
    #[error("a payout that is {status} does not take the command {command}")]
    NotAllowed {
        /// Where the payout is.
        status: Status,
        /// What was asked.
        command: &'static str,
    },
    /// The engine holds it.
    #[error("the payout is held for moderation; {command} has to wait for its release")]
    Held {
        /// What was asked.
        command: &'static str,
    },
    /// The provider account cannot do it.
    #[error("the provider account of this payout cannot {command}")]
    Unsupported {
        /// What was asked.
        command: &'static str,
    },
    /// Its merchant has commanded it too often.
    #[error("too much has happened to the payout already; {command} is not taken any more")]
    TooOften {
        /// What was asked.
        command: &'static str,
    },
    /// Details that do not fit.
    #[error("some details are invalid")]
    InvalidDetails(Vec<FieldError>),
    /// The idempotency key was used with another command or body.
    #[error("the idempotency key was used with another command or body")]
    KeyReused,
    /// The provider's contract does not make it safe.
    #[error("sending again is not safe: {why}")]
    Unsafe {
        /// Why not.
        why: &'static str,
    },
    /// It is no longer what the operator looked at.
    #[error("the payout is at version {now}, and the decision was made about version {seen}")]
    Changed {
        /// The version the decision was made about.
        seen: u32,
        /// The version it has.
        now: u32,
    },
    /// There is no proposal to decide about, or something happened since and voided it.
    #[error("there is no standing proposal; anything that happens to a payout voids one")]
    NothingProposed,
    /// A second person must decide.
    #[error("a proposal is approved by somebody else than whoever made it")]
    SamePerson,
    /// The outcome does not fit the payout.
    #[error("this outcome does not fit the payout: {why}")]
    Unfit {
        /// Why not.
        why: &'static str,
    },
}
