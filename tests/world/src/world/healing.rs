//! The end: chaos stops, everything is healed, and the world must come to rest. Apart from the chaos,
//! because safety is asked for always, and liveness only here.

use super::{Happening, World};
use crate::agenda::{DAY, HOUR, SECOND};
use crate::audit::Violation;
use domain::id::PayoutId;
use domain::payout::Payout;
use std::collections::BTreeMap;

impl World<'_> {
    /// No fault any more, of whatever kind. Comes again every few hours, for those who were away.
    pub(super) fn heal(&mut self) {
        if !self.healed {
            self.healed = true;
            self.offset = 0;
            self.disk.full_until = 0;
            self.disk.sync_fails = None;
            self.lying_in_wait.clear();
            self.dies_reading = None;
            self.frozen_until = self.now;
            self.start_at(self.now + SECOND);
        }
        if self.process.is_some() {
            self.clients_look_after_themselves();
            if self.operators_let_go().is_err() {
                // Nobody dies in a world that is healed, and a violation is found again at its end.
                self.tally.strike("operators stopped");
            }
        }
        let rested = self.now > self.chaos_ends() + 3 * DAY;
        if !rested {
            self.later(6 * HOUR, Happening::Heal);
        }
    }

    /// What must hold when nothing happens any more.
    pub(super) fn come_to_rest(&mut self) -> Result<(), Violation> {
        let mut all: BTreeMap<PayoutId, Payout> = BTreeMap::new();
        let nobody = PayoutId([0; 16]);
        let Some(process) = &self.process else {
            return Err(self.audit.broken("I-41", nobody, "the process does not run".to_owned()));
        };
        for archived in self.disk.archive.all() {
            let id = PayoutId(archived.id);
            let payout = engine::codec::payout(id, &archived.body)
                .map_err(|why| self.audit.broken("I-14", id, why.to_string()))?;
            all.insert(id, payout);
        }
        for life in process.lives.values() {
            if let Some(payout) = &life.payout {
                all.insert(payout.id(), payout.clone());
            }
        }
        if let Some(client) = self.clients.iter().find(|client| !client.done) {
            let id = self.setting.payout(client.merchant, client.key);
            return Err(self.audit.broken("I-41", id, "a client never heard".to_owned()));
        }
        for (id, payout) in &all {
            let truth = self.truth_of(*id);
            if !self.audit.at_rest(payout, truth, self.wall())? {
                self.tally.unjudged += 1;
            }
        }
        for bank in &self.banks {
            for (reference, orders) in &bank.orders {
                let id = reference.0;
                if !all.contains_key(&id) && !orders.is_empty() {
                    let what = "a provider has an order of a payout that nobody here knows";
                    return Err(self.audit.broken("I-3", id, what.to_owned()));
                }
            }
        }
        self.audit.everything_told(&all)
    }
}
