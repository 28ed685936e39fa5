//! The words of evidence: how a request to a provider ended, who says so and by which way, what it says of
//! the money, and the provider's view of a payout.

use super::{read_back, spelled};
use domain::failure::Origin;
use domain::report::ProviderState::{self, *};
use domain::resolution::{Group, Resolution};
use domain::statement::{Outcome, Source};

/// The published table: number, code, and whether it is final for the request.
#[rustfmt::skip]
const RESOLUTIONS: &[(u8, &str, Group)] = &[
    (0,  "OK",                       Group::Ok),
    (1,  "CONNECTION_ERROR",         Group::Error),
    (2,  "PROVIDER_INTERNAL_ERROR",  Group::Error),
    (3,  "CONNECTION_TIMEOUT_ERROR", Group::Error),
    (4,  "GENERAL_ERROR",            Group::Error),
    (5,  "UNKNOWN",                  Group::Error),
    (6,  "INVALID_DETAILS",          Group::Fatal),
    (7,  "INVALID_REQUEST",          Group::Fatal),
    (8,  "REQUEST_ERROR",            Group::Fatal),
    (9,  "INVALID_AMOUNT",           Group::Fatal),
    (10, "INVALID_METHOD",           Group::Fatal),
    (11, "INVALID_CREDENTIALS",      Group::Fatal),
    (12, "FORBIDDEN_IP",             Group::Fatal),
    (13, "SIGNATURE_ERROR",          Group::Fatal),
    (14, "DUPLICATED_ID",            Group::Fatal),
    (15, "INSUFFICIENT_FUNDS",       Group::Fatal),
    (16, "ANTIFRAUD_ERROR",          Group::Fatal),
    (17, "DECLINED_ERROR",           Group::Fatal),
    (18, "RECIPIENT_NOT_FOUND",      Group::Fatal),
    (19, "INVALID_RECIPIENT",        Group::Fatal),
    (20, "LIMIT_VIOLATION",          Group::Fatal),
    (21, "INTERNAL_ERROR",           Group::Fatal),
    (22, "ACCESS_ERROR",             Group::Fatal),
    (23, "ACCESS_DENIED",            Group::Fatal),
    (24, "GENERAL_FATAL_ERROR",      Group::Fatal),
    (25, "OPERATION_EXPIRED",        Group::Fatal),
    (26, "PROCESSING_ERROR",         Group::Fatal),
];

#[test]
fn resolutions() {
    let table: Vec<(Resolution, &str)> = RESOLUTIONS
        .iter()
        .map(|(number, code, _)| (Resolution::from_number(*number).unwrap(), *code))
        .collect();
    spelled(Resolution::ALL, Resolution::code, &table);
    read_back(&table);
    for ((resolution, code), (_, _, group)) in table.iter().zip(RESOLUTIONS) {
        assert_eq!(resolution.group(), *group, "{code}");
    }
    assert_eq!((Resolution::from_number(27), Resolution::from_number(255)), (None, None));
}

/// People are shown a sentence each, and no two resolutions the same one.
#[test]
fn resolutions_in_a_sentence() {
    let sentences: std::collections::BTreeSet<&str> =
        Resolution::ALL.into_iter().map(Resolution::message).collect();
    assert_eq!(sentences.len(), Resolution::ALL.len());
    assert!(sentences.iter().all(|one| one.contains(' ') && one.ends_with('.')));
    assert_eq!(Resolution::RecipientNotFound.message(), "The recipient was not found.");
}

#[test]
fn who_says_it_and_by_which_way() {
    let origins = [
        (Origin::Platform, "platform"),
        (Origin::Merchant, "merchant"),
        (Origin::Provider, "provider"),
        (Origin::Network, "network"),
        (Origin::Recipient, "recipient"),
        (Origin::Transport, "transport"),
    ];
    spelled(Origin::ALL, Origin::word, &origins);
    let sources = [
        (Source::ApiResponse, "api_response"),
        (Source::Callback, "callback"),
        (Source::Reconciliation, "reconciliation"),
        (Source::Manual, "manual"),
    ];
    spelled(sources.map(|(source, _)| source), Source::word, &sources);
}

#[test]
fn what_is_said_of_the_money() {
    let outcomes = [
        (Outcome::Accepted, "accepted"),
        (Outcome::Queued, "queued"),
        (Outcome::Held, "held"),
        (Outcome::Paid, "paid"),
        (Outcome::PaidInPart, "paid_in_part"),
        (Outcome::Failed, "failed"),
        (Outcome::Returned, "returned"),
        (Outcome::Refused, "refused"),
        (Outcome::NotSent, "not_sent"),
        (Outcome::Duplicate, "duplicate"),
        (Outcome::Ambiguous, "ambiguous"),
        (Outcome::NotFound, "not_found"),
        (Outcome::UndoPending, "undo_pending"),
        (Outcome::UndoDone, "undo_done"),
        (Outcome::UndoRefused, "undo_refused"),
    ];
    spelled(outcomes.map(|(outcome, _)| outcome), Outcome::word, &outcomes);
}

/// The provider's view, and whether by it money is on its way or has arrived.
#[test]
fn what_a_provider_sees() {
    let states = [
        (Accepted, "accepted", true),
        (Queued, "queued", true),
        (AtNetwork, "at_network", true),
        (Held, "held", true),
        (Settled, "settled", true),
        (PartiallySettled, "partially_settled", true),
        (Failed, "failed", false),
        (Returned, "returned", false),
        (Revoking, "revoking", true),
        (Revoked, "revoked", false),
        (Reversing, "reversing", true),
        (Reversed, "reversed", false),
        (Expired, "expired", false),
        // Nobody knows what it means, so it may be anything.
        (Unmapped, "unmapped", true),
    ];
    for (state, word, taken) in &states {
        assert_eq!((ProviderState::word(state), state.is_taken()), (*word, *taken));
    }
}
