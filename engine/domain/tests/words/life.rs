//! The words of a payout's life: its statuses and steps, the four states, where the money is, and the
//! events that tell of them.

use super::{read_back, spelled};
use domain::event::EventKind;
use domain::standing::Money;
use domain::status::State::{self, Completed, Failed, Pending as Waiting, Processing as UnderWay};
use domain::status::Status::{self, *};
use domain::transition::Trigger::{self, *};
use domain::transition::grid;

const STATUSES: &[(Status, &str)] = &[
    (CreateFailed, "CREATE_FAILED"),
    (Created, "CREATED"),
    (Ready, "READY"),
    (Terminated, "TERMINATED"),
    (Expired, "EXPIRED"),
    (Invoking, "INVOKING"),
    (InvokeFailed, "INVOKE_FAILED"),
    (Processing, "PROCESSING"),
    (Pending, "PENDING"),
    (Processed, "PROCESSED"),
    (PartiallyProcessed, "PARTIALLY_PROCESSED"),
    (ProcessFailed, "PROCESS_FAILED"),
    (Cancelling, "CANCELLING"),
    (Cancelled, "CANCELLED"),
    (CancelFailed, "CANCEL_FAILED"),
    (Revoking, "REVOKING"),
    (Revoked, "REVOKED"),
    (RevokeFailed, "REVOKE_FAILED"),
];

#[test]
fn statuses() {
    spelled(Status::ALL, Status::code, STATUSES);
    read_back(STATUSES);
    for (place, (status, _)) in STATUSES.iter().enumerate() {
        assert_eq!(Status::from_byte(place as u8), Some(*status), "indexes keep the place");
    }
    assert_eq!((Status::from_byte(18), Status::from_byte(255)), (None, None));
}

/// What merchants with four words in mind are told: while it is not known where the money is, once it is
/// verified as paid, and once it is known to be with us. And whether the payout is over, settled, or waits for
/// the provider's word.
#[rustfmt::skip]
const READ: &[(Status, State, State, State, &str)] = &[
    (CreateFailed,       Failed,    Failed,    Failed,    "over"),
    (Created,            Waiting,   Waiting,   Waiting,   "ours"),
    (Ready,              Waiting,   Waiting,   Waiting,   "ours"),
    (Terminated,         Failed,    Failed,    Failed,    "over"),
    (Expired,            Failed,    Failed,    Failed,    "over"),
    (Invoking,           UnderWay,  UnderWay,  UnderWay,  "with the provider"),
    (InvokeFailed,       Failed,    Failed,    Failed,    "over"),
    (Processing,         UnderWay,  UnderWay,  UnderWay,  "with the provider"),
    (Pending,            UnderWay,  UnderWay,  UnderWay,  "with the provider"),
    (Processed,          Completed, Completed, Completed, "settled"),
    (PartiallyProcessed, Completed, Completed, Completed, "settled"),
    (ProcessFailed,      Failed,    Failed,    Failed,    "over"),
    (Cancelling,         Completed, Completed, Completed, "with the provider"),
    (Cancelled,          Failed,    Failed,    Failed,    "over"),
    (CancelFailed,       Completed, Completed, Completed, "over"),
    (Revoking,           UnderWay,  UnderWay,  UnderWay,  "with the provider"),
    (Revoked,            Failed,    Failed,    Failed,    "over"),
    // The only one that follows the money: the recall was refused, or came after the payment.
    (RevokeFailed,       UnderWay,  Completed, Failed,    "over"),
];

#[test]
fn what_a_status_means_to_whoever_waits() {
    for (status, open, paid, unpaid, stands) in READ {
        for (money, state) in [
            (Money::Unknown, open),
            (Money::InFlight, open),
            (Money::Paid, paid),
            (Money::NotSent, unpaid),
            (Money::Returned, unpaid),
        ] {
            assert_eq!(State::of(*status, money), *state, "{status}, {money:?}");
        }
        let told = match (status.is_final(), status.is_settled(), status.is_with_provider()) {
            (true, false, false) => "over",
            (false, true, false) => "settled",
            (false, false, true) => "with the provider",
            (false, false, false) => "ours",
            more => panic!("{status} is more than one of them: {more:?}"),
        };
        assert_eq!(told, *stands, "{status}");
    }
    assert_eq!(READ.len(), Status::ALL.len());
}

