//! Payout actors that die, and code that fails on one payout: the engine goes on.

use super::scripted::{Manner, Scripted};
use super::{Rig, signed};
use crate::gateway::Gateway;
use crate::payout_actor::Turn;
use crate::payout_supervisor::Mark;
use crate::refusal::Refusal;
use domain::command::Command;
use domain::entry::{Deed, HoldCause};
use domain::id::PayoutId;
use domain::status::Status;
use std::sync::atomic::Ordering;

/// How many were revived, by a supervisor that has heard of every death until now.
async fn revived(gateway: &Gateway, id: PayoutId) -> u64 {
    gateway.parts().unwrap().owner(id).supervisor.send(Mark).await.unwrap();
    gateway.counters().revived.load(Ordering::Relaxed)
}

#[actix_rt::test]
async fn a_dead_actor_is_revived_from_the_journal_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let id = rig.create("k1", |request| request.autoprocess = false).await.payout.id();
    let before = rig.door().get(id).await.unwrap().payout;

    let died = gateway.deliver_in_test(id, Turn::Die).await;
    assert!(matches!(died, Err(Refusal::Internal)));
    assert_eq!(rig.door().get(id).await.unwrap().payout, before, "nothing is lost");
    assert_eq!(revived(&gateway, id).await, 1);

    rig.door().command(id, Command::Process, None).await.unwrap();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    assert_eq!(rig.provider.submissions(), 1);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_death_after_a_snapshot_is_revived_from_snapshot_and_log() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let id = rig.create("k1", |request| request.autoprocess = false).await.payout.id();
    rig.engine.snapshot().await.unwrap();
    rig.door().command(id, Command::Terminate, None).await.unwrap();
    let later = rig.create("k2", |request| request.autoprocess = false).await.payout.id();

    assert!(gateway.deliver_in_test(later, Turn::Die).await.is_err());
    assert_eq!(rig.door().get(later).await.unwrap().payout.status(), Status::Ready);
    assert_eq!(rig.door().get(id).await.unwrap().payout.status(), Status::Terminated);
    rig.engine.stop().await;
}

/// Whoever waited for the answer is gone; what had left for the door may leave yet.
#[actix_rt::test]
async fn what_a_dead_actor_had_sent_is_still_on_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let hour = std::time::Duration::from_secs(3_600);
    let provider = Scripted::with(Manner::Hangs, |caps| {
        caps.policy.not_found_final_after = Some(hour);
        caps.policy.resend_is_safe = false;
    });
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let gateway = rig.engine.gateway();
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |_| provider.submissions() == 1).await;
    assert!(gateway.deliver_in_test(id, Turn::Die).await.is_err());
    assert_eq!(revived(&gateway, id).await, 1);

    rig.clock.advance(hour * 2);
    rig.door().reconcile(id).await.unwrap();
    assert_eq!(rig.door().get(id).await.unwrap().payout.status(), Status::Invoking);
    assert_eq!(provider.submissions(), 1, "not found, and perhaps not yet there");
    provider.let_go.notify_one();
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn code_that_fails_on_a_payout_quarantines_it_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let gateway = rig.engine.gateway();
    let id = rig.create("k1", |request| request.autoprocess = false).await.payout.id();

    gateway.deliver_in_test(id, Turn::Confuse).await.unwrap();
    let held = rig.door().get(id).await.unwrap().payout;
    assert_eq!(held.standing().hold.map(|(hold, _)| hold.cause), Some(HoldCause::Quarantine));
    assert!(rig.door().command(id, Command::Process, None).await.is_err(), "it may not act");

    let other = rig.create("k2", |_| {}).await.payout.id();
    rig.until(other, |view| view.payout.status() == Status::Processed).await;

    gateway.operate(id, Deed::Release, signed("ann")).await.unwrap();
    rig.door().command(id, Command::Process, None).await.unwrap();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.engine.stop().await;
}
