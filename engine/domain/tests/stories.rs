//! Payouts' lives as stories, one line each: what happens, in words, and where it ends. The
//! adversarial lines are the point: lost answers, late answers, lies.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::decide::{Input, decide};
use domain::effect::Effect;
use domain::report::{FetchOutcome, Report, Waited};
use domain::schedule::{Policy, Watch};
use domain::status::{State, Status};
use std::time::Duration;
use telling::{input, policy, tell, tell_under};

const STORIES: &[(&str, &str)] = &[
    // The straight roads.
    ("permit accepted settled", "PROCESSED paid"),
    ("permit accepted queued settled", "PROCESSED paid"),
    ("permit refused", "INVOKE_FAILED not_sent"),
    ("permit accepted failed", "PROCESS_FAILED not_sent"),
    ("permit accepted part", "PARTIALLY_PROCESSED paid"),
    // Silence is no answer.
    ("permit timeout", "INVOKING unknown held"),
    ("permit timeout settled", "PROCESSED paid"),
    ("permit timeout failed", "PROCESS_FAILED not_sent"),
    ("permit timeout unfound", "INVOKING unknown held"),
    ("permit timeout later expire", "INVOKING unknown held"),
    ("permit timeout terminate", "INVOKING unknown held"),
    ("permit duplicate", "INVOKING unknown"),
    ("permit duplicate settled", "PROCESSED paid"),
    ("permit duplicate unfound", "INVOKING unknown held"),
    // An operator sends the same attempt again; a word about the second send proves nothing about
    // the first.
    ("permit timeout unfound resubmit permit accepted settled", "PROCESSED paid"),
    ("permit timeout unfound resubmit permit refused", "INVOKING unknown held"),
    ("permit timeout unfound resubmit permit unsent", "INVOKING unknown held"),
    ("permit timeout unfound resubmit permit refused settled", "PROCESSED paid"),
    ("permit resubmit", "INVOKING unknown"),
    // Nothing left us: the same attempt again, by itself.
    ("permit unsent", "READY not_sent"),
    ("permit unsent permit accepted", "READY not_sent"),
    ("permit unsent later permit accepted settled", "PROCESSED paid"),
    // Too late for another try.
    ("permit expire unsent", "EXPIRED not_sent"),
    ("permit silence expire unsent", "EXPIRED not_sent"),
    ("permit expire unsent settled", "EXPIRED paid held"),
    ("permit timeout unfound resubmit permit expire unsent", "INVOKING unknown held"),
    // A question that failed while the call was under way leaves no doubt behind its answer.
    ("permit silence", "INVOKING unknown held"),
    ("permit silence unsent", "READY not_sent"),
    ("permit silence unsent later permit accepted settled", "PROCESSED paid"),
    ("permit silence refused", "INVOKE_FAILED not_sent"),
    // Our own queue was full: nobody was asked, so nothing is known that was not before.
    ("permit accepted not-asked", "PROCESSING in_flight"),
    // In our own queue its life stands still, and goes on once it is sent.
    ("expire", "READY not_sent"),
    ("expire permit accepted", "PROCESSING in_flight"),
    ("expire permit accepted later", "PROCESSING in_flight"),
    ("expire permit accepted expire", "REVOKING in_flight"),
    ("permit unsent expire", "READY not_sent"),
    ("expire terminate", "TERMINATED not_sent"),
    // Waiting for its merchant it runs out.
    ("by-hand expire", "EXPIRED not_sent"),
    ("by-hand expire permit", "EXPIRED not_sent"),
    ("by-hand process expire", "READY not_sent"),
    ("by-hand pause expire", "READY not_sent held"),
    ("by-hand pause expire release later", "EXPIRED not_sent"),
    ("permit unsent terminate", "TERMINATED not_sent"),
    // We hold it to be unsent, and the provider has it: nothing more is sent.
    ("permit unsent queued later permit", "READY in_flight held"),
    ("permit unsent held later permit", "READY in_flight held"),
    ("permit unsent strange later permit", "READY in_flight held"),
    ("permit unsent settled later permit", "READY paid held"),
    ("permit unsent terminate held", "TERMINATED in_flight held"),
    ("permit unsent failed later permit", "READY not_sent held"),
    ("permit refused failed", "INVOKE_FAILED not_sent"),
    ("permit refused strange", "INVOKE_FAILED in_flight held"),
    // Before anything was sent.
    ("terminate", "TERMINATED not_sent"),
    ("terminate permit", "TERMINATED not_sent"),
    ("settled", "READY paid held"),
    ("settled terminate", "READY paid held"),
    ("by-hand settled expire", "READY paid held"),
    // Taken back.
    ("permit accepted revoke undone revoked", "REVOKED returned"),
    ("permit accepted revoke lost revoked", "REVOKED returned"),
    ("permit accepted revoke settled", "REVOKE_FAILED paid"),
    ("permit accepted revoke undo-refused", "REVOKE_FAILED in_flight held"),
    ("permit accepted revoke undo-refused settled", "REVOKE_FAILED paid"),
    ("permit accepted expire", "REVOKING in_flight"),
    ("permit accepted settled cancel undone reversed", "CANCELLED returned"),
    ("permit accepted settled cancel undo-refused", "CANCEL_FAILED paid"),
    ("permit accepted settled returned", "CANCELLED returned"),
    ("permit revoke", "INVOKING unknown"),
    ("permit accepted cancel", "PROCESSING in_flight"),
    // Providers that change their mind, or lie.
    ("permit accepted settled queued settled", "PROCESSED paid"),
    ("permit accepted failed settled", "PROCESS_FAILED paid held"),
    ("permit accepted settled part", "PROCESSED paid held"),
    ("permit accepted toomuch", "PROCESSING paid held"),
    ("permit accepted held", "PENDING in_flight held"),
    ("permit accepted held settled", "PROCESSED paid"),
    ("permit accepted strange", "PENDING in_flight held"),
    ("permit accepted strange settled", "PROCESSED paid"),
    ("permit settled accepted", "PROCESSED paid"),
    ("permit settled refused", "PROCESSED paid"),
    // It is over by our books, and the provider says that it is alive.
    ("permit accepted failed queued", "PROCESS_FAILED in_flight held"),
    ("permit accepted failed held", "PROCESS_FAILED in_flight held"),
    ("permit accepted failed strange", "PROCESS_FAILED in_flight held"),
    ("permit accepted settled returned queued", "CANCELLED in_flight held"),
    ("permit accepted revoke revoked strange", "REVOKED in_flight held"),
    // A figure that was verified is not replaced by another one while it is taken back, or after.
    ("permit accepted settled cancel settled", "CANCELLING paid"),
    ("permit accepted settled cancel part", "CANCELLING paid held"),
    ("permit accepted settled cancel undo-refused part", "CANCEL_FAILED paid held"),
    ("permit accepted revoke settled part", "REVOKE_FAILED paid held"),
    // The undo was refused, so it stays paid: whoever says that the money is back denies that.
    ("permit accepted settled cancel undo-refused failed", "CANCEL_FAILED paid held"),
    ("permit accepted settled cancel undo-refused returned", "CANCEL_FAILED returned held"),
    // What is known already, said again, is no step back and no contradiction.
    ("permit accepted taken", "PROCESSING in_flight"),
    ("permit taken queued taken", "PENDING in_flight"),
    // Money that is said to be paid is not unsaid by the answer to a call.
    ("permit toomuch unsent", "READY paid held"),
    ("permit toomuch refused", "INVOKE_FAILED paid held"),
    ("settled restore sought-unfound", "READY paid held"),
    // "Paid in full" of less is not this payout, but whatever its reference was used for before.
    ("permit accepted all-of-less", "PROCESSING paid held"),
    ("permit accepted all-of-less settled", "PROCESSED paid held"),
    ("restore sought-all-of-less permit", "INVOKING paid held"),
    // What came back stays with us, however often the provider says that it failed.
    ("permit accepted returned failed", "PROCESS_FAILED returned"),
    ("permit accepted settled failed revoked failed", "CANCELLED returned"),
    // The same word, no longer against what we believe, is no repetition.
    ("by-hand queued failed release expire failed", "EXPIRED not_sent"),
    // A refused recall is a person's matter until it is known where the money ended.
    ("permit accepted revoke undo-refused queued", "REVOKE_FAILED in_flight held"),
    ("permit accepted revoke undo-refused failed", "REVOKE_FAILED not_sent"),
    // A restore has lost a while: what may have been sent in it is asked for before anything is sent.
    ("restore", "READY not_sent held"),
    ("restore permit", "READY not_sent held"),
    ("restore terminate", "READY not_sent held"),
    ("restore expire", "READY not_sent held"),
    ("by-hand restore expire", "READY not_sent held"),
    ("by-hand restore process", "READY not_sent held"),
    ("restore sought-silence permit", "READY not_sent held"),
    ("restore sought-unfound", "READY not_sent"),
    ("restore sought-unfound permit accepted settled", "PROCESSED paid"),
    ("by-hand restore sought-unfound permit", "READY not_sent"),
    ("restore sought-settled", "PROCESSED paid"),
    ("restore sought-settled permit", "PROCESSED paid"),
    ("restore sought-queued permit settled", "PROCESSED paid"),
    ("restore sought-failed permit", "PROCESS_FAILED not_sent"),
    ("restore sought-strange permit", "PENDING in_flight held"),
    ("restore sought-strange settled", "PROCESSED paid"),
    ("permit unsent restore later permit", "READY not_sent held"),
    ("permit unsent restore sought-unfound later permit accepted", "PROCESSING in_flight"),
    ("permit unsent restore sought-settled", "PROCESSED paid"),
    // What was heard before the forgotten submission is news about it.
    ("toomuch restore sought-toomuch", "INVOKING paid held"),
    ("restore release permit accepted", "PROCESSING in_flight"),
    ("restore say-not-sent approve permit", "TERMINATED not_sent"),
    ("restore pause release permit", "INVOKING unknown"),
    ("pause restore release permit", "READY not_sent held"),
    ("pause restore release sought-unfound permit", "INVOKING unknown"),
    ("pause restore sought-unfound permit", "READY not_sent held"),
    ("pause restore sought-unfound release permit", "READY not_sent held"),
    ("pause restore sought-unfound release sought-unfound permit", "INVOKING unknown"),
    // Where it would be recognised it may go out again. It may turn up all the same, so it is not over.
    ("restore sought-unfound sought-settled", "PROCESSED paid"),
    ("by-hand restore sought-unfound sought-settled", "PROCESSED paid"),
    ("by-hand restore sought-unfound expire", "READY not_sent held"),
    ("by-hand restore sought-unfound expire sought-unfound", "READY not_sent held"),
    ("by-hand restore sought-unfound expire sought-settled", "PROCESSED paid"),
    ("by-hand restore sought-unfound expire process", "READY not_sent held"),
    ("by-hand restore sought-unfound expire say-not-sent approve", "TERMINATED not_sent"),
    ("by-hand restore sought-unfound process permit", "INVOKING unknown"),
    ("by-hand restore release expire", "READY not_sent held"),
    ("restore sought-unfound terminate", "READY not_sent"),
    ("restore sought-unfound permit refused", "INVOKING unknown held"),
    ("restore sought-unfound permit unsent", "INVOKING unknown held"),
    ("restore sought-unfound permit refused settled", "PROCESSED paid"),
    ("pause restore sought-settled", "PROCESSED paid held"),
    ("quarantine restore release terminate", "READY not_sent held"),
    ("permit timeout restore settled", "PROCESSED paid"),
    ("permit timeout restore accepted", "PROCESSING in_flight"),
    ("permit restore unsent", "READY not_sent"),
    // Our own failure.
    ("quarantine permit", "READY not_sent held"),
    ("quarantine release permit accepted", "PROCESSING in_flight"),
    ("permit accepted quarantine settled", "PROCESSED paid held"),
    // An operator holds it: nothing leaves, and evidence alone does not release it.
    ("pause permit", "READY not_sent held"),
    ("pause release permit accepted", "PROCESSING in_flight"),
    ("permit accepted pause settled", "PROCESSED paid held"),
    ("permit accepted pause revoke", "PROCESSING in_flight held"),
    ("permit accepted pause expire", "PROCESSING in_flight held"),
    ("permit refused pause", "INVOKE_FAILED not_sent"),
    // A person vouches, and another one approves.
    ("permit timeout say-paid", "INVOKING unknown held"),
    ("permit timeout say-paid approve", "PROCESSED paid"),
    ("permit timeout say-part approve", "PARTIALLY_PROCESSED paid"),
    ("permit timeout say-toomuch approve", "INVOKING unknown held"),
    ("permit timeout say-paid approve-self", "INVOKING unknown held"),
    ("permit timeout say-paid reject approve", "INVOKING unknown held"),
    ("permit timeout say-paid unfound approve", "INVOKING unknown held"),
    ("permit timeout say-not-sent approve", "TERMINATED not_sent"),
    ("permit timeout say-not-sent approve permit", "TERMINATED not_sent"),
    ("permit timeout say-failed approve", "PROCESS_FAILED not_sent"),
    ("permit timeout say-failed approve settled", "PROCESS_FAILED paid held"),
    ("permit timeout say-returned approve", "PROCESS_FAILED returned"),
    ("permit accepted held say-not-sent approve", "PROCESS_FAILED not_sent"),
    ("permit accepted say-paid approve", "PROCESSING in_flight"),
    ("permit accepted failed settled say-paid approve", "PROCESS_FAILED paid"),
    ("permit accepted settled part say-returned approve", "CANCELLED returned"),
    ("permit accepted settled part say-not-sent approve", "PROCESSED paid held"),
    ("permit accepted revoke undo-refused say-paid approve", "REVOKE_FAILED paid"),
    ("pause say-paid approve", "READY not_sent held"),
    ("pause say-not-sent approve permit", "TERMINATED not_sent"),
    ("settled release permit accepted", "PROCESSING in_flight"),
    ("settled say-not-sent approve", "READY paid held"),
    ("permit unsent settled say-returned approve later permit", "TERMINATED returned"),
    ("settled say-returned approve later permit", "TERMINATED returned"),
    ("permit accepted settled part say-part approve", "PROCESSED paid held"),
    ("permit accepted settled part say-paid approve", "PROCESSED paid"),
    // What an operator ordered is taken back by what only a person can decide.
    ("permit timeout unfound resubmit pause permit", "INVOKING unknown held"),
    ("permit timeout unfound resubmit toomuch permit", "INVOKING paid held"),
    // Whoever releases it from one trouble has not said what a restore may have lost.
    ("permit timeout toomuch restore release", "INVOKING paid held"),
    ("permit timeout toomuch restore release release", "INVOKING paid"),
    ("permit timeout restore release", "INVOKING unknown"),
    ("permit timeout restore release pause release", "INVOKING unknown"),
    ("permit timeout say-not-sent approve accepted settled", "TERMINATED paid held"),
];