#[test]
fn states_and_places_of_the_money() {
    let states = [
        (Waiting, "pending"),
        (UnderWay, "processing"),
        (Completed, "completed"),
        (Failed, "failed"),
    ];
    spelled(State::ALL, State::word, &states);
    let places = [
        (Money::NotSent, "not_sent"),
        (Money::Unknown, "unknown"),
        (Money::InFlight, "in_flight"),
        (Money::Paid, "paid"),
        (Money::Returned, "returned"),
    ];
    spelled(places.map(|(money, _)| money), Money::word, &places);
}

#[test]
fn steps() {
    let words = [
        (DetailsAccepted, "details_accepted"),
        (DetailsRejected, "details_rejected"),
        (TerminateAsked, "terminate_asked"),
        (DeadlinePassed, "deadline_passed"),
        (InvokeSent, "invoke_sent"),
        (NothingSent, "nothing_sent"),
        (ProviderRefused, "provider_refused"),
        (ProviderAccepted, "provider_accepted"),
        (ProviderQueued, "provider_queued"),
        (ProviderPaid, "provider_paid"),
        (ProviderPaidPart, "provider_paid_part"),
        (ProviderFailed, "provider_failed"),
        (ProviderReturned, "provider_returned"),
        (RevokeSent, "revoke_sent"),
        (CancelSent, "cancel_sent"),
        (UndoDone, "undo_done"),
        (UndoRefused, "undo_refused"),
    ];
    spelled(Trigger::ALL, Trigger::word, &words);
}

/// Some lines of the table that README prints.
#[test]
fn the_status_table_as_it_is_printed() {
    let printed = grid();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2 + Status::ALL.len());
    assert_eq!(lines[..2], ["| status | final | what leaves it |", "| --- | --- | --- |"]);
    for line in [
        "| CREATE_FAILED | yes | nothing |",
        "| READY | no | terminate_asked → TERMINATED, deadline_passed → EXPIRED, invoke_sent → INVOKING |",
        "| PROCESSED | no | provider_returned → CANCELLED, cancel_sent → CANCELLING |",
        "| REVOKING | no | undo_done → REVOKED, undo_refused → REVOKE_FAILED |",
        "| REVOKE_FAILED | yes | nothing |",
    ] {
        assert!(lines.contains(&line), "{line}");
    }
}

#[test]
fn events() {
    let becoming = STATUSES.iter().map(|(status, code)| {
        (EventKind::Became(*status), format!("payout.{}", code.to_ascii_lowercase()))
    });
    let others = [
        (EventKind::ModerationRequired, "payout.moderation_required".to_owned()),
        (EventKind::ModerationReleased, "payout.moderation_released".to_owned()),
        (EventKind::Statement, "payout.statement".to_owned()),
    ];
    let all: Vec<(EventKind, String)> = becoming.chain(others).collect();
    let table: Vec<(EventKind, &str)> =
        all.iter().map(|(kind, word)| (*kind, word.as_str())).collect();
    spelled(EventKind::all(), EventKind::word, &table);
    let stored: Vec<u8> = EventKind::all().map(EventKind::byte).collect();
    assert_eq!(stored[..18], (0..18).collect::<Vec<u8>>(), "indexes keep the status's place");
    assert_eq!(stored[18..], [64, 65, 66], "and leave room for more statuses");
    for byte in 0..=u8::MAX {
        let kind = EventKind::all().find(|kind| kind.byte() == byte);
        assert_eq!(EventKind::from_byte(byte), kind);
    }
}
