//! The list of what an account did: asked for like a status, behind the questions about money, and no
//! news about how payouts fare.

use super::fake::{Call, Script, empty_page, settled};
use super::*;
use crate::circuit_breaker::{BreakerSettings, BreakerState};
use crate::provider::{ListOutcome, ListWish};
use domain::failure::{Failure, Origin};
use domain::resolution::Resolution;
use domain::time::Timestamp;
use std::time::Instant;

fn wish() -> ListWish {
    ListWish { from: Timestamp(0), until: Timestamp(1), cursor: None, limit: 10 }
}

fn unknown(resolution: Resolution, origin: Origin) -> ListOutcome {
    ListOutcome::Unknown { why: Failure::new(resolution, origin), retry_after: None }
}

#[actix_rt::test]
async fn an_account_that_offers_no_list_is_not_asked_for_one() {
    let mut fake = Fake::new(no_limits());
    Arc::get_mut(&mut fake).unwrap().caps.lists = None;
    let adapter = AdapterActor::start_here(fake.clone(), AdapterSettings::default());
    assert_eq!(adapter.list(wish()).await, ListOutcome::NotOffered);
    assert_eq!(fake.saw(), []);
}

#[actix_rt::test]
async fn a_list_that_does_not_come_is_unknown_and_its_slot_is_free_again() {
    let settings = AdapterSettings { margin: ms(20), ..AdapterSettings::default() };
    let world = World::with(Limits { timeout: ms(30), ..no_limits() }, settings);
    world.fake.will_list([Script::Hang, Script::Panic]);
    let late = unknown(Resolution::ConnectionTimeoutError, Origin::Transport);
    assert_eq!(world.adapter.list(wish()).await, late);
    let ours = unknown(Resolution::GeneralError, Origin::Platform);
    assert_eq!(world.adapter.list(wish()).await, ours);
    assert_eq!(world.health().await.in_flight, 0);
    assert_eq!(world.adapter.list(wish()).await, empty_page());
    world.adapter.set_mode(Mode::Closed).await;
    assert_eq!(world.adapter.list(wish()).await, ours);
    assert_eq!(world.fake.saw(), [Call::List, Call::List, Call::List]);
}

#[actix_rt::test]
async fn a_list_waits_for_every_question_about_money() {
    let world = World::new(Limits { concurrency: 1, ..no_limits() });
    world.fake.will_fetch([Script::After(ms(50), settled())]);
    let adapter = world.adapter.clone();
    let first = adapter.fetch(lookup(1));
    let list = async {
        sleep(ms(10)).await;
        adapter.list(wish()).await
    };
    let later = async {
        sleep(ms(20)).await;
        adapter.fetch(lookup(2)).await
    };
    let (_, listed, _) = tokio::join!(first, list, later);
    assert_eq!(listed, empty_page());
    assert_eq!(world.fake.saw(), [Call::Fetch, Call::Fetch, Call::List], "though it came before");
}

#[actix_rt::test]
async fn lists_keep_to_the_rate() {
    let world = World::new(Limits { calls: 1, per: ms(40), ..no_limits() });
    let began = Instant::now();
    for _ in 0..3 {
        assert_eq!(world.adapter.list(wish()).await, empty_page());
    }
    assert!(began.elapsed() >= ms(80), "three calls take two pauses");
}

/// A breaker that two failures in a row open.
fn quick_to_open(cool_down: Duration) -> AdapterSettings {
    let trickle = Duration::ZERO;
    let breaker = BreakerSettings { run: 2, cool_down, trickle, ..BreakerSettings::default() };
    AdapterSettings { breaker, ..AdapterSettings::default() }
}

#[actix_rt::test]
async fn a_list_that_is_refused_or_fails_does_not_stop_payouts() {
    let world = World::with(no_limits(), quick_to_open(Duration::from_secs(60)));
    let refused = unknown(Resolution::AccessError, Origin::Provider);
    let failed = unknown(Resolution::ProviderInternalError, Origin::Provider);
    let all = [refused.clone(), refused, failed.clone(), failed.clone(), failed];
    world.fake.will_list(all.clone().map(Script::Answer));
    for expected in all {
        assert_eq!(world.adapter.list(wish()).await, expected);
    }
    let health = world.health().await;
    assert_eq!((health.breaker, health.tripped_total), (BreakerState::Closed, 0));
}

#[actix_rt::test]
async fn a_page_that_comes_does_not_show_that_payouts_are_answered_again() {
    let world = World::with(no_limits(), quick_to_open(ms(30)));
    let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
    let failed = || FetchOutcome::Unknown { why: why.clone(), retry_after: None };
    world.fake.will_fetch([Script::Answer(failed()), Script::Answer(failed())]);
    for number in 1..=2 {
        assert_eq!(world.fetch(number).await, failed());
    }
    assert_eq!(world.health().await.tripped_total, 1);
    // Neither while it is open nor when it would take one success to close it.
    assert_eq!(world.adapter.list(wish()).await, empty_page());
    sleep(ms(40)).await;
    assert_eq!(world.adapter.list(wish()).await, empty_page());
    assert_eq!(world.health().await.breaker, BreakerState::HalfOpen);
    assert_eq!(world.fetch(3).await, settled());
    assert_eq!(world.health().await.breaker, BreakerState::Closed);
}
