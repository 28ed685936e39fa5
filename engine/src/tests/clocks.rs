//! Wall clocks that are wrong, and put right, while the engine runs.

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