#[test]
fn every_story_ends_as_told() {
    let mut otherwise = String::new();
    for (story, end) in STORIES {
        let payout = tell(story);
        let held = if payout.moderation_required() { " held" } else { "" };
        let told = format!("{} {}{held}", payout.status(), payout.standing().money.word());
        if told != *end {
            otherwise.push_str(&format!("{story}: {told} instead of {end}\n"));
        }
    }
    assert!(otherwise.is_empty(), "\n{otherwise}");
}

/// The same, where the provider promises that what it does not know after a minute was never sent.
#[test]
fn a_promise_that_not_found_is_final_is_evidence() {
    let promise = Some(Duration::from_secs(60));
    let policy = Policy { not_found_final_after: promise, ..policy() };
    for (story, end) in [
        ("permit timeout unfound", "INVOKING unknown held"),
        ("permit timeout later unfound", "READY not_sent"),
        ("permit timeout later unfound permit accepted settled", "PROCESSED paid"),
        ("permit timeout later unfound settled permit", "READY paid held"),
        ("permit timeout expire unfound", "EXPIRED not_sent"),
        ("permit timeout expire unfound settled", "EXPIRED paid held"),
        ("permit accepted later unfound", "PROCESSING in_flight held"),
    ] {
        let payout = tell_under(story, &policy);
        let held = if payout.moderation_required() { " held" } else { "" };
        let told = format!("{} {}{held}", payout.status(), payout.standing().money.word());
        assert_eq!(told, end, "{story}");
    }
}

