//! When a payout is looked at, as tables: the pauses between questions, the age at which a person is
//! called, the looks for a late return, and what time does to a deadline.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::decide::{Input, decide};
use domain::effect::{Effect, wants_permit};
use domain::entry::{Entry, HoldCause};
use domain::payout::Payout;
use domain::schedule::{
    Policy, PollPlan, ReturnWatch, Watch, next_check, next_check_by, next_due, next_return_check,
};
use domain::status::Status;
use domain::time::Timestamp;
use std::time::Duration;
use telling::{input, policy, tell};

/// A life so far; no word is a payout just made.
fn life(story: &str) -> Payout {
    // Rejecting what nobody proposed is refused and changes nothing.
    tell(if story.is_empty() { "reject" } else { story })
}

fn minutes(many: u64) -> Duration {
    Duration::from_secs(60 * many)
}

fn after(payout: &Payout, entries: Vec<Entry>) -> Payout {
    let mut then = payout.clone();
    for entry in entries {
        then.apply(entry).unwrap();
    }
    then
}

/// One more word, at that time.
fn told(payout: &Payout, word: &str, now: Timestamp) -> Payout {
    let heard = input(word, payout, now);
    after(payout, decide(payout, heard, Watch::default(), now, &policy()).unwrap().entries)
}

#[test]
fn pauses_grow_by_the_factor_up_to_the_cap() {
    let second = Duration::from_secs(1);
    let plan = |first: u64, factor, cap: u64| PollPlan {
        first: second * first as u32,
        factor,
        cap: second * cap as u32,
        give_up: second * 3_600,
    };
    for (plan, pauses) in [
        (plan(1, 2, 60), [1, 2, 4, 8, 16, 32, 60, 60]),
        (plan(5, 3, 100), [5, 15, 45, 100, 100, 100, 100, 100]),
        (plan(10, 1, 60), [10, 10, 10, 10, 10, 10, 10, 10]),
        (plan(90, 2, 60), [60, 60, 60, 60, 60, 60, 60, 60]),
    ] {
        for (asked, expected) in pauses.into_iter().enumerate() {
            assert_eq!(plan.pause(asked as u32).as_secs(), expected, "{plan:?} after {asked}");
        }
        assert_eq!(plan.pause(u32::MAX), plan.cap.min(plan.pause(u32::MAX)), "no overflow");
    }
}

#[test]
fn a_clock_that_was_turned_back_keeps_nobody_waiting() {
    let (news, plan) = (Timestamp(0).plus(minutes(1_000)), policy().poll);
    let payout = told(&life("permit"), "accepted", news);
    assert_eq!(payout.updated_at(), news);
    let turned_back = Timestamp(0).plus(minutes(500));
    let before = Timestamp(turned_back.0 - 1);
    for (watch, due) in [
        // Nobody has asked by this clock yet: now.
        (Watch { asked: 2, last: Timestamp(0) }, true),
        (Watch { asked: 2, last: news }, true),
        // Somebody has: at the plan's pace from then on.
        (Watch { asked: 2, last: before }, false),
    ] {
        let asks = next_check_by(&payout, watch, &plan, turned_back);
        assert_eq!(asks.unwrap() <= turned_back, due, "{watch:?}");
        assert!(asks.unwrap() <= turned_back.plus(plan.pause(2)));
        let step = decide(&payout, Input::Tick, watch, turned_back, &policy()).unwrap();
        assert_eq!(step.effects.contains(&Effect::Verify), due, "{watch:?}");
    }
    let (watch, later) = (Watch::default(), news.plus(minutes(1)));
    assert_eq!(next_check_by(&payout, watch, &plan, later), next_check(&payout, watch, &plan));
}

#[test]
fn a_question_is_due_after_the_last_news_or_the_last_question() {
    let payout = life("permit accepted");
    let news = payout.updated_at();
    let plan = &policy().poll;
    for (asked, last, due) in [
        (0, Timestamp(0), news.plus(Duration::from_secs(1))),
        (3, Timestamp(0), news.plus(Duration::from_secs(8))),
        (3, news.plus(minutes(5)), news.plus(minutes(5) + Duration::from_secs(8))),
    ] {
        assert_eq!(next_check(&payout, Watch { asked, last }, plan), Some(due));
    }
    for rests in ["", "permit refused", "permit accepted settled", "permit accepted failed"] {
        assert_eq!(next_check(&life(rests), Watch::default(), plan), None, "{rests}");
    }
}

