//! Faults planted on purpose: what a careless change could do to the gateway. Apart from everything else,
//! and in no build of it: they exist to see whether the world notices. Each stands where the shell hands
//! something to the product's code or takes it back, so that the product itself stays clean of them.

use crate::world::gateway::Decided;
use crate::world::gateway::{Call, CallKind};
use crate::world::setting::Setting;
use domain::command::Command;
use domain::decide::{Input, Step};
use domain::effect::Effect;
use domain::entry::{Attention, By, Deed, Entry, Fact, Intent, Learned, Move};
use domain::evidence::vouched;
use domain::money::Amount;
use domain::payout::Payout;
use domain::report::{FetchOutcome, Found, ProviderState, Report, SubmitOutcome};
use domain::schedule::Policy;
use domain::status::Status;
use domain::time::Timestamp;
use domain::transition::{Trigger, next};
use std::sync::Arc;
use std::time::Duration;

/// A planted fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    /// A submission whose end is unknown is sent again.
    ResubmitsOnUnknown,
    /// "Not found" sends it again, whatever the contract says.
    ResubmitsOnNotFound,
    /// "Duplicate" is taken for a refusal.
    DuplicateIsARefusal,
    /// What may have been sent expires.
    ExpiresAfterIntent,
    /// Whoever waits is told before the disk has synced.
    AckBeforeSync,
    /// A sync that failed is taken for one that did not.
    GoesOnAfterFailedSync,
    /// The provider's inline "accepted" finishes the payout as paid.
    InlineAnswerPays,
    /// Every callback is believed, whoever it is from.
    BelievesStrangers,
    /// After a start, what has no outcome is sent again.
    RecoverySubmits,
    /// Timers are not set again after a start.
    TimersLost,
    /// The limiter starts full after a restart.
    LimiterReset,
    /// Payout ids are drawn at random.
    RandomIds,
    /// After a restore, new payouts are not asked about first.
    RestoreWithoutEpoch,
    /// Keys are compared without bodies.
    KeyWithoutBody,
    /// The last webhook is taken for delivered at a crash.
    LastWebhookDropped,
    /// Webhooks of one payout are sent in any order.
    WebhooksUnordered,
    /// The anchor is not looked at.
    AnchorIgnored,
    /// A snapshot says that it goes further than it does.
    SnapshotAhead,
    /// A hold does not keep a payout from being sent.
    HoldIgnored,
    /// What is decided is acted on before it is handed to the disk.
    EffectBeforeDurable,
    /// A callback about another amount is taken for one about this payout.
    CallbackAmountTaken,
    /// Under a recall or an undo, "paid" is taken for "taken back".
    UndoWinsOverPaid,
    /// After a day, a key is taken for a new one.
    KeysForgotten,
    /// A callback that comes late reopens what was over.
    LateCallbackReopens,
    /// A key is looked up without looking whose it is.
    ReadsAnothers,
    /// What a start does not understand of the journal it leaves out.
    FoldSkips,
    /// A part is counted twice.
    PartCountedTwice,
    /// Whoever proposed may approve.
    ApprovesAlone,
    /// Waiting is counted by the wall clock, whoever put it forward.
    WallClockWaits,
    /// Waiting is counted from when a submission was decided, however much later it left.
    WaitsSinceDecided,
    /// The HTTP client sends a submission again by itself when nobody answers.
    ClientRetries,
    /// Where the log does not read, it is taken to end.
    DamageEndsTheLog,
    /// A read shows a payout as it was before its last entry.
    ReadsBehind,
    /// An event tells of its payout as it stands when it is sent.
    TellsOfNow,
    /// What operators do is carried out and not written down.
    DeedsUnwritten,
    /// Whatever is held for a person is not asked about.
    HeldIsNotAsked,
    /// What one person proposes is taken for decided.
    ProposalDecides,
    /// A signed callback is believed where that was not agreed.
    BelievesUnagreed,
    /// After a restore only the account is asked that a request names, whatever its key was used for before.
    AsksWhereWished,
}

