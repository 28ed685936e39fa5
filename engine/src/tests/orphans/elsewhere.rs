//! A key that was used in the lost time for something else: with another body, for another account. Apart
//! from the lists of orphans, because here the merchant asks before anything was listed.

use super::bank::restore;
use crate::tests::Rig;
use crate::tests::scripted::{Manner, Scripted};
use domain::entry::Request;
use domain::id::Fingerprint;
use domain::method::Method;
use domain::standing::Money;
use domain::status::Status;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Two accounts: the first moves money to banks, the second to wallets too, and both pay.
fn accounts() -> (Arc<Scripted>, Arc<Scripted>) {
    let banks = Scripted::with(Manner::Pays, |caps| {
        (caps.account, caps.methods) = ("banks".into(), vec![Method::BankTransfer]);
    });
    let others = Scripted::with(Manner::Pays, |caps| caps.account = "others".into());
    (banks, others)
}

async fn start(dir: &Path, (banks, others): &(Arc<Scripted>, Arc<Scripted>)) -> Rig {
    Rig::start_among(dir, banks.clone(), vec![others.clone()]).await
}

#[actix_rt::test]
async fn a_key_that_went_to_another_account_in_the_lost_time_is_asked_about_there() {
    let home = tempfile::tempdir().unwrap();
    let (old, new) = (home.path().join("old"), home.path().join("new"));
    let both = accounts();
    let rig = start(&old, &both).await;
    let known = rig.create("before", |_| {}).await.payout.id();
    rig.until(known, |view| view.payout.status() == Status::Processed).await;
    let point = rig.engine.gateway().store().unwrap().journal.durable_sequence();
    let lost = rig.create("lost", |_| {}).await.payout.id();
    rig.until(lost, |view| view.payout.status() == Status::Processed).await;
    restore(&old, &new, point, &rig.clock);
    rig.stop().await;

    // The merchant uses the key again: another body, and an account of its own choice.
    let rig = start(&new, &both).await;
    let made = rig.create("lost", |request| {
        request.body = Fingerprint([2; 16]);
        request.provider_account = Some("others".into());
    });
    assert_eq!(made.await.payout.id(), lost);
    let found = rig.until(lost, |view| view.payout.standing().money == Money::Paid).await;
    assert_eq!(found.payout.account(), Some("banks"), "where it went in the lost time");
    assert_eq!((both.0.submissions(), both.1.submissions()), (2, 0), "nothing was sent again");
    rig.stop().await;
}

#[actix_rt::test]
async fn who_is_asked_about_at_several_accounts_is_called_by_the_plan_that_decides() {
    let home = tempfile::tempdir().unwrap();
    let (old, new) = (home.path().join("old"), home.path().join("new"));
    let named = |name: &str, first: u64| {
        Scripted::with(Manner::Pays, |caps| {
            caps.account = name.into();
            (caps.policy.poll.first, caps.policy.resend_is_safe) =
                (Duration::from_secs(first), false);
        })
    };
    let both = (named("slow", 60), named("quick", 1));
    let rig = start(&old, &both).await;
    let known = rig.create("before", |_| {}).await.payout.id();
    rig.until(known, |view| view.payout.status() == Status::Processing).await;
    let point = rig.engine.gateway().store().unwrap().journal.durable_sequence();
    restore(&old, &new, point, &rig.clock);
    rig.stop().await;

    // Nobody knows it, and nobody's "not found" is proof: it is asked about by the first account's plan.
    let rig = start(&new, &both).await;
    let quick = |request: &mut Request| request.provider_account = Some("quick".into());
    let held = rig.create("new", quick).await.payout.id();
    rig.until(held, |view| view.payout.version() > 3).await;
    // One second is long for the account that was wished for, and short for the plan.
    rig.clock.advance(Duration::from_secs(2));
    let ticks = || rig.engine.gateway().counters().ticks.load(Ordering::Relaxed);
    let before = ticks();
    let other = rig.create("other", |_| {}).await.payout.id();
    rig.until(other, |view| view.payout.version() > 3).await;
    assert!(ticks() - before < 20, "called {} times for nothing", ticks() - before);
    rig.stop().await;
}

#[actix_rt::test]
async fn what_one_account_would_recognise_another_would_not() {
    for several in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (home.path().join("old"), home.path().join("new"));
        let both = accounts();
        let start = async |dir: &Path| match several {
            true => start(dir, &both).await,
            false => Rig::start(dir, both.0.clone()).await,
        };
        let rig = start(&old).await;
        let known = rig.create("before", |_| {}).await.payout.id();
        rig.until(known, |view| view.payout.status() == Status::Processed).await;
        let point = rig.engine.gateway().store().unwrap().journal.durable_sequence();
        restore(&old, &new, point, &rig.clock);
        rig.stop().await;

        // Nobody finds it, and nobody's word is proof: it goes where it would be recognised if it had been lost.
        let rig = start(&new).await;
        let id = rig.create("new", |_| {}).await.payout.id();
        let asked = |status: Status, held: bool| match several {
            true => held && status == Status::Ready,
            false => !held && status == Status::Processed,
        };
        let ended = rig.until(id, |view| {
            let heard = view.payout.learned().next().is_some();
            heard && asked(view.payout.status(), view.payout.moderation_required())
        });
        assert_eq!(ended.await.payout.standing().attempt, u8::from(!several));
        assert_eq!((both.0.submissions(), both.1.submissions()), (1 + u32::from(!several), 0));
        rig.stop().await;
    }
}
