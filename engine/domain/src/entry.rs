//! What happened to a payout: the entries of its journal. A payout *is* its entries; everything
//! else is a fold over them. Never reorder or remove a variant: old journals must still decode.

use crate::conversion::Rate;
use crate::failure::Failure;
use crate::id::{Fingerprint, MerchantId};
use crate::method::Method;
use crate::money::{Amount, Asset, AssetAmount, Currency};
use crate::recipient::Recipient;
use crate::resolution::Resolution;
use crate::statement::{Outcome, Statement};
use crate::status::Status;
use crate::time::Timestamp;
use crate::transition::Trigger;
use bincode::{Decode, Encode};
use rust_decimal::Decimal;
use std::sync::Arc;

/// One step of one payout's life.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Entry {
    /// 1, 2, 3 … without gaps: the payout's version once this is applied.
    pub version: u32,
    /// When; never earlier than the entry before it.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// The change of status, if it was one.
    pub moved: Option<Move>,
    /// What happened.
    pub fact: Fact,
}

impl Entry {
    /// Whether evidence came with it that the recipient has no money of it, or none any more.
    pub fn says_unpaid(&self) -> bool {
        let Fact::Learned(learned) = &self.fact else { return false };
        let outcome = learned.statement.outcome;
        matches!(outcome, Outcome::Failed | Outcome::Returned | Outcome::UndoDone)
            || matches!(outcome, Outcome::Refused | Outcome::NotSent)
    }
}

/// A change of status. The target is written down so that an old journal replays even after the
/// table has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Move {
    /// What happened.
    pub on: Trigger,
    /// Where it led.
    pub to: Status,
}

/// Who caused an entry.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum By {
    /// The merchant, over the API.
    Merchant,
    /// The provider, by its answer.
    Provider,
    /// The engine itself: a deadline, a limit, a recovery.
    Engine,
    /// An operator, by name.
    Operator(Arc<str>),
}

impl By {
    /// The word as spelled on the wire; operators carry their name.
    pub fn word(&self) -> String {
        match self {
            By::Merchant => "merchant".to_owned(),
            By::Provider => "provider".to_owned(),
            By::Engine => "engine".to_owned(),
            By::Operator(name) => format!("operator:{name}"),
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub enum Fact {
    /// The merchant's request was accepted.
    Created(Arc<Request>),
    /// The recipient as completed by later details.
    DetailsGiven(Arc<Recipient>),
    /// Every route, or the details, were refused after acceptance.
    DetailsRejected(Arc<Failure>),
    /// The process command of a payout that does not process by itself.
    ProcessAsked,
    /// Nothing but the change of status: details accepted, terminated, expired.
    Moved,
    /// The intent: exactly one submission follows, now or never.
    Invoked(Arc<Intent>),
    /// Evidence, and what it changed.
    Learned(Arc<Learned>),
    /// A recall or undo is about to be sent; the move says which.
    UndoSent,
    /// The engine holds the payout for a person.
    Held(Hold),
    /// An operator released a held payout.
    Released,
    /// An operator ordered the same attempt, with the same provider reference, to be sent again.
    ResubmitAsked,
    /// A command carried this idempotency key and was answered with the payout at `answered`.
    Commanded {
        /// The key's fingerprint.
        key: Fingerprint,
        /// The fingerprint of the command's name and body.
        body: Fingerprint,
        /// The version that was answered.
        answered: u32,
    },
    /// An operator did something; who stands on the entry.
    Operated(Arc<Act>),
    /// The rate at the creation, for a method that converts: what the merchant's bound is measured from.
    Quoted(Arc<Rate>),
    /// At its turn the rate was further from the quoted one than the merchant allows: it waits.
    RateMissed(Arc<RateMissed>),
    /// A submission that a restore had forgotten: the provider knows it, or the ledger of intents does.
    Adopted(Arc<Intent>),
}

/// A rate that the merchant's bound does not allow.
#[derive(Clone, PartialEq, Debug)]
pub struct RateMissed {
    /// Units of the asset for one unit of the payout's currency.
    pub rate: Decimal,
    /// Where it came from.
    pub source: Box<str>,
    /// How far it is from the quoted one, in basis points, rounded up.
    pub apart_bps: u32,
}

/// What an operator did to one payout, why, and from where.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Act {
    /// What.
    pub deed: Deed,
    /// Why, in the operator's words. For operators only: it may name a recipient.
    pub reason: Box<str>,
    /// The network address that the order came from.
    pub from: Box<str>,
}

/// The things an operator can do to a payout. New ones go to the end.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Deed {
    /// Lets a held payout go on.
    Release,
    /// Orders the same attempt, with the same provider reference, to be sent again.
    Resubmit,
    /// Holds a payout.
    Pause,
    /// Proposes an outcome, having seen the payout at this version. A second person decides.
    Propose {
        /// What.
        proposal: Proposal,
        /// The version that was looked at.
        seen: u32,
    },
    /// Makes the outcome true that was proposed at this version.
    Approve {
        /// The version of the proposal's entry.
        proposed: u32,
    },
    /// Takes the proposal of this version off the table.
    Reject {
        /// The version of the proposal's entry.
        proposed: u32,
    },
}

impl Deed {
    /// The word as spelled on the wire.
    pub const fn word(&self) -> &'static str {
        match self {
            Deed::Release => "release",
            Deed::Resubmit => "resubmit",
            Deed::Pause => "pause",
            Deed::Propose { .. } => "statement",
            Deed::Approve { .. } => "approve",
            Deed::Reject { .. } => "reject",
        }
    }
}

