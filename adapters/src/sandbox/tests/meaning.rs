//! What answers mean, one by one: above all those that the sandbox never gives.

use crate::provider::{AtRisk, Lookup};
use crate::sandbox::map::{Heard, fetched, found, found_in, submitted, undone, unsent};
use crate::sandbox::wire::{PayoutBody, Problem, Said};
use domain::id::{MerchantId, PayoutId};
use domain::money::{Amount, Currency};
use domain::report::{FetchOutcome, Found, ProviderState, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use proptest::prelude::*;
use std::time::Duration;

fn payout(status: &str) -> PayoutBody {
    PayoutBody {
        id: Some("sbx_r-1".into()),
        reference: "r-1".into(),
        status: status.to_owned().into(),
        amount: "10.00".into(),
        currency: "EUR".into(),
        settled_amount: None,
        code: None,
        origin: None,
    }
}

fn lookup() -> Lookup {
    let euro = Currency::parse("EUR").unwrap();
    let amount = Amount::parse("1.00", euro).unwrap();
    Lookup {
        payout: PayoutId([1; 16]),
        merchant: MerchantId(1),
        reference: "r-1".into(),
        provider_id: None,
        currency: euro,
        at_risk: AtRisk { amount, age: Duration::ZERO },
    }
}

fn answer(status: u16, said: Option<Said>) -> Heard {
    Heard::Answer { status, said, retry_after: None }
}

fn problem(status: u16, code: &str) -> Heard {
    answer(status, Some(Said::Problem(Problem { code: code.to_owned().into(), origin: None })))
}

#[test]
fn only_a_listed_word_refuses_a_submission() {
    let table = [
        (problem(400, "invalid_amount"), "refused INVALID_AMOUNT"),
        (problem(422, "recipient_not_found"), "refused RECIPIENT_NOT_FOUND"),
        (problem(403, "forbidden_ip"), "refused FORBIDDEN_IP"),
        (problem(500, "permanent_error"), "refused GENERAL_FATAL_ERROR"),
        (problem(401, "invalid_credentials"), "refused INVALID_CREDENTIALS"),
        // A word that is on no list, or on another call's.
        (problem(400, "frobnicated"), "ambiguous UNKNOWN"),
        (problem(422, "connection_error"), "ambiguous UNKNOWN"),
        (problem(422, "duplicated_id"), "ambiguous UNKNOWN"),
        (problem(422, "ok"), "ambiguous UNKNOWN"),
        (problem(401, "recipient_not_found"), "ambiguous UNKNOWN"),
        (problem(404, "not_found"), "ambiguous UNKNOWN"),
        (problem(409, "already_settled"), "ambiguous UNKNOWN"),
        (problem(500, "recipient_not_found"), "ambiguous PROVIDER_INTERNAL_ERROR"),
        (problem(503, "permanent"), "ambiguous PROVIDER_INTERNAL_ERROR"),
        (problem(200, "invalid_amount"), "ambiguous CONNECTION_ERROR"),
        (problem(302, "invalid_amount"), "ambiguous CONNECTION_ERROR"),
        // A body that is not one.
        (answer(201, None), "ambiguous CONNECTION_ERROR"),
        (answer(302, None), "ambiguous CONNECTION_ERROR"),
        (answer(400, None), "ambiguous UNKNOWN"),
        (answer(502, None), "ambiguous PROVIDER_INTERNAL_ERROR"),
        (answer(429, None), "not sent GENERAL_ERROR"),
        (problem(401, "token_expired"), "not sent UNKNOWN"),
        (problem(409, "duplicate_reference"), "duplicate DUPLICATED_ID"),
        // Somebody else's payout is no answer about ours.
        (
            answer(
                201,
                Some(Said::Payout(PayoutBody { reference: "r-2".into(), ..payout("settled") })),
            ),
            "ambiguous CONNECTION_ERROR",
        ),
        (
            answer(500, Some(Said::Payout(payout("processing")))),
            "ambiguous PROVIDER_INTERNAL_ERROR",
        ),
        (answer(200, Some(Said::Payout(payout("rejected")))), "refused DECLINED_ERROR"),
        (answer(202, Some(Said::Payout(payout("frobnicated")))), "accepted"),
        (Heard::TimedOut, "ambiguous CONNECTION_TIMEOUT_ERROR"),
        (Heard::Broken, "ambiguous CONNECTION_ERROR"),
        (Heard::Unreached, "not sent CONNECTION_ERROR"),
    ];
    for (heard, expected) in table {
        let said = format!("{heard:?}");
        let told = match submitted(heard, "r-1") {
            SubmitOutcome::Accepted { .. } => "accepted".to_owned(),
            SubmitOutcome::Duplicate { why } => format!("duplicate {}", why.resolution),
            SubmitOutcome::Refused { why } => format!("refused {}", why.resolution),
            SubmitOutcome::NotSent { why, .. } => format!("not sent {}", why.resolution),
            SubmitOutcome::Ambiguous { why } => format!("ambiguous {}", why.resolution),
        };
        assert_eq!(told, expected, "{said}");
    }
}

#[test]
fn every_status_word_has_a_state() {
    let settled =
        |amount: &str| PayoutBody { settled_amount: Some(amount.into()), ..payout("settled") };
    let table = [
        (payout("accepted"), ProviderState::Accepted),
        (payout("queued"), ProviderState::Queued),
        (payout("processing"), ProviderState::AtNetwork),
        (payout("held"), ProviderState::Held),
        (settled("10.00"), ProviderState::Settled),
        (settled("9.99"), ProviderState::PartiallySettled),
        (settled("10.01"), ProviderState::Settled),
        (settled("10.001"), ProviderState::Unmapped),
        (payout("settled"), ProviderState::Unmapped),
        (PayoutBody { amount: "ten".into(), ..settled("10.00") }, ProviderState::Unmapped),
        (PayoutBody { currency: "XXX".into(), ..settled("10.00") }, ProviderState::Unmapped),
        (payout("failed"), ProviderState::Failed),
        (payout("returned"), ProviderState::Returned),
        (payout("revoking"), ProviderState::Revoking),
        (payout("revoked"), ProviderState::Revoked),
        (payout("reversing"), ProviderState::Reversing),
        (payout("reversed"), ProviderState::Reversed),
        (payout("expired"), ProviderState::Expired),
        (payout("rejected"), ProviderState::Unmapped),
        (payout("Settled"), ProviderState::Unmapped),
        (payout(""), ProviderState::Unmapped),
    ];
    for (told, state) in table {
        let found = found(told.clone());
        assert_eq!(found.state, state, "{told:?}");
        let fails = matches!(state, ProviderState::Failed | ProviderState::Expired);
        assert_eq!(found.failure.is_some(), fails, "{told:?}");
    }
    let in_dollars = PayoutBody { currency: "USD".into(), ..settled("10.00") };
    let Found { amount, .. } = found_in(Currency::parse("EUR").unwrap(), in_dollars);
    assert_eq!(amount.map(|(_, currency)| currency.to_string()), Some("USD".into()), "as it says");
    let unknown = found(PayoutBody { code: Some("brand_new_code".into()), ..payout("failed") });
    let why = unknown.failure.unwrap();
    assert_eq!(
        (why.resolution, why.provider_code.as_deref()),
        (Resolution::Unknown, Some("brand_new_code"))
    );
}

#[test]
fn not_found_is_the_sandboxs_own_word_or_none() {
    assert_eq!(fetched(problem(404, "not_found"), &lookup()), FetchOutcome::NotFound);
    let others = [
        problem(404, "no_such_address"),
        answer(404, None),
        problem(410, "not_found"),
        answer(200, None),
        answer(
            200,
            Some(Said::Payout(PayoutBody { reference: "r-2".into(), ..payout("settled") })),
        ),
        Heard::TimedOut,
        Heard::Broken,
        Heard::Unreached,
    ];
    for heard in others {
        assert!(
            matches!(fetched(heard.clone(), &lookup()), FetchOutcome::Unknown { .. }),
            "{heard:?}"
        );
    }
}

#[test]
fn an_undo_is_refused_by_listed_words_alone() {
    assert!(matches!(undone(problem(409, "already_settled"), "r-1"), UndoOutcome::Refused { .. }));
    assert_eq!(
        undone(answer(200, Some(Said::Payout(payout("revoked")))), "r-1"),
        UndoOutcome::Done
    );
    assert_eq!(
        undone(answer(202, Some(Said::Payout(payout("reversing")))), "r-1"),
        UndoOutcome::Pending
    );
    let doubtful = [
        problem(409, "frobnicated"),
        problem(404, "not_found"),
        problem(500, "already_settled"),
        answer(200, Some(Said::Payout(payout("settled")))),
        answer(200, None),
        Heard::TimedOut,
        Heard::Unreached,
    ];
    for heard in doubtful {
        assert!(matches!(undone(heard.clone(), "r-1"), UndoOutcome::Ambiguous { .. }), "{heard:?}");
    }
}

#[test]
fn without_a_token_nothing_was_sent() {
    for heard in [
        Heard::TimedOut,
        Heard::Broken,
        Heard::Unreached,
        answer(500, None),
        problem(429, "rate_limited"),
    ] {
        assert!(matches!(unsent(heard.clone()), SubmitOutcome::NotSent { .. }), "{heard:?}");
    }
    assert!(matches!(unsent(problem(401, "invalid_credentials")), SubmitOutcome::Refused { .. }));
}

proptest! {
    /// Whatever comes back, nothing but the listed answers refuses, and nothing panics.
    #[test]
    fn doubt_is_the_rule(status in 100_u16..600, body in "\\PC{0,60}") {
        let said: Option<Said> = serde_json::from_str(&body).ok();
        let refused = matches!(submitted(answer(status, said.clone()), "r-1"), SubmitOutcome::Refused { .. });
        prop_assert!(!refused);
        let _ = (fetched(answer(status, said.clone()), &lookup()), undone(answer(status, said), "r-1"));
    }
}
