//! What goes to providers: how often, and every submission against its intent. Apart from the other
//! checkers because these look at what leaves the gateway for where the money is.

use super::{Audit, Checked};
use crate::agenda::Time;
use crate::bank::Truth;
use crate::world::setting::Setting;
use domain::entry::{Entry, Fact, HoldCause, Intent};
use domain::id::{PayoutId, provider_reference, read_provider_reference};
use domain::payout::Payout;

impl Audit {
    /// I-30: no window holds more calls than were agreed, over restarts too.
    pub(crate) fn called(&mut self, account: usize, now: Time, (calls, seconds): (u32, u32)) {
        if calls == 0 {
            return;
        }
        let times = self.calls.entry(account).or_default();
        times.push_back(now);
        if times.len() > calls as usize + 1 {
            times.pop_front();
        }
        let window = Time::from(seconds) * crate::agenda::SECOND;
        let first = times.front().copied().unwrap_or(now);
        if times.len() > calls as usize && now - first < window {
            let what = format!("{} calls of account {account} in {} µs", times.len(), now - first);
            self.found = Some(self.broken("I-30", PayoutId([0; 16]), what));
        }
    }

    /// A provider has said whether it knows a payout.
    pub(crate) fn asked(&mut self, id: PayoutId, account: usize) {
        self.seen(id).must_ask.remove(&account);
    }

    /// I-2: money moves once.
    pub(crate) fn moved(&mut self, id: PayoutId, truth: Truth) -> Checked {
        if truth.paid_times > 1 {
            let what = format!("money moved {} times", truth.paid_times);
            return Err(self.broken("I-2", id, what));
        }
        Ok(())
    }

    /// A submission is about to leave.
    pub(crate) fn submits(
        &mut self,
        payout: &Payout,
        intent: &Intent,
        entries: &[Entry],
        setting: &Setting,
    ) -> Checked {
        let id = payout.id();
        let seen = self.seen(id);
        let (noted, must_ask) = (seen.intents.contains(&intent.send), !seen.must_ask.is_empty());
        let own = entries.iter().any(|entry| match &entry.fact {
            Fact::Invoked(one) => **one == *intent,
            _ => false,
        });
        if !noted || !own {
            return Err(self.broken("I-4", id, "a submission without a durable intent".to_owned()));
        }
        let reference = provider_reference(id, intent.attempt);
        let read = read_provider_reference(&reference) == Ok((id, intent.attempt));
        if !read || intent.request != payout.request().body {
            return Err(self.broken("I-5", id, "a reference that is not the payout's".to_owned()));
        }
        if must_ask {
            let what = "sent after a restore without having been asked about".to_owned();
            return Err(self.broken("I-24", id, what));
        }
        let hold = payout.standing().hold.map(|(hold, _)| hold.cause);
        if matches!(hold, Some(HoldCause::Quarantine | HoldCause::Discrepancy | HoldCause::Paused))
        {
            return Err(self.broken("I-40", id, "a held payout is sent".to_owned()));
        }
        let policy = setting.policy_of(payout);
        if payout.standing().in_doubt && !policy.resend_is_safe {
            let what = "sent again where a reference is not recognised".to_owned();
            return Err(self.broken("I-1", id, what));
        }
        Ok(())
    }
}