#[test]
fn what_stays_open_for_too_long_calls_a_person_and_is_still_asked() {
    let payout = life("permit accepted");
    let mut policy = policy();
    policy.poll.give_up = minutes(24 * 60);
    let second = Duration::from_secs(1);
    for (age, called) in [(policy.poll.give_up - second, false), (policy.poll.give_up, true)] {
        let now = payout.intents().next().unwrap().0.plus(age);
        let step = decide(&payout, Input::Tick, Watch::default(), now, &policy).unwrap();
        assert_eq!(step.effects, [Effect::Verify], "asking goes on");
        let then = after(&payout, step.entries);
        let held = then.standing().hold.map(|(hold, _)| hold.cause);
        assert_eq!(held, called.then_some(HoldCause::Overdue));
        assert!(next_due(&then, Watch::default(), &policy.poll, now).is_some(), "and never ends");
        if called {
            let queued = told(&then, "queued", now.plus(minutes(1)));
            assert!(queued.moderation_required(), "that it is under way is no news");
            let settled = told(&then, "settled", now.plus(minutes(1)));
            assert_eq!(settled.status(), Status::Processed);
            assert!(!settled.moderation_required(), "evidence releases it");
        }
    }
}

/// Of two things at one moment the second is later, and no clock was turned back between them.
#[test]
fn what_is_asked_at_the_moment_of_the_last_news_has_its_age_by_the_clock() {
    let payout = tell("permit accepted queued");
    let at_once = PollPlan { first: Duration::ZERO, cap: Duration::ZERO, ..policy().poll };
    for (give_up, held) in [(21, false), (20, true)] {
        let poll = PollPlan { give_up: Duration::from_secs(give_up), ..at_once.clone() };
        let policy = Policy { poll, ..policy() };
        let now = payout.updated_at();
        let step = decide(&payout, Input::Tick, Watch::default(), now, &policy).unwrap();
        assert_eq!(after(&payout, step.entries).moderation_required(), held, "{give_up} s");
    }
}

#[test]
fn a_paid_payout_is_looked_at_ever_more_seldom_until_the_window_ends() {
    let mut policy = policy();
    let hour = minutes(60);
    policy.late_return = Some(ReturnWatch { first: hour, factor: 2, window: hour * 20 });
    let payout = life("permit accepted settled");
    let settled = payout.standing().settled_at.unwrap();
    for (now, due) in [
        (0, Some(1)),
        (1, Some(2)),
        (2, Some(4)),
        (3, Some(4)),
        (4, Some(8)),
        (9, Some(16)),
        (16, None),
        (500, None),
    ] {
        let now = settled.plus(hour * now);
        let due = due.map(|hours| settled.plus(hour * hours));
        assert_eq!(next_return_check(&payout, now, &policy), due, "{now:?}");
    }
    for other in
        ["", "permit accepted", "permit accepted failed", "permit accepted settled returned"]
    {
        assert_eq!(next_return_check(&life(other), settled, &policy), None, "{other}");
    }
    policy.late_return = None;
    assert_eq!(next_return_check(&payout, settled, &policy), None, "not every money comes back");
}

#[test]
fn our_own_queue_adds_to_a_payouts_life_and_a_hold_stops_its_clock() {
    let asked = life("by-hand");
    let deadline = asked.request().expires_at;
    assert_eq!(asked.deadline(), Some(deadline), "it waits for its merchant");
    assert_eq!(life("by-hand process").deadline(), None, "it waits for us");
    assert_eq!(life("by-hand pause").deadline(), None, "it waits for a person");
    // Ten seconds pass between two steps of a life.
    let sent = life("by-hand process permit accepted");
    assert_eq!(sent.deadline(), Some(deadline.plus(Duration::from_secs(10))));
    let paused = life("by-hand process pause release permit accepted");
    let waited = Duration::from_secs(30);
    assert_eq!(paused.deadline(), Some(deadline.plus(waited)), "and to the last second");
    let twice = life("permit unsent later permit accepted");
    let waited = Duration::from_secs(10 + 10 + 70);
    assert_eq!(twice.deadline(), Some(twice.request().expires_at.plus(waited)));
}

