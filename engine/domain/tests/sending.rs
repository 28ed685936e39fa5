//! How a payout comes to be sent: its creation, the details that come later, the merchant's word, and the turn
//! that it waits for. What a start owes it stands at the end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::command::{Command, Refused};
use domain::decide::{Input, Step, create, decide};
use domain::effect::{Effect, pending_effects};
use domain::entry::{By, Entry, Fact, Request};
use domain::failure::{Failure, Origin};
use domain::id::{Fingerprint, PayoutId};
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{Report, SubmitOutcome};
use domain::resolution::Resolution;
use domain::schedule::{Policy, Watch};
use domain::status::Status;
use domain::time::Timestamp;
use std::time::Duration;
use telling::{input, policy, request, tell};

const NOW: Timestamp = Timestamp(1_000_000);

fn details(name: Option<&str>, iban: Option<&str>) -> RecipientInput {
    RecipientInput {
        kind: Some("bank_account".into()),
        name: name.map(str::to_owned),
        iban: iban.map(str::to_owned),
        country: Some("DE".into()),
        ..RecipientInput::default()
    }
}

const ANNA: Option<&str> = Some("Anna Schmidt");
const IBAN: Option<&str> = Some("DE89370400440532013000");

/// Asked for without the details that sending needs.
fn incomplete(autoprocess: bool) -> Request {
    let recipient = Recipient::build(details(None, None)).unwrap();
    Request { recipient, autoprocess, ..request() }
}

fn made(asked: Request) -> Payout {
    let id = PayoutId([5; 16]);
    Payout::from_entries(id, create(id, asked, None, NOW).entries).unwrap()
}

fn asked(payout: &Payout, command: Command) -> Result<Step, Refused> {
    let input = Input::Command { command, key: None, by: By::Merchant };
    decide(payout, input, Watch::default(), NOW, &policy())
}

fn after(payout: &Payout, entries: Vec<Entry>) -> Payout {
    let all = payout.entries().iter().cloned().chain(entries);
    Payout::from_entries(payout.id(), all).unwrap()
}

fn give(given: RecipientInput, fault: Option<Failure>) -> Command {
    Command::GiveDetails { given: Box::new(given), fault: fault.map(Box::new) }
}

#[test]
fn a_complete_payout_is_ready_at_once_and_queues_if_nobody_else_is_asked() {
    let complete = |autoprocess| Request { autoprocess, ..request() };
    for (what, asked, status, queues) in [
        ("complete", complete(true), "READY", true),
        ("complete, by hand", complete(false), "READY", false),
        ("incomplete", incomplete(true), "CREATED", false),
        ("incomplete, by hand", incomplete(false), "CREATED", false),
    ] {
        let id = PayoutId([5; 16]);
        let step = create(id, asked.clone(), None, NOW);
        assert_eq!(step.effects.contains(&Effect::RequestPermit), queues, "{what}");
        assert_eq!(made(asked.clone()).status().code(), status, "{what}");
        // In a time that a restore has lost, the provider is asked before anything else.
        let entries = step.entries.len();
        let sought = step.sought_first(NOW);
        assert_eq!(sought.effects, [Effect::Verify], "{what}");
        let sought = Payout::from_entries(id, sought.entries).unwrap();
        assert_eq!(sought.version() as usize, entries + 1, "{what}");
        assert!(sought.is_sought() && sought.moderation_required(), "{what}");
    }
}

#[test]
fn details_are_gathered_until_the_payout_is_complete() {
    for (autoprocess, queues) in [(true, true), (false, false)] {
        let payout = made(incomplete(autoprocess));
        let half = after(&payout, asked(&payout, give(details(ANNA, None), None)).unwrap().entries);
        assert_eq!(half.status(), Status::Created);
        assert_eq!(half.recipient().missing_details(), ["recipient.iban"]);
        let whole = asked(&half, give(details(None, IBAN), None)).unwrap();
        assert_eq!(whole.effects.contains(&Effect::RequestPermit), queues);
        let whole = after(&half, whole.entries);
        assert_eq!((whole.status(), whole.recipient().complete()), (Status::Ready, true));
        assert_eq!(payout.recipient(), &payout.request().recipient, "asked for is asked for");
    }
}