/// Before a provider shows what it has, that it shows nothing means nothing; from that very moment on it does.
#[test]
fn a_provider_is_given_time_to_show_what_it_has() {
    for (lag, held) in [(9, true), (10, true), (11, false)] {
        let policy = Policy { visibility_lag: Duration::from_secs(lag), ..policy() };
        let payout = tell_under("permit unfound", &policy);
        assert_eq!(payout.moderation_required(), held, "asked ten seconds after it was sent");
    }
}

#[test]
fn repetitions_are_no_news_however_long_they_go_on() {
    let strange = "permit accepted strange expire undo-refused release expire";
    let held = "permit accepted held expire undo-refused release expire";
    for (story, word) in [(strange, "strange"), (held, "held"), ("permit silence", "silence")] {
        let settled = format!("{story} {word} {word} later");
        let once = tell(&settled);
        let often = tell(&format!("{settled}{}", format!(" {word} later").repeat(20)));
        assert_eq!(often.version(), once.version(), "{story}");
        assert!(often.moderation_required(), "{story}");
    }
}

#[test]
fn only_a_contract_lets_not_found_release_what_a_restore_has_doubt_about() {
    let silent = Policy { resend_is_safe: false, ..policy() };
    let patient = Policy { not_found_final_after: Some(Duration::from_secs(60)), ..silent.clone() };
    let ends = |story, policy| {
        let payout = tell_under(story, policy);
        (payout.status().code(), payout.moderation_required())
    };
    let asked = "restore sought-unfound";
    let recognising = policy();
    assert_eq!(ends(asked, &recognising), ("READY", false), "it would recognise the reference");
    assert_eq!(ends(asked, &silent), ("READY", true), "not found proves nothing there");
    assert_eq!(ends(asked, &patient), ("READY", true), "nor so early");
    assert_eq!(ends("restore later sought-unfound", &patient), ("READY", false));
    let over = "by-hand restore later sought-unfound expire";
    assert_eq!(ends(over, &patient), ("EXPIRED", false), "that was proof");
    assert_eq!(ends("restore later sought-unfound terminate", &patient), ("TERMINATED", false));
    // At that very moment it would show.
    let instant = Policy { visibility_lag: Duration::from_secs(10), ..policy() };
    assert_eq!(ends(asked, &instant), ("READY", false), "asked ten seconds after the restore");
    // Nor may an operator send what may have been sent to a provider that would not recognise it.
    assert_eq!(ends("restore release permit", &silent), ("READY", true));
    let lagging = Policy { visibility_lag: Duration::from_secs(30), ..policy() };
    assert_eq!(ends(asked, &lagging), ("READY", true), "it may not show yet");
    let asked = tell("restore sought-settled");
    let adopted = asked.last_intent().map(|intent| (&*intent.account, intent.attempt));
    assert_eq!(adopted, Some(("sandbox", 1)));
    // A submission that the restore has lost may be younger than the last that is known.
    let known = "permit timeout later restore unfound";
    assert_eq!(ends(known, &patient), ("INVOKING", true));
    let unanswered = "permit timeout later restore silence unfound";
    assert_eq!(ends(unanswered, &patient), ("INVOKING", true), "silence takes no doubt away");
    let released = "permit timeout later restore release unfound";
    assert_eq!(ends(released, &patient), ("INVOKING", true), "nor does a person's release");
    let found_late = "restore sought-unfound sought-settled";
    assert_eq!(ends(found_late, &silent), ("PROCESSED", false), "nor does it end the search");
    let later = "permit timeout later restore later unfound";
    assert_eq!(ends(later, &patient), ("READY", false));
    let released = "permit timeout later restore release later unfound";
    assert_eq!(ends(released, &patient), ("READY", false));
}