/// What a payout is looked at for next: its deadline, its place in our queue, the provider's patience, a question.
/// Times are in seconds after its last news.
#[test]
fn nothing_that_is_not_over_sleeps_for_ever() {
    let plan = &policy().poll;
    for (story, looked_at, due) in [
        ("by-hand process", 0, Some(3_600)),
        ("later", 0, Some(3_600)),
        // What was looked at is looked at again an hour later.
        ("later", 500, Some(4_100)),
        ("permit unsent", 0, Some(30)),
        ("permit unsent", 29, Some(30)),
        ("permit unsent", 30, Some(3_630)),
        ("permit accepted", 0, Some(1)),
        ("permit accepted", 40, Some(41)),
        ("permit timeout", 0, Some(1)),
        ("permit accepted revoke undo-refused", 0, Some(1)),
        ("restore", 0, Some(1)),
        ("by-hand restore", 0, Some(1)),
        // A person's turn, or nobody's.
        ("pause", 0, None),
        ("by-hand pause", 0, None),
        ("settled", 0, None),
        ("permit accepted settled", 0, None),
        ("permit accepted revoke settled", 0, None),
        ("permit refused", 0, None),
        ("terminate", 0, None),
    ] {
        let payout = life(story);
        let at = |seconds| payout.updated_at().plus(Duration::from_secs(seconds));
        let watch = Watch { asked: 0, last: at(looked_at) };
        let next = next_due(&payout, watch, plan, at(looked_at));
        assert_eq!(next, due.map(at), "{story} after {looked_at} s");
    }
    let waits = life("by-hand");
    let due = next_due(&waits, Watch::default(), plan, waits.updated_at());
    assert_eq!(due, Some(waits.request().expires_at), "it waits for its merchant until its end");
}

/// A clock was turned back by a year since the last news: nobody waits for a year.
#[test]
fn a_clock_that_was_turned_back_lets_nobody_wait() {
    let plan = &policy().poll;
    let year = minutes(365 * 24 * 60);
    let unsent = life("permit unsent");
    let now = Timestamp(unsent.updated_at().0 - 1).max(Timestamp(1));
    let behind = |seconds| now.plus(Duration::from_secs(seconds));
    // It was tried again 5 seconds ago, and the provider wants half a minute of peace.
    let watch = Watch { asked: 0, last: now };
    assert_eq!(next_due(&unsent, watch, plan, behind(0)), Some(behind(30)));
    assert!(wants_permit(&unsent, now), "and then it may be sent");
    assert!(!wants_permit(&unsent, unsent.updated_at()), "by a right clock it waits");
    assert!(wants_permit(&unsent, unsent.updated_at().plus(minutes(1))));
    let ahead = Watch { asked: 0, last: now.plus(year) };
    assert_eq!(next_due(&unsent, ahead, plan, now), Some(behind(30)), "looked at before that");
    let never = next_due(&unsent, Watch::default(), plan, now);
    assert_eq!(never, Some(Timestamp(0).plus(Duration::from_secs(30))), "looked at never: now");

    // By a right clock it waits as long as it was asked to, whenever it was looked at.
    let right = unsent.updated_at();
    for seconds in [0, 5] {
        let watch = Watch { asked: 0, last: right.plus(Duration::from_secs(seconds)) };
        let half_a_minute = Some(right.plus(Duration::from_secs(30)));
        assert_eq!(next_due(&unsent, watch, plan, right), half_a_minute);
    }

    // What it had to wait for was over when its last news was written.
    let waited = life("permit unsent later pause release");
    let now = Timestamp(waited.updated_at().0 - 1);
    let hour = now.plus(minutes(60));
    assert_eq!(next_due(&waited, Watch { asked: 0, last: now }, plan, now), Some(hour));

    // It may be sent from that very moment on, by either clock.
    let over = life("permit unsent reject pause release");
    let now = over.updated_at();
    assert_eq!(over.standing().not_before, Some(now));
    for now in [now, Timestamp(now.0 - 1)] {
        let watch = Watch { asked: 0, last: now };
        assert_eq!(next_due(&over, watch, plan, now), Some(now.plus(minutes(60))));
    }

    // Only its questions tell how long it has been with its provider.
    let mut policy = policy();
    policy.poll.give_up = minutes(10);
    let payout = life("permit accepted");
    let now = Timestamp(payout.updated_at().0 - 1);
    for (asked, called) in [(0, false), (14, false), (15, true), (u32::MAX, true)] {
        let watch = Watch { asked, last: Timestamp(-60_000_000) };
        let step = decide(&payout, Input::Tick, watch, now, &policy).unwrap();
        let then = after(&payout, step.entries);
        assert_eq!(then.moderation_required(), called, "after {asked} questions");
    }
}

