//! One piece of evidence about a payout, kept for ever. The list of statements is the payout's
//! resolution history. Apart from `report.rs`: a report is what an adapter says once; a statement
//! is what was believed worth keeping of it.

use crate::failure::{Failure, Origin};
use crate::money::Amount;
use crate::resolution::Resolution;
use bincode::{Decode, Encode};

/// Where the evidence came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Source {
    /// The provider's inline answer: a hint that can accept, refuse or queue, never finish.
    ApiResponse,
    /// A callback whose word may be believed.
    Callback,
    /// A status fetch.
    Reconciliation,
    /// An operator.
    Manual,
}

impl Source {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Source::ApiResponse => "api_response",
            Source::Callback => "callback",
            Source::Reconciliation => "reconciliation",
            Source::Manual => "manual",
        }
    }
}

/// What the evidence says, in words common to all providers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Outcome {
    /// The provider took it.
    Accepted,
    /// The provider has it and waits, or it is at the network.
    Queued,
    /// Alive but stuck at the provider.
    Held,
    /// Paid in full.
    Paid,
    /// Paid in part.
    PaidInPart,
    /// Failed at the provider.
    Failed,
    /// Paid, and the money came back.
    Returned,
    /// The submission was refused; nothing was created.
    Refused,
    /// No byte reached the provider.
    NotSent,
    /// The provider already knows the reference.
    Duplicate,
    /// It may or may not exist.
    Ambiguous,
    /// The provider does not know the reference (yet).
    NotFound,
    /// The recall or undo is under way.
    UndoPending,
    /// The recall or undo worked.
    UndoDone,
    /// The recall or undo was refused.
    UndoRefused,
}

impl Outcome {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Queued => "queued",
            Outcome::Held => "held",
            Outcome::Paid => "paid",
            Outcome::PaidInPart => "paid_in_part",
            Outcome::Failed => "failed",
            Outcome::Returned => "returned",
            Outcome::Refused => "refused",
            Outcome::NotSent => "not_sent",
            Outcome::Duplicate => "duplicate",
            Outcome::Ambiguous => "ambiguous",
            Outcome::NotFound => "not_found",
            Outcome::UndoPending => "undo_pending",
            Outcome::UndoDone => "undo_done",
            Outcome::UndoRefused => "undo_refused",
        }
    }
}

/// One piece of evidence. Its time and author stand on the entry that carries it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Statement {
    /// Where it came from.
    pub source: Source,
    /// What it says.
    pub outcome: Outcome,
    /// How the request to the provider ended.
    pub resolution: Resolution,
    /// Who said so.
    pub origin: Origin,
    /// The provider's status word, as spelled by it.
    pub raw_status: Option<Box<str>>,
    /// The provider's error code, as spelled by it.
    pub raw_code: Option<Box<str>>,
    /// The amount it names.
    pub amount: Option<Amount>,
    /// The provider's fee, where it names one.
    pub fee: Option<Amount>,
    /// The provider's own id of the payout.
    pub provider_id: Option<Box<str>>,
}

impl Statement {
    /// A statement of success with nothing else known.
    pub fn ok(source: Source, outcome: Outcome) -> Statement {
        Statement {
            source,
            outcome,
            resolution: Resolution::Ok,
            origin: Origin::Provider,
            raw_status: None,
            raw_code: None,
            amount: None,
            fee: None,
            provider_id: None,
        }
    }

    /// A statement of something gone wrong.
    pub fn of(source: Source, outcome: Outcome, why: &Failure) -> Statement {
        Statement {
            resolution: why.resolution,
            origin: why.origin,
            raw_code: why.provider_code.clone(),
            raw_status: why.http_status.map(|status| format!("HTTP {status}").into()),
            ..Statement::ok(source, outcome)
        }
    }

    /// Whether `other` says the same again; repetitions are not news.
    pub fn same_news(&self, other: &Statement) -> bool {
        self.outcome == other.outcome
            && self.resolution == other.resolution
            && self.raw_status == other.raw_status
            && self.raw_code == other.raw_code
            && self.amount == other.amount
    }
}
