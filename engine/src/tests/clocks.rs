//! Wall clocks that are wrong, and put right, while the engine runs.

use super::restarts::copy_of;
use super::scripted::{Manner, Scripted};
use super::{Rig, request};
use crate::gateway::Created;
use domain::entry::Request;
use domain::id::provider_reference;
use domain::status::Status;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const YEAR_MICROS: i64 = 365 * 86_400 * 1_000_000;

#[actix_rt::test]
async fn a_clock_that_is_put_forward_sends_nothing_again() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::with(Manner::Deaf, |caps| {
        caps.policy.not_found_final_after = Some(HOUR);
        caps.policy.resend_is_safe = false;
    });
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let patient =
        |request: &mut Request| request.expires_at = request.expires_at.plus(HOUR * 24 * 700);
    let id = rig.create("k1", patient).await.payout.id();
    let late = rig.create("k2", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.moderation_required()).await;
    rig.until(late, |view| view.payout.moderation_required()).await;

    rig.clock.put(YEAR_MICROS);
    let told = rig.door().reconcile(id).await.unwrap();
    assert_eq!(told.after.payout.status(), Status::Invoking, "nothing like an hour has passed");
    assert_eq!(provider.submissions(), 2);

    rig.clock.advance(HOUR * 2);
    rig.until(id, |_| provider.submissions() == 3).await;
    // By this clock the other's time is over: what never left is not sent any more.
    rig.until(late, |view| view.payout.status() == Status::Expired).await;
    assert_eq!(provider.submissions(), 3);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_clock_that_is_put_back_lets_nobody_sleep() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Deaf);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    rig.clock.put(YEAR_MICROS);
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.moderation_required()).await;

    rig.clock.put(-YEAR_MICROS);
    provider.paid.lock().unwrap().insert(provider_reference(id, 1), 1);
    // The timer notices when it looks next: at the latest in an hour, or when anything is due before.
    let other = rig.door().create("k2", request(&rig.clock)).await.unwrap();
    assert!(matches!(other, Created::New(_)));
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn what_may_still_leave_is_waited_for_from_when_it_has_left() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::with(Manner::Hangs, |caps| {
        caps.policy.not_found_final_after = Some(HOUR);
        caps.policy.resend_is_safe = false;
    });
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |_| provider.submissions() == 1).await;

    // Hours pass before it has left: of that, no answer proves anything.
    rig.clock.advance(HOUR * 2);
    let told = rig.door().reconcile(id).await.unwrap();
    assert_eq!(told.after.payout.status(), Status::Invoking);
    assert!(!told.after.payout.moderation_required(), "nothing was asked about yet");

    provider.let_go.notify_one();
    rig.until(id, |view| view.payout.moderation_required()).await;
    let told = rig.door().reconcile(id).await.unwrap();
    assert_eq!(told.after.payout.status(), Status::Invoking, "nothing like an hour has passed");
    assert_eq!(provider.submissions(), 1);

    rig.clock.advance(HOUR * 2);
    rig.until(id, |_| provider.submissions() == 2).await;
    provider.let_go.notify_one();
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn what_was_sent_by_a_clock_ahead_is_asked_about_by_a_right_one() {
    let dir = tempfile::tempdir().unwrap();
    let hangs = Scripted::with(Manner::Hangs, |caps| {
        caps.policy.visibility_lag = Duration::from_secs(60);
    });
    let rig = Rig::start(dir.path(), hangs.clone()).await;
    rig.clock.put(10 * YEAR_MICROS);
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |_| hangs.submissions() == 1).await;
    let killed = copy_of(dir.path());
    hangs.let_go.notify_one();
    rig.stop().await;

    let deaf = Scripted::with(Manner::Deaf, |caps| {
        caps.policy.visibility_lag = Duration::from_secs(60);
    });
    let rig = Rig::start(killed.path(), deaf).await;
    let told = rig.door().reconcile(id).await.unwrap();
    assert!(!told.after.payout.moderation_required(), "it may not be visible yet");
    rig.clock.advance(Duration::from_secs(61));
    let held = rig.until(id, |view| view.payout.moderation_required()).await;
    assert_eq!(held.payout.status(), Status::Invoking);
    rig.stop().await;
}