/// What the account finds wrong with the details ends the payout, but only once all of them are there.
#[test]
fn details_that_the_account_refuses_end_the_payout() {
    let fault = || Some(Failure::new(Resolution::LimitViolation, Origin::Platform));
    let payout = made(incomplete(true));
    let half = asked(&payout, give(details(ANNA, None), fault())).unwrap();
    let half = after(&payout, half.entries);
    assert_eq!(half.status(), Status::Created, "nobody knows yet what is wrong with half of it");
    let ended = asked(&half, give(details(None, IBAN), fault())).unwrap();
    assert!(ended.effects.is_empty());
    let ended = after(&half, ended.entries);
    assert_eq!(ended.status(), Status::CreateFailed);
    let (code, category, why) = ended.failure().unwrap();
    assert_eq!((code.code(), category.code()), ("LIMIT_VIOLATION", "VALIDATION_ERROR"));
    assert_eq!(
        (Some(why), ended.standing().resolution),
        (fault(), Some(Resolution::LimitViolation))
    );
}

#[test]
fn details_are_refused_where_they_are_wrong_or_come_too_late() {
    let payout = made(incomplete(true));
    let wrong = asked(&payout, give(details(None, Some("DE00")), None));
    assert!(
        matches!(wrong, Err(Refused::InvalidDetails(faults)) if faults[0].field == "recipient.iban")
    );
    let late = asked(&made(request()), give(details(ANNA, None), None));
    let refused = Refused::NotAllowed { status: Status::Ready, command: "details" };
    assert_eq!(late, Err(refused));
}

/// A history must end somewhere: what can be said again and again is heard a thousand times. What ends the
/// payout is taken for ever.
#[test]
fn a_merchant_is_not_heard_for_ever() {
    let mut payout = made(incomplete(false));
    let refused = loop {
        match asked(&payout, give(details(ANNA, None), None)) {
            Ok(step) => step.entries.into_iter().for_each(|entry| payout.apply(entry).unwrap()),
            Err(refused) => break refused,
        }
    };
    assert_eq!((refused, payout.version()), (Refused::TooOften { command: "details" }, 1_000));
    assert_eq!(asked(&payout, Command::Process), Err(Refused::TooOften { command: "process" }));
    let ended = asked(&payout, Command::Terminate).unwrap();
    assert_eq!(after(&payout, ended.entries).status(), Status::Terminated);
}

#[test]
fn the_process_command_queues_it_once() {
    let payout = tell("by-hand");
    let step = asked(&payout, Command::Process).unwrap();
    assert_eq!(step.effects, [Effect::RequestPermit]);
    let queued = after(&payout, step.entries);
    assert_eq!(asked(&queued, Command::Process), Ok(Step::default()), "once is enough");
    let held = asked(&tell("by-hand pause"), Command::Process);
    assert_eq!(held, Err(Refused::Held { command: "process" }));
}

/// A retried command gets the answer that the first one got, and another body under the key is told apart.
#[test]
fn a_command_is_remembered_under_its_key() {
    let payout = tell("by-hand");
    let (key, body) = (Fingerprint([1; 16]), Fingerprint([2; 16]));
    let input =
        Input::Command { command: Command::Process, key: Some((key, body)), by: By::Merchant };
    let step = decide(&payout, input, Watch::default(), payout.updated_at(), &policy()).unwrap();
    let then = after(&payout, step.entries);
    assert_eq!(then.answered(key), Some((body, then.version())));
    assert_eq!(then.answered(body), None);
    assert!(then.as_of(then.version()).standing().process_asked);
    assert_eq!(payout.answered(key), None);
}

