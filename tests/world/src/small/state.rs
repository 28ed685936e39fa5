//! Where the small world stands: the payout, the process beside it, the network and the provider. Apart
//! from what can happen there.

use super::Bounds;
use domain::decide::create;
use domain::entry::{Fact, Hold, ManualOutcome, Request};
use domain::id::{Fingerprint, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::resolution::Resolution;
use domain::standing::Money;
use domain::statement::Outcome;
use domain::status::Status;
use domain::time::Timestamp;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The times of day: at once, behind the visibility lag, behind the time when "not found" is final, and
/// behind the deadline and the age at which a person is called.
pub(super) const TIMES: [i64; 4] = [0, 20, 200, 2_000];

/// An order at the provider.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum There {
    Nothing,
    Accepted,
    Paid,
    Failed,
    Returned,
    Revoked,
}

/// What is on its way back to the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Reply {
    Accepted,
    Duplicate,
    Refused,
    TurnedAway,
    Silence,
}

/// A call of this life whose answer is awaited.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Awaits {
    pub permit: bool,
    /// The answer to a submission, once it is decided.
    pub submission: bool,
    pub reply: Option<Reply>,
    /// When the question left.
    pub question: Option<u8>,
    pub undo: Option<bool>,
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub payout: Payout,
    pub awaits: Awaits,
    pub there: There,
    /// Requests on the network: when each was sent, and whether its answer is awaited.
    pub network: Vec<(u8, bool)>,
    /// How often money was paid.
    pub paid: u8,
    pub back: bool,
    pub time: u8,
    /// Submissions that may still be made.
    pub sends_left: u8,
    /// Orders of operators that may still be given: no part of the place.
    pub orders_left: u8,
    pub vouched: bool,
    pub contradicted: bool,
}

/// All that a decision reads, and all of the world around it. That nothing is missing is tried by
/// [`compare`](super::compare).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    standing: Standing,
    heard: Option<(Outcome, Resolution, Option<Amount>)>,
    /// Whether something was written just now; any earlier time is as good as another for a timer.
    fresh: bool,
    sent: (Option<Timestamp>, Option<Timestamp>),
    awaits: Awaits,
    there: There,
    network: Vec<(u8, bool)>,
    sends_left: u8,
    money: (u8, bool),
    time: u8,
    marks: (bool, bool),
}

/// What the entries fold to, as far as it is compared.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Standing {
    status: Status,
    money: Money,
    resolution: Option<Resolution>,
    hold: Option<(u8, Resolution)>,
    sought_since: Option<Timestamp>,
    amount: Option<Amount>,
    sends: (u8, u16),
    flags: [bool; 5],
    not_before: Option<Timestamp>,
    queue: (Option<Timestamp>, Duration),
    proposed: Option<(bool, ManualOutcome, bool)>,
}

impl State {
    pub fn new(bounds: Bounds) -> State {
        let id = PayoutId([5; 16]);
        let made = create(id, request(), None, at(0));
        let payout = Payout::from_entries(id, made.entries)
            .unwrap_or_else(|_| unreachable!("a creation begins a history"));
        State {
            payout,
            awaits: Awaits { permit: true, ..Awaits::default() },
            there: There::Nothing,
            network: Vec::new(),
            paid: 0,
            back: false,
            time: 0,
            sends_left: bounds.sends,
            orders_left: bounds.orders,
            vouched: false,
            contradicted: false,
        }
    }

    pub fn now(&self) -> Timestamp {
        at(self.time)
    }

    /// What was said last about the last send: the same once more is no news.
    fn heard(&self) -> Option<(Outcome, Resolution, Option<Amount>)> {
        let behind = self.payout.entries().iter().rev();
        let mut since = behind.take_while(|entry| !matches!(entry.fact, Fact::Invoked(_)));
        since.find_map(|entry| match &entry.fact {
            Fact::Learned(learned) => {
                let said = &learned.statement;
                Some((said.outcome, said.resolution, said.amount))
            }
            _ => None,
        })
    }

    /// 128 bits of the hash of all that a decision reads, and all of the world around it. Of a hundred million
    /// states, two would share theirs with a chance of 1 in 10^22.
    pub fn place(&self) -> u128 {
        let key = self.key();
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            key.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(0) << 64 | half(1)
    }

    fn key(&self) -> Key {
        let standing = self.payout.standing();
        let hold = |(hold, _): &(Hold, Timestamp)| (hold.cause as u8, hold.reason);
        let version = self.payout.version();
        Key {
            standing: Standing {
                status: standing.status,
                money: standing.money,
                resolution: standing.resolution,
                hold: standing.hold.as_ref().map(hold),
                sought_since: standing.sought_since,
                amount: standing.amount_processed,
                sends: (standing.attempt, standing.sends),
                flags: [
                    standing.open_send,
                    standing.in_doubt,
                    standing.process_asked,
                    standing.resubmit_asked,
                    standing.rate_missed,
                ],
                not_before: standing.not_before,
                queue: (standing.queued_since, standing.queued_for),
                proposed: standing
                    .proposed
                    .as_ref()
                    .map(|one| (one.version == version, one.proposal.outcome, &*one.by == "ann")),
            },
            heard: self.heard(),
            fresh: self.payout.updated_at() == self.now(),
            sent: (
                self.payout.intents().next().map(|(at, _)| at),
                self.payout.intents().next_back().map(|(at, _)| at),
            ),
            awaits: self.awaits,
            there: self.there,
            network: self.network.clone(),
            sends_left: self.sends_left,
            money: (self.paid, self.back),
            time: self.time,
            marks: (self.vouched, self.contradicted),
        }
    }
}

pub(super) fn at(time: u8) -> Timestamp {
    Timestamp(1_000_000 * (1_000 + TIMES[usize::from(time)]))
}

pub(super) fn currency() -> Currency {
    "EUR".parse().unwrap_or_else(|_| unreachable!("a currency of the standard"))
}

fn request() -> Request {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    let amount = Amount::from_minor_units(12_540, currency());
    Request {
        merchant: MerchantId(1),
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: amount.unwrap_or_else(|_| unreachable!("small and more than zero")),
        currency: currency(),
        method: Method::BankTransfer,
        recipient: Recipient::build(input).unwrap_or_else(|_| unreachable!("as in the manual")),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess: true,
        expires_at: at(2).plus(Duration::from_secs(500)),
        provider_account: None,
        max_slippage_bps: None,
    }
}