#[test]
fn what_was_never_sent_is_sent_once_that_is_proved() {
    let silent = Policy { resend_is_safe: false, ..policy() };
    let patient = Policy { not_found_final_after: Some(Duration::from_secs(60)), ..silent.clone() };
    for (seconds, effects) in [(59, vec![]), (60, vec![Effect::RequestPermit])] {
        let payout = tell_under("restore", &patient);
        let now = payout.updated_at().plus(Duration::from_secs(seconds));
        let asked = input("sought-unfound", &payout, now);
        let step = decide(&payout, asked, Watch::default(), now, &patient).unwrap();
        assert_eq!(step.effects, effects, "after {seconds} s");
    }
    // What proves nothing is written down once, however often it is heard.
    let version = |story| tell_under(story, &silent).version();
    assert_eq!(version("restore sought-unfound sought-unfound"), version("restore sought-unfound"));
    // It would be recognised, and so was let go; that it is too late for it calls a person, and proof that it
    // was never sent makes an end of that.
    let both = Policy { resend_is_safe: true, ..patient };
    let late = "by-hand restore sought-unfound expire";
    let told = |story: &str| {
        let payout = tell_under(story, &both);
        (payout.status().code(), payout.moderation_required())
    };
    assert_eq!(told(late), ("READY", true));
    assert_eq!(told(&format!("{late} sought-unfound")), ("READY", false));
    assert_eq!(told(&format!("{late} sought-unfound expire")), ("EXPIRED", false));
}

