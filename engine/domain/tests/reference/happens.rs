//! What can happen to a payout, in words of our own, and how often. Apart from `model.rs`, which says
//! what follows from it, and from `told.rs`, which says the same to the product.

use proptest::prelude::*;
use proptest::sample::select;

/// The time that passes, in seconds, and what happens then.
#[derive(Clone, PartialEq, Debug)]
pub struct Next {
    pub pause: i64,
    pub event: Event,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The provider account has room for one submission.
    Permit,
    /// The provider answers the submission of an attempt; the current one if it is the first.
    Answer(Answer, Reason, Attempt),
    /// It answers a question that left so many seconds ago.
    Fetched { ago: i64, answer: Fetched },
    /// A callback that is believed.
    Callback(Seen),
    /// It answers a recall or undo.
    Undo(Undo, Reason),
    /// The merchant asks.
    Asks(Wish),
    /// One of two operators orders.
    Orders { ann: bool, order: Order },
    /// The timer looks after it.
    Tick,
    /// It rests in its stored form and is read back.
    Wakes,
    /// Books are restored that may lack a submission.
    Restored,
    /// The product's own code fails on it.
    Breaks,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Attempt {
    This,
    Another,
}

/// The reasons that a provider gives; the last two say that it does not know either.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Reason {
    Fine,
    Declined,
    Timeout,
    Unknown,
    /// Never given, but concluded.
    General,
    Processing,
    Internal,
    Paused,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Answer {
    Accepted,
    Duplicate,
    Refused,
    /// No byte left; the provider asks for so many seconds of patience, or for nothing.
    NotSent(Option<i64>),
    Ambiguous,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Fetched {
    Found(Seen),
    NotFound,
    Deferred,
    /// The question failed on its way.
    Failed(Reason),
    /// It never left our own queue.
    NotAsked,
}

/// What a provider shows of the payout.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seen {
    pub state: Shown,
    /// In cents, and whether they are cents of the payout's own currency.
    pub amount: Option<(u32, bool)>,
    pub why: Option<Reason>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Shown {
    Accepted,
    Queued,
    AtNetwork,
    Held,
    Settled,
    PartlySettled,
    Failed,
    Expired,
    Returned,
    Revoking,
    Revoked,
    Reversing,
    Reversed,
    Strange,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Undo {
    Done,
    Pending,
    Refused,
    Ambiguous,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Wish {
    Process,
    Terminate,
    Revoke,
    Cancel,
    Reconcile,
    /// Details; those that were wanted, or some that leave it wanting.
    Details {
        complete: bool,
        /// The account they would go to finds them wrong.
        fault: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Order {
    Release,
    Resubmit,
    Pause,
    /// Having looked at the payout as it is, or as it was before.
    Propose {
        claim: Claim,
        fresh: bool,
    },
    /// What was proposed last, even if something happened since.
    Approve,
    Reject,
}

/// What an operator vouches for; paid in part or too much by cents.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Claim {
    Paid(Option<u32>),
    Failed,
    Returned,
    NotSent,
}

/// How much is asked for, in cents, and when the merchant's patience ends, in seconds.
pub const ASKED: u32 = 12_540;
pub const PATIENCE: i64 = 172_800;

fn reason() -> impl Strategy<Value = Reason> {
    select(vec![Reason::Fine, Reason::Declined, Reason::Timeout, Reason::Unknown])
}

fn seen() -> impl Strategy<Value = Seen> {
    use Shown::*;
    let state = select(vec![
        Accepted,
        Queued,
        AtNetwork,
        Held,
        Settled,
        Settled,
        PartlySettled,
        Failed,
        Expired,
        Returned,
        Revoking,
        Revoked,
        Reversing,
        Reversed,
        Strange,
    ]);
    let amount = prop_oneof![
        4 => Just(None),
        2 => Just(Some((ASKED, true))),
        2 => Just(Some((7_524, true))),
        1 => Just(Some((99_900, true))),
        1 => Just(Some((ASKED, false))),
    ];
    let why = prop_oneof![3 => Just(None), 1 => reason().prop_map(Some)];
    (state, amount, why).prop_map(|(state, amount, why)| Seen { state, amount, why })
}

fn answer() -> impl Strategy<Value = Answer> {
    select(vec![
        Answer::Accepted,
        Answer::Duplicate,
        Answer::Refused,
        Answer::NotSent(None),
        Answer::NotSent(Some(30)),
        Answer::Ambiguous,
        Answer::Ambiguous,
    ])
}

fn fetched() -> impl Strategy<Value = Fetched> {
    prop_oneof![
        6 => seen().prop_map(Fetched::Found),
        4 => Just(Fetched::NotFound),
        1 => Just(Fetched::Deferred),
        1 => reason().prop_map(Fetched::Failed),
        1 => Just(Fetched::NotAsked),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    select(vec![
        Wish::Process,
        Wish::Terminate,
        Wish::Revoke,
        Wish::Cancel,
        Wish::Reconcile,
        Wish::Details { complete: true, fault: false },
        Wish::Details { complete: false, fault: false },
        Wish::Details { complete: true, fault: true },
        Wish::Details { complete: false, fault: true },
    ])
}

fn order() -> impl Strategy<Value = Order> {
    let claim = select(vec![
        Claim::Paid(None),
        Claim::Paid(Some(7_524)),
        Claim::Paid(Some(99_900)),
        Claim::Failed,
        Claim::Returned,
        Claim::NotSent,
    ]);
    let proposal = (claim, prop::bool::weighted(0.9))
        .prop_map(|(claim, fresh)| Order::Propose { claim, fresh });
    prop_oneof![
        3 => Just(Order::Release),
        3 => Just(Order::Resubmit),
        1 => Just(Order::Pause),
        4 => proposal,
        4 => Just(Order::Approve),
        1 => Just(Order::Reject),
    ]
}

/// Anything, any time; what carries a payout on comes more often.
pub fn next() -> impl Strategy<Value = Next> {
    let ago = select(vec![0_i64, 0, 0, 1, 30, 700]);
    let attempt = prop_oneof![6 => Just(Attempt::This), 1 => Just(Attempt::Another)];
    let event = prop_oneof![
        14 => Just(Event::Permit),
        12 => (answer(), reason(), attempt).prop_map(|(a, why, of)| Event::Answer(a, why, of)),
        16 => (ago, fetched()).prop_map(|(ago, answer)| Event::Fetched { ago, answer }),
        4 => seen().prop_map(Event::Callback),
        5 => (select(vec![Undo::Done, Undo::Pending, Undo::Refused, Undo::Ambiguous]), reason())
            .prop_map(|(undo, why)| Event::Undo(undo, why)),
        10 => wish().prop_map(Event::Asks),
        14 => (any::<bool>(), order()).prop_map(|(ann, order)| Event::Orders { ann, order }),
        6 => Just(Event::Tick),
        3 => Just(Event::Wakes),
        2 => Just(Event::Restored),
        1 => Just(Event::Breaks),
    ];
    let pause = select(vec![0_i64, 1, 1, 10, 10, 10, 61, 700, 700, 200_000]);
    (pause, event).prop_map(|(pause, event)| Next { pause, event })
}
