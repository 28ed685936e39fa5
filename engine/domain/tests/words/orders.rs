//! The words of orders: what merchants and operators ask, who did something, why a payout is held, what is
//! recommended then, and how an order is refused.

use super::spelled;
use domain::command::{Command, Refused};
use domain::entry::{Act, By, Deed, Hold, HoldCause, ManualOutcome, Proposal};
use domain::incident::Recommended;
use domain::recipient::RecipientInput;
use domain::resolution::Resolution;
use domain::status::Status;
use std::sync::Arc;

fn deeds() -> [(Deed, &'static str); 6] {
    let (outcome, resolution) = (ManualOutcome::Paid, Resolution::Ok);
    let proposal = Proposal { outcome, resolution, amount: None };
    [
        (Deed::Release, "release"),
        (Deed::Resubmit, "resubmit"),
        (Deed::Pause, "pause"),
        (Deed::Propose { proposal, seen: 1 }, "statement"),
        (Deed::Approve { proposed: 1 }, "approve"),
        (Deed::Reject { proposed: 1 }, "reject"),
    ]
}

#[test]
fn commands_and_deeds() {
    let given = Box::new(RecipientInput::default());
    for (command, word) in [
        (Command::Process, "process"),
        (Command::GiveDetails { given, fault: None }, "details"),
        (Command::Terminate, "terminate"),
        (Command::Revoke, "revoke"),
        (Command::Cancel, "cancel"),
        (Command::Reconcile, "reconcile"),
    ] {
        assert_eq!(command.word(), word);
    }
    for (deed, word) in deeds() {
        assert_eq!(deed.word(), word);
        let act = Act { deed, reason: "seen".into(), from: "127.0.0.1".into() };
        assert_eq!(
            Command::Operate(Arc::new(act)).word(),
            word,
            "a deed keeps its word as an order"
        );
    }
}

#[test]
fn who_did_it() {
    for (by, word) in [
        (By::Merchant, "merchant"),
        (By::Provider, "provider"),
        (By::Engine, "engine"),
        (By::Operator("ann".into()), "operator:ann"),
    ] {
        assert_eq!(by.word(), word);
    }
}

#[test]
fn what_a_person_may_vouch_for() {
    let outcomes = [
        (ManualOutcome::Paid, "paid"),
        (ManualOutcome::Failed, "failed"),
        (ManualOutcome::Returned, "returned"),
        (ManualOutcome::NotSent, "not_sent"),
    ];
    spelled(ManualOutcome::ALL, ManualOutcome::word, &outcomes);
}

/// The cause of a hold, and who ends it: the provider's clear word, or only a person.
#[test]
fn holds() {
    for (cause, word, ends) in [
        (HoldCause::Doubt, "doubt", "evidence"),
        (HoldCause::ProviderHold, "provider_hold", "evidence"),
        (HoldCause::Overdue, "overdue", "evidence"),
        (HoldCause::Discrepancy, "discrepancy", "person"),
        (HoldCause::Quarantine, "quarantine", "person"),
        (HoldCause::Paused, "paused", "person"),
        (HoldCause::Restored, "restored", "evidence"),
    ] {
        assert_eq!(cause.word(), word);
        assert_eq!(cause.released_by_evidence(), ends == "evidence", "{word}");
        let hold = Hold { cause, reason: Resolution::ConnectionTimeoutError };
        let reason = if word == "paused" { "PAUSED" } else { "CONNECTION_TIMEOUT_ERROR" };
        assert_eq!(hold.reason_code(), reason, "{word}");
    }
}

#[test]
fn recommendations() {
    let words = [
        (Recommended::Verify, "verify"),
        (Recommended::Resubmit, "resubmit"),
        (Recommended::Statement, "statement"),
        (Recommended::Release, "release"),
    ];
    spelled(words.map(|(one, _)| one), Recommended::word, &words);
}

#[test]
fn refusals_say_what_was_asked_and_why_not() {
    let (status, command) = (Status::Processed, "revoke");
    for (refused, sentence) in [
        (
            Refused::NotAllowed { status, command },
            "a payout that is PROCESSED does not take the command revoke",
        ),
        (
            Refused::Held { command },
            "the payout is held for moderation; revoke has to wait for its release",
        ),
        (Refused::Unsupported { command }, "the provider account of this payout cannot revoke"),
        (
            Refused::Changed { seen: 4, now: 5 },
            "the payout is at version 5, and the decision was made about version 4",
        ),
    ] {
        assert_eq!(refused.to_string(), sentence);
    }
}