/// Of two questions the answer to the first may come behind a second submission, about which it says nothing.
#[test]
fn an_answer_is_about_what_was_waited_for() {
    let promise = Some(Duration::from_secs(60));
    let policy = Policy { not_found_final_after: promise, ..policy() };
    let payout = tell_under("permit timeout", &policy);
    let sent = payout.began_a_doubt().map(|entry| entry.version);
    for (behind, entries) in [(sent, 1), (Some(1), 0), (None, 0)] {
        let (waited, account) = (Waited { behind, time: Duration::from_secs(3_600) }, None);
        let outcome = FetchOutcome::NotFound;
        let report = Input::Report(Report::Fetched { waited, account, outcome });
        let now = payout.updated_at().plus(Duration::from_secs(7_200));
        let step = decide(&payout, report, Watch::default(), now, &policy).unwrap();
        assert_eq!(step.entries.len(), entries, "behind {behind:?} of {sent:?}");
    }
}

#[test]
fn a_payout_that_could_not_be_called_back_is_over_once_its_money_is() {
    let table = [
        ("permit accepted revoke undo-refused", State::Processing),
        ("permit accepted revoke undo-refused queued", State::Processing),
        ("permit accepted revoke undo-refused settled", State::Completed),
        ("permit accepted revoke undo-refused failed", State::Failed),
        ("permit accepted revoke undo-refused returned", State::Failed),
    ];
    for (story, state) in table {
        let payout = tell(story);
        assert_eq!((payout.status(), payout.state()), (Status::RevokeFailed, state), "{story}");
        assert_eq!(payout.moderation_required(), state == State::Processing, "{story}");
    }
}
