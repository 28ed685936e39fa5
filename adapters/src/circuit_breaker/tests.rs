//! The breaker's life in virtual time.

use super::*;
use domain::failure::{Failure, Origin};
use domain::resolution::Resolution;

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A breaker and its clock; every call ends in the millisecond in which it began.
struct Life {
    breaker: CircuitBreaker,
    now: Duration,
}

impl Life {
    fn new() -> Life {
        Life { breaker: CircuitBreaker::new(BreakerSettings::default()), now: Duration::ZERO }
    }

    fn calls(&mut self, side: Side, verdict: Verdict, count: u32) -> &mut Life {
        for _ in 0..count {
            self.now += ms(1);
            self.breaker.learn(side, self.now, self.now, verdict);
        }
        self
    }

    fn wait(&mut self, time: Duration) -> &mut Life {
        self.now += time;
        self
    }

    fn state(&self) -> &'static str {
        self.breaker.state(self.now).word()
    }

    fn remaining(&self) -> Duration {
        match self.breaker.state(self.now) {
            BreakerState::Open { remaining } => remaining,
            _ => Duration::ZERO,
        }
    }
}

use Side::{Submit, Verify};
use Verdict::{Failing, LockedOut, Well};

#[test]
fn a_run_of_failures_opens_it() {
    let mut life = Life::new();
    assert_eq!(life.calls(Submit, Failing, 19).state(), "closed");
    assert_eq!(life.calls(Submit, Failing, 1).state(), "open");
    assert_eq!(life.breaker.submissions(life.now), Admission::NotBefore(life.now + ms(1000)));
}

#[test]
fn so_does_a_majority_of_the_last_fifty() {
    let mut life = Life::new();
    life.calls(Submit, Well, 1);
    for _ in 0..25 {
        assert_eq!(life.calls(Submit, Failing, 1).calls(Submit, Well, 1).state(), "closed");
    }
    life.calls(Submit, Failing, 2);
    assert_eq!(life.state(), "open", "26 of the last 50");
}

#[test]
fn questions_that_succeed_do_not_hide_submissions_that_fail() {
    let mut life = Life::new();
    for _ in 0..20 {
        life.calls(Verify, Well, 5).calls(Submit, Failing, 1);
    }
    assert_eq!(life.state(), "open");
}

#[test]
fn refused_credentials_open_it_at_once_and_only_a_submission_closes_it() {
    let mut life = Life::new();
    assert_eq!(life.calls(Submit, LockedOut, 1).state(), "open");
    life.calls(Verify, Failing, 1).calls(Verify, Well, 1);
    assert_eq!(life.state(), "open", "questions may be allowed where payouts are not");
    assert_eq!(life.wait(ms(1000)).state(), "half_open");
    assert_eq!(life.calls(Verify, Well, 1).state(), "half_open");
    assert_eq!(life.calls(Submit, Well, 1).state(), "closed");
}

#[test]
fn the_cool_down_doubles_up_to_its_cap_and_starts_over_after_a_success() {
    let mut life = Life::new();
    life.breaker.trip(life.now);
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        assert_eq!(life.remaining(), Duration::from_secs(seconds));
        life.wait(Duration::from_secs(seconds));
        assert_eq!(life.breaker.submissions(life.now), Admission::Below(3));
        life.calls(Submit, Failing, 1);
    }
    life.wait(Duration::from_secs(30)).calls(Submit, Well, 1);
    assert_eq!(life.calls(Submit, LockedOut, 1).remaining(), Duration::from_secs(1));
    assert_eq!(life.breaker.trips(), 9);
}

#[test]
fn what_began_before_it_opened_is_no_news() {
    let mut life = Life::new();
    let before = life.now;
    life.calls(Submit, LockedOut, 1);
    let until = life.remaining();
    life.breaker.learn(Submit, before, life.now, LockedOut);
    life.breaker.learn(Submit, before, life.now, Well);
    assert_eq!((life.state(), life.remaining()), ("open", until));
    life.wait(ms(1000));
    life.breaker.learn(Submit, before, life.now, Well);
    life.breaker.learn(Submit, before, life.now, Failing);
    assert_eq!(life.state(), "half_open");
}

#[test]
fn open_lets_a_trickle_of_questions_through() {
    let mut life = Life::new();
    life.breaker.trip(life.now);
    life.calls(Submit, Failing, 1).wait(ms(999)).calls(Submit, Failing, 1);
    assert_eq!(life.remaining(), ms(2000), "open for two seconds now");
    assert_eq!(life.breaker.questions(life.now), Admission::Free);
    life.breaker.question_goes(life.now);
    assert_eq!(life.breaker.questions(life.now), Admission::NotBefore(life.now + ms(1000)));
    life.wait(ms(1000));
    assert_eq!(life.breaker.questions(life.now), Admission::Free);
}

#[test]
fn a_question_that_works_again_cuts_the_wait_short() {
    let mut life = Life::new();
    life.calls(Submit, Failing, 20).calls(Verify, Well, 1);
    assert_eq!(life.state(), "open", "questions worked all the time: that says nothing");
    life.calls(Verify, Failing, 1).calls(Verify, Well, 1);
    assert_eq!(life.state(), "half_open");
    assert_eq!(life.calls(Submit, Well, 1).state(), "closed");
}

#[test]
fn failing_questions_open_it_and_heal_it() {
    let mut life = Life::new();
    assert_eq!(life.calls(Verify, Failing, 20).state(), "open");
    assert_eq!(life.calls(Verify, Well, 1).state(), "half_open");
    assert_eq!(life.calls(Verify, Well, 1).state(), "closed");
}

#[test]
fn the_resolution_tells_the_provider_from_the_payout() {
    for resolution in Resolution::ALL {
        let expected = match resolution.code() {
            "INVALID_CREDENTIALS" | "FORBIDDEN_IP" | "SIGNATURE_ERROR" | "ACCESS_ERROR" => {
                LockedOut
            }
            "CONNECTION_ERROR" | "CONNECTION_TIMEOUT_ERROR" | "PROVIDER_INTERNAL_ERROR" => Failing,
            _ => Well,
        };
        let why = Failure::new(resolution, Origin::Provider);
        assert_eq!(Verdict::on(Some(&why)), expected, "{resolution}");
    }
    assert_eq!(Verdict::on(None), Well);
}
