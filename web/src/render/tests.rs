//! The payout of the contract, word for word, and what attempts and records say about a life.

use super::*;
use domain::command::Command;
use domain::decide::{Input, Step, create, decide};
use domain::entry::{Act, By, Deed};
use domain::failure::{Category, Failure, Origin, Rail};
use domain::id::{Fingerprint, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{FetchOutcome, Found, ProviderState, Report, SubmitOutcome, Waited};
use domain::resolution::Resolution;
use domain::schedule::{Policy, PollPlan, Watch};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const SECOND: i64 = 1_000_000;
/// 2026-11-20T09:30:00Z.
const START: i64 = 1_795_167_000 * SECOND;

/// A payout that a test leads through its life, one second a step.
struct Story {
    payout: Payout,
    now: i64,
}

impl Story {
    fn new() -> Story {
        Story::of(recipient(Some("DE89370400440532013000")), true)
    }

    fn of(recipient: Recipient, autoprocess: bool) -> Story {
        let currency = Currency::parse("EUR").unwrap();
        let request = Request {
            merchant: MerchantId::from_name("acme"),
            livemode: false,
            body: Fingerprint([0; 16]),
            amount: Amount::parse("125.4", currency).unwrap(),
            currency,
            method: Method::BankTransfer,
            recipient,
            reference: Some("order-1001".into()),
            description: Some("September commission".into()),
            metadata: [("order".into(), "1001".into())].into(),
            autoprocess,
            expires_at: Timestamp(START + 172_800 * SECOND),
            provider_account: None,
            max_slippage_bps: None,
        };
        let Step { entries, .. } = create(PayoutId([7; 16]), request, None, Timestamp(START));
        Story { payout: Payout::from_entries(PayoutId([7; 16]), entries).unwrap(), now: START }
    }

    fn then(mut self, input: Input) -> Story {
        self.now += SECOND;
        let step =
            decide(&self.payout, input, Watch::default(), Timestamp(self.now), &policy()).unwrap();
        for entry in step.entries {
            self.payout.apply(entry).unwrap();
        }
        self
    }

    fn permit(self) -> Story {
        self.then(Input::Permit { account: "sandbox".into(), settlement: None })
    }

    fn submitted(self, outcome: SubmitOutcome) -> Story {
        self.then(Input::Report(Report::Submitted { attempt: 1, outcome }))
    }

    fn found(self, state: ProviderState) -> Story {
        let mut found = Found::new(state);
        (found.raw_status, found.provider_id) = (Some("settled".into()), Some("pr_1".into()));
        self.then(Input::Report(Report::Fetched {
            waited: Waited::default(),
            account: None,
            outcome: FetchOutcome::Found(found),
        }))
    }

    fn shown(&self) -> Value {
        let view = View { payout: self.payout.clone(), next_check_at: None };
        let written = crate::json::to_json(&payout(&view)).unwrap();
        assert_eq!(written, serde_json::to_vec(&payout(&view)).unwrap());
        serde_json::from_slice(&written).unwrap()
    }
}

fn policy() -> Policy {
    let second = Duration::from_secs(1);
    let poll = PollPlan { first: second, factor: 2, cap: second * 60, give_up: second * 3600 };
    Policy {
        poll,
        can_revoke: true,
        can_cancel: true,
        not_found_final_after: None,
        visibility_lag: Duration::ZERO,
        resend_is_safe: true,
        late_return: None,
        believe_signed_callbacks: false,
    }
}

fn recipient(iban: Option<&str>) -> Recipient {
    let text = |text: &str| Some(text.to_owned());
    Recipient::build(RecipientInput {
        kind: text("bank_account"),
        name: text("Anna Schmidt"),
        iban: iban.map(str::to_owned),
        country: text("DE"),
        ..RecipientInput::default()
    })
    .unwrap()
}

fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted {
        provider_id: Some("pr_1".into()),
        raw_status: Some("accepted".into()),
    }
}

fn ambiguous() -> SubmitOutcome {
    SubmitOutcome::Ambiguous {
        why: Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport),
    }
}

