//! When to leave a provider alone. Pure and apart from the actor: closed, open until a time,
//! half-open. Open, nothing is submitted and a trickle of questions goes on, because money that is
//! already under way must be asked about, and because the answers show when the provider is back.
//!
//! It counts nothing that is under way: half-open, it says *how many* submissions may be, and the
//! actor knows how many are. So a permit that is never used cannot leave a probe behind.

mod record;
#[cfg(test)]
mod tests;
mod verdict;

pub use verdict::Verdict;

use crate::call_schedule::Side;
use record::Record;
use std::time::Duration;

/// When it opens and how it heals.
#[derive(Clone, Debug)]
pub struct BreakerSettings {
    /// This many failing calls in a row open it.
    pub run: u32,
    /// How many of the last calls are looked at for the share that failed; at most 64.
    pub window: u32,
    /// More than this share of them failing opens it, in percent.
    pub failing_percent: u32,
    /// How long it stays open the first time; doubles each time it opens again without having closed.
    pub cool_down: Duration,
    /// No longer than this.
    pub cool_down_max: Duration,
    /// Submissions under way at once while half-open.
    pub probes: usize,
    /// While open, one question in this time.
    pub trickle: Duration,
}

impl Default for BreakerSettings {
    fn default() -> BreakerSettings {
        BreakerSettings {
            run: 20,
            window: 50,
            failing_percent: 50,
            cool_down: Duration::from_secs(1),
            cool_down_max: Duration::from_secs(30),
            probes: 3,
            trickle: Duration::from_secs(1),
        }
    }
}

/// How a breaker stands, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BreakerState {
    /// Everything goes.
    Closed,
    /// No submissions; a trickle of questions.
    Open {
        /// How much longer.
        remaining: Duration,
    },
    /// A few submissions go, to see how they fare.
    HalfOpen,
}

impl BreakerState {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open { .. } => "open",
            BreakerState::HalfOpen => "half_open",
        }
    }
}

/// What the breaker lets through now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Any number.
    Free,
    /// As long as fewer than this many are under way.
    Below(usize),
    /// Nothing before this time.
    NotBefore(Duration),
}

/// The breaker of one provider account. Times are durations since some fixed start.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    settings: BreakerSettings,
    phase: Phase,
    /// When the phase began: what was asked before then is no news about it.
    since: Duration,
    /// How long it will be open the next time.
    cool_down: Duration,
    submits: Record,
    verifies: Record,
    /// The last question failed. A later one that succeeds then shows that the provider is back.
    unreachable: bool,
    /// While open, no question before this.
    next_question: Duration,
    trips: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Closed,
    Open { until: Duration, cause: Cause },
    HalfOpen { cause: Cause },
}

/// What opened it, which says what may close it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cause {
    side: Side,
    locked_out: bool,
}

impl CircuitBreaker {
    /// A closed breaker.
    pub fn new(settings: BreakerSettings) -> CircuitBreaker {
        CircuitBreaker {
            cool_down: settings.cool_down,
            settings,
            phase: Phase::Closed,
            since: Duration::ZERO,
            submits: Record::default(),
            verifies: Record::default(),
            unreachable: false,
            next_question: Duration::ZERO,
            trips: 0,
        }
    }

    /// How it stands.
    pub fn state(&self, now: Duration) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until, .. } if until > now => {
                BreakerState::Open { remaining: until - now }
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// How many submissions may be under way.
    pub fn submissions(&self, now: Duration) -> Admission {
        match self.state(now) {
            BreakerState::Closed => Admission::Free,
            BreakerState::Open { remaining } => Admission::NotBefore(now + remaining),
            BreakerState::HalfOpen => Admission::Below(self.settings.probes.max(1)),
        }
    }

    /// Whether a question may go.
    pub fn questions(&self, now: Duration) -> Admission {
        match self.state(now) {
            BreakerState::Open { remaining } if self.next_question > now => {
                Admission::NotBefore(self.next_question.min(now + remaining))
            }
            _ => Admission::Free,
        }
    }

    /// A question goes now.
    pub fn question_goes(&mut self, now: Duration) {
        self.next_question = now + self.settings.trickle;
    }

    /// How often it opened.
    pub fn trips(&self) -> u64 {
        self.trips
    }

    /// A call that began at `began` has ended.
    pub fn learn(&mut self, side: Side, began: Duration, now: Duration, verdict: Verdict) {
        self.half_open_when_due(now);
        if began < self.since {
            return;
        }
        match self.phase {
            Phase::Closed => self.learn_closed(side, now, verdict),
            Phase::Open { cause, .. } => self.learn_open(side, now, verdict, cause),
            Phase::HalfOpen { cause } if verdict != Verdict::Well => {
                let locked_out = cause.locked_out || verdict == Verdict::LockedOut;
                self.open(now, Cause { side: cause.side, locked_out });
            }
            // A question risks no payout, but only a submission shows that submissions work.
            Phase::HalfOpen { cause } if side == Side::Submit || cause.side == Side::Verify => {
                self.close(now)
            }
            Phase::HalfOpen { .. } => {}
        }
        if side == Side::Verify {
            self.unreachable = verdict == Verdict::Failing;
        }
    }

    /// Opens it at once: the provider does not know us any more.
    pub fn trip(&mut self, now: Duration) {
        self.half_open_when_due(now);
        let cause = Cause { side: Side::Submit, locked_out: true };
        match &mut self.phase {
            // Calls that were under way say the same once more; that is no reason to wait longer.
            Phase::Open { cause: before, .. } => *before = cause,
            Phase::Closed | Phase::HalfOpen { .. } => self.open(now, cause),
        }
    }

    fn learn_closed(&mut self, side: Side, now: Duration, verdict: Verdict) {
        let locked_out = verdict == Verdict::LockedOut;
        // Kept apart: questions that succeed must not hide that every submission fails.
        let record = match side {
            Side::Submit => &mut self.submits,
            Side::Verify => &mut self.verifies,
        };
        record.add(verdict != Verdict::Well);
        if locked_out || record.is_bad(&self.settings) {
            self.open(now, Cause { side, locked_out });
        }
    }

    fn learn_open(&mut self, side: Side, now: Duration, verdict: Verdict, cause: Cause) {
        let back = side == Side::Verify && verdict == Verdict::Well && self.unreachable;
        if back && !cause.locked_out {
            self.enter(Phase::HalfOpen { cause }, now);
        }
    }

    fn half_open_when_due(&mut self, now: Duration) {
        if let Phase::Open { until, cause } = self.phase
            && until <= now
        {
            self.enter(Phase::HalfOpen { cause }, until);
        }
    }

    fn open(&mut self, now: Duration, cause: Cause) {
        self.enter(Phase::Open { until: now + self.cool_down, cause }, now);
        self.cool_down = self.cool_down.saturating_mul(2).min(self.settings.cool_down_max);
        self.next_question = now;
        self.trips += 1;
    }

    fn close(&mut self, now: Duration) {
        self.enter(Phase::Closed, now);
        self.cool_down = self.settings.cool_down;
        (self.submits, self.verifies) = (Record::default(), Record::default());
    }

    fn enter(&mut self, phase: Phase, since: Duration) {
        (self.phase, self.since) = (phase, since);
    }
}
