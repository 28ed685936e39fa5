//! The adapters: who gets a permit, and when a question goes out. The limiter, the schedule between the
//! two sides and the fair queue are the product's own; around them a model of the adapter actor
//! (`adapters/src/adapter_actor.rs`), without breaker, modes and risk queue.

use super::{Call, CallId};
use crate::agenda::Time;
use crate::world::{Happening, World};
use adapters::call_schedule::{CallSchedule, Side};
use adapters::fair_queue::FairQueue;
use adapters::rate_limit::RateLimit;
use domain::id::{MerchantId, PayoutId};
use std::collections::VecDeque;
use std::time::Duration;

/// Submissions and questions under way at once.
const SUBMITS_MAX: u32 = 6;
const VERIFIES_MAX: u32 = 2;
/// The questions' share of the budget, in percent.
const VERIFY_SHARE: u8 = 25;
/// Payouts that may wait for a permit.
const QUEUE: usize = 1_000;

/// One account's adapter.
pub(crate) struct Teller {
    limit: RateLimit,
    /// The last look before the bytes leave: what was granted apart must not leave together.
    door: RateLimit,
    schedule: CallSchedule,
    claims: FairQueue<()>,
    questions: VecDeque<CallId>,
    submits: u32,
    verifies: u32,
    pumps_at: Option<Time>,
}

impl Teller {
    pub fn new((calls, seconds): (u32, u32)) -> Teller {
        let limit = RateLimit::new(calls, Duration::from_secs(u64::from(seconds)));
        Teller {
            door: limit.clone(),
            limit,
            schedule: CallSchedule::new(VERIFY_SHARE),
            claims: FairQueue::new(QUEUE),
            questions: VecDeque::new(),
            submits: 0,
            verifies: 0,
            pumps_at: None,
        }
    }
}

impl World<'_> {
    pub(super) fn queue_for_permit(&mut self, account: usize, merchant: MerchantId, id: PayoutId) {
        // Far fewer payouts live here than may wait.
        let _ = self.process().tellers[account].claims.push(merchant, id, ());
        self.pump(account);
    }

    pub(super) fn queue_question(&mut self, call: Call) {
        let account = call.account;
        let id = self.new_call(call);
        self.process().tellers[account].questions.push_back(id);
        self.pump(account);
    }

    pub(super) fn new_call(&mut self, call: Call) -> CallId {
        let process = self.process();
        let id = process.calls.last_key_value().map_or(0, |(last, _)| last + 1);
        process.calls.insert(id, call);
        id
    }

    /// A submission goes out now: its permit is used.
    pub(super) fn depart(&mut self, call: Call) {
        let id = self.new_call(call);
        self.at_the_exit(id);
    }

    /// A permit that was not used.
    pub(super) fn give_back(&mut self, account: usize) {
        self.free_slot(account, false);
    }

    pub(super) fn free_slot(&mut self, account: usize, question: bool) {
        let teller = &mut self.process().tellers[account];
        let slots = if question { &mut teller.verifies } else { &mut teller.submits };
        *slots = slots.saturating_sub(1);
        self.pump(account);
    }

    /// A call goes through the door, or waits there.
    pub(crate) fn at_the_exit(&mut self, call: CallId) {
        let now = self.now;
        let process = self.process();
        let since = Duration::from_micros((now - process.budget_since).unsigned_abs());
        let Some(account) = process.calls.get(&call).map(|one| one.account) else { return };
        match process.tellers[account].door.try_take(since) {
            Ok(()) => self.sends(call),
            Err(wait) => {
                let wait = wait.as_nanos().div_ceil(1_000) as Time;
                self.later_here(wait, |life| Happening::Depart { life, call });
            }
        }
    }

    /// Gives out what the budget allows.
    pub(crate) fn pump(&mut self, account: usize) {
        loop {
            let now = self.now;
            let process = self.process();
            let since = Duration::from_micros((now - process.budget_since).unsigned_abs());
            let teller = &mut process.tellers[account];
            let submit = !teller.claims.is_empty() && teller.submits < SUBMITS_MAX;
            let verify = !teller.questions.is_empty() && teller.verifies < VERIFIES_MAX;
            if !(submit || verify) {
                return;
            }
            if let Err(wait) = teller.limit.try_take(since) {
                // Rounded up: the world counts microseconds.
                let wait = wait.as_nanos().div_ceil(1_000) as Time;
                if teller.pumps_at.is_none_or(|at| at <= now) {
                    teller.pumps_at = Some(now + wait);
                    self.later_here(wait, |life| Happening::Pump { life, account });
                }
                return;
            }
            match teller.schedule.next(submit, verify) {
                Some(Side::Submit) => {
                    teller.submits += 1;
                    if let Some((payout, ())) = teller.claims.pop() {
                        self.later_here(100, |life| Happening::Permit { life, account, payout });
                    }
                }
                Some(Side::Verify) => {
                    teller.verifies += 1;
                    if let Some(call) = teller.questions.pop_front() {
                        self.at_the_exit(call);
                    }
                }
                None => return,
            }
        }
    }
}