impl Planted {
    /// All of them.
    pub const ALL: [Planted; 39] = [
        Planted::ResubmitsOnUnknown,
        Planted::ResubmitsOnNotFound,
        Planted::DuplicateIsARefusal,
        Planted::ExpiresAfterIntent,
        Planted::AckBeforeSync,
        Planted::GoesOnAfterFailedSync,
        Planted::InlineAnswerPays,
        Planted::BelievesStrangers,
        Planted::RecoverySubmits,
        Planted::TimersLost,
        Planted::LimiterReset,
        Planted::RandomIds,
        Planted::RestoreWithoutEpoch,
        Planted::KeyWithoutBody,
        Planted::LastWebhookDropped,
        Planted::WebhooksUnordered,
        Planted::AnchorIgnored,
        Planted::SnapshotAhead,
        Planted::HoldIgnored,
        Planted::EffectBeforeDurable,
        Planted::CallbackAmountTaken,
        Planted::UndoWinsOverPaid,
        Planted::KeysForgotten,
        Planted::LateCallbackReopens,
        Planted::ReadsAnothers,
        Planted::FoldSkips,
        Planted::PartCountedTwice,
        Planted::ApprovesAlone,
        Planted::WallClockWaits,
        Planted::WaitsSinceDecided,
        Planted::ClientRetries,
        Planted::DamageEndsTheLog,
        Planted::ReadsBehind,
        Planted::TellsOfNow,
        Planted::DeedsUnwritten,
        Planted::HeldIsNotAsked,
        Planted::ProposalDecides,
        Planted::BelievesUnagreed,
        Planted::AsksWhereWished,
    ];
}

impl Planted {
    /// The promises that it breaks: by the checker of one of them it must be noticed.
    pub const fn breaks(self) -> &'static [&'static str] {
        match self {
            Planted::ResubmitsOnUnknown => &["I-1", "I-2"],
            Planted::ResubmitsOnNotFound => &["I-1", "I-2", "I-3", "I-16"],
            Planted::DuplicateIsARefusal | Planted::UndoWinsOverPaid => &["I-3"],
            Planted::ExpiresAfterIntent => &["I-12", "I-3"],
            Planted::AckBeforeSync => &["I-23", "I-18", "I-4"],
            Planted::GoesOnAfterFailedSync => &["I-18", "I-23", "I-4"],
            Planted::InlineAnswerPays => &["I-16"],
            Planted::BelievesStrangers => &["I-3", "I-16", "I-7"],
            Planted::RecoverySubmits => &["I-2", "I-3"],
            Planted::ClientRetries => &["I-2"],
            // What is believed not to be there is sent again, or given up.
            Planted::WallClockWaits | Planted::WaitsSinceDecided => &["I-2", "I-3"],
            Planted::TimersLost => &["I-17", "I-41"],
            Planted::LimiterReset => &["I-30"],
            Planted::RandomIds => &["I-20", "I-18", "I-3"],
            Planted::RestoreWithoutEpoch => &["I-24"],
            // Who has it is not asked: it is sent elsewhere, or held for ever.
            Planted::AsksWhereWished => &["I-24", "I-41"],
            Planted::KeyWithoutBody => &["I-19"],
            Planted::LastWebhookDropped | Planted::WebhooksUnordered => &["I-34"],
            Planted::AnchorIgnored => &["I-25", "I-26"],
            Planted::SnapshotAhead => &["I-14", "I-18"],
            Planted::HoldIgnored => &["I-40"],
            Planted::EffectBeforeDurable => &["I-4", "I-23"],
            Planted::CallbackAmountTaken => &["I-3", "I-7"],
            Planted::KeysForgotten => &["I-20"],
            Planted::LateCallbackReopens => &["I-9", "I-10"],
            Planted::ReadsAnothers => &["I-22"],
            Planted::FoldSkips => &["I-14"],
            Planted::PartCountedTwice => &["I-7"],
            Planted::ApprovesAlone => &["I-37"],
            Planted::DamageEndsTheLog => &["I-26", "I-18"],
            Planted::ReadsBehind => &["I-21"],
            Planted::TellsOfNow => &["I-35"],
            Planted::DeedsUnwritten => &["I-38"],
            Planted::HeldIsNotAsked => &["I-17", "I-41"],
            Planted::ProposalDecides => &["I-39"],
            Planted::BelievesUnagreed => &["I-16"],
        }
    }
}

/// Whose name somebody signs with who may not sign with his own.
const SOMEBODY_ELSE: &str = "zoe";

