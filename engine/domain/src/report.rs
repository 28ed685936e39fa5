//! What an adapter tells a payout, in words common to all providers. The adapter names the *effect
//! on the money*; only the payout picks one of the 18 statuses from it.

use crate::failure::Failure;
use crate::money::{Amount, Currency};
use crate::payout::Payout;
use crate::time::Timestamp;
use std::time::Duration;

/// How one submission ended. Everything that is not a positive word is `Ambiguous`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubmitOutcome {
    /// The provider has it. Whatever more it says inline is a hint, never an outcome.
    Accepted {
        /// The provider's own id.
        provider_id: Option<Box<str>>,
        /// Its status word.
        raw_status: Option<Box<str>>,
    },
    /// The provider already knows the reference: ask it.
    Duplicate {
        /// Its words for that.
        why: Failure,
    },
    /// The provider's explicit word that nothing was created.
    Refused {
        /// Its words for that.
        why: Failure,
    },
    /// Proof that no byte reached the provider, or that it turned the call away unread.
    NotSent {
        /// What stood in the way.
        why: Failure,
        /// How long the provider asks us to wait.
        retry_after: Option<Duration>,
    },
    /// It may or may not exist.
    Ambiguous {
        /// What was seen.
        why: Failure,
    },
}

/// The provider's view of a payout, mapped by its adapter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProviderState {
    /// Taken.
    Accepted,
    /// Waiting at the provider.
    Queued,
    /// Handed to the bank, mobile network or chain.
    AtNetwork,
    /// Held for review.
    Held,
    /// Paid in full: all that the provider was asked for. Where it names an amount that is not the payout's, it
    /// was asked for something else, and a person must look.
    Settled,
    /// Paid in part; less than the payout's amount is plain only here.
    PartiallySettled,
    /// Failed.
    Failed,
    /// Paid, and the money came back.
    Returned,
    /// A recall is under way.
    Revoking,
    /// Recalled.
    Revoked,
    /// An undo is under way.
    Reversing,
    /// Undone.
    Reversed,
    /// Given up by the provider after its own deadline.
    Expired,
    /// A word this adapter does not know.
    Unmapped,
}

impl ProviderState {
    /// The state as one word, for records and operators.
    pub const fn word(&self) -> &'static str {
        match self {
            ProviderState::Accepted => "accepted",
            ProviderState::Queued => "queued",
            ProviderState::AtNetwork => "at_network",
            ProviderState::Held => "held",
            ProviderState::Settled => "settled",
            ProviderState::PartiallySettled => "partially_settled",
            ProviderState::Failed => "failed",
            ProviderState::Returned => "returned",
            ProviderState::Revoking => "revoking",
            ProviderState::Revoked => "revoked",
            ProviderState::Reversing => "reversing",
            ProviderState::Reversed => "reversed",
            ProviderState::Expired => "expired",
            ProviderState::Unmapped => "unmapped",
        }
    }

    /// Whether money is on its way, or is with its recipient, as far as the provider says.
    pub const fn is_taken(&self) -> bool {
        !matches!(
            self,
            ProviderState::Failed
                | ProviderState::Returned
                | ProviderState::Revoked
                | ProviderState::Reversed
                | ProviderState::Expired
        )
    }
}

/// What a status fetch found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The mapped state.
    pub state: ProviderState,
    /// The provider's status word.
    pub raw_status: Option<Box<str>>,
    /// The provider's own id.
    pub provider_id: Option<Box<str>>,
    /// The amount it names, with its currency.
    pub amount: Option<(Amount, Currency)>,
    /// Its fee, in the payout's currency.
    pub fee: Option<Amount>,
    /// Why, when the state is a failure.
    pub failure: Option<Failure>,
}

impl Found {
    /// A state with nothing else known.
    pub fn new(state: ProviderState) -> Found {
        Found { state, raw_status: None, provider_id: None, amount: None, fee: None, failure: None }
    }
}

/// How one status fetch ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FetchOutcome {
    /// The provider knows it.
    Found(Found),
    /// The provider does not know the reference. Proof only by the provider's finality contract.
    NotFound,
    /// The answer comes later by a callback that carries this token.
    Deferred {
        /// The token.
        token: Box<str>,
    },
    /// The fetch itself failed.
    Unknown {
        /// How.
        why: Failure,
        /// How long the provider asks us to wait.
        retry_after: Option<Duration>,
    },
}

/// How a recall or undo ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UndoOutcome {
    /// It worked.
    Done,
    /// It was taken up; the status fetch will tell.
    Pending,
    /// It was refused.
    Refused {
        /// Why.
        why: Failure,
    },
    /// It may or may not have worked.
    Ambiguous {
        /// What was seen.
        why: Failure,
    },
}

/// For how long an answer about a payout had been waited for when its provider was asked. "Not found" proves
/// nothing about a submission that it was not asked behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Waited {
    /// What was waited for: the version of the entry that began it, see [`Payout::began_a_doubt`]. Not its time,
    /// which two entries share where the clock was turned back. None where nothing was waited for, or where it
    /// could still leave.
    pub behind: Option<u32>,
    /// As much time as has passed for sure since it had left, or could not leave any more.
    pub time: Duration,
}

impl Waited {
    /// By a clock that nobody has turned, where it left as soon as it was written.
    pub fn by(payout: &Payout, now: Timestamp) -> Waited {
        let began = payout.began_a_doubt().filter(|entry| entry.at <= now);
        let time = began.map_or(Duration::ZERO, |entry| now.since(entry.at));
        Waited { behind: began.map(|entry| entry.version), time }
    }

    /// For how long the answer was waited for that the payout still waits for; none: it was another one.
    pub(crate) fn still_for(self, payout: &Payout) -> Option<Duration> {
        let now = payout.began_a_doubt().map(|entry| entry.version);
        (now.is_some() && self.behind == now).then_some(self.time)
    }
}

/// One message from an adapter to a payout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Report {
    /// The answer to the submission of this attempt.
    Submitted {
        /// The attempt's number.
        attempt: u8,
        /// How it ended.
        outcome: SubmitOutcome,
    },
    /// The answer to a status fetch.
    Fetched {
        /// For how long it had been waited for when the question left.
        waited: Waited,
        /// Which account was asked, where the payout's own history does not say which it went to.
        account: Option<Box<str>>,
        /// How it ended.
        outcome: FetchOutcome,
    },
    /// The answer to a recall or undo.
    Undone {
        /// How it ended.
        outcome: UndoOutcome,
    },
    /// A callback whose own word may be believed: the deferred answer to our own question, or a
    /// signed one of a provider that is configured to be believed.
    CalledBack {
        /// Which account's provider called, where the payout's own history does not say which it went to.
        account: Option<Box<str>>,
        /// What it says.
        found: Found,
    },
}