/// An outcome that a person vouches for, because no provider will.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Proposal {
    /// What became of the money.
    pub outcome: ManualOutcome,
    /// Why, when it failed.
    pub resolution: Resolution,
    /// How much was paid, when it was not all.
    pub amount: Option<Amount>,
}

/// What a person may vouch for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum ManualOutcome {
    /// The recipient has the money.
    Paid,
    /// The provider had it, and it failed.
    Failed,
    /// It was paid and came back.
    Returned,
    /// It never reached the provider.
    NotSent,
}

impl ManualOutcome {
    /// All four.
    pub const ALL: [ManualOutcome; 4] = [
        ManualOutcome::Paid,
        ManualOutcome::Failed,
        ManualOutcome::Returned,
        ManualOutcome::NotSent,
    ];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            ManualOutcome::Paid => "paid",
            ManualOutcome::Failed => "failed",
            ManualOutcome::Returned => "returned",
            ManualOutcome::NotSent => "not_sent",
        }
    }
}

/// What the merchant asked for. Immutable; details given later stand in entries of their own.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Request {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Made with a live key.
    pub livemode: bool,
    /// The fingerprint of the canonical body, to tell a retry from a reused key.
    pub body: Fingerprint,
    /// How much, in `currency`.
    pub amount: Amount,
    /// In what.
    pub currency: Currency,
    /// By which method.
    pub method: Method,
    /// To whom; details may still be missing.
    pub recipient: Recipient,
    /// The merchant's own reference, unique for ever.
    pub reference: Option<Box<str>>,
    /// Shown to the recipient where the rail can.
    pub description: Option<Box<str>>,
    /// The merchant's own pairs, sorted by key.
    pub metadata: Box<[(Box<str>, Box<str>)]>,
    /// Whether it is sent without a process command.
    pub autoprocess: bool,
    /// Not sent after this.
    pub expires_at: Timestamp,
    /// The provider account it must go to, if the merchant chose one.
    pub provider_account: Option<Box<str>>,
    /// For methods that convert: how far the rate may be from the one asked for, in basis points.
    pub max_slippage_bps: Option<u32>,
}

/// One submission: to whom, and as what.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Intent {
    /// The attempt; its reference is a function of the payout's id and this number.
    pub attempt: u8,
    /// How many times this attempt was sent, this one included.
    pub send: u16,
    /// The provider account.
    pub account: Box<str>,
    /// The fingerprint of what is sent.
    pub request: Fingerprint,
    /// The conversion, captured here so that a replay never computes it again.
    pub settlement: Option<Settlement>,
}

/// A conversion at execution time.
#[derive(Clone, PartialEq, Debug)]
pub struct Settlement {
    /// How much is transmitted.
    pub amount: AssetAmount,
    /// Of what.
    pub asset: Asset,
    /// Units of the asset for one unit of the payout's currency.
    pub rate: Decimal,
    /// Where the rate came from.
    pub source: Box<str>,
    /// When it was quoted.
    pub at: Timestamp,
    /// The provider's name for the quote.
    pub quote: Option<Box<str>>,
}

/// Evidence, and what it changed.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Learned {
    /// The evidence.
    pub statement: Statement,
    /// What it does to moderation.
    pub attention: Attention,
    /// After proof that nothing was sent: not again before this.
    pub not_before: Option<Timestamp>,
}

/// What a statement does to moderation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Attention {
    /// Nothing.
    Unchanged,
    /// A person must look, and nothing is sent meanwhile.
    Raise(Hold),
    /// The doubt is gone.
    Clear,
}

/// Why a payout is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Hold {
    /// What kind of trouble.
    pub cause: HoldCause,
    /// The resolution that shows as the reason.
    pub reason: Resolution,
}

/// The kinds of trouble that hold a payout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub enum HoldCause {
    /// Its outcome is in doubt; evidence releases it.
    Doubt,
    /// The provider holds it; the provider's next word releases it.
    ProviderHold,
    /// It stayed unresolved longer than the provider's plan allows; evidence releases it.
    Overdue,
    /// Evidence contradicts what was believed; only a person releases it.
    Discrepancy,
    /// Our own code failed on it; only a person releases it.
    Quarantine,
    /// An operator holds it; only a person releases it.
    Paused,
    /// It may have been sent in a time that a restore has lost; the provider's word releases it.
    Restored,
}

impl Entry {
    /// Whether from here on it is waited for another answer of the provider than before: see
    /// [`Payout::began_a_doubt`](crate::payout::Payout::began_a_doubt).
    pub fn begins_a_doubt(&self) -> bool {
        match &self.fact {
            Fact::Invoked(_) | Fact::Adopted(_) => true,
            Fact::Held(hold) => hold.cause == HoldCause::Restored,
            _ => false,
        }
    }
}

impl HoldCause {
    /// Whether the provider's clear word alone releases it.
    pub const fn released_by_evidence(self) -> bool {
        match self {
            HoldCause::Doubt | HoldCause::ProviderHold | HoldCause::Overdue => true,
            HoldCause::Restored => true,
            HoldCause::Discrepancy | HoldCause::Quarantine | HoldCause::Paused => false,
        }
    }

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            HoldCause::Doubt => "doubt",
            HoldCause::ProviderHold => "provider_hold",
            HoldCause::Overdue => "overdue",
            HoldCause::Discrepancy => "discrepancy",
            HoldCause::Quarantine => "quarantine",
            HoldCause::Paused => "paused",
            HoldCause::Restored => "restored",
        }
    }
}

impl Hold {
    /// What shows as the reason: a resolution, or that an operator wanted it.
    pub const fn reason_code(self) -> &'static str {
        match self.cause {
            HoldCause::Paused => "PAUSED",
            _ => self.reason.code(),
        }
    }
}
