//! Lives through the whole engine: paid, in doubt, expired, archived, restarted.

use super::scripted::{Manner, Scripted};
use super::{MERCHANT, Rig, request, signed};
use crate::gateway::{Commanded, Created};
use crate::listing::ListQuery;
use crate::refusal::Refusal;
use domain::command::Command;
use domain::entry::Deed;
use domain::id::Fingerprint;
use domain::status::Status;
use std::time::Duration;

#[actix_rt::test]
async fn a_payout_is_paid_once_and_leaves_memory() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.until_live(0).await;
    assert_eq!(rig.provider.submissions(), 1);

    let again = rig.door().create("k1", request(&rig.clock)).await.unwrap();
    assert!(matches!(again, Created::Replayed(view) if view.payout.status() == Status::Ready));
    let mut other = request(&rig.clock);
    other.body = Fingerprint([2; 16]);
    assert!(matches!(rig.door().create("k1", other).await, Err(Refusal::KeyReused)));
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn whoever_is_called_to_memory_in_vain_goes_back_to_rest() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until_live(0).await;
    for command in [Command::Process, Command::Terminate] {
        assert!(rig.door().command(id, command, None).await.is_err());
        rig.until_live(0).await;
    }
    assert_eq!(rig.door().get(id).await.unwrap().payout.status(), Status::Processed);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_silent_provider_is_asked_and_never_sent_to_again() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::PaysInSilence)).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    let view = rig.until(id, |view| view.payout.status() == Status::Processed).await;
    assert!(!view.payout.moderation_required());
    assert_eq!(rig.provider.submissions(), 1);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn an_unheard_submission_waits_for_an_operator_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Deaf);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.moderation_required()).await;
    rig.stop().await;

    let rig = Rig::start(dir.path(), provider.clone()).await;
    let view = rig.until(id, |view| view.payout.moderation_required()).await;
    assert_eq!(view.payout.status(), Status::Invoking);
    assert_eq!(provider.submissions(), 1, "a restart sends nothing again");

    *provider.manner.lock().unwrap() = Manner::Pays;
    rig.engine.gateway().operate(id, Deed::Resubmit, signed("ann")).await.unwrap();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    assert_eq!(provider.submissions(), 2);
    assert_eq!(provider.submitted.lock().unwrap().len(), 1, "under the same reference");
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn what_waits_too_long_expires_and_what_was_sent_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Deaf)).await;
    let manual = rig.create("k1", |request| request.autoprocess = false).await.payout.id();
    let sent = rig.create("k2", |_| {}).await.payout.id();
    rig.until(sent, |view| view.payout.moderation_required()).await;
    rig.clock.advance(Duration::from_secs(172_900));
    rig.until(manual, |view| view.payout.status() == Status::Expired).await;
    rig.until(sent, |view| view.payout.status() == Status::Invoking).await;
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_reference_is_one_payouts_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let first = rig.create("k1", |request| request.reference = Some("order-1".into())).await;
    let mut second = request(&rig.clock);
    second.reference = Some("order-1".into());
    let refused = rig.door().create("k2", second.clone()).await;
    assert!(matches!(refused, Err(Refusal::DuplicateReference(id)) if id == first.payout.id()));
    rig.until(first.payout.id(), |view| view.payout.status() == Status::Processed).await;
    rig.stop().await;

    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let refused = rig.door().create("k2", second).await;
    assert!(matches!(refused, Err(Refusal::DuplicateReference(id)) if id == first.payout.id()));
    rig.engine.stop().await;
}

/// Of two requests under one key the one that is refused must not free what the other's payout is called.
#[actix_rt::test]
async fn a_reference_stays_when_a_second_request_for_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Deaf)).await;
    let mut own = request(&rig.clock);
    own.reference = Some("order-1".into());
    let mut another = own.clone();
    another.body = Fingerprint([2; 16]);
    let (door, second) = (rig.door(), rig.door());
    let (one, two) = tokio::join!(door.create("k1", another), second.create("k1", own.clone()));
    assert!(one.is_ok() != two.is_ok(), "one body makes it, the other is refused");
    let taken = rig.door().create("k2", own).await;
    assert!(matches!(taken, Err(Refusal::DuplicateReference(_))));
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_list_merges_what_lives_and_what_rests() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let mut made = Vec::new();
    for number in 0..12 {
        let key = format!("k{number}");
        let view = rig.create(&key, |request| request.autoprocess = number % 2 == 0).await;
        made.push(view.payout.id());
    }
    for id in made.iter().step_by(2) {
        rig.until(*id, |view| view.payout.status() == Status::Processed).await;
    }
    made.reverse();
    let (mut seen, mut query) = (Vec::new(), ListQuery { limit: 5, ..ListQuery::default() });
    loop {
        let page = rig.door().list(&query).await.unwrap();
        seen.extend(page.views.iter().map(|view| view.payout.id()));
        query.before = page.next;
        if query.before.is_none() {
            break;
        }
    }
    assert_eq!(seen, made, "newest first, each once");
    let ready = ListQuery { status: Some(Status::Ready), limit: 100, ..ListQuery::default() };
    assert_eq!(rig.door().list(&ready).await.unwrap().views.len(), 6);
    let foreign = rig.engine.gateway().for_merchant(domain::id::MerchantId(MERCHANT.0 + 1));
    assert!(
        foreign
            .list(&ListQuery { limit: 9, ..ListQuery::default() })
            .await
            .unwrap()
            .views
            .is_empty()
    );
    assert!(matches!(foreign.get(made[0]).await, Err(Refusal::NotFound)));
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_command_repeated_under_its_key_is_answered_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Pays)).await;
    let id = rig.create("k1", |request| request.autoprocess = false).await.payout.id();
    let key = Some((Fingerprint([8; 16]), Fingerprint([9; 16])));
    let first = rig.door().command(id, Command::Process, key).await.unwrap();
    let Commanded::Done(first) = first else { panic!("done the first time") };
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    let Commanded::Replayed(again) = rig.door().command(id, Command::Process, key).await.unwrap()
    else {
        panic!("answered again")
    };
    assert_eq!(first.payout, again.payout);
    let other = Some((Fingerprint([8; 16]), Fingerprint([1; 16])));
    assert!(rig.door().command(id, Command::Process, other).await.is_err());
    assert_eq!(rig.provider.submissions(), 1);
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn a_provider_that_wavers_is_asked_more_and_more_rarely() {
    let dir = tempfile::tempdir().unwrap();
    let rig = Rig::start(dir.path(), Scripted::new(Manner::Wavers)).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Processing).await;
    for _ in 0..10 {
        rig.door().reconcile(id).await.unwrap();
    }
    let view = rig.door().get(id).await.unwrap();
    assert!(view.payout.learned().count() >= 10, "each answer was another one");
    let pause = view.next_check_at.unwrap().since(view.payout.updated_at());
    assert!(pause >= Duration::from_secs(20), "{pause:?} after ten questions");
    rig.engine.stop().await;
}
