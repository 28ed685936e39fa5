//! More than one question at a time, and answers that come in another way, late, or not at all.

use super::Rig;
use super::scripted::{Manner, NextAnswer, Scripted};
use adapters::provider::RawCallback;
use domain::id::{PayoutId, provider_reference};
use domain::status::Status;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

const HOUR: Duration = Duration::from_secs(3_600);

/// By a clock that was turned back both submissions are written with one time. An answer about the first proves
/// nothing about the second.
#[actix_rt::test]
async fn an_answer_about_an_earlier_submission_proves_nothing_about_a_later_one() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::with(Manner::Hangs, |caps| {
        caps.policy.not_found_final_after = Some(HOUR);
        caps.policy.resend_is_safe = false;
    });
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |_| provider.submissions() == 1).await;
    rig.clock.put(-5 * 3_600_000_000);
    provider.let_go.notify_one();
    rig.until(id, |view| view.payout.moderation_required()).await;

    let (answers, held): (Vec<_>, Vec<_>) = (0..3).map(|_| oneshot::channel()).unzip();
    provider.answers.lock().unwrap().extend(held.into_iter().map(NextAnswer::NotFoundLater));
    let before = provider.asked.load(Ordering::SeqCst);
    rig.clock.advance(HOUR * 2);
    let ask = || {
        let door = rig.door();
        actix_rt::spawn(async move { door.reconcile(id).await })
    };
    let asking = [ask(), ask()];
    rig.until(id, |_| provider.asked.load(Ordering::SeqCst) >= before + 2).await;

    let mut answers = answers.into_iter();
    answers.next().unwrap().send(()).unwrap();
    rig.until(id, |_| provider.submissions() == 2).await;
    // The others were asked before the second was sent, and are answered while it is on its way.
    drop(answers);
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    let payout = rig.door().get(id).await.unwrap().payout;
    assert_eq!(payout.status(), Status::Invoking);
    assert_eq!((provider.submissions(), payout.standing().sends), (2, 2));
    provider.let_go.notify_one();
    rig.engine.stop().await;
}

async fn called_back(rig: &Rig, id: PayoutId, behind: &str) {
    let text = format!("{} {behind}", provider_reference(id, 1));
    let raw = RawCallback { headers: Vec::new(), body: text.into_bytes(), received_at: 0 };
    rig.engine.gateway().callback("scripted", raw).await.unwrap();
}

/// A provider that is slower than we ask would never be heard, if only the last question counted.
#[actix_rt::test]
async fn a_deferred_answer_is_taken_however_often_it_was_asked_since() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Pays);
    provider.defers.store(true, Ordering::SeqCst);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Processing).await;
    let first = provider.asked.load(Ordering::SeqCst);
    for _ in 0..3 {
        rig.door().reconcile(id).await.unwrap();
    }
    called_back(&rig, id, "e1 125.40 t999").await;
    assert_eq!(rig.door().get(id).await.unwrap().payout.status(), Status::Processing);
    called_back(&rig, id, &format!("e2 125.40 t{first}")).await;
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.engine.stop().await;
}

#[actix_rt::test]
async fn what_is_paid_rests_though_an_answer_is_still_to_come() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::with(Manner::Pays, |caps| {
        caps.policy.believe_signed_callbacks = true;
    });
    provider.defers.store(true, Ordering::SeqCst);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Processing).await;
    rig.door().reconcile(id).await.unwrap();
    called_back(&rig, id, "e1 125.40").await;
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.until_live(0).await;
    rig.engine.stop().await;
}

/// The next look would be after twice the time, and the last one's failure the end of the watch.
#[actix_rt::test]
async fn a_look_for_returned_money_that_was_in_vain_is_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let provider = Scripted::new(Manner::Pays);
    let rig = Rig::start(dir.path(), provider.clone()).await;
    let id = rig.create("k1", |_| {}).await.payout.id();
    rig.until(id, |view| view.payout.status() == Status::Processed).await;
    rig.until_live(0).await;

    provider.returned.store(true, Ordering::SeqCst);
    provider.answers.lock().unwrap().push_back(NextAnswer::Vain);
    rig.clock.advance(HOUR + Duration::from_secs(11));
    rig.until(id, |_| provider.answers.lock().unwrap().is_empty()).await;
    // Within the pause between two questions, and long before the second look.
    rig.clock.advance(Duration::from_secs(60));
    rig.until(id, |view| view.payout.status() == Status::Cancelled).await;
    rig.engine.stop().await;
}
