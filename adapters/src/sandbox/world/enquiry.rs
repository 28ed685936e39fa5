//! Lookups: what the sandbox says about a payout that it is asked for. Apart from `life.rs`, which
//! makes it so: what is said can differ from what is so.

use super::World;
use super::behaviour::Lookup;
use super::reply::Reply;
use super::row::Row;
use crate::sandbox::wire::{Deferred, Said};
use domain::time::Timestamp;
use std::time::Duration;

impl World {
    /// Tells the status of a payout, by reference or by the sandbox's own id.
    pub fn fetch(&mut self, now: Timestamp, name: &str) -> Reply {
        self.run_until(now);
        if let Some(reply) = self.at_the_door() {
            return reply;
        }
        let Some(place) = self.find(name) else { return not_found() };
        self.rows[place].fetches += 1;
        let row = &self.rows[place];
        let delay = self.latency(&row.reference, row.fetches);
        let reply = match self.spoilt(&row.reference, row.fetches) {
            Some(spoilt) => spoilt,
            None => self.look_up(place),
        };
        Reply { delay, ..reply }
    }

    fn look_up(&mut self, place: usize) -> Reply {
        let row = &self.rows[place];
        if !self.shows(row) {
            return not_found();
        }
        if row.lookup != Lookup::CalledBack {
            return Reply::payout(200, row);
        }
        let token = format!("def_{}_{}", row.reference, row.fetches);
        let said = Said::Deferred(Deferred { deferred: token.clone() });
        self.answer_later(place, token);
        Reply::new(202, said)
    }
}

impl World {
    /// Whether there is a payout that lookups and lists know of by now.
    pub(super) fn shows(&self, row: &Row) -> bool {
        let hidden_for = match row.lookup {
            Lookup::HiddenAtFirst => {
                self.faults.visibility_lag.map_or(self.visibility_lag, |span| span.0)
            }
            Lookup::Plain | Lookup::CalledBack => Duration::ZERO,
        };
        row.taken && self.now >= row.taken_at.plus(hidden_for)
    }
}

/// The answer about what the sandbox does not know, or does not know yet.
pub(super) fn not_found() -> Reply {
    Reply::problem(404, "not_found")
}