#[test]
fn a_payout_reads_as_the_contract_says() {
    let story = Story::new().permit().submitted(accepted()).found(ProviderState::Settled);
    let id = PayoutId([7; 16]);
    let expected = json!({
        "id": id.to_string(), "object": "payout", "livemode": false, "version": 5,
        "status": "PROCESSED", "state": "completed", "final": false, "resolution": "OK",
        "money": "paid", "amount": "125.40", "currency": "EUR", "amount_processed": "125.40", "fee": null,
        "moderation_required": false, "moderation": null,
        "method": "bank_transfer",
        "recipient": {
            "type": "bank_account", "name": "A*** S******", "iban": "DE89**************3000", "country": "DE",
        },
        "reference": "order-1001", "description": "September commission", "metadata": {"order": "1001"},
        "autoprocess": true, "details_required": [], "provider_account": "sandbox",
        "attempts": [{
            "number": 1, "provider_account": "sandbox", "provider_reference": format!("{}-1", id.base32()),
            "provider_id": "pr_1", "effect": "accepted", "sent_at": "2026-11-20T09:30:01.000000Z",
        }],
        "quote": null, "settlement": null, "failure": null, "next_check_at": null,
        "expires_at": "2026-11-22T09:30:00.000000Z",
        "created_at": "2026-11-20T09:30:00.000000Z", "updated_at": "2026-11-20T09:30:03.000000Z",
    });
    assert_eq!(story.shown(), expected);
}

#[test]
fn a_doubtful_payout_is_held_and_its_attempt_ambiguous() {
    let shown = Story::new().permit().submitted(ambiguous()).shown();
    assert_eq!((&shown["status"], &shown["money"]), (&json!("INVOKING"), &json!("unknown")));
    let incident = &shown["moderation"]["incident"];
    assert!(incident.as_str().is_some_and(|id| id.starts_with("inc_") && id.len() == 30));
    let expected = json!({
        "reason": "CONNECTION_TIMEOUT_ERROR", "since": "2026-11-20T09:30:02.000000Z",
        "cause": "doubt", "incident": incident, "next_step": "verify",
    });
    assert_eq!((&shown["moderation"], &shown["moderation_required"]), (&expected, &json!(true)));
    assert_eq!(shown["attempts"][0]["effect"], "ambiguous");
}

#[test]
fn what_was_sent_again_is_one_attempt() {
    let act = Act { deed: Deed::Resubmit, reason: "asked".into(), from: "127.0.0.1".into() };
    let command = Command::Operate(act.into());
    let asked = Input::Command { command, key: None, by: By::Operator("ann".into()) };
    let story = Story::new().permit().submitted(ambiguous()).then(asked).permit();
    let attempts = &story.shown()["attempts"];
    assert_eq!(attempts.as_array().unwrap().len(), 1);
    assert_eq!((&attempts[0]["effect"], &attempts[0]["number"]), (&json!("unknown"), &json!(1)));
    assert_eq!(attempts[0]["sent_at"], "2026-11-20T09:30:01.000000Z");
    let attempts = &story.submitted(accepted()).shown()["attempts"];
    assert_eq!(attempts[0]["effect"], "accepted");
}

#[test]
fn a_refused_payout_shows_its_failure() {
    let why = Failure::new(Resolution::RecipientNotFound, Origin::Provider).with_code("R-404");
    let story = Story::new().permit().submitted(SubmitOutcome::Refused { why });
    let shown = story.shown();
    let message = "The recipient was not found.";
    let expected = json!({
        "code": {"value": "RECIPIENT_NOT_FOUND", "category": "RECIPIENT_ERROR", "message": message},
        "message": message, "provider_code": "R-404", "origin": "provider", "retryable": false,
    });
    assert_eq!((&shown["failure"], &shown["state"]), (&expected, &json!("failed")));
    assert_eq!(
        (&shown["final"], &shown["attempts"][0]["effect"]),
        (&json!(true), &json!("refused"))
    );
}

#[test]
fn details_are_wanted_only_while_something_could_be_sent() {
    let story = Story::of(recipient(None), true);
    assert_eq!(story.shown()["details_required"], json!(["recipient.iban"]));
    let stop = Input::Command { command: Command::Terminate, key: None, by: By::Merchant };
    let shown = story.then(stop).shown();
    assert_eq!((&shown["status"], &shown["details_required"]), (&json!("TERMINATED"), &json!([])));
    assert_eq!(shown["failure"]["code"]["value"], "TERMINATED");
}

