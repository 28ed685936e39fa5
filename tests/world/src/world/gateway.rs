//! The process under test: its memory, which is gone when it dies. Apart from the disk, which is not.
//! In the order of a turn: `turns` (decide), `journal` (write, believe), `acting` (act), `tellers` (the
//! adapters' permits and budgets); `starting` reads everything back.

mod acting;
mod journal;
mod starting;
mod tellers;
mod turns;

use super::Happening;
use crate::agenda::Time;
use domain::command::{Command, Refused};
use domain::decide::Step;
use domain::entry::{By, Request};
use domain::id::{Fingerprint, PayoutId};
use domain::listening::{Deferred, Heard, look_again};
use domain::payout::Payout;
use domain::report::{FetchOutcome, Found, Report, SubmitOutcome, UndoOutcome, Waited};
use domain::schedule::{Policy, Watch};
use domain::time::Timestamp;
use engine::clock::SureTime;
use engine::desk::DeskState;
pub(crate) use journal::steps_of;
use snapshots::Record;
use snapshots::log::image::ImageWriter;
pub(crate) use starting::records_by_payout;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
pub(crate) use tellers::Teller;

/// A call to a provider that was begun in this life.
pub(crate) type CallId = u64;

/// The memory of a running gateway.
pub(crate) struct Process {
    pub lives: BTreeMap<PayoutId, Life>,
    pub due: BTreeSet<(Timestamp, PayoutId)>,
    /// When the timer looks by itself, in the world's time, and what it was then waiting for.
    pub looks_at: Option<(Time, Timestamp)>,
    /// How far the clock was ahead of the world's own when the timer looked last.
    pub ahead: Time,
    /// Appends that wait for the writer.
    pub queue: Vec<Appended>,
    /// Those in the frame that is on its way to the disk.
    pub writing: Option<Vec<Appended>>,
    pub commit_wanted: bool,
    pub writer: ImageWriter,
    pub durable: u64,
    pub anchored_at: Time,
    pub anchor_wanted: bool,
    pub desk: DeskState,
    pub tellers: Vec<Teller>,
    pub calls: BTreeMap<CallId, Call>,
    pub begun: Time,
    /// From when on the accounts' budgets count.
    pub budget_since: Time,
    /// What it has seen of its clock.
    pub sure: SureTime,
    pub woken: BTreeMap<PayoutId, i64>,
    /// Turns in the order in which they were handed over, to payouts that are free.
    pub ready: VecDeque<PayoutId>,
}

/// A payout, and what is remembered beside it: see `engine::slot::Life`.
#[derive(Default)]
pub(crate) struct Life {
    pub payout: Option<Payout>,
    pub watch: Watch,
    pub under_way: u8,
    pub still_since: Duration,
    pub armed: Option<Timestamp>,
    pub waits_for_permit: bool,
    pub try_again: Option<Timestamp>,
    pub verifying: bool,
    pub rang: bool,
    pub deferred: Deferred,
    pub heard: Heard,
    pub mailbox: VecDeque<(Turn, To)>,
    pub in_turn: bool,
}

/// Something that reaches a payout: see `engine::payout_actor::Turn`.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    Create { request: Box<Request>, ask_first: bool },
    Command { command: Command, key: Option<(Fingerprint, Fingerprint)>, by: By },
    Permit { account: usize },
    Report(Box<Report>),
    Ring(Box<Ring>),
    Tick,
    Wake,
}

/// A callback, as its adapter judged it.
#[derive(Clone, Debug)]
pub(crate) struct Ring {
    pub account: usize,
    pub authentic: bool,
    pub attempt: u8,
    pub event: Option<u64>,
    pub token: Option<Box<str>>,
    pub found: Option<Found>,
}

/// Who waits for the answer of a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum To {
    Nobody,
    /// A client's request, in the round in which it asked.
    Client {
        client: usize,
        round: u32,
    },
    /// A merchant's command with this number.
    Commander {
        client: usize,
        token: u8,
    },
}

/// Why a turn was not taken.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Refusal {
    NotFound,
    KeyReused,
    Refused(Refused),
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        Refusal::Refused(refused)
    }
}

/// A turn after deciding.
pub(crate) struct Decided {
    pub step: Step,
    pub permit: Option<usize>,
    pub reply: Reply,
    pub to: To,
}

/// Which answer it gives once it is true.
pub(crate) enum Reply {
    Created,
    Seen,
    Nothing,
    /// Known already.
    Given(Box<Payout>),
}

/// A turn whose entries are on their way to the disk.
pub(crate) struct Appended {
    pub id: PayoutId,
    pub records: Vec<Record>,
    pub decided: Decided,
}

/// A call that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub payout: PayoutId,
    pub attempt: u8,
    pub account: usize,
    pub kind: CallKind,
}

/// What is asked of a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum CallKind {
    Submit {
        amount: u64,
    },
    /// For whom nobody knows where it went, one account after the other.
    Fetch {
        waited: Waited,
        then: Vec<usize>,
        names_account: bool,
    },
    Revoke,
    Cancel,
}

impl CallKind {
    /// Whether it takes its turn among the questions.
    pub fn is_question(&self) -> bool {
        !matches!(self, CallKind::Submit { .. })
    }
}

/// What a provider answered.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Answered {
    Submit(SubmitOutcome),
    Fetch(FetchOutcome),
    Undo(UndoOutcome),
}

impl Process {
    /// For how long, in the world's time.
    pub fn running(&self, now: Time) -> Duration {
        Duration::from_micros((now - self.begun).unsigned_abs())
    }
}

impl Life {
    pub fn of(payout: Payout) -> Life {
        Life { payout: Some(payout), ..Life::default() }
    }

    /// See `engine::slot::Life`.
    pub fn answered(&mut self, outcome: &FetchOutcome, policy: &Policy) {
        self.deferred.answered(outcome);
        let Some(payout) = &self.payout else { return };
        if let Some(again) = look_again(payout, self.watch, policy, outcome) {
            self.try_again = again;
        }
    }
}

impl super::World<'_> {
    /// For how long the process has been running.
    pub(crate) fn running(&self) -> Duration {
        self.process.as_ref().map_or(Duration::ZERO, |process| process.running(self.now))
    }

    /// The memory of the process; only called where it lives.
    pub(crate) fn process(&mut self) -> &mut Process {
        // `happen` hands nothing of the process over when there is none.
        self.process.as_mut().unwrap_or_else(|| unreachable!("somebody calls a dead process"))
    }

    /// The payout as the process sees it, alive or archived.
    pub(crate) fn look(&self, id: PayoutId) -> Option<Payout> {
        let process = self.process.as_ref()?;
        match process.lives.get(&id) {
            Some(life) => life.payout.clone(),
            None => self.archived(id),
        }
    }

    pub(crate) fn archived(&self, id: PayoutId) -> Option<Payout> {
        use snapshots::ArchiveStore;
        let body = self.disk.archive.get(id.0).ok()??;
        engine::codec::payout(id, &body).ok()
    }

    /// Something of this life of the process, later.
    pub(crate) fn later_here(&mut self, by: Time, happening: impl FnOnce(u32) -> Happening) {
        let happening = happening(self.life);
        self.later(by, happening);
    }
}
