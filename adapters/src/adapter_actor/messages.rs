//! What may be said to the actor of a provider account, and what it says. The reading of these is
//! the reading of its interface.

use crate::circuit_breaker::{BreakerSettings, BreakerState};
use crate::fair_queue::QueueFull;
use crate::permit::Permit;
use crate::provider::{ListOutcome, ListWish, Lookup, Order, QuoteWish};
use crate::rates::RateSource;
use actix::{Message, Recipient};
use domain::entry::Settlement;
use domain::failure::Failure;
use domain::id::{MerchantId, PayoutId};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

/// Queues a payout for a permit. Asking again for one that waits already is harmless: it keeps its
/// place, and the permit goes to whoever asked last.
#[derive(Message, Debug)]
#[rtype(result = "Result<(), QueueFull>")]
pub struct RequestPermit {
    /// Which payout.
    pub payout: PayoutId,
    /// Whose turn it takes.
    pub merchant: MerchantId,
    /// The conversion it needs, if its method converts.
    pub quote: Option<QuoteWish>,
    /// Who gets the permit.
    pub grant_to: Recipient<PermitGranted>,
}

/// A payout's turn has come. Answered once it is taken in; the permit of one that is not, because
/// its receiver is gone, frees itself.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct PermitGranted {
    /// Which payout.
    pub payout: PayoutId,
    /// At which provider account.
    pub account: Arc<str>,
    /// To be sent back with the order, or dropped.
    pub permit: Permit,
    /// The conversion, if one was wanted; or why there is none.
    pub quoted: Result<Option<Settlement>, Failure>,
}

/// Takes a payout out of the queue for permits, if it is there; answers whether it was. A permit
/// that is on its way already still arrives.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "bool")]
pub struct Withdraw {
    /// Which payout.
    pub payout: PayoutId,
}

/// Sends an order exactly once. Only after its intent is durable.
#[derive(Message, Debug)]
#[rtype(result = "SubmitOutcome")]
pub struct Submit {
    /// The right to do so; given back when the answer is there.
    pub permit: Permit,
    /// What is sent.
    pub order: Arc<Order>,
}

/// Asks for the status of one attempt, when its turn has come.
#[derive(Message, Clone, Debug)]
#[rtype(result = "FetchOutcome")]
pub struct Fetch {
    /// Which attempt.
    pub lookup: Lookup,
}

/// Asks for a page of what the account did, when no question about money waits any more.
#[derive(Message, Clone, Debug)]
#[rtype(result = "ListOutcome")]
pub struct List {
    /// Which page.
    pub wish: ListWish,
}

/// Which way money is to come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UndoKind {
    /// A recall of a payout in flight.
    Revoke,
    /// The undoing of a success.
    Cancel,
}

/// Asks for a recall or an undo, when its turn has come.
#[derive(Message, Clone, Debug)]
#[rtype(result = "UndoOutcome")]
pub struct Undo {
    /// Which of the two.
    pub kind: UndoKind,
    /// Of which attempt.
    pub lookup: Lookup,
}

/// What a provider account may be used for; an operator's lever.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Everything.
    #[default]
    Open,
    /// No new permits. What has one is sent; questions, recalls and undoes go on.
    VerifyOnly,
    /// One submission at a time, to see how it fares.
    Probe,
    /// Not a byte. What waits for a permit goes on waiting; everything else is answered at once.
    Closed,
}

impl Mode {
    /// All four.
    pub const ALL: [Mode; 4] = [Mode::Open, Mode::VerifyOnly, Mode::Probe, Mode::Closed];

    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Open => "open",
            Mode::VerifyOnly => "verify_only",
            Mode::Probe => "probe",
            Mode::Closed => "closed",
        }
    }
}

/// Changes the mode.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "()")]
pub struct SetMode(
    /// The new one.
    pub Mode,
);

/// Stops new permits, or lets them be granted again: for when too much of the account's money is
/// already on its way. What waits keeps its place, and everything else goes on, as in
/// [`Mode::VerifyOnly`]. Apart from the mode, so that neither an operator nor this lifts what the
/// other has put on: a permit is granted only when both allow it.
#[derive(Message, Clone, Copy, PartialEq, Eq, Debug)]
#[rtype(result = "()")]
pub struct SetStopped(
    /// Whether it is stopped from now on.
    pub bool,
);

/// Asks how the account stands.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Health")]
pub struct GetHealth;

/// How a provider account stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// Which one.
    pub account: Arc<str>,
    /// What it may be used for.
    pub mode: Mode,
    /// New permits are stopped, whatever the mode.
    pub stopped: bool,
    /// Whether it is being left alone.
    pub breaker: BreakerState,
    /// Payouts that wait for a permit.
    pub waiting_submits: usize,
    /// Status fetches, recalls and undoes that wait for their turn.
    pub waiting_fetches: usize,
    /// Permits that are out, and questions under way.
    pub in_flight: usize,
    /// Of these, permits: given out, and not yet given back.
    pub permits_out: usize,
    /// Permits granted since the start.
    pub granted_total: u64,
    /// Times the breaker opened since the start.
    pub tripped_total: u64,
    /// How long calls take, in microseconds, the last ones weighing most; 0 before the first.
    pub latency_micros: u64,
}

/// What may be set for an account beside its provider's limits.
#[derive(Clone, Debug)]
pub struct AdapterSettings {
    /// When it is left alone.
    pub breaker: BreakerSettings,
    /// How much longer than the provider's own deadline a call may take before it is given up.
    pub margin: Duration,
    /// Merchants that get more than one payout per turn.
    pub weights: Vec<(MerchantId, NonZeroU16)>,
    /// The mode it starts in.
    pub mode: Mode,
    /// Whose rates payouts are converted by. None: the provider's own offers.
    pub rates: Option<Arc<dyn RateSource>>,
}

impl Default for AdapterSettings {
    fn default() -> AdapterSettings {
        AdapterSettings {
            breaker: BreakerSettings::default(),
            margin: Duration::from_secs(1),
            weights: Vec::new(),
            mode: Mode::Open,
            rates: None,
        }
    }
}

/// A slot was freed while something waited.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct SlotFreed;

/// A quote was fetched under a slot already held; its holder needs one more call. The answer goes
/// out when it may.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct OneMoreCall(pub(super) tokio::sync::oneshot::Sender<()>);
