//! What every refusal looks like to whoever was refused.

use super::*;
use domain::command::Refused;
use domain::id::PayoutId;
use domain::status::Status;
use engine::Refusal;

async fn body(problem: &Problem) -> serde_json::Value {
    let answer = problem.answer("req_1");
    let bytes = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn every_refusal_has_its_status_and_code() {
    let status = Status::Processed;
    let table: Vec<(Refusal, u16, &str)> = vec![
        (Refusal::NotFound, 404, "payout_not_found"),
        (Refusal::NoSuchAccount, 404, "provider_account_not_found"),
        (Refusal::KeyReused, 422, "idempotency_key_reused"),
        (Refusal::DuplicateReference(PayoutId([1; 16])), 409, "duplicate_reference"),
        (Refusal::NoRoute, 422, "no_route"),
        (Refused::NotAllowed { status, command: "process" }.into(), 409, "not_allowed"),
        (Refused::Held { command: "process" }.into(), 409, "held_for_moderation"),
        (Refused::TooOften { command: "details" }.into(), 409, "not_allowed"),
        (Refused::Unsupported { command: "revoke" }.into(), 409, "not_supported"),
        (Refused::KeyReused.into(), 422, "idempotency_key_reused"),
        (Refused::Unsafe { why: "it may be paid twice" }.into(), 409, "not_safe"),
        (Refusal::Overloaded, 503, "overloaded"),
        (Refusal::NotReady, 503, "not_ready"),
        (Refusal::Internal, 500, "internal_error"),
    ];
    for (refusal, status, code) in table {
        let problem = Problem::from(refusal);
        assert_eq!((problem.status_code().as_u16(), problem.code()), (status, code));
    }
}

#[actix_web::test]
async fn a_command_that_is_not_allowed_names_both_words() {
    let refused = Refused::NotAllowed { status: Status::Processed, command: "process" };
    let body = body(&Problem::from(Refusal::from(refused))).await;
    assert_eq!(body["type"], "https://bursar.dev/problems/not-allowed");
    assert_eq!(
        (&body["payout_status"], &body["command"]),
        (&"PROCESSED".into(), &"process".into())
    );
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains("PROCESSED") && detail.contains("process"), "{detail}");
    assert_eq!(body["request_id"], "req_1");
    assert!(body.get("field").is_none() && body.get("errors").is_none());
}

#[actix_web::test]
async fn a_duplicate_reference_names_the_other_payout() {
    let other = PayoutId([1; 16]);
    let body = body(&Refusal::DuplicateReference(other).into()).await;
    assert_eq!((&body["payout"], &body["field"]), (&other.to_string().into(), &"reference".into()));
}

#[actix_web::test]
async fn the_first_field_gives_the_problem_its_code() {
    let mut faults = Faults::default();
    faults.add("amount", "invalid_amount", "plain decimal text");
    faults.add("currency", "required", "this field is required");
    let body = body(&Problem::fields(faults.into_vec())).await;
    assert_eq!((&body["code"], &body["field"]), (&"invalid_amount".into(), &"amount".into()));
    assert_eq!(body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(body["errors"][1]["code"], "required");
}

#[test]
fn codes_are_stable_words_and_titles_are_no_sentences() {
    for kind in Kind::NAMED {
        assert!(
            kind.code
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        );
        assert!(!kind.title.ends_with('.'), "{}", kind.code);
    }
}