/// What either of two accounts may have: the longer of each time, proof only where both prove, and nothing goes out
/// because one of them would recognise it.
#[test]
fn two_accounts_allow_what_both_allow() {
    let [short, long] = [minutes(1), minutes(2)];
    let contract = |lag, proof| Policy {
        visibility_lag: lag,
        not_found_final_after: proof,
        resend_is_safe: true,
        ..policy()
    };
    for (one, other, proof) in [
        (Some(short), Some(long), Some(long)),
        (Some(long), Some(short), Some(long)),
        (Some(short), None, None),
        (None, Some(short), None),
        (None, None, None),
    ] {
        let either = contract(short, one).of_either(contract(long, other));
        assert_eq!((either.not_found_final_after, either.visibility_lag), (proof, long));
        assert!(!either.resend_is_safe);
    }
}

/// Waiting begins anew with whatever may have been sent last, and with nothing else.
#[test]
fn waiting_begins_with_a_submission_and_with_a_restore() {
    for (story, begins) in [
        ("permit", true),
        ("restore", true),
        ("restore sought-settled", false),
        ("permit accepted", false),
        ("pause", false),
        ("quarantine", false),
    ] {
        let payout = life(story);
        let last = payout.entries().last().unwrap();
        assert_eq!(last.begins_a_doubt(), begins, "{story}");
        assert_eq!(payout.began_a_doubt() == Some(last), begins, "{story}");
    }
    let adopted = life("restore sought-settled");
    assert!(adopted.entries().iter().rev().nth(1).unwrap().begins_a_doubt(), "taken over");
}

/// The timer does what is due at this very instant, and nothing a moment earlier.
#[test]
fn a_question_is_asked_when_it_is_due() {
    for (story, effects) in [
        ("permit", &[Effect::Verify] as &[Effect]),
        ("permit accepted", &[Effect::Verify]),
        ("permit accepted revoke", &[Effect::Verify]),
        ("restore", &[Effect::Verify]),
        ("by-hand restore", &[Effect::Verify]),
        // An order to send again waits for its turn, and the provider may still tell meanwhile.
        ("permit timeout unfound resubmit", &[Effect::RequestPermit, Effect::Verify]),
    ] {
        let payout = life(story);
        let due = next_check(&payout, Watch::default(), &policy().poll).unwrap();
        let ticks = |now| decide(&payout, Input::Tick, Watch::default(), now, &policy()).unwrap();
        assert_eq!(ticks(due).effects, effects, "{story}");
        let early = ticks(Timestamp(due.0 - 1)).effects;
        assert!(!early.contains(&Effect::Verify), "{story}: {early:?}");
    }
}

/// A paid payout is asked about only where money may come back without a word.
#[test]
fn a_paid_payout_is_asked_about_only_where_money_may_come_back() {
    let watched = ReturnWatch { first: minutes(1), factor: 2, window: minutes(10) };
    let (certain, watching) = (policy(), Policy { late_return: Some(watched), ..policy() });
    for story in ["permit accepted settled", "permit accepted part"] {
        let payout = life(story);
        let now = payout.updated_at().plus(minutes(1));
        let ticks = |policy| decide(&payout, Input::Tick, Watch::default(), now, policy).unwrap();
        assert_eq!(ticks(&certain).effects, [], "{story}");
        assert_eq!(ticks(&watching).effects, [Effect::Verify], "{story}");
        assert!(ticks(&watching).entries.is_empty(), "a question is no news");
    }
}
