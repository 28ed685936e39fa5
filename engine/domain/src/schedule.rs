//! When a payout must be looked at next: a function of the payout and its provider's plan, so that
//! timers are rebuilt from the state alone and nothing sleeps for ever.

use crate::payout::Payout;
use crate::standing::Money;
use crate::status::Status;
use crate::time::Timestamp;
use std::time::Duration;

/// What the engine may do with the payouts of one provider account: its finality contract.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// When to ask for the status.
    pub poll: PollPlan,
    /// It can recall a payout in flight.
    pub can_revoke: bool,
    /// It can undo a success.
    pub can_cancel: bool,
    /// "Not found" proves that nothing was created, once this long after the last send; none: never. Only
    /// time counts that the asking process has seen pass: a start begins anew.
    pub not_found_final_after: Option<Duration>,
    /// "Not found" means nothing before this.
    pub visibility_lag: Duration,
    /// It recognises a reference that it has seen, so that the same attempt may be sent again.
    pub resend_is_safe: bool,
    /// Money that was paid may come back without a word: how long that is watched for. None: never.
    pub late_return: Option<ReturnWatch>,
    /// A signed callback whose reference, amount and currency are the payout's own is evidence by
    /// itself; otherwise it is only a reason to ask.
    pub believe_signed_callbacks: bool,
}

impl Policy {
    /// What may be concluded about a payout that either of two accounts may have: what both allow.
    pub fn of_either(self, other: Policy) -> Policy {
        Policy {
            visibility_lag: self.visibility_lag.max(other.visibility_lag),
            not_found_final_after: match (self.not_found_final_after, other.not_found_final_after) {
                (Some(one), Some(another)) => Some(one.max(another)),
                _ => None,
            },
            // What one of them has seen, the other does not recognise.
            resend_is_safe: false,
            ..self
        }
    }
}

/// How a payout that was paid is watched for its money coming back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnWatch {
    /// The first question, after the payment was verified.
    pub first: Duration,
    /// Each question is this many times as long after the payment as the one before.
    pub factor: u32,
    /// No question is asked later than this after the payment.
    pub window: Duration,
}

/// When to ask a provider for the status of a payout that it has.
#[derive(Clone, PartialEq, Debug)]
pub struct PollPlan {
    /// The first question, after the last news.
    pub first: Duration,
    /// Each further pause is this many times the one before.
    pub factor: u32,
    /// No pause is longer.
    pub cap: Duration,
    /// Unresolved for longer than this: a person must look. Asking goes on.
    pub give_up: Duration,
}

impl PollPlan {
    /// The pause before question number `asked` (0 is the first).
    pub fn pause(&self, asked: u32) -> Duration {
        let grown = self.factor.checked_pow(asked).and_then(|times| self.first.checked_mul(times));
        grown.unwrap_or(self.cap).min(self.cap)
    }

    /// How long it takes to ask so many questions; `give_up` at most.
    pub fn pauses(&self, asked: u32) -> Duration {
        let mut sum = Duration::ZERO;
        for number in 0..asked {
            sum = sum.saturating_add(self.pause(number));
            if sum >= self.give_up {
                return self.give_up;
            }
        }
        sum
    }
}

/// What is remembered of the questions asked since the last news; lost in a crash without harm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Watch {
    /// Questions asked.
    pub asked: u32,
    /// When the last one was answered or given up; zero before the first.
    pub last: Timestamp,
}

/// When the provider is asked next; none when there is nothing to ask.
pub fn next_check(payout: &Payout, watch: Watch, plan: &PollPlan) -> Option<Timestamp> {
    if !needs_asking(payout) {
        return None;
    }
    let from = payout.updated_at().max(watch.last);
    Some(from.plus(plan.pause(watch.asked)))
}

/// The same by a clock that may have been turned back since the last news was written, or the last question
/// asked: a time that is still to come says nothing about when to ask, and nobody waits for it.
pub fn next_check_by(
    payout: &Payout,
    watch: Watch,
    plan: &PollPlan,
    now: Timestamp,
) -> Option<Timestamp> {
    let due = next_check(payout, watch, plan)?;
    if payout.updated_at() <= now && watch.last <= now {
        return Some(due);
    }
    let asked = if watch.last <= now { watch.last } else { Timestamp::default() };
    Some(due.min(asked.plus(plan.pause(watch.asked))))
}

/// Whether only the provider can tell how it ends, or whether it has begun. A refused recall leaves
/// the money in flight.
pub fn needs_asking(payout: &Payout) -> bool {
    let standing = payout.standing();
    let adrift = matches!(standing.money, Money::InFlight | Money::Unknown);
    let recall_refused = standing.status == Status::RevokeFailed && adrift;
    standing.status.is_with_provider() || recall_refused || payout.is_sought()
}

/// How often a payout in our own queue is looked after: its place in the queue is kept elsewhere, and
/// nothing that is kept elsewhere is trusted for ever.
const QUEUE_LOOK: Duration = Duration::from_secs(3_600);

/// When the payout must be looked at next, for whatever reason; none when it can rest for ever, or
/// until a person has decided. By a clock that shows `now`, and may have been turned back.
pub fn next_due(
    payout: &Payout,
    watch: Watch,
    plan: &PollPlan,
    now: Timestamp,
) -> Option<Timestamp> {
    let standing = payout.standing();
    let unsent = matches!(standing.status, Status::Created | Status::Ready);
    let asked = next_check_by(payout, watch, plan, now);
    if !unsent || standing.hold.is_some() {
        return asked;
    }
    if payout.is_sought() {
        // With every question its place in the queue is looked after, too.
        return [payout.deadline(), asked].into_iter().flatten().min();
    }
    let written = payout.updated_at();
    let looked_at = if written <= now { written.max(watch.last) } else { watch.last.min(now) };
    let queued = standing.queued_since.map(|_| looked_at.plus(QUEUE_LOOK));
    let again = match standing.not_before {
        Some(then) if written > now => {
            Some(looked_at.plus(then.since(written))).filter(|_| then > written)
        }
        then => then.filter(|then| *then > looked_at),
    };
    [payout.deadline(), queued, again].into_iter().flatten().min()
}

/// When a paid payout is asked about again, in case its money came back; strictly after `now`.
pub fn next_return_check(payout: &Payout, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
    let plan = policy.late_return.as_ref()?;
    let settled = payout.standing().settled_at.filter(|_| payout.status().is_settled())?;
    let mut after = plan.first;
    while after <= plan.window {
        let then = settled.plus(after);
        if then > now {
            return Some(then);
        }
        after = after.checked_mul(plan.factor.max(2))?;
    }
    None
}

/// When it first went to the provider; what the give-up age is counted from.
pub fn sent_at(payout: &Payout) -> Option<Timestamp> {
    payout.intents().next().map(|(at, _)| at)
}
