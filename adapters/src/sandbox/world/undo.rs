//! Recall before settlement and undo after it. Apart from lookups because they change the payout,
//! and must answer the same when they are asked again after a lost answer.

use super::World;
use super::behaviour::{Call, Undo};
use super::enquiry::not_found;
use super::reply::{Manner, Reply};
use super::word::Word;
use domain::time::Timestamp;

impl World {
    /// Recalls a payout that is not yet paid.
    pub fn revoke(&mut self, now: Timestamp, name: &str) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        let Some(place) = self.find_taken(name) else { return not_found() };
        let row = &mut self.rows[place];
        if row.word.is_recallable() && row.paid == 0 {
            row.word = Word::Revoked;
            row.revoked += 1;
            row.life = &[];
            self.call(place, Call::Truth);
        }
        let row = &self.rows[place];
        match row.word {
            Word::Revoked if row.undo == Undo::SilentRecall => {
                Reply::payout(200, row).given(Manner::Silence)
            }
            Word::Revoked => Reply::payout(200, row),
            _ if row.paid > 0 => Reply::problem(409, "already_settled"),
            _ => Reply::problem(409, "not_revocable"),
        }
    }

    /// Takes back a payout that is paid.
    pub fn reverse(&mut self, now: Timestamp, name: &str) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        let Some(place) = self.find_taken(name) else { return not_found() };
        let row = &mut self.rows[place];
        if row.undo == Undo::NoReversal {
            return Reply::problem(409, "reversal_refused");
        }
        if row.word == Word::Settled {
            row.word = Word::Reversed;
            row.returned += 1;
            row.life = &[];
            self.call(place, Call::Truth);
        }
        let row = &self.rows[place];
        match row.word {
            Word::Reversed => Reply::payout(200, row),
            Word::Returned => Reply::problem(409, "already_returned"),
            _ => Reply::problem(409, "not_settled"),
        }
    }

    fn find_taken(&self, name: &str) -> Option<usize> {
        self.find(name).filter(|place| self.rows[*place].taken)
    }
}