#[test]
fn the_history_has_one_row_for_each_change_of_status() {
    let story = Story::new().permit().submitted(accepted()).found(ProviderState::Settled);
    let rows = serde_json::to_value(history(&story.payout)).unwrap();
    let row = |seq: u32,
               second: u32,
               from: Value,
               to: &str,
               cause: &str,
               resolution: Value,
               by: &str| {
        json!({
            "seq": seq, "at": format!("2026-11-20T09:30:0{second}.000000Z"), "from": from, "to": to,
            "cause": cause, "resolution": resolution, "by": by,
        })
    };
    let expected = json!([
        row(1, 0, Value::Null, "CREATED", "created", Value::Null, "merchant"),
        row(2, 0, json!("CREATED"), "READY", "details_accepted", Value::Null, "engine"),
        row(3, 1, json!("READY"), "INVOKING", "invoke_sent", Value::Null, "engine"),
        row(4, 2, json!("INVOKING"), "PROCESSING", "provider_accepted", json!("OK"), "provider"),
        row(5, 3, json!("PROCESSING"), "PROCESSED", "provider_paid", json!("OK"), "provider"),
    ]);
    assert_eq!(rows, expected);
}

/// Every resolution from every origin, at the submission and after acceptance: what is told is the
/// same function's word everywhere, and the failure says what the published table says.
#[test]
fn each_of_the_27_resolutions_reads_alike_wherever_it_is_read() {
    for resolution in Resolution::ALL {
        for origin in Origin::ALL {
            let why = Failure::new(resolution, origin).with_code("their-code");
            let refused =
                Story::new().permit().submitted(SubmitOutcome::Refused { why: why.clone() });
            let failed = Story::new().permit().submitted(accepted());
            let mut found = Found::new(ProviderState::Failed);
            found.failure = Some(why);
            let waited = Waited::default();
            let outcome = FetchOutcome::Found(found);
            let failed =
                failed.then(Input::Report(Report::Fetched { waited, account: None, outcome }));
            for (story, status) in [(refused, "INVOKE_FAILED"), (failed, "PROCESS_FAILED")] {
                let shown = story.shown();
                let category = Category::of(resolution, origin, Rail::Other);
                let expected = json!({
                    "code": {
                        "value": resolution.code(), "category": category.code(),
                        "message": resolution.message(),
                    },
                    "message": resolution.message(), "provider_code": "their-code",
                    "origin": origin.word(), "retryable": shown["failure"]["retryable"],
                });
                assert_eq!(shown["failure"], expected, "{resolution} {}", origin.word());
                assert_eq!((&shown["status"], &shown["state"]), (&json!(status), &json!("failed")));
                assert_eq!(shown["resolution"], resolution.code());
                assert_eq!(told_of(&story.payout), shown, "an event tells it otherwise");
            }
        }
    }
}

/// The payout inside the event of its last entry.
fn told_of(of: &Payout) -> Value {
    let last = of.entries().last().unwrap();
    let kind = domain::event::events_of(last).next().unwrap();
    let (payout, version, at) = (of.id(), of.version(), last.at);
    let happened = engine::Event { sequence: 9, kind, payout, version, nth: 0, at };
    let view = View { payout: of.clone(), next_check_at: None };
    let shown = serde_json::to_value(event(&happened, &view)).unwrap();
    assert_eq!(shown["type"], format!("payout.{}", of.status().code().to_lowercase()));
    shown["data"]["payout"].clone()
}

#[test]
fn statements_are_the_evidence_in_order() {
    let story = Story::new().permit().submitted(accepted()).found(ProviderState::Settled);
    let shown = serde_json::to_value(statements(&story.payout)).unwrap();
    let expected = json!([
        {
            "source": "api_response", "outcome": "accepted", "resolution": "OK", "raw_status": "accepted",
            "raw_code": null, "amount": null, "at": "2026-11-20T09:30:02.000000Z", "provider_id": "pr_1", "by": "provider",
        },
        {
            "source": "reconciliation", "outcome": "paid", "resolution": "OK", "raw_status": "settled",
            "raw_code": null, "amount": "125.40", "at": "2026-11-20T09:30:03.000000Z", "provider_id": "pr_1", "by": "provider",
        },
    ]);
    assert_eq!(shown, expected);
}

#[test]
fn a_merchants_texts_never_show_the_recipient() {
    let shown = Story::new().shown().to_string();
    assert!(!shown.contains("370400440532013") && !shown.contains("Schmidt"), "{shown}");
}
