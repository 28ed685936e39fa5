//! What must hold when the world has come to rest: the books against the money that really moved. Apart
//! from the other checkers, because before that the truth may simply not have been told yet.

use super::entries::{ends_on_a_person, was_contradicted};
use super::{Audit, Checked, Violation};
use crate::bank::Truth;
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::needs_asking;
use domain::status::{State, Status};
use domain::time::Timestamp;
use engine::codec;
use std::collections::BTreeMap;

/// No payout has so much to tell in eight weeks, however its provider wavers: questions become rarer.
const ENTRIES_MAX: u32 = 1_000;

impl Audit {
    /// I-41, I-3: final, settled, or held for a person, in what merchants read too; and never called failed when money moved, nor
    /// paid when none did.
    ///
    /// False if the last word about it is a person's, or one against what is believed: then nobody judges it.
    pub(crate) fn at_rest(
        &self,
        payout: &Payout,
        truth: Truth,
        now: Timestamp,
    ) -> Result<bool, Violation> {
        let (id, status) = (payout.id(), payout.status());
        let over = (status.is_final() || status.is_settled()) && !needs_asking(payout);
        // One that was made while the clock was a year ahead has a year to live.
        let unsent = matches!(status, Status::Created | Status::Ready);
        let lives_on = unsent && payout.deadline().is_some_and(|end| end > now);
        if !over && !payout.moderation_required() && !lives_on {
            let what = format!("still {status} when everything is healed");
            return Err(self.broken("I-41", id, what));
        }
        let open = matches!(payout.state(), State::Pending | State::Processing);
        if open && over && !payout.moderation_required() {
            let what = format!("{status} and over, nobody is called, and it is shown as under way");
            return Err(self.broken("I-41", id, what));
        }
        if codec::state_of(codec::facets(payout)) != Some(payout.state()) {
            return Err(self.broken("I-41", id, "a list shows another state".to_owned()));
        }
        if payout.version() > ENTRIES_MAX {
            let what = format!("{} entries, and nothing new in most of them", payout.version());
            return Err(self.broken("bounded", id, what));
        }
        let folded = Payout::from_entries(id, payout.entries().to_vec());
        if folded.as_ref() != Ok(payout) {
            return Err(self.broken("I-11", id, "it is not what its entries fold to".to_owned()));
        }
        let Some(seen) = self.payouts.get(&id) else {
            return Err(self.broken("I-18", id, "nobody saw its entries".to_owned()));
        };
        if seen.durable != payout.version() {
            let what = format!("version {} in memory, {} durable", payout.version(), seen.durable);
            return Err(self.broken("I-23", id, what));
        }
        self.asked_to_the_end(payout, truth)?;
        if payout.moderation_required() || ends_on_a_person(payout) {
            return Ok(false);
        }
        let shown = payout.standing().amount_processed;
        if payout.state() == State::Completed && shown.is_none() && was_contradicted(payout) {
            // Of an amount that cannot be, nothing is said, and the person who let it go has seen why.
            return Ok(false);
        }
        self.books_and_money(payout, truth)?;
        Ok(true)
    }

    /// I-41: nobody is kept for a person whose end the provider would tell if it were asked.
    fn asked_to_the_end(&self, payout: &Payout, truth: Truth) -> Checked {
        let held = payout.standing().hold.map(|(hold, _)| hold.cause);
        if matches!(payout.status(), Status::Revoking | Status::Cancelling | Status::RevokeFailed) {
            // That it was paid does not say what becomes of the recall.
            return Ok(());
        }
        let in_doubt = held.is_some_and(|cause| cause.released_by_evidence());
        if in_doubt && truth.known && !truth.open {
            let what = format!("{held:?}, and its provider knows how it ended");
            return Err(self.broken("I-41", payout.id(), what));
        }
        Ok(())
    }

    fn books_and_money(&self, payout: &Payout, truth: Truth) -> Checked {
        let (id, status) = (payout.id(), payout.status());
        let failed = payout.state() == State::Failed;
        if failed && truth.net > 0 {
            let what = format!("{status}, and {} of its money is with the recipient", truth.net);
            return Err(self.broken("I-3", id, what));
        }
        let paid = payout.state() == State::Completed;
        if paid && truth.paid_times == 0 {
            return Err(self.broken("I-3", id, format!("{status}, and no money ever moved")));
        }
        let asked = payout.standing().amount_processed.map(|amount| amount.minor_units());
        let moved = u128::from(truth.net.unsigned_abs());
        if paid && !truth.came_back && asked != Some(moved) {
            let what = format!("{asked:?} is called paid, and {moved} was");
            return Err(self.broken("I-7", id, what));
        }
        Ok(())
    }

    /// I-34: every event of every payout was told.
    pub(crate) fn everything_told(
        &self,
        all: &BTreeMap<PayoutId, Payout>,
    ) -> Result<(), Violation> {
        for id in all.keys() {
            let Some(seen) = self.payouts.get(id) else { continue };
            if seen.delivered != seen.events.len() {
                let what = format!("{} events, {} told", seen.events.len(), seen.delivered);
                return Err(self.broken("I-34", *id, what));
            }
        }
        for (id, seen) in &self.payouts {
            if seen.told > 0 && !all.contains_key(id) {
                return Err(self.broken("I-18", *id, "told of, and nowhere".to_owned()));
            }
        }
        Ok(())
    }
}
