//! Payments that a restore has forgotten: found in the provider's list, shown until somebody has dealt
//! with them, and never made a second time.

mod bank;
mod elsewhere;
mod search;

use super::{MERCHANT, signed};
use crate::clock::{Clock, TurnedClock};
use crate::orphans::{KEPT_BYTES, ListRead, ListState};
use crate::{Audited, Refusal, desk};
use adapters::provider::*;
use bank::{Bank, Running, SECOND, paying, restore};
use domain::entry::HoldCause;
use domain::failure::{Failure, Origin};
use domain::id::{PayoutId, provider_reference};
use domain::money::Amount;
use domain::payout::Payout;
use domain::resolution::Resolution;
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::codec::{Kind, seal};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn broken() -> ListOutcome {
    let why = Failure::new(Resolution::ProviderInternalError, Origin::Provider).with_http(503);
    ListOutcome::Unknown { why, retry_after: None }
}

fn page(next: Option<&str>) -> ListOutcome {
    ListOutcome::Page(ListPage { rows: Vec::new(), next: next.map(Into::into) })
}

#[actix_rt::test]
async fn what_a_restore_has_forgotten_is_found_shown_and_never_paid_again() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let (old, new) = (home.path().join("old"), home.path().join("new"));
    let bank = Bank::new(&clock);
    let running = Running::start(&old, &bank, &clock).await;
    let known = running.create("k0", paying(&clock, "000", "1.00")).await;
    running.until(known, Status::Processed).await;
    let point = running.through();
    let (first, second) = (paying(&clock, "000", "125.40"), paying(&clock, "040", "20.00"));
    let lost = running.create("k1", first.clone()).await;
    let part = running.create("k2", second.clone()).await;
    running.until(lost, Status::Processed).await;
    running.until(part, Status::PartiallyProcessed).await;
    let hidden = running.create("k3", paying(&clock, "019", "7.00")).await;
    while running.bank.submissions(hidden) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.stop().await;
    let theirs = Order {
        payout: PayoutId([8; 16]),
        merchant: MERCHANT,
        reference: "invoice-7".into(),
        amount: first.amount,
        currency: first.currency,
        method: first.method,
        recipient: first.recipient.clone(),
        description: None,
        settlement: None,
    };
    bank.submit(Arc::new(theirs)).await;
    restore(&old, &new, point, &clock);

    // A list that is broken, and one that goes round in circles, are not the end of the search.
    let lies = [broken(), page(Some("0")), page(Some("0")), broken(), broken()];
    bank.lies.lock().unwrap().extend(lies);
    let running = Running::start(&new, &bank, &clock).await;
    assert_eq!((running.list().state, running.orphans().await.open), (ListState::UnderWay, 0));
    for _ in 0..200 {
        // Not yet as long as the third may hide.
        if running.orphans().await.open >= 2 {
            break;
        }
        running.pass(SECOND / 10).await;
    }
    let found = running.orphans().await;
    assert_eq!((found.open, running.list().state), (2, ListState::UnderWay));
    let by_id: BTreeMap<_, _> = found.orphans.iter().map(|one| (one.payout, one)).collect();
    let whole = by_id[&lost];
    let amount = |text: &str| Some((Amount::parse(text, first.currency).unwrap(), first.currency));
    assert_eq!((whole.asked, whole.paid), (amount("125.40"), amount("125.40")));
    assert_eq!((&*whole.outcome, &*whole.account), ("settled", "sandbox"));
    assert_eq!(whole.reference(), provider_reference(lost, 1));
    assert!(whole.provider_id.is_some() && whole.at < whole.found_at);
    assert_eq!((by_id[&part].asked, by_id[&part].paid), (amount("20.00"), amount("12.00")));
    assert_eq!(&*by_id[&part].outcome, "partially_settled");
    running.engine.snapshot().await.unwrap();
    running.stop().await;

    // What was found is there at once, and the search goes on where it is needed.
    let running = Running::start(&new, &bank, &clock).await;
    assert_eq!(running.orphans().await.orphans, found.orphans);
    for _ in 0..200 {
        if running.quarantine().lists[0].state == ListState::Read {
            break;
        }
        running.pass(SECOND).await;
    }
    let read = ListRead { epoch: 1, rows: 5, others: 1, cut_short: false };
    assert_eq!((running.list().state, running.list().read), (ListState::Read, read));
    assert_eq!(running.orphans().await.open, 3, "the third hides no longer");
    let (page, rest) = (running.engine.gateway().orphans(None, 2).await.unwrap(), 1);
    let (next, more) = (page.next, running.engine.gateway().orphans(page.next, 2).await.unwrap());
    assert_eq!((page.orphans.len(), more.orphans.len(), more.next), (2, rest, None));
    assert!(next.is_some() && more.orphans[0].at >= page.orphans[1].at);
    running.stop().await;

    let asked = bank.asked();
    let running = Running::start(&new, &bank, &clock).await;
    running.pass(60 * SECOND).await;
    assert_eq!((running.list().state, bank.asked()), (ListState::Read, asked), "read is read");
    assert!(bank.asked.lock().unwrap().iter().all(|wish| {
        let (made, late) = (found.orphans[0].at, whole.found_at);
        wish.from < made && wish.until > late
    }));
    // Its merchant's retry makes the same payout, which finds its payment.
    assert_eq!(running.create("k1", first.clone()).await, lost);
    assert_eq!(running.quarantine().orphans, 2, "there is a payout of this id");
    let adopted = running.until(lost, Status::Processed).await;
    assert!(!adopted.is_sought() && adopted.provider_id().is_some());
    // The others: one is dealt with outside.
    let gateway = running.engine.gateway();
    let closed = gateway.close_orphan(part, signed("bob")).await.unwrap();
    assert_eq!(closed[0].reference(), provider_reference(part, 1));
    let again = gateway.close_orphan(part, signed("ann")).await.unwrap_err();
    assert_eq!(again, Refusal::NotFound);
    assert_eq!(gateway.close_orphan(lost, signed("ann")).await.unwrap_err(), Refusal::NotFound);
    drop(gateway);
    running.stop().await;

    let running = Running::start(&new, &bank, &clock).await;
    assert_eq!(running.quarantine().orphans, 1, "before anybody has looked at them");
    let left = running.orphans().await;
    assert_eq!(left.orphans.iter().map(|one| one.payout).collect::<Vec<_>>(), [hidden]);
    let gateway = running.engine.gateway();
    let closed = gateway.parts().unwrap().desk.state().closed_orphans;
    assert_eq!(closed.into_iter().collect::<Vec<_>>(), [(part, 1)]);
    let close = |row: &Audited| row.action == "close_orphan";
    let record = loop {
        // The record is read behind the journal.
        if let Some(record) = gateway.audit(0, 100).unwrap().into_iter().find(close) {
            break record;
        }
        running.pass(SECOND).await;
    };
    assert_eq!((record.payout, &*record.by), (Some(part), "bob"));
    assert_eq!(record.reason.as_deref(), Some("seen on the statement"));
    assert_eq!(record.from.as_deref(), Some("127.0.0.1"));
    // Long after the time in which every new payout is asked about, this one still is.
    running.pass(Duration::from_secs(7_200)).await;
    assert!(running.quarantine().asks_first_until.is_none());
    running.create("k2", second).await;
    let late = running.until(part, Status::PartiallyProcessed).await;
    assert!(late.entries().iter().any(|entry| {
        matches!(&entry.fact, domain::entry::Fact::Held(hold) if hold.cause == HoldCause::Restored)
    }));
    for id in [lost, part, hidden] {
        assert_eq!(bank.submissions(id), 1, "nothing was sent a second time");
    }
    let report = gateway.verify().await.unwrap();
    assert!(report.is_sound(), "{:?}", report.told);
    running.stop().await;
}

