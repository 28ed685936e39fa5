//! When the list is asked for, and what happens beside the search.

use super::bank::{Bank, Running, SECOND, id_of, many, paying, restore};
use super::broken;
use crate::clock::{Clock, TurnedClock};
use crate::orphans::ListState;
use crate::tests::signed;
use adapters::provider::{ListOutcome, Lists};
use domain::command::Command;
use domain::entry::{Entry, Fact, HoldCause, Request};
use domain::payout::Payout;
use domain::status::Status;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A gateway's directory as a restore leaves it that knows nothing of what it has lost.
async fn restored(home: &Path, bank: &Bank, clock: &TurnedClock) -> std::path::PathBuf {
    let (old, new) = (home.join("old"), home.join("new"));
    let running = Running::start(&old, bank, clock).await;
    let known = running.create("k0", paying(clock, "000", "1.00")).await;
    running.until(known, Status::Processed).await;
    let point = running.through();
    running.stop().await;
    restore(&old, &new, point, clock);
    new
}

async fn until(running: &Running, step: Duration, there: impl AsyncFn() -> bool) {
    for _ in 0..200 {
        if there().await {
            return;
        }
        running.pass(step).await;
    }
    panic!("{:?} after {} pages", running.orphans().await.lists, running.bank.asked());
}

async fn is_read(running: &Running) -> bool {
    running.orphans().await.lists[0].state == ListState::Read
}

/// One payment that nobody here made, with the provider's id of it.
fn listed(provider_id: &str) -> ListOutcome {
    let ListOutcome::Page(mut page) = many(None, 1) else { panic!("no page") };
    page.rows[0].found.provider_id = Some(provider_id.into());
    ListOutcome::Page(page)
}

#[actix_rt::test]
async fn a_list_without_lag_is_read_once_more_after_what_was_under_way() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let mut bank = Bank::new(&clock);
    bank.caps.lists = Some(Lists { visibility_lag: Duration::ZERO, reaches_back: None });
    let new = restored(home.path(), &bank, &clock).await;
    let started = clock.now();
    let running = Running::start(&new, &bank, &clock).await;
    until(&running, Duration::ZERO, async || running.bank.asked() == 1).await;
    running.pass(50 * SECOND).await;
    assert_eq!((running.list().state, bank.asked()), (ListState::UnderWay, 1));
    until(&running, SECOND, async || is_read(&running).await).await;
    assert!(bank.asked() > 1, "requests may arrive after the gateway that made them is gone");
    let day = Duration::from_secs(24 * 3_600);
    let wishes = bank.asked.lock().unwrap().clone();
    assert!(wishes.iter().all(|wish| wish.until > started.plus(day)), "its clock may be ahead");
    running.stop().await;
}

#[actix_rt::test]
async fn a_provider_cannot_put_the_list_off_for_days() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let bank = Bank::new(&clock);
    let new = restored(home.path(), &bank, &clock).await;
    let ListOutcome::Unknown { why, .. } = broken() else { panic!("not broken") };
    let retry_after = Some(Duration::from_secs(30 * 86_400));
    bank.lies.lock().unwrap().push_back(ListOutcome::Unknown { why, retry_after });
    let started = clock.now();
    let running = Running::start(&new, &bank, &clock).await;
    until(&running, Duration::ZERO, async || running.bank.asked() == 1).await;
    running.pass(1_800 * SECOND).await;
    running.pass(SECOND).await;
    assert_eq!(bank.asked(), 1, "what it asks for is heeded");
    // The hour counts from when its answer was heard, which may have been after the first of these passed.
    until(&running, 60 * SECOND, async || is_read(&running).await).await;
    assert!(clock.now() < started.plus(86_400 * SECOND), "hours, and not days");
    running.stop().await;
}

#[actix_rt::test]
async fn an_orphan_that_is_closed_while_news_of_it_is_written_down_stays_closed() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let bank = Bank::new(&clock);
    let new = restored(home.path(), &bank, &clock).await;
    bank.lies.lock().unwrap().extend([listed("first"), listed("second")]);
    let running = Running::start(&new, &bank, &clock).await;
    until(&running, Duration::ZERO, async || running.orphans().await.open == 1).await;
    let gateway = running.engine.gateway();
    let desk = gateway.parts().unwrap().desk.clone();
    // Both wait for the desk: the closing first, then what the list says by now.
    let still = desk.still().await;
    let closing = {
        let gateway = running.engine.gateway();
        actix_rt::spawn(async move { gateway.close_orphan(id_of(0), signed("bob")).await })
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    until(&running, SECOND, async || running.bank.asked() == 2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(still);
    assert_eq!(closing.await.unwrap().unwrap().len(), 1);
    until(&running, SECOND, async || is_read(&running).await).await;
    assert_eq!(running.orphans().await.open, 0, "it has been dealt with");
    assert_eq!(desk.look(|desk| (desk.orphans.len(), desk.closed_orphans.len())), (0, 1));
    drop((gateway, desk));
    running.stop().await;
}

#[actix_rt::test]
async fn while_a_list_is_unread_every_new_payout_is_asked_about_first() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let bank = Bank::new(&clock);
    let new = restored(home.path(), &bank, &clock).await;
    bank.lies.lock().unwrap().extend((0..10_000).map(|_| broken()));
    let running = Running::start(&new, &bank, &clock).await;
    until(&running, SECOND, async || running.bank.asked() > 1).await;
    running.pass(Duration::from_secs(7_200)).await;
    assert!(running.quarantine().asks_first_until.is_none(), "the time for new keys is over");
    let asked = running.create("k1", paying(&clock, "000", "1.00")).await;
    let was_held = |payout: &Payout| {
        let held = |entry: &Entry| matches!(entry.fact, Fact::Held(hold) if hold.cause == HoldCause::Restored);
        payout.entries().iter().any(held)
    };
    assert!(was_held(&running.until(asked, Status::Processed).await));
    // Once it is read, nobody waits for a question any more.
    bank.lies.lock().unwrap().clear();
    until(&running, 60 * SECOND, async || is_read(&running).await).await;
    let plain = running.create("k2", paying(&clock, "000", "1.00")).await;
    assert!(!was_held(&running.until(plain, Status::Processed).await));
    running.stop().await;
}

#[actix_rt::test]
async fn a_listed_payment_of_a_payout_that_was_never_sent_keeps_it_from_being_sent() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let bank = Bank::new(&clock);
    let new = restored(home.path(), &bank, &clock).await;
    let running = Running::start(&new, &bank, &clock).await;
    // The bank does not know it, and it is let go before the list tells of it.
    let request = Request { autoprocess: false, ..paying(&clock, "000", "1.00") };
    let id = running.create("many-0", request).await;
    assert_eq!(id, id_of(0));
    let payout = async || running.door().get(id).await.unwrap().payout;
    until(&running, SECOND, async || !payout().await.moderation_required()).await;
    assert!(!is_read(&running).await, "it is read once more");
    bank.flood.store(1, Ordering::SeqCst);
    until(&running, SECOND, async || payout().await.moderation_required()).await;
    assert_eq!(payout().await.standing().hold.map(|(hold, _)| hold.cause), Some(HoldCause::Paused));
    // Its merchant's word changes nothing about that.
    let _ = running.door().command(id, Command::Process, None).await;
    running.pass(60 * SECOND).await;
    assert_eq!(bank.submissions(id), 0);
    running.stop().await;
}
