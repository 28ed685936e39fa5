//! Where chance comes in: outages, limits, latency, and what may befall a payout whose recipient
//! asked for nothing. Apart from the calls, which read as if nothing ever went wrong.

use super::World;
use super::behaviour::{Answer, Arrival, Beat, Behaviour, Lookup};
use super::behaviour::{COMES_BACK, FAILS, PAYS_AT_ONCE, PAYS_PART, SETTLES};
use super::faults::OutageKind;
use super::reply::{Manner, Reply};
use super::word::Word;
use crate::sandbox::clock::seconds;
use std::time::Duration;

impl World {
    /// What a call is answered with before it is looked at; usually nothing.
    pub(super) fn at_the_door(&mut self) -> Option<Reply> {
        self.outage().or_else(|| self.over_the_limit().then(Reply::too_many))
    }

    fn outage(&self) -> Option<Reply> {
        let since_1970 = u128::try_from(self.now.0).unwrap_or(0);
        let rages = |every: Duration, lasts: Duration| {
            since_1970.checked_rem(every.as_micros()).is_some_and(|into| into < lasts.as_micros())
        };
        let outage =
            self.faults.outages.iter().find(|outage| rages(outage.every.0, outage.lasts.0))?;
        let reply = Reply::problem(503, "unavailable");
        Some(match outage.kind {
            OutageKind::Unavailable => reply,
            OutageKind::Silence => reply.given(Manner::Silence),
            OutageKind::Reset => reply.given(Manner::Reset),
        })
    }

    fn over_the_limit(&mut self) -> bool {
        if self.faults.rate_limit == 0 {
            return false;
        }
        let second = seconds(self.now);
        let (counted, calls) = &mut self.calls_this_second;
        if *counted != second {
            (*counted, *calls) = (second, 0);
        }
        *calls += 1;
        *calls > self.faults.rate_limit
    }

    /// How long the answer to the call of that number takes.
    pub(super) fn latency(&self, reference: &str, number: u32) -> Duration {
        let spread = self.faults.latency.as_ref();
        spread.map_or(Duration::ZERO, |spread| {
            spread.at(self.lots.draw("latency", reference, number))
        })
    }

    /// An answer to a lookup that chance has spoilt.
    pub(super) fn spoilt(&self, reference: &str, number: u32) -> Option<Reply> {
        let strikes = |chance, purpose| self.lots.strikes(chance, purpose, reference, number);
        if strikes(self.faults.http_500, "lookup http_500") {
            Some(Reply::problem(500, "internal"))
        } else if strikes(self.faults.garbage_200, "lookup garbage_200") {
            Some(Reply::problem(200, "internal").given(Manner::Page))
        } else {
            None
        }
    }

    /// What chance makes of a payout that asked for nothing: how it arrives, how it lives and
    /// whether it hides are drawn apart, so that every combination can come up.
    pub(super) fn disturbed(&self, reference: &str) -> Behaviour {
        let arrival = self.disturbed_arrival(reference);
        let early = arrival == EARLY_CALLBACK;
        Behaviour {
            name: "left to chance",
            arrival,
            life: self.disturbed_life(reference).unwrap_or(if early {
                PAYS_AT_ONCE
            } else {
                SETTLES.life
            }),
            lookup: self.faults.visibility_lag.map_or(Lookup::Plain, |_| Lookup::HiddenAtFirst),
            ..SETTLES
        }
    }

    fn disturbed_arrival(&self, reference: &str) -> Arrival {
        let faults = &self.faults;
        // Whoever sees a broken answer must not be able to tell which of the two it was.
        let taken = self.lots.draw("taken all the same", reference, 0).is_multiple_of(2);
        let either = |answer| {
            if taken { Arrival::Taken(answer) } else { Arrival::RefusedAtFirst(1, answer) }
        };
        let drawn = [
            (faults.http_500, "http_500", either(Answer::ServerError)),
            (faults.garbage_200, "garbage_200", either(Answer::Page)),
            (
                faults.timeout_before_accept,
                "timeout_before_accept",
                Arrival::RefusedAtFirst(1, Answer::Silence),
            ),
            (faults.timeout_after_accept, "timeout_after_accept", Arrival::Taken(Answer::Silence)),
            (faults.reset_after_accept, "reset_after_accept", Arrival::Taken(Answer::Reset)),
            (faults.callback.before_response, "callback before_response", EARLY_CALLBACK),
        ];
        let struck = drawn
            .into_iter()
            .find(|(chance, purpose, _)| self.lots.strikes(*chance, purpose, reference, 0));
        struck.map_or(SETTLES.arrival, |(_, _, arrival)| arrival)
    }

    fn disturbed_life(&self, reference: &str) -> Option<&'static [Beat]> {
        let faults = &self.faults;
        let drawn = [
            (faults.fail, "fail", FAILS),
            (faults.partial, "partial", PAYS_PART),
            (faults.late_return, "late_return", COMES_BACK),
        ];
        let struck = drawn
            .into_iter()
            .find(|(chance, purpose, _)| self.lots.strikes(*chance, purpose, reference, 0));
        struck.map(|(_, _, life)| life)
    }
}

/// The payout settles and says so before its submission is answered.
const EARLY_CALLBACK: Arrival = Arrival::Taken(Answer::AfterCallbacks(Word::Processing));
