//! What the sandbox can be asked to do, as data: how a submission is received, what then happens to
//! the payout in virtual time, and how it answers when asked. Apart from the code that carries it
//! out, so that the whole repertoire is read at a glance; which suffix asks for which stands in
//! `suffix.rs`.

use super::word::Word;
use domain::resolution::Resolution;

/// How one payout is treated from submission to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Behaviour {
    /// For reports and tests.
    pub name: &'static str,
    /// How its submission is received.
    pub arrival: Arrival,
    /// What happens to it once it is taken.
    pub life: &'static [Beat],
    /// How lookups answer.
    pub lookup: Lookup,
    /// How recall and undo answer.
    pub undo: Undo,
    /// What it is refused or fails with, if it is refused or fails.
    pub resolution: Resolution,
    /// Its first quote is over when it is given.
    pub stale_quote_first: bool,
}

/// How a submission is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// There is a payout, whatever the sender is told.
    Taken(Answer),
    /// There is none, ever.
    Refused(Answer),
    /// There is none the first so many times; the next submission is taken.
    RefusedAtFirst(u32, Answer),
}

/// What a submission is answered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// As it should be, with this status word.
    Plain(Word),
    /// As it should be, but after the callbacks that are due.
    AfterCallbacks(Word),
    /// Not within any caller's patience.
    Silence,
    /// The connection breaks.
    Reset,
    /// 500 without a known code.
    ServerError,
    /// 500 with a code that means that nothing was created.
    PermanentError,
    /// 200 with a web page.
    Page,
    /// 200 with the status `rejected`.
    Rejected,
    /// 422 with the resolution's code.
    Unprocessable,
    /// 409: the reference is known.
    Duplicate,
    /// 429, to be tried again after a second.
    TooMany,
    /// 401: the token has expired.
    TokenExpired,
    /// 401: the credentials are wrong.
    BadCredentials,
}

/// One thing that happens, so long after the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beat(pub Wait, pub Turn);

/// How long until it happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// At once.
    None,
    /// As long as this sandbox takes to settle.
    Settling,
    /// So many milliseconds.
    Millis(u32),
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// The status changes; no money moves.
    Becomes(Word),
    /// So many percent of the amount are paid.
    Pays(u8),
    /// It fails with its resolution.
    Fails,
    /// The sandbox recalls it by itself.
    IsRecalled,
    /// The money comes back.
    Returns,
    /// A callback is sent.
    Calls(Call),
}

/// What a callback says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// A new event with the true status.
    Truth,
    /// The last event once more.
    Again,
    /// A new event with another status, well signed.
    Claims(Word),
    /// The same, signed with another secret.
    Forges(Word),
}

/// How lookups answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// With what is so.
    Plain,
    /// Not at all for the visibility lag.
    HiddenAtFirst,
    /// By a callback that carries a token.
    CalledBack,
}

/// How recall and undo answer, where the payout's state allows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// Both work and say so.
    Plain,
    /// A recall works, but its answer never comes.
    SilentRecall,
    /// An undo is refused.
    NoReversal,
}

use Wait::{Millis, None as AtOnce, Settling};

/// An accepted payout that settles: what every row of the repertoire differs from in little.
pub const SETTLES: Behaviour = Behaviour {
    name: "settles",
    arrival: Arrival::Taken(Answer::Plain(Word::Processing)),
    life: &[Beat(Settling, Turn::Pays(100)), TELLS],
    lookup: Lookup::Plain,
    undo: Undo::Plain,
    resolution: Resolution::ProcessingError,
    stale_quote_first: false,
};

/// Accepted, fails with a resolution of its own.
pub const fn fails(resolution: Resolution) -> Behaviour {
    Behaviour { name: "fails", life: FAILS, resolution, ..SETTLES }
}

/// Refused for a reason of its own; no payout exists.
pub const fn refused(answer: Answer, resolution: Resolution) -> Behaviour {
    Behaviour {
        name: "refused",
        arrival: Arrival::Refused(answer),
        resolution,
        life: &[],
        ..SETTLES
    }
}