/// After proof that nothing left us it waits as long as the provider asks for, to the instant.
#[test]
fn it_queues_again_when_the_providers_patience_is_over() {
    let payout = tell("permit unsent");
    let until = payout.standing().not_before.unwrap();
    assert_eq!(until, payout.updated_at().plus(Duration::from_secs(30)));
    for (now, queues) in
        [(Timestamp(until.0 - 1), false), (until, true), (Timestamp(until.0 + 1), true)]
    {
        let step = decide(&payout, Input::Tick, Watch::default(), now, &policy()).unwrap();
        assert_eq!(step.effects.contains(&Effect::RequestPermit), queues, "{now:?}");
        let permit = Input::Permit { account: "sandbox".into(), settlement: None };
        let sent = decide(&payout, permit, Watch::default(), now, &policy());
        assert_eq!(sent.is_ok(), queues, "{now:?}");
    }
}

/// Whoever is turned away without a word about when to come again comes ever more seldom, up to once in 64 seconds.
#[test]
fn every_refusal_to_take_it_in_makes_the_next_try_rarer() {
    let mut payout = tell("later");
    for pause in [1, 2, 4, 8, 16, 32, 64, 64] {
        let now = payout.updated_at().plus(Duration::from_secs(100));
        let permit = Input::Permit { account: "sandbox".into(), settlement: None };
        let why = Failure::new(Resolution::ConnectionError, Origin::Transport);
        let outcome = SubmitOutcome::NotSent { why, retry_after: None };
        for input in [permit, Input::Report(Report::Submitted { attempt: 1, outcome })] {
            let step = decide(&payout, input, Watch::default(), now, &policy()).unwrap();
            payout = after(&payout, step.entries);
        }
        let again = payout.standing().not_before.unwrap();
        assert_eq!(again, now.plus(Duration::from_secs(pause)));
    }
}

/// Where a provider promises that what it does not know was never sent, its word gives the payout back: to the
/// queue while there is time, to its end if there is none.
#[test]
fn what_was_proved_unsent_queues_while_there_is_time() {
    let promise = Some(Duration::from_secs(60));
    let policy = Policy { not_found_final_after: promise, ..policy() };
    for (story, seconds, status, queues) in [
        ("permit timeout", 59, "INVOKING", false),
        ("permit timeout", 60, "READY", true),
        ("permit timeout", 300_000, "EXPIRED", false),
        ("permit accepted", 60, "PROCESSING", false),
    ] {
        let payout = tell(story);
        let (sent, _) = payout.intents().next().unwrap();
        let now = sent.plus(Duration::from_secs(seconds));
        let asked = input("unfound", &payout, now);
        let step = decide(&payout, asked, Watch::default(), now, &policy).unwrap();
        assert_eq!(step.effects.contains(&Effect::RequestPermit), queues, "{story} {seconds}");
        assert_eq!(after(&payout, step.entries).status().code(), status, "{story} {seconds}");
    }
}

/// Whoever comes back from the journal asks, or queues; nothing is ever sent because of a start.
#[test]
fn what_a_start_owes_a_payout() {
    for (story, owed) in [
        ("by-hand", &[] as &[Effect]),
        ("later", &[Effect::RequestPermit]),
        ("pause", &[]),
        ("permit unsent later", &[Effect::RequestPermit]),
        ("permit", &[Effect::Verify]),
        ("permit accepted revoke", &[Effect::Verify]),
        ("permit accepted revoke undo-refused", &[Effect::Verify]),
        ("permit accepted revoke settled", &[]),
        ("permit timeout unfound resubmit", &[Effect::RequestPermit]),
        ("permit accepted settled", &[]),
        ("restore", &[Effect::Verify]),
        ("terminate", &[]),
    ] {
        let payout = tell(story);
        let now = payout.updated_at().plus(Duration::from_secs(60));
        assert_eq!(pending_effects(&payout, now), owed, "{story}");
    }
    let waits = tell("permit unsent");
    assert_eq!(pending_effects(&waits, waits.updated_at()), [], "the provider asked for patience");
    let facts = waits.entries().iter().filter(|entry| matches!(entry.fact, Fact::Invoked(_)));
    assert_eq!(facts.count(), 1);
}