/// What a careless gateway writes down of an operator's order: only what came of it.
pub(crate) fn unwritten(planted: Option<Planted>, mut decided: Decided) -> Decided {
    if planted == Some(Planted::DeedsUnwritten) {
        decided.step.entries.retain(|entry| !matches!(entry.fact, Fact::Operated(_)));
    }
    decided
}

/// What a careless gateway makes of an input.
pub(crate) fn input(planted: Option<Planted>, payout: &Payout, input: Input) -> Input {
    match (planted, input) {
        (
            Some(Planted::DuplicateIsARefusal),
            Input::Report(Report::Submitted { attempt, outcome: SubmitOutcome::Duplicate { why } }),
        ) => Input::Report(Report::Submitted { attempt, outcome: SubmitOutcome::Refused { why } }),
        (
            Some(Planted::ResubmitsOnUnknown),
            Input::Report(Report::Submitted { attempt, outcome: SubmitOutcome::Ambiguous { why } }),
        ) if payout.standing().sends < 3 => {
            let outcome = SubmitOutcome::NotSent { why, retry_after: None };
            Input::Report(Report::Submitted { attempt, outcome })
        }
        (
            Some(Planted::UndoWinsOverPaid),
            Input::Report(Report::Fetched { waited, account, outcome: FetchOutcome::Found(found) }),
        ) if found.state == ProviderState::Settled => {
            let state = match payout.status() {
                Status::Revoking => ProviderState::Revoked,
                Status::Cancelling => ProviderState::Reversed,
                _ => ProviderState::Settled,
            };
            let outcome = FetchOutcome::Found(Found { state, ..found });
            Input::Report(Report::Fetched { waited, account, outcome })
        }
        (
            Some(Planted::ApprovesAlone),
            Input::Command { command: Command::Operate(act), key, by: By::Operator(by) },
        ) if matches!(act.deed, Deed::Approve { .. }) && proposed_by(payout) == Some(&*by) => {
            let by = By::Operator(SOMEBODY_ELSE.into());
            Input::Command { command: Command::Operate(act), key, by }
        }
        (_, input) => input,
    }
}

/// When a careless gateway looks after a payout again.
pub(crate) fn armed(
    planted: Option<Planted>,
    payout: &Payout,
    due: Option<Timestamp>,
) -> Option<Timestamp> {
    due.filter(|_| planted != Some(Planted::HeldIsNotAsked) || !payout.moderation_required())
}

fn proposed_by(payout: &Payout) -> Option<&str> {
    payout.standing().proposed.as_ref().map(|standing| &*standing.by)
}

/// A callback's word, as it is taken by somebody who looks at nothing but the state.
pub(crate) fn about_this(payout: &Payout, found: Found) -> Found {
    let request = payout.request();
    let amount = found.amount.map(|_| (request.amount, request.currency));
    Found { amount, ..found }
}

/// A step out of a status that nothing leaves.
pub(crate) fn reopened(payout: &Payout, now: Timestamp) -> Step {
    let paid = entry(payout, now, Trigger::ProviderPaid, Status::Processed, Fact::Moved);
    Step { entries: vec![paid], effects: Vec::new() }
}

/// What a careless gateway takes for its contract.
pub(crate) fn policy(
    planted: Option<Planted>,
    agreed: &Policy,
    payout: &Payout,
    input: &Input,
) -> Policy {
    let not_found =
        matches!(input, Input::Report(Report::Fetched { outcome: FetchOutcome::NotFound, .. }));
    let careless = planted == Some(Planted::ResubmitsOnNotFound);
    if careless && not_found && payout.status() == Status::Invoking {
        let (after, visibility_lag) = (Some(Duration::ZERO), Duration::ZERO);
        return Policy { not_found_final_after: after, visibility_lag, ..agreed.clone() };
    }
    agreed.clone()
}