/// The callback that follows every change.
pub const TELLS: Beat = Beat(AtOnce, Turn::Calls(Call::Truth));
/// Fails, and says so.
pub const FAILS: &[Beat] = &[Beat(Settling, Turn::Fails), TELLS];
/// Settles six tenths, and says so.
pub const PAYS_PART: &[Beat] = &[Beat(Settling, Turn::Pays(60)), TELLS];
/// Settles, and the money comes back.
pub const COMES_BACK: &[Beat] =
    &[Beat(Settling, Turn::Pays(100)), TELLS, Beat(Millis(5_000), Turn::Returns), TELLS];
/// Settles with no time passing.
pub const PAYS_AT_ONCE: &[Beat] = &[Beat(AtOnce, Turn::Pays(100)), TELLS];
/// Waits at the sandbox for ever.
pub const QUEUES: &[Beat] = &[Beat(AtOnce, Turn::Becomes(Word::Queued))];
/// Recalled by the sandbox itself.
pub const IS_REVOKED: &[Beat] = &[Beat(Settling, Turn::IsRecalled), TELLS];
/// Given up by the sandbox itself.
pub const EXPIRES: &[Beat] = &[Beat(Settling, Turn::Becomes(Word::Expired)), TELLS];
/// Held for a minute, then settled.
pub const HELD_FIRST: &[Beat] =
    &[Beat(AtOnce, Turn::Becomes(Word::Held)), Beat(Millis(60_000), Turn::Pays(100)), TELLS];
/// Settles without a callback.
pub const PAYS_QUIETLY: &[Beat] = &[Beat(Settling, Turn::Pays(100))];
/// Every callback twice, and a straggler.
pub const TELLS_THRICE: &[Beat] = &[
    Beat(Settling, Turn::Pays(100)),
    TELLS,
    Beat(AtOnce, Turn::Calls(Call::Again)),
    Beat(Millis(1_000), Turn::Calls(Call::Again)),
];
/// The news first, the older news after it.
pub const TELLS_BACKWARDS: &[Beat] = &[
    Beat(Settling, Turn::Pays(100)),
    TELLS,
    Beat(AtOnce, Turn::Calls(Call::Claims(Word::Queued))),
];
/// Somebody else says first that it failed.
pub const FORGERY_FIRST: &[Beat] = &[
    Beat(AtOnce, Turn::Calls(Call::Forges(Word::Failed))),
    Beat(Settling, Turn::Pays(100)),
    TELLS,
];
/// Fails, and calls back that it settled.
pub const FAILS_AND_LIES: &[Beat] =
    &[Beat(Settling, Turn::Fails), Beat(AtOnce, Turn::Calls(Call::Claims(Word::Settled)))];
/// Takes on a status that no list has.
pub const SPEAKS_UNKNOWN: &[Beat] =
    &[Beat(AtOnce, Turn::Becomes(Word::Frobnicated)), Beat(Settling, TELLS.1)];
/// Settles once, and wavers about it.
pub const FLAPS: &[Beat] = &[
    Beat(Settling, Turn::Pays(100)),
    TELLS,
    Beat(Millis(300), Turn::Becomes(Word::Processing)),
    TELLS,
    Beat(Millis(300), Turn::Becomes(Word::Settled)),
    TELLS,
];
/// Fails, and pays all the same.
pub const FAILS_THEN_PAYS: &[Beat] =
    &[Beat(Settling, Turn::Fails), TELLS, Beat(Millis(5_000), Turn::Pays(100)), TELLS];
/// Settles at once, but the callback dawdles: there is time to ask for a recall that comes too late.
pub const PAYS_BEFORE_IT_TELLS: &[Beat] =
    &[Beat(AtOnce, Turn::Pays(100)), Beat(Millis(2_000), Turn::Calls(Call::Truth))];
