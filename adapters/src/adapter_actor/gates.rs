//! What may stand in the way of a call, other than the rate: the mode, a stop, the breaker, the slots.
//! Apart from the pump, which asks for both sides at once; nothing here changes anything.

use super::AdapterActor;
use super::messages::Mode;
use crate::call_schedule::Side;
use crate::circuit_breaker::Admission;
use std::time::Duration;

/// Whether a side may call now.
pub(super) enum Gate {
    Open,
    /// Not before this time.
    At(Duration),
    /// Not before something else happens, which wakes the actor.
    Shut,
}

impl Gate {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Gate::Open)
    }

    /// When the first of two closed gates opens by itself.
    pub(super) fn opens_at(self, other: Gate) -> Option<Duration> {
        match (self, other) {
            (Gate::At(one), Gate::At(other)) => Some(one.min(other)),
            (Gate::At(at), _) | (_, Gate::At(at)) => Some(at),
            _ => None,
        }
    }
}

impl AdapterActor {
    /// Whether the next in line for a submission may go.
    pub(super) fn submit_gate(&self, now: Duration) -> Gate {
        if !self.quoted.is_empty() {
            // They hold their slots already.
            return match self.submissions_at_most(now) {
                Ok(0) => Gate::Shut,
                Ok(_) => Gate::Open,
                Err(at) => Gate::At(at),
            };
        }
        if self.claims.is_empty() { Gate::Shut } else { self.admits_submission(now) }
    }

    /// Whether the next question may go.
    pub(super) fn verify_gate(&self, now: Duration) -> Gate {
        if self.questions.is_empty() { Gate::Shut } else { self.admits_question(now) }
    }

    /// Whether one more submission may get a slot.
    pub(super) fn admits_submission(&self, now: Duration) -> Gate {
        let most = match self.submissions_at_most(now) {
            Ok(most) => most,
            Err(at) => return Gate::At(at),
        };
        let room = self.slots.in_use(Side::Submit) < most && self.slots.has_free(Side::Submit);
        if room { Gate::Open } else { Gate::Shut }
    }

    /// Whether one more question may get a slot.
    pub(super) fn admits_question(&self, now: Duration) -> Gate {
        if self.line.mode.get() == Mode::Closed || !self.slots.has_free(Side::Verify) {
            return Gate::Shut;
        }
        match self.line.breaker.borrow().questions(now) {
            Admission::Free | Admission::Below(_) => Gate::Open,
            Admission::NotBefore(at) => Gate::At(at),
        }
    }

    /// How many submissions mode, stop and breaker let be under way; else when to ask again.
    fn submissions_at_most(&self, now: Duration) -> Result<usize, Duration> {
        if self.stopped {
            return Ok(0);
        }
        let most = match self.line.mode.get() {
            Mode::Open => usize::MAX,
            Mode::Probe => 1,
            Mode::VerifyOnly | Mode::Closed => return Ok(0),
        };
        match self.line.breaker.borrow().submissions(now) {
            Admission::Free => Ok(most),
            Admission::Below(probes) => Ok(most.min(probes)),
            Admission::NotBefore(at) => Err(at),
        }
    }
}
