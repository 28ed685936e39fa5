//! How far a restored gateway is with finding out what happened in the time it lost. Apart from the
//! moderation book, which counts all that is held: this is the part that ends by itself.
//!
//! ← `web` (readiness, metrics, drills)

use crate::desk::DeskState;
use crate::gateway::Gateway;
use crate::orphans::{ListSeen, ListState};
use crate::refusal::Refusal;
use adapters::provider::Limits;
use domain::entry::HoldCause;
use domain::money::Currency;
use domain::schedule::Policy;
use domain::time::Timestamp;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is still held for a restore.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantine {
    /// Which restore of this gateway it was, the last one.
    pub epoch: u32,
    /// Payouts about which the provider's word is awaited.
    pub left: u64,
    /// How much they are, by currency.
    pub amounts: BTreeMap<Currency, Decimal>,
    /// When all of them will have been asked about, at the pace that the accounts allow; none while
    /// nothing is left, and none where a contract leaves it to a person.
    pub ends_at: Option<Timestamp>,
    /// Until then every new payout is asked about before it is sent. None when all keys of the lost
    /// time are known.
    pub asks_first_until: Option<Timestamp>,
    /// Payments of the lost time that a provider has and nobody here knows.
    pub orphans: u64,
    /// How far the lists of what the accounts did in the lost time are read. Empty when all of it is
    /// known.
    pub lists: Vec<ListSeen>,
}

impl Gateway {
    /// What is held for a restore; none if there never was one, or all of it is over.
    ///
    /// # Errors
    /// Recovery is not through.
    pub fn quarantine(&self) -> Result<Option<Quarantine>, Refusal> {
        let (parts, now) = (self.parts()?, self.clock().now());
        let restored = |desk: &DeskState| {
            let last = desk.restores.last().map(|last| last.epoch);
            last.map(|epoch| (epoch, desk.ask_first_until()))
        };
        let Some((epoch, ask_first_until)) = parts.desk.look(restored) else { return Ok(None) };
        let (mut left, mut amounts, mut needed) = (0, BTreeMap::new(), Some(Duration::ZERO));
        for incident in parts.book.incidents() {
            if incident.key.cause != HoldCause::Restored {
                continue;
            }
            left += incident.count;
            for (currency, amount) in incident.amounts {
                *amounts.entry(currency).or_default() += amount;
            }
            let accounts = parts.adapters.accounts().map(|account| account.caps());
            // Unsent payouts name no account: the slowest may be the one.
            let own = accounts.filter(|caps| {
                incident.key.account.is_empty() || caps.account == incident.key.account
            });
            let longest = own.map(|caps| time_for(incident.count, &caps.limits, &caps.policy));
            for time in longest {
                needed = needed.zip(time).map(|(known, time)| known.max(time));
            }
        }
        let asks_first_until = Some(ask_first_until).filter(|until| *until > now);
        let (orphans, lists) = (parts.orphans.open_count(), parts.orphans.lists());
        let reading = lists.iter().any(|list| list.state == ListState::UnderWay);
        if left == 0 && asks_first_until.is_none() && orphans == 0 && !reading {
            return Ok(None);
        }
        let ends_at = needed.filter(|_| left > 0).map(|needed| now.plus(needed));
        Ok(Some(Quarantine { epoch, left, amounts, ends_at, asks_first_until, orphans, lists }))
    }
}

/// How long it takes to ask an account so many questions, and to wait until "not found" may be
/// believed; none when its contract never lets it be believed.
pub fn time_for(questions: u64, limits: &Limits, policy: &Policy) -> Option<Duration> {
    let proof = match (policy.resend_is_safe, policy.not_found_final_after) {
        (true, _) => Duration::ZERO,
        (false, after) => after?,
    };
    let each = match limits.calls {
        // Without a limit only the answers take time: at worst a whole timeout each.
        0 => {
            let together = u32::try_from(limits.concurrency).unwrap_or(u32::MAX).max(1);
            limits.timeout / together
        }
        calls => {
            let share = u32::from(limits.verify_share.clamp(1, 100));
            (limits.per * 100) / calls.saturating_mul(share).max(1)
        }
    };
    let questions = u32::try_from(questions).unwrap_or(u32::MAX);
    let asking = each.checked_mul(questions).unwrap_or(Duration::MAX);
    let waiting = policy.poll.first.saturating_add(policy.visibility_lag).max(proof);
    Some(asking.saturating_add(waiting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::schedule::PollPlan;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits(calls: u32) -> Limits {
        Limits {
            calls,
            per: SECOND,
            verify_share: 25,
            concurrency: 50,
            timeout: SECOND,
            queue: 1,
            in_doubt_max: Vec::new(),
        }
    }

    fn policy(resend_is_safe: bool, not_found_final_after: Option<Duration>) -> Policy {
        Policy {
            poll: PollPlan { first: SECOND, factor: 2, cap: SECOND, give_up: SECOND },
            can_revoke: false,
            can_cancel: false,
            not_found_final_after,
            visibility_lag: SECOND,
            resend_is_safe,
            late_return: None,
            believe_signed_callbacks: false,
        }
    }

    #[test]
    fn the_end_follows_from_the_pace_and_the_contract() {
        let hour = Duration::from_secs(3_600);
        let table = [
            // A quarter of 100 calls a second: 1,000 questions take 40 s, after the first wait.
            (1_000, 100, policy(true, None), Some(42 * SECOND)),
            (1_000, 0, policy(true, None), Some(22 * SECOND)),
            (1_000, 100, policy(false, Some(hour)), Some(hour + 40 * SECOND)),
            (1_000, 100, policy(false, None), None),
            (0, 100, policy(true, None), Some(2 * SECOND)),
        ];
        for (questions, calls, policy, wanted) in table {
            assert_eq!(time_for(questions, &limits(calls), &policy), wanted, "{questions} {calls}");
        }
    }
}
