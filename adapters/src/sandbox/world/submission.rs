//! Submissions: whether there is a payout from now on, and what the sender is told. Apart from the
//! other calls because only here can money begin to move.

use super::behaviour::{Answer, Arrival, Behaviour, SETTLES};
use super::reply::{Manner, Reply};
use super::row::code_of;
use super::word::Word;
use super::{World, quotes, suffix};
use crate::sandbox::wire::RecipientBody;
use domain::id::PayoutId;
use domain::money::{Amount, Currency};
use domain::time::Timestamp;
use std::sync::Arc;

/// A submission as the sandbox understood it.
pub struct Asked<'a> {
    /// The payout that the attempt belongs to.
    pub payout: PayoutId,
    /// The sender's name for the attempt.
    pub reference: &'a str,
    /// How much.
    pub amount: Amount,
    /// In what.
    pub currency: Currency,
    /// To whom, and with that: how to behave.
    pub recipient: &'a RecipientBody<'a>,
    /// The quote that it is sent under.
    pub quote: Option<&'a str>,
    /// Where callbacks go.
    pub callback_url: Option<&'a str>,
}

impl World {
    /// Takes a submission, or does not, and says so, or does not.
    pub fn submit(&mut self, now: Timestamp, asked: &Asked<'_>) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        let place = self.find_or_add(asked);
        self.rows[place].submits += 1;
        if self.rows[place].taken {
            return Reply::problem(409, "duplicate_reference");
        }
        if asked.quote.is_some_and(|quote| quotes::is_over(quote, self.now)) {
            return Reply::problem(422, "quote_expired");
        }
        let behaviour = self.behaviour_for(asked);
        let reply = self.receive(place, &behaviour, asked);
        Reply { delay: self.latency(asked.reference, self.rows[place].submits), ..reply }
    }

    /// What the recipient asks for or, if nothing, what chance makes of it.
    fn behaviour_for(&self, asked: &Asked<'_>) -> Behaviour {
        match suffix::asked_by(asked.recipient) {
            Some(behaviour) if behaviour != SETTLES => behaviour,
            _ if self.faults.touch_payouts() => self.disturbed(asked.reference),
            _ => SETTLES,
        }
    }

    fn receive(&mut self, place: usize, behaviour: &Behaviour, asked: &Asked<'_>) -> Reply {
        let answer = match behaviour.arrival {
            Arrival::Refused(answer) => return self.answer_with(place, answer, behaviour),
            Arrival::RefusedAtFirst(times, answer) if self.submits_of(asked.payout) <= times => {
                return self.answer_with(place, answer, behaviour);
            }
            Arrival::RefusedAtFirst(..) => Answer::Plain(Word::Processing),
            Arrival::Taken(answer) => answer,
        };
        self.take(place, behaviour, asked);
        self.answer_with(place, answer, behaviour)
    }

    /// From here on there is a payout.
    fn take(&mut self, place: usize, behaviour: &Behaviour, asked: &Asked<'_>) {
        let callback_url = asked.callback_url.map(|url| self.shared_url(url));
        let row = &mut self.rows[place];
        row.taken = true;
        row.callback_url = callback_url;
        row.taken_at = self.now;
        row.life = behaviour.life;
        row.lookup = behaviour.lookup;
        row.undo = behaviour.undo;
        row.resolution = behaviour.resolution;
        self.begin_life(place);
    }

    fn answer_with(&self, place: usize, answer: Answer, behaviour: &Behaviour) -> Reply {
        let row = &self.rows[place];
        let accepted = |word: Word| Reply::payout_as(201, row, word);
        let code = || code_of(behaviour.resolution);
        match answer {
            Answer::Plain(word) => accepted(word),
            Answer::AfterCallbacks(word) => accepted(word).given(Manner::AfterCallbacks),
            Answer::Silence => accepted(Word::Processing).given(Manner::Silence),
            Answer::Reset => accepted(Word::Processing).given(Manner::Reset),
            Answer::Page => accepted(Word::Processing).given(Manner::Page),
            Answer::ServerError => Reply::problem(500, "internal"),
            Answer::PermanentError => Reply::problem(500, "permanent_error"),
            Answer::Rejected => Reply::refusal(row, code()),
            Answer::Unprocessable => Reply::problem(422, code()),
            Answer::Duplicate => Reply::problem(409, "duplicate_reference"),
            Answer::TooMany => Reply::too_many(),
            Answer::TokenExpired => Reply::problem(401, "token_expired"),
            Answer::BadCredentials => Reply::problem(401, "invalid_credentials"),
        }
    }

    /// Submissions of a payout so far, under whatever reference: turning one away three times must
    /// not begin anew when the sender counts its attempts.
    fn submits_of(&self, payout: PayoutId) -> u32 {
        self.rows_of(payout).map(|row| row.submits).sum()
    }

    /// The address, stored once for as long as it stays the same.
    fn shared_url(&mut self, url: &str) -> Arc<str> {
        match &self.callback_url {
            Some(last) if **last == *url => last.clone(),
            _ => self.callback_url.insert(url.into()).clone(),
        }
    }
}
