//! What merchants' receivers are told: each event once or more, in order, under its number, and of its own
//! time. Apart from the other checkers because events have a store and an order of their own.

use super::{Audit, Checked};
use domain::id::PayoutId;
use domain::payout::Payout;
use snapshots::events::EventRow;

impl Audit {
    /// I-33, I-34: each event once or more, first in order, under the number that it had.
    pub(crate) fn delivered(&mut self, row: &EventRow) -> Checked {
        let id = PayoutId(row.payout);
        let seen = self.seen(id);
        let key = (row.version, row.nth);
        let known = *seen.numbers.entry(key).or_insert(row.sequence);
        let place = seen.events.iter().position(|(version, nth, _)| (*version, *nth) == key);
        let kind = place.map(|place| seen.events[place].2);
        let delivered = seen.delivered;
        if kind != Some(row.kind) {
            return Err(self.broken("I-33", id, format!("an event that no entry makes: {row:?}")));
        }
        if known != row.sequence {
            let what = format!("an event had number {known} and has {} now", row.sequence);
            return Err(self.broken("I-34", id, what));
        }
        match place {
            Some(place) if place > delivered => {
                Err(self.broken("I-34", id, format!("event {place} before event {delivered}")))
            }
            Some(place) if place == delivered => {
                self.seen(id).delivered += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// I-35: what an event tells of its payout is how it stood then, whatever became of it since.
    pub(crate) fn shows_that_time(&self, row: &EventRow, then: Option<&Payout>) -> Checked {
        let (Some(then), id) = (then, PayoutId(row.payout)) else { return Ok(()) };
        let status = self.payouts.get(&id).and_then(|seen| seen.status_at(row.version));
        if (then.version(), Some(then.status())) == (row.version, status) {
            return Ok(());
        }
        let (version, shown) = (then.version(), then.status());
        let what = format!("event {} tells of version {version}, {shown}", row.version);
        Err(self.broken("I-35", id, what))
    }
}
