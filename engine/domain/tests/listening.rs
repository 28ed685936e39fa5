//! Stories of what a payout listens for: answers that were put off, repetitions, money that comes back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod telling;

use domain::failure::{Failure, Origin};
use domain::listening::{Deferred, Heard, look_again};
use domain::report::{FetchOutcome, Found, ProviderState};
use domain::resolution::Resolution;
use domain::schedule::{Policy, ReturnWatch, Watch};
use domain::time::Timestamp;
use std::time::Duration;
use telling::{policy, tell};

fn put_off(number: usize) -> FetchOutcome {
    FetchOutcome::Deferred { token: number.to_string().into() }
}

fn nobody() -> FetchOutcome {
    let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
    FetchOutcome::Unknown { why, retry_after: None }
}

fn shown() -> FetchOutcome {
    FetchOutcome::Found(Found::new(ProviderState::Settled))
}

#[test]
fn several_answers_may_be_put_off_and_the_oldest_are_given_up() {
    let mut deferred = Deferred::default();
    (0..Deferred::MAX).for_each(|number| deferred.answered(&put_off(number)));
    assert!(deferred.awaits("0") && deferred.awaits("7") && !deferred.awaits("8"));
    deferred.answered(&put_off(8));
    assert!(!deferred.awaits("0") && deferred.awaits("1") && deferred.awaits("8"));
    deferred.answered(&nobody());
    deferred.answered(&FetchOutcome::NotFound);
    assert!(
        !deferred.is_empty() && deferred.awaits("8"),
        "somebody else's silence answers nothing"
    );
    deferred.answered(&shown());
    assert!(deferred.is_empty() && !deferred.awaits("8"));
}

#[test]
fn a_repetition_is_no_news_as_long_as_it_is_remembered() {
    let mut heard = Heard::default();
    let last = Heard::MAX as u64;
    assert!((0..last).all(|event| heard.is_news(event)));
    assert!(!(0..last).any(|event| heard.is_news(event)));
    assert!(heard.is_news(last) && heard.is_news(0), "the oldest made room");
    assert_eq!(heard.events().len(), Heard::MAX);
    assert_eq!(heard.events().iter().copied().collect::<Heard>(), heard);
}

#[test]
fn a_look_at_paid_money_that_was_in_vain_is_repeated() {
    let day = Duration::from_secs(86_400);
    let late_return = Some(ReturnWatch { first: day, factor: 2, window: day * 30 });
    let watched = Policy { late_return, ..policy() };
    let watch = Watch { asked: 1, last: Timestamp(7_000_000) };
    let again = Some(Some(watch.last.plus(watched.poll.pause(1))));
    let (paid, waits) = (tell("permit accepted settled"), tell("permit accepted"));
    let table = [
        (&paid, &watched, nobody(), again),
        (&paid, &watched, put_off(1), again),
        (&paid, &watched, shown(), Some(None)),
        (&paid, &watched, FetchOutcome::NotFound, None),
        (&paid, &policy(), nobody(), None),
        // That one has a timer of its own.
        (&waits, &watched, nobody(), None),
        (&waits, &watched, shown(), None),
    ];
    for (payout, policy, outcome, then) in table {
        let status = payout.status();
        assert_eq!(look_again(payout, watch, policy, &outcome), then, "{status} {outcome:?}");
    }
}