#[actix_rt::test]
async fn an_account_without_a_list_says_so_and_is_not_asked() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let (old, new) = (home.path().join("old"), home.path().join("new"));
    let mut bank = Bank::new(&clock);
    let running = Running::start(&old, &bank, &clock).await;
    let known = running.create("k0", paying(&clock, "000", "1.00")).await;
    running.until(known, Status::Processed).await;
    let point = running.through();
    running.stop().await;
    restore(&old, &new, point, &clock);
    bank.caps.lists = None;
    let running = Running::start(&new, &bank, &clock).await;
    running.pass(120 * SECOND).await;
    assert_eq!((running.list().state, bank.asked()), (ListState::NotOffered, 0));
    running.stop().await;
    // One whose list reaches back a minute is read, and is said to be cut short.
    let lists = Lists { visibility_lag: SECOND, reaches_back: Some(60 * SECOND) };
    bank.caps.lists = Some(lists);
    let running = Running::start(&new, &bank, &clock).await;
    for _ in 0..200 {
        if running.list().state == ListState::Read {
            break;
        }
        running.pass(SECOND).await;
    }
    let list = running.list();
    assert!(list.state == ListState::Read && list.read.cut_short && bank.asked() > 0);
    let first = bank.asked.lock().unwrap()[0].clone();
    assert!(clock.now().since(first.from) < Duration::from_secs(600), "no further than it reaches");
    running.stop().await;
}

