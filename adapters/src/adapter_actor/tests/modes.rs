//! The operator's lever, and the breaker's.

use super::fake::{Script, accepted, settled};
use super::*;
use crate::circuit_breaker::{BreakerSettings, BreakerState};
use domain::failure::{Failure, Origin};
use domain::report::UndoOutcome;
use domain::resolution::Resolution;
use std::time::Instant;

#[actix_rt::test]
async fn verify_only_grants_no_permit_and_goes_on_asking() {
    let mut world = World::new(no_limits());
    let held = world.permit_for(1).await;
    assert!(world.adapter.set_mode(Mode::VerifyOnly).await);
    world.ask(MERCHANT_A, 2).await.unwrap();
    world.no_permit().await;
    assert_eq!(world.fetch(1).await, settled());
    assert_eq!(world.adapter.undo(UndoKind::Revoke, lookup(1)).await, UndoOutcome::Pending);
    assert_eq!(world.submit(held).await, accepted(), "it was granted before");
    assert!(world.adapter.set_mode(Mode::Open).await);
    assert_eq!(world.permit().await.payout, payout(2));
}

#[actix_rt::test]
async fn a_stop_grants_no_permit_and_everything_else_goes_on() {
    let mut world = World::new(no_limits());
    let held = world.permit_for(1).await;
    world.adapter.set_stopped(true);
    for number in 2..=4 {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    world.no_permit().await;
    assert_eq!(world.fetch(1).await, settled());
    assert_eq!(world.adapter.undo(UndoKind::Revoke, lookup(1)).await, UndoOutcome::Pending);
    assert_eq!(world.submit(held).await, accepted(), "it was granted before");
    let health = world.health().await;
    assert_eq!((health.stopped, health.mode, health.waiting_submits), (true, Mode::Open, 3));
    world.adapter.set_stopped(false);
    for number in 2..=4 {
        assert_eq!(world.permit().await.payout, payout(number), "each kept its place");
    }
    assert!(!world.health().await.stopped);
}

#[actix_rt::test]
async fn a_permit_needs_both_the_mode_and_no_stop() {
    let mut world = World::new(no_limits());
    world.adapter.set_stopped(true);
    assert!(world.adapter.set_mode(Mode::VerifyOnly).await);
    world.ask(MERCHANT_A, 1).await.unwrap();
    assert!(world.adapter.set_mode(Mode::Open).await);
    world.no_permit().await;
    assert!(world.adapter.set_mode(Mode::VerifyOnly).await);
    world.adapter.set_stopped(false);
    world.no_permit().await;
    assert!(world.adapter.set_mode(Mode::Open).await);
    assert_eq!(world.permit().await.payout, payout(1));
}

#[actix_rt::test]
async fn a_stop_that_is_repeated_is_lifted_at_once() {
    let mut world = World::new(no_limits());
    for _ in 0..1_000 {
        world.adapter.set_stopped(true);
    }
    world.adapter.set_stopped(false);
    assert_eq!(world.permit_for(1).await.payout, payout(1));
}

#[actix_rt::test]
async fn closed_lets_nothing_out_and_keeps_no_question_waiting() {
    let mut world = World::new(Limits { concurrency: 2, ..no_limits() });
    let held = world.permit_for(1).await;
    world.fake.will_fetch([Script::After(ms(300), settled())]);
    let under_way = actix_rt::spawn({
        let adapter = world.adapter.clone();
        async move { adapter.fetch(lookup(1)).await }
    });
    let waiting = actix_rt::spawn({
        let adapter = world.adapter.clone();
        async move { adapter.fetch(lookup(2)).await }
    });
    while world.health().await.waiting_fetches < 1 {
        sleep(ms(1)).await;
    }
    assert!(world.adapter.set_mode(Mode::Closed).await);
    let why = Failure::new(Resolution::GeneralError, Origin::Platform);
    let unknown = FetchOutcome::Unknown { why: why.clone(), retry_after: None };
    assert_eq!(waiting.await.unwrap(), unknown);
    assert_eq!(world.fetch(3).await, unknown);
    let undone = world.adapter.undo(UndoKind::Revoke, lookup(1)).await;
    assert_eq!(undone, UndoOutcome::Ambiguous { why: why.clone() });
    assert_eq!(world.submit(held).await, SubmitOutcome::NotSent { why, retry_after: None });
    assert_eq!(under_way.await.unwrap(), settled(), "what is under way is heard out");
    world.ask(MERCHANT_A, 2).await.unwrap();
    world.no_permit().await;
    assert_eq!(world.fake.saw().len(), 1);
}

#[actix_rt::test]
async fn closing_stops_what_has_a_permit_and_has_not_left_yet() {
    let mut world = World::new(Limits { calls: 10, per: ms(500), ..no_limits() });
    let (first, second) = (world.permit_for(1).await, world.permit_for(2).await);
    let third = world.permit_for(3).await;
    let submits =
        futures_util::future::join_all([first, second, third].map(|one| world.submit(one)));
    let (outcomes, _) = tokio::join!(submits, world.adapter.set_mode(Mode::Closed));
    let sent = world.fake.saw().len();
    assert!(sent <= 1, "calls leave 50 ms apart");
    for outcome in &outcomes[sent..] {
        assert!(matches!(outcome, SubmitOutcome::NotSent { .. }), "{outcome:?}");
    }
    assert_eq!(world.health().await.permits_out, 0);
}

#[actix_rt::test]
async fn probe_lets_one_submission_go_at_a_time() {
    let mut world =
        World::with(no_limits(), AdapterSettings { mode: Mode::Probe, ..Default::default() });
    let first = world.permit_for(1).await;
    world.ask(MERCHANT_A, 2).await.unwrap();
    world.no_permit().await;
    assert_eq!(world.submit(first).await, accepted());
    assert_eq!(world.permit().await.payout, payout(2));
}

fn breaker(cool_down: Duration) -> AdapterSettings {
    let breaker =
        BreakerSettings { cool_down, probes: 1, trickle: ms(1), ..BreakerSettings::default() };
    AdapterSettings { breaker, ..AdapterSettings::default() }
}

fn locked_out() -> SubmitOutcome {
    SubmitOutcome::Refused { why: Failure::new(Resolution::InvalidCredentials, Origin::Provider) }
}

#[actix_rt::test]
async fn refused_credentials_open_the_breaker_and_one_success_closes_it() {
    let cool_down = ms(400);
    let mut world = World::with(no_limits(), breaker(cool_down));
    world.fake.will_submit([Script::Answer(locked_out())]);
    let (first, second) = (world.permit_for(1).await, world.permit_for(2).await);
    let tripped = Instant::now();
    assert_eq!(world.submit(first).await, locked_out());
    let outcome = world.submit(second).await;
    let SubmitOutcome::NotSent { why, retry_after: Some(wait) } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(why.resolution, Resolution::ConnectionError);
    assert!(wait <= cool_down);
    world.ask(MERCHANT_A, 3).await.unwrap();
    world.ask(MERCHANT_A, 4).await.unwrap();
    assert_eq!(world.fetch(1).await, settled(), "questions go on");
    let probe = world.permit().await;
    assert!(tripped.elapsed() >= cool_down);
    assert_eq!(world.health().await.breaker, BreakerState::HalfOpen);
    world.no_permit().await;
    assert_eq!(world.submit(probe).await, accepted());
    assert_eq!(world.permit().await.payout, payout(4));
    let health = world.health().await;
    assert_eq!((health.breaker, health.tripped_total), (BreakerState::Closed, 1));
}

#[actix_rt::test]
async fn a_probe_that_fails_opens_it_for_twice_as_long() {
    let cool_down = ms(100);
    let mut world = World::with(no_limits(), breaker(cool_down));
    world.fake.will_submit([Script::Answer(locked_out()), Script::Answer(locked_out())]);
    let first = world.permit_for(1).await;
    world.submit(first).await;
    let probe = world.permit_for(2).await;
    let tripped = Instant::now();
    world.submit(probe).await;
    let _probe = world.permit_for(3).await;
    assert!(tripped.elapsed() >= cool_down * 2);
    assert_eq!(world.health().await.tripped_total, 2);
}
