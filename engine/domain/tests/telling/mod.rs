//! Lives told in words: each word is something that happens, ten seconds after the one before it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![allow(dead_code, reason = "each test binary uses its part of the words")]

use domain::command::Command;
use domain::decide::{Input, create, decide};
use domain::entry::{
    Act, By, Deed, Entry, Fact, Hold, HoldCause, ManualOutcome, Proposal, Request,
};
use domain::failure::{Failure, Origin};
use domain::id::{Fingerprint, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::Amount;
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

pub fn tell(story: &str) -> Payout {
    tell_under(story, &policy())
}

pub fn tell_under(story: &str, policy: &Policy) -> Payout {
    live(request(), story, policy)
}

/// The life of a payout that was asked for so.
pub fn live(asked: Request, story: &str, policy: &Policy) -> Payout {
    let mut now = Timestamp(1_000_000);
    let id = PayoutId([5; 16]);
    let by_hand = story.split(' ').next() == Some("by-hand");
    let asked = Request { autoprocess: !by_hand, ..asked };
    let mut payout = Payout::from_entries(id, create(id, asked, None, now).entries).unwrap();
    for word in story.split(' ').skip(usize::from(by_hand)) {
        if word == "restore" {
            let hold = Hold { cause: HoldCause::Restored, reason: Resolution::Unknown };
            let (version, by) = (payout.version() + 1, By::Engine);
            let fact = Fact::Held(hold);
            payout.apply(Entry { version, at: now, by, moved: None, fact }).unwrap();
            continue;
        }
        now = now.plus(Duration::from_secs(10));
        if matches!(word, "expire" | "later") {
            now = now.plus(if word == "expire" { 3 * DAY } else { Duration::from_secs(60) });
        }
        // A refused input leaves everything as it was: that is part of the story.
        if let Ok(step) = decide(&payout, input(word, &payout, now), Watch::default(), now, policy)
        {
            for entry in step.entries {
                payout.apply(entry).unwrap();
            }
        }
    }
    payout
}

const DAY: Duration = Duration::from_secs(86_400);

pub fn input(word: &str, payout: &Payout, now: Timestamp) -> Input {
    let waited = Waited::by(payout, now);
    let why = |resolution| Failure::new(resolution, Origin::Provider);
    let submitted = |outcome| Input::Report(Report::Submitted { attempt: 1, outcome });
    let fetched = |outcome| Input::Report(Report::Fetched { waited, account: None, outcome });
    let seek = |outcome| {
        let account = Some("sandbox".into());
        Input::Report(Report::Fetched { waited, account, outcome })
    };
    let found = |state| fetched(FetchOutcome::Found(Found::new(state)));
    let blamed = |origin| {
        let failure = Some(Failure::new(Resolution::DeclinedError, origin).with_code("E-17"));
        fetched(FetchOutcome::Found(Found { failure, ..Found::new(ProviderState::Failed) }))
    };
    let undone = |outcome| Input::Report(Report::Undone { outcome });
    let command = |command| Input::Command { command, key: None, by: By::Merchant };
    let operate = |name: &str, deed| {
        let act = Act { deed, reason: "seen on the statement".into(), from: "127.0.0.1".into() };
        let by = By::Operator(name.into());
        Input::Command { command: Command::Operate(Arc::new(act)), key: None, by }
    };
    let seen = payout.version();
    let say = |outcome, amount: Option<&str>| {
        let amount = amount.map(|text| Amount::parse(text, "EUR".parse().unwrap()).unwrap());
        let resolution = match outcome {
            ManualOutcome::Failed => Resolution::DeclinedError,
            _ => Resolution::Ok,
        };
        let proposal = Proposal { outcome, resolution, amount };
        operate("ann", Deed::Propose { proposal, seen })
    };
    let named = |state, amount| {
        let amount =
            Some((Amount::parse(amount, "EUR".parse().unwrap()).unwrap(), "EUR".parse().unwrap()));
        fetched(FetchOutcome::Found(Found { amount, ..Found::new(state) }))
    };
    match word {
        "permit" => Input::Permit { account: "sandbox".into(), settlement: None },
        "named" => submitted(SubmitOutcome::Accepted {
            provider_id: Some("tx-1".into()),
            raw_status: Some("NEW".into()),
        }),
        "accepted" => submitted(SubmitOutcome::Accepted { provider_id: None, raw_status: None }),
        "refused" => submitted(SubmitOutcome::Refused { why: why(Resolution::InvalidRecipient) }),
        "timeout" => {
            submitted(SubmitOutcome::Ambiguous { why: why(Resolution::ConnectionTimeoutError) })
        }
        "duplicate" => submitted(SubmitOutcome::Duplicate { why: why(Resolution::DuplicatedId) }),
        "unsent" => submitted(SubmitOutcome::NotSent {
            why: why(Resolution::GeneralError),
            retry_after: Some(Duration::from_secs(30)),
        }),
        "settled" => found(ProviderState::Settled),
        "settled-with-fee" => {
            let fee = Some(Amount::parse("0.30", "EUR".parse().unwrap()).unwrap());
            let (provider_id, raw_status) = (Some("tx-2".into()), Some("DONE".into()));
            let state = Found::new(ProviderState::Settled);
            fetched(FetchOutcome::Found(Found { fee, provider_id, raw_status, ..state }))
        }
        "part" => named(ProviderState::PartiallySettled, "75.24"),
        "toomuch" => named(ProviderState::Settled, "999.00"),
        "all-of-less" => named(ProviderState::Settled, "75.24"),
        "failed" => found(ProviderState::Failed),
        "declined" => blamed(Origin::Provider),
        "network-declined" => blamed(Origin::Network),
        "taken" => found(ProviderState::Accepted),
        "queued" => found(ProviderState::Queued),
        "held" => found(ProviderState::Held),
        "strange" => found(ProviderState::Unmapped),
        "returned" => found(ProviderState::Returned),
        "revoked" => found(ProviderState::Revoked),
        "reversed" => found(ProviderState::Reversed),
        "unfound" => fetched(FetchOutcome::NotFound),
        "silence" => fetched(FetchOutcome::Unknown {
            why: Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport),
            retry_after: None,
        }),
        "not-asked" => fetched(FetchOutcome::Unknown {
            why: Failure::new(Resolution::GeneralError, Origin::Platform),
            retry_after: None,
        }),
        "undone" => undone(UndoOutcome::Done),
        "lost" => undone(UndoOutcome::Ambiguous { why: why(Resolution::ConnectionTimeoutError) }),
        "undo-refused" => undone(UndoOutcome::Refused { why: why(Resolution::RequestError) }),
        "terminate" => command(Command::Terminate),
        "revoke" => command(Command::Revoke),
        "cancel" => command(Command::Cancel),
        "process" => command(Command::Process),
        "release" => operate("ann", Deed::Release),
        "resubmit" => operate("ann", Deed::Resubmit),
        "pause" => operate("ann", Deed::Pause),
        "say-paid" => say(ManualOutcome::Paid, None),
        "say-part" => say(ManualOutcome::Paid, Some("75.24")),
        "say-toomuch" => say(ManualOutcome::Paid, Some("999.00")),
        "say-failed" => say(ManualOutcome::Failed, None),
        "say-returned" => say(ManualOutcome::Returned, None),
        "say-not-sent" => say(ManualOutcome::NotSent, None),
        "approve" => operate("bob", Deed::Approve { proposed: seen }),
        "approve-self" => operate("ann", Deed::Approve { proposed: seen }),
        "reject" => operate("bob", Deed::Reject { proposed: seen }),
        "quarantine" => Input::Quarantine,
        "sought-unfound" => seek(FetchOutcome::NotFound),
        "sought-settled" => seek(FetchOutcome::Found(Found::new(ProviderState::Settled))),
        // The same answer as to any other question: the question names the account.
        "sought-toomuch" => named(ProviderState::Settled, "999.00"),
        "sought-all-of-less" => named(ProviderState::Settled, "75.24"),
        "sought-failed" => seek(FetchOutcome::Found(Found::new(ProviderState::Failed))),
        "sought-queued" => seek(FetchOutcome::Found(Found::new(ProviderState::Queued))),
        "sought-strange" => seek(FetchOutcome::Found(Found::new(ProviderState::Unmapped))),
        "sought-silence" => seek(FetchOutcome::Unknown {
            why: Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport),
            retry_after: None,
        }),
        "expire" | "later" => Input::Tick,
        other => panic!("no such word: {other}"),
    }
}

pub fn policy() -> Policy {
    Policy {
        poll: PollPlan {
            first: Duration::from_secs(1),
            factor: 2,
            cap: Duration::from_secs(60),
            give_up: 5 * DAY,
        },
        can_revoke: true,
        can_cancel: true,
        not_found_final_after: None,
        visibility_lag: Duration::from_secs(2),
        resend_is_safe: true,
        late_return: None,
        believe_signed_callbacks: false,
    }
}

pub fn request() -> Request {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    let currency = "EUR".parse().unwrap();
    Request {
        merchant: MerchantId(1),
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: Amount::parse("125.40", currency).unwrap(),
        currency,
        method: Method::BankTransfer,
        recipient: Recipient::build(input).unwrap(),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess: true,
        expires_at: Timestamp(1_000_000).plus(2 * DAY),
        provider_account: None,
        max_slippage_bps: None,
    }
}