#[actix_rt::test]
async fn a_payment_that_our_books_call_failed_is_a_reason_to_ask() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let (old, new) = (home.path().join("old"), home.path().join("new"));
    let bank = Bank::new(&clock);
    let running = Running::start(&old, &bank, &clock).await;
    // It says failed, and pays five seconds later.
    let id = running.create("k0", paying(&clock, "042", "1.00")).await;
    running.until(id, Status::ProcessFailed).await;
    let point = running.through();
    running.stop().await;
    bank.sandbox.advance(60 * SECOND);
    restore(&old, &new, point, &clock);
    let running = Running::start(&new, &bank, &clock).await;
    let held = |payout: Payout| payout.standing().hold.map(|(hold, _)| hold.cause);
    for _ in 0..200 {
        if running.door().get(id).await.unwrap().payout.moderation_required() {
            break;
        }
        running.pass(SECOND / 10).await;
    }
    let payout = running.door().get(id).await.unwrap().payout;
    assert_eq!(payout.status(), Status::ProcessFailed, "a list is no evidence");
    assert_eq!(held(payout), Some(HoldCause::Discrepancy), "but the answer to the question is");
    assert_eq!(running.orphans().await.open, 0);
    running.stop().await;
}

#[actix_rt::test]
async fn more_orphans_than_a_snapshot_holds_wait_on_the_list_until_some_are_dealt_with() {
    let (home, clock) = (tempfile::tempdir().unwrap(), TurnedClock::default());
    let (old, new) = (home.path().join("old"), home.path().join("new"));
    let bank = Bank::new(&clock);
    let running = Running::start(&old, &bank, &clock).await;
    let known = running.create("k0", paying(&clock, "000", "1.00")).await;
    running.until(known, Status::Processed).await;
    let point = running.through();
    running.stop().await;
    restore(&old, &new, point, &clock);
    bank.flood.store(9_000, Ordering::SeqCst);
    let running = Running::start(&new, &bank, &clock).await;
    let full = async |than: u64| {
        for _ in 0..2_000 {
            running.pass(SECOND).await;
            let gateway = running.engine.gateway();
            let kept = gateway.parts().unwrap().desk.look(Clone::clone);
            let (open, bytes) = (running.orphans().await.open, desk::state_body(&kept).unwrap());
            let told = than > 0 || open == kept.orphans.len() as u64;
            if bytes.len() > KEPT_BYTES && open > than && told {
                return open;
            }
        }
        panic!("{} are open", running.orphans().await.open);
    };
    let open = full(0).await;
    running.pass(60 * SECOND).await;
    assert_eq!((running.orphans().await.open, running.list().state), (open, ListState::UnderWay));
    assert!(open < 9_000, "the others wait on the list: {open}");
    running.engine.snapshot().await.unwrap();
    let mut made = Vec::new();
    for number in 0..500 {
        let id = running.create(&format!("many-{number}"), paying(&clock, "000", "1.00")).await;
        let of = running.engine.gateway().parts().unwrap().orphans.of(id);
        assert!(of.is_empty(), "{id} is a payout now");
        made.push(id);
    }
    let more = full(open - 500).await;
    assert!(more > open - 500, "those that have payouts have made room: {more} of {open}");
    running.engine.snapshot().await.unwrap();
    // The bank finds none of them, whatever its list says: that is not believed, over restarts either.
    running.stop().await;
    let running = Running::start(&new, &bank, &clock).await;
    for _ in 0..200 {
        running.pass(30 * SECOND).await;
    }
    for id in made {
        let payout = running.door().get(id).await.unwrap().payout;
        assert!(payout.is_sought() && bank.submissions(id) == 0, "{:?}", payout.standing());
    }
    // Payouts that are asked about and were never sent are as sound as any.
    let report = running.engine.gateway().verify().await.unwrap();
    assert!(report.is_sound(), "{:?}", report.told.first());
    running.stop().await;
}

#[test]
fn the_desk_of_older_snapshots_opens() {
    let modes: BTreeMap<Box<str>, desk::ModeSet> = BTreeMap::from([(
        "bank".into(),
        desk::ModeSet {
            mode: "closed".into(),
            by: "ann".into(),
            reason: "r".into(),
            at: Timestamp(4),
        },
    )]);
    let restored = desk::Restored {
        epoch: 1,
        log_id: 2,
        through: 3,
        chain: [4; 32],
        lost_from: Timestamp(5),
        known: false,
        ask_first_until: Timestamp(6),
    };
    let restores = vec![restored];
    let first = seal(Kind::Engine, &(7_u32, &modes)).unwrap();
    let second = seal(Kind::Engine, &(7_u32, &modes, &restores)).unwrap();
    let opened = desk::state(&first).unwrap();
    assert_eq!((opened.version, &opened.modes, opened.restores.len()), (7, &modes, 0));
    let opened = desk::state(&second).unwrap();
    assert_eq!((opened.version, &opened.modes, &opened.restores), (7, &modes, &restores));
    assert!(opened.orphans.is_empty() && opened.lists.is_empty());
    let now = desk::state_body(&opened).unwrap();
    assert_eq!(desk::state(&now).unwrap(), opened);
}