/// What a careless gateway makes of a decision.
pub(crate) fn step(
    planted: Option<Planted>,
    payout: &Payout,
    mut step: Step,
    now: Timestamp,
) -> Step {
    match planted {
        Some(Planted::ExpiresAfterIntent)
            if payout.status() == Status::Invoking
                && step.entries.is_empty()
                && payout.request().expires_at <= now =>
        {
            let on = Trigger::DeadlinePassed;
            step.entries.push(entry(payout, now, on, Status::Expired, Fact::Moved));
        }
        Some(Planted::InlineAnswerPays) => {
            for entry in &mut step.entries {
                if let (Some(moved), Fact::Learned(learned)) = (&mut entry.moved, &entry.fact)
                    && moved.on == Trigger::ProviderAccepted
                {
                    *moved = Move { on: Trigger::ProviderPaid, to: Status::Processed };
                    let mut said = learned.statement.clone();
                    said.outcome = domain::statement::Outcome::Paid;
                    said.amount = Some(payout.request().amount);
                    let (attention, not_before) = (Attention::Unchanged, None);
                    let learned = Learned { statement: said, attention, not_before };
                    entry.fact = Fact::Learned(Arc::new(learned));
                }
            }
        }
        Some(Planted::HoldIgnored) if payout.status() == Status::Ready && pauses(&step) => {
            step.effects.push(Effect::RequestPermit);
        }
        Some(Planted::PartCountedTwice) => {
            for entry in &mut step.entries {
                if let (Some(moved), Fact::Learned(learned)) = (&entry.moved, &entry.fact)
                    && moved.to == Status::PartiallyProcessed
                {
                    let mut learned = Learned::clone(learned);
                    learned.statement.amount = learned.statement.amount.and_then(|part| {
                        let twice = part.minor_units() * 2;
                        Amount::from_minor_units(twice, payout.request().currency).ok()
                    });
                    entry.fact = Fact::Learned(Arc::new(learned));
                }
            }
        }
        Some(Planted::ProposalDecides) => {
            let proposed = step.entries.last().and_then(|last| decided_by_one(payout, last));
            step.entries.extend(proposed);
        }
        Some(Planted::ApprovesAlone) => {
            let own = proposed_by(payout).map(Arc::<str>::from);
            for entry in &mut step.entries {
                if let (By::Operator(by), Some(own)) = (&mut entry.by, &own)
                    && **by == *SOMEBODY_ELSE
                {
                    *by = own.clone();
                }
            }
        }
        _ => {}
    }
    step
}

/// What a proposal leads to, without anybody's approval.
fn decided_by_one(payout: &Payout, proposed: &Entry) -> Option<Entry> {
    let Fact::Operated(act) = &proposed.fact else { return None };
    let Deed::Propose { proposal, .. } = &act.deed else { return None };
    let (statement, on) = vouched(payout, proposal).ok()?;
    let moved = on.and_then(|on| Some(Move { on, to: next(payout.status(), on)? }));
    let learned = Learned { statement, attention: Attention::Clear, not_before: None };
    let (version, fact) = (proposed.version + 1, Fact::Learned(Arc::new(learned)));
    Some(Entry { version, moved, fact, ..proposed.clone() })
}

fn pauses(step: &Step) -> bool {
    step.entries.iter().any(|entry| match &entry.fact {
        Fact::Operated(act) => act.deed == Deed::Pause,
        _ => false,
    })
}

fn entry(payout: &Payout, at: Timestamp, on: Trigger, to: Status, fact: Fact) -> Entry {
    let (version, at) = (payout.version() + 1, at.max(payout.updated_at()));
    Entry { version, at, by: By::Engine, moved: Some(Move { on, to }), fact }
}

/// A second submission of the same intent, as a recovery that submits would make it.
pub(crate) fn again(payout: &Payout) -> Option<Call> {
    let open = payout.status() == Status::Invoking && payout.standing().open_send;
    let intent = payout.last_intent().filter(|_| open)?;
    let account = Setting::account(&intent.account)?;
    // Within u64: amounts of this world are small.
    let kind = CallKind::Submit { amount: payout.request().amount.minor_units() as u64 };
    Some(Call { payout: payout.id(), attempt: intent.attempt, account, kind })
}

/// A submission of what is held.
pub(crate) fn invoke(payout: &Payout, account: &str, now: Timestamp) -> Step {
    let intent = Arc::new(Intent {
        attempt: 1,
        send: payout.standing().sends + 1,
        account: account.into(),
        request: payout.request().body,
        settlement: None,
    });
    let fact = Fact::Invoked(intent.clone());
    let entries = vec![entry(payout, now, Trigger::InvokeSent, Status::Invoking, fact)];
    Step { entries, effects: vec![Effect::Submit(intent)] }
}
