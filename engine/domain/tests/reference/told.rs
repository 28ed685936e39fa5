//! The same happenings in the product's own words, and the product's payout that they happen to.

use crate::happens::*;
use crate::model::Terms;
use domain::command::Command;
use domain::decide::{Input, Step, create, decide};
use domain::effect::{Effect, pending_effects};
use domain::entry::{
    Act, By, Deed, Entry, Fact, Hold, HoldCause, ManualOutcome, Proposal, Request,
};
use domain::failure::{Failure, Origin};
use domain::id::{Fingerprint, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{
    FetchOutcome, Found, ProviderState, Report, SubmitOutcome, UndoOutcome, Waited,
};
use domain::resolution::Resolution;
use domain::schedule::{Policy, PollPlan, Watch};
use domain::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The product's payout, and what the test has to remember for it.
pub struct Told {
    pub payout: Payout,
    pub now: Timestamp,
    /// What became of the last event: taken or refused, and how many submissions it asked for.
    pub taken: bool,
    pub submits: usize,
    policy: Policy,
    proposed_at: u32,
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000_000)
}

fn lasting(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}

pub fn cents(minor: u32) -> Amount {
    Amount::from_minor_units(minor.into(), currency("EUR")).unwrap()
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

impl Told {
    pub fn new(terms: Terms, now: i64) -> Told {
        let made = create(PayoutId([7; 16]), request(terms), None, at(now));
        Told {
            payout: Payout::from_entries(PayoutId([7; 16]), made.entries).unwrap(),
            now: at(now),
            taken: true,
            submits: 0,
            policy: policy(terms),
            proposed_at: 0,
        }
    }

    /// Lets it happen: decided, and what was decided believed.
    pub fn happens(&mut self, next: &Next) {
        self.now = self.now.plus(lasting(next.pause));
        (self.taken, self.submits) = (true, 0);
        let input = match &next.event {
            Event::Wakes => return self.wakes(),
            Event::Restored => return self.restored(),
            event => self.input(event),
        };
        match decide(&self.payout, input, Watch::default(), self.now, &self.policy) {
            Ok(step) => self.believe(step),
            Err(_) => self.taken = false,
        }
        if self.taken && matches!(next.event, Event::Orders { order: Order::Propose { .. }, .. }) {
            self.proposed_at = self.payout.version();
        }
    }

    fn believe(&mut self, step: Step) {
        for entry in step.entries {
            self.payout.apply(entry).unwrap();
        }
        let submits = step.effects.iter().filter(|effect| matches!(effect, Effect::Submit(_)));
        self.submits = submits.count();
    }

    /// To its stored form and back, as when it rests or the machine starts again.
    fn wakes(&mut self) {
        let how = bincode::config::standard();
        let stored = bincode::encode_to_vec(self.payout.entries(), how).unwrap();
        let (entries, read): (Vec<Entry>, usize) =
            bincode::decode_from_slice(&stored, how).unwrap();
        assert_eq!(read, stored.len(), "all of it is read back");
        let woken = Payout::from_history(self.payout.id(), entries).unwrap();
        assert_eq!(woken, self.payout, "it wakes as it went to sleep");
        let effects = pending_effects(&woken, self.now);
        let sends = effects.iter().any(|effect| matches!(effect, Effect::Submit(_)));
        assert!(!sends, "nothing is sent because it was woken");
        self.payout = woken;
    }

    fn restored(&mut self) {
        if self.payout.status().is_final() {
            return;
        }
        let hold = Hold { cause: HoldCause::Restored, reason: Resolution::Unknown };
        let (version, by) = (self.payout.version() + 1, By::Engine);
        let held = Entry { version, at: self.now, by, moved: None, fact: Fact::Held(hold) };
        self.payout.apply(held).unwrap();
    }

    fn input(&self, event: &Event) -> Input {
        match event {
            Event::Permit => Input::Permit { account: "sandbox".into(), settlement: None },
            Event::Answer(answer, why, attempt) => {
                let attempt = if *attempt == Attempt::This { 1 } else { 2 };
                Input::Report(Report::Submitted { attempt, outcome: outcome(*answer, *why) })
            }
            Event::Fetched { ago, answer } => Input::Report(Report::Fetched {
                waited: Waited::by(&self.payout, Timestamp(self.now.0 - at(*ago).0)),
                account: Some("sandbox".into()),
                outcome: fetched(answer),
            }),
            Event::Callback(seen) => {
                Input::Report(Report::CalledBack { account: None, found: found(*seen) })
            }
            Event::Undo(undo, why) => {
                let outcome = match undo {
                    Undo::Done => UndoOutcome::Done,
                    Undo::Pending => UndoOutcome::Pending,
                    Undo::Refused => UndoOutcome::Refused { why: failure(*why) },
                    Undo::Ambiguous => UndoOutcome::Ambiguous { why: failure(*why) },
                };
                Input::Report(Report::Undone { outcome })
            }
            Event::Asks(wish) => {
                Input::Command { command: command(*wish), key: None, by: By::Merchant }
            }
            Event::Orders { ann, order } => {
                let act = Act {
                    deed: self.deed(*order),
                    reason: "seen on the statement".into(),
                    from: "127.0.0.1".into(),
                };
                let by = By::Operator(if *ann { "ann" } else { "bob" }.into());
                Input::Command { command: Command::Operate(Arc::new(act)), key: None, by }
            }
            Event::Tick => Input::Tick,
            Event::Breaks => Input::Quarantine,
            Event::Wakes | Event::Restored => unreachable!("they are no inputs"),
        }
    }

    fn deed(&self, order: Order) -> Deed {
        let proposed = self.proposed_at;
        match order {
            Order::Release => Deed::Release,
            Order::Resubmit => Deed::Resubmit,
            Order::Pause => Deed::Pause,
            Order::Approve => Deed::Approve { proposed },
            Order::Reject => Deed::Reject { proposed },
            Order::Propose { claim, fresh } => {
                let (outcome, amount) = match claim {
                    Claim::Paid(part) => (ManualOutcome::Paid, part.map(cents)),
                    Claim::Failed => (ManualOutcome::Failed, None),
                    Claim::Returned => (ManualOutcome::Returned, None),
                    Claim::NotSent => (ManualOutcome::NotSent, None),
                };
                let proposal = Proposal { outcome, resolution: Resolution::DeclinedError, amount };
                let seen = self.payout.version() - u32::from(!fresh);
                Deed::Propose { proposal, seen }
            }
        }
    }
}

pub fn resolution(reason: Reason) -> Resolution {
    match reason {
        Reason::Fine => Resolution::Ok,
        Reason::Declined => Resolution::DeclinedError,
        Reason::Timeout => Resolution::ConnectionTimeoutError,
        Reason::Unknown => Resolution::Unknown,
        Reason::General => Resolution::GeneralError,
        Reason::Processing => Resolution::ProcessingError,
        Reason::Internal | Reason::Paused => Resolution::InternalError,
    }
}

fn failure(reason: Reason) -> Failure {
    Failure::new(resolution(reason), Origin::Provider)
}

fn outcome(answer: Answer, why: Reason) -> SubmitOutcome {
    let why = failure(why);
    match answer {
        Answer::Accepted => SubmitOutcome::Accepted { provider_id: None, raw_status: None },
        Answer::Duplicate => SubmitOutcome::Duplicate { why },
        Answer::Refused => SubmitOutcome::Refused { why },
        Answer::NotSent(wait) => SubmitOutcome::NotSent { why, retry_after: wait.map(lasting) },
        Answer::Ambiguous => SubmitOutcome::Ambiguous { why },
    }
}

fn fetched(answer: &Fetched) -> FetchOutcome {
    let failed = |why| FetchOutcome::Unknown { why, retry_after: None };
    match answer {
        Fetched::Found(seen) => FetchOutcome::Found(found(*seen)),
        Fetched::NotFound => FetchOutcome::NotFound,
        Fetched::Deferred => FetchOutcome::Deferred { token: "token".into() },
        Fetched::Failed(why) => failed(Failure::new(resolution(*why), Origin::Transport)),
        Fetched::NotAsked => failed(Failure::new(Resolution::InternalError, Origin::Platform)),
    }
}

fn found(seen: Seen) -> Found {
    let state = match seen.state {
        Shown::Accepted => ProviderState::Accepted,
        Shown::Queued => ProviderState::Queued,
        Shown::AtNetwork => ProviderState::AtNetwork,
        Shown::Held => ProviderState::Held,
        Shown::Settled => ProviderState::Settled,
        Shown::PartlySettled => ProviderState::PartiallySettled,
        Shown::Failed => ProviderState::Failed,
        Shown::Expired => ProviderState::Expired,
        Shown::Returned => ProviderState::Returned,
        Shown::Revoking => ProviderState::Revoking,
        Shown::Revoked => ProviderState::Revoked,
        Shown::Reversing => ProviderState::Reversing,
        Shown::Reversed => ProviderState::Reversed,
        Shown::Strange => ProviderState::Unmapped,
    };
    let named = |(minor, own)| (cents(minor), currency(if own { "EUR" } else { "USD" }));
    Found { amount: seen.amount.map(named), failure: seen.why.map(failure), ..Found::new(state) }
}

fn command(wish: Wish) -> Command {
    match wish {
        Wish::Process => Command::Process,
        Wish::Terminate => Command::Terminate,
        Wish::Revoke => Command::Revoke,
        Wish::Cancel => Command::Cancel,
        Wish::Reconcile => Command::Reconcile,
        Wish::Details { complete, fault } => Command::GiveDetails {
            given: Box::new(details(complete)),
            fault: fault
                .then(|| Box::new(Failure::new(Resolution::InvalidRecipient, Origin::Platform))),
        },
    }
}

fn details(complete: bool) -> RecipientInput {
    RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: complete.then(|| "DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    }
}

fn request(terms: Terms) -> Request {
    Request {
        merchant: MerchantId(1),
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: cents(ASKED),
        currency: currency("EUR"),
        method: Method::BankTransfer,
        recipient: Recipient::build(details(terms.complete)).unwrap(),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess: terms.autoprocess,
        expires_at: at(PATIENCE),
        provider_account: None,
        max_slippage_bps: None,
    }
}

/// Every look of the timer finds it due: when to look is another test's subject.
fn policy(terms: Terms) -> Policy {
    let at_once = Duration::ZERO;
    Policy {
        poll: PollPlan { first: at_once, factor: 1, cap: at_once, give_up: lasting(terms.give_up) },
        can_revoke: terms.can_revoke,
        can_cancel: terms.can_cancel,
        not_found_final_after: terms.not_found_final.map(lasting),
        visibility_lag: lasting(terms.lag),
        resend_is_safe: terms.recognises,
        late_return: None,
        believe_signed_callbacks: true,
    }
}
