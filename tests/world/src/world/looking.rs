//! Merchants look: at what is theirs, and at what is not. Apart from what they ask for, because looking
//! changes nothing.

use super::setting::merchant_id;
use super::{Go, World};
use domain::payout::Payout;

impl World<'_> {
    /// A merchant looks a payout up under a key that it names; perhaps another's.
    pub(super) fn peek(&mut self, merchant: u8, key: u16) -> Go {
        if self.process.is_none() {
            return Ok(());
        }
        let owner = self.clients.iter().find(|one| one.key == key).map(|one| one.merchant);
        match owner {
            Some(owner) if owner == merchant => self.look_at_own(merchant, key),
            Some(owner) => self.look_at_anothers(merchant, owner, key),
            None => Ok(()),
        }
    }

    /// What it was shown before it is shown again, or something later.
    fn look_at_own(&mut self, merchant: u8, key: u16) -> Go {
        let id = self.setting.payout(merchant, key);
        let shown = self.look(id).map(|payout| match planted!(self, ReadsBehind) {
            true => payout.as_of(payout.version() - 1),
            false => payout,
        });
        self.audit.read(id, shown.as_ref().map_or(0, Payout::version));
        Ok(())
    }

    /// Whatever key a merchant names, the payout that it finds is its own.
    fn look_at_anothers(&mut self, merchant: u8, owner: u8, key: u16) -> Go {
        let id = match planted!(self, ReadsAnothers) {
            true => self.setting.payout(owner, key),
            false => self.setting.payout(merchant, key),
        };
        if self.setting.payout(merchant, key) == self.setting.payout(owner, key) {
            let what = "two merchants' keys make one payout".to_owned();
            return Err(self.audit.broken("I-22", id, what).into());
        }
        let found = self.look(id);
        if found.is_some_and(|payout| payout.request().merchant != merchant_id(merchant)) {
            let what = "a merchant sees another's payout".to_owned();
            return Err(self.audit.broken("I-22", id, what).into());
        }
        Ok(())
    }
}
