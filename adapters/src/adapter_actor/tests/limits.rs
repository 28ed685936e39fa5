//! How hard the provider is asked, and who waits for whom.

use super::fake::{Call, Script, accepted, settled};
use super::*;
use domain::failure::{Failure, Origin};
use domain::resolution::Resolution;
use futures_util::future::join_all;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Instant;

#[actix_rt::test]
async fn with_nothing_in_the_way_a_permit_is_granted_and_given_back() {
    let mut world = World::new(no_limits());
    let granted = world.permit_for(1).await;
    assert_eq!(
        (granted.payout, &*granted.account, &granted.quoted),
        (payout(1), "fake_main", &Ok(None))
    );
    assert_eq!(granted.permit.account(), &granted.account);
    assert_eq!(world.health().await.permits_out, 1);
    assert_eq!(world.submit(granted).await, accepted());
    let health = world.health().await;
    assert_eq!((health.permits_out, health.in_flight, health.granted_total), (0, 0, 1));
    assert!(health.latency_micros > 0);
}

#[actix_rt::test]
async fn concurrency_never_exceeds_the_limit() {
    let mut world = World::new(Limits { concurrency: 4, verify_share: 25, ..no_limits() });
    world.fake.will_submit((0..40).map(|_| Script::After(ms(3), accepted())));
    world.fake.will_fetch((0..20).map(|_| Script::After(ms(3), settled())));
    for number in 0..40 {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    let adapter = world.adapter.clone();
    let fetches = join_all((0..20).map(|number| adapter.fetch(lookup(number))));
    let submits = async {
        for _ in 0..40 {
            let granted = world.permit().await;
            let (adapter, order) = (adapter.clone(), Arc::new(order(granted.payout)));
            actix_rt::spawn(async move { adapter.submit(granted.permit, order).await });
        }
    };
    let (fetched, ()) = tokio::join!(fetches, submits);
    assert!(fetched.iter().all(|outcome| *outcome == settled()));
    while world.fake.saw().len() < 60 {
        sleep(ms(1)).await;
    }
    assert_eq!(world.fake.most_under_way.load(SeqCst), 4, "all slots are used, and no more");
}

/// Every call is in a window with the `calls - 1` calls before it at most. Our clock and the fake's
/// are read at different moments, so the window is a third shorter here.
fn assert_paced(times: &[Instant], calls: usize, per: Duration) {
    for run in times.windows(calls + 1) {
        let took = run[calls] - run[0];
        assert!(took >= per * 2 / 3, "{} calls within {took:?}", calls + 1);
    }
}

#[actix_rt::test]
async fn the_rate_never_exceeds_the_limit_whoever_calls() {
    let per = ms(300);
    let mut world = World::new(Limits { calls: 20, per, ..no_limits() });
    for number in 0..40 {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    let (fake, adapter) = (world.fake.clone(), world.adapter.clone());
    let fetches = join_all((0..15).map(|number| adapter.fetch(lookup(number))));
    let submits = async {
        for _ in 0..40 {
            let granted = world.permit().await;
            world.submit(granted).await;
        }
    };
    tokio::join!(fetches, submits);
    let times = fake.saw_at();
    assert_eq!(times.len(), 55);
    assert_paced(&times, 20, per);
}

#[actix_rt::test]
async fn permits_that_were_hoarded_do_not_leave_all_at_once() {
    let per = ms(200);
    let mut world = World::new(Limits { calls: 20, per, ..no_limits() });
    let mut hoard = Vec::new();
    for number in 0..22 {
        hoard.push(world.permit_for(number).await);
    }
    sleep(per).await;
    let world = &world;
    join_all(hoard.into_iter().map(|granted| world.submit(granted))).await;
    assert_paced(&world.fake.saw_at(), 20, per);
}

#[actix_rt::test]
async fn under_a_flood_from_both_sides_each_gets_its_share_of_the_calls() {
    let limits = Limits { calls: 100, per: ms(500), verify_share: 30, ..no_limits() };
    let mut world = World::new(limits);
    for number in 0..60 {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    let (fake, adapter) = (world.fake.clone(), world.adapter.clone());
    let fetches = join_all((0..60).map(|number| adapter.fetch(lookup(number))));
    let submits = async {
        for _ in 0..60 {
            let granted = world.permit().await;
            world.submit(granted).await;
        }
    };
    tokio::join!(fetches, submits);
    let first: Vec<Call> = fake.saw().into_iter().take(60).collect();
    let asked = first.iter().filter(|call| **call == Call::Fetch).count();
    assert!((14..=22).contains(&asked), "{asked} of 60, where 18 are due");
}

#[actix_rt::test]
async fn submissions_that_hang_do_not_keep_anyone_from_asking() {
    let mut world = World::new(Limits { concurrency: 5, ..no_limits() });
    world.fake.will_submit((0..4).map(|_| Script::Hang));
    for number in 0..6 {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    for _ in 0..4 {
        let (granted, adapter) = (world.permit().await, world.adapter.clone());
        let order = Arc::new(order(granted.payout));
        actix_rt::spawn(async move { adapter.submit(granted.permit, order).await });
    }
    world.no_permit().await;
    for number in 0..20 {
        assert_eq!(world.fetch(number).await, settled());
    }
    assert_eq!(world.health().await.waiting_submits, 2);
}

#[actix_rt::test]
async fn questions_that_hang_do_not_keep_anyone_from_paying() {
    let mut world = World::new(Limits { concurrency: 5, ..no_limits() });
    world.fake.will_fetch((0..5).map(|_| Script::Hang));
    for number in 0..5 {
        let adapter = world.adapter.clone();
        actix_rt::spawn(async move { adapter.fetch(lookup(number)).await });
    }
    let granted = world.permit_for(1).await;
    assert_eq!(world.submit(granted).await, accepted());
    assert_eq!(world.health().await.waiting_fetches, 4);
}

#[actix_rt::test]
async fn a_permit_dropped_without_use_frees_its_slot() {
    let mut world = World::new(Limits { concurrency: 2, ..no_limits() });
    let held = world.permit_for(1).await;
    world.ask(MERCHANT_A, 2).await.unwrap();
    world.no_permit().await;
    drop(held);
    assert_eq!(world.permit().await.payout, payout(2));
}

#[actix_rt::test]
async fn a_permit_that_finds_nobody_frees_its_slot() {
    let mut world = World::new(Limits { concurrency: 2, ..no_limits() });
    let gone = {
        let (tell, _) = mpsc::unbounded_channel();
        let arbiter = actix_rt::Arbiter::new();
        let gone = Payouts::start_in_arbiter(&arbiter.handle(), |_| Payouts(tell));
        arbiter.stop();
        arbiter.join().unwrap();
        gone
    };
    let ask = RequestPermit { grant_to: gone.recipient(), ..world.request(MERCHANT_A, 1) };
    world.adapter.request_permit(ask).await.unwrap();
    assert_eq!(world.permit_for(2).await.payout, payout(2));
}

#[actix_rt::test]
async fn merchants_take_turns() {
    let mut world = World::new(Limits { concurrency: 2, ..no_limits() });
    let held = world.permit_for(0).await;
    for number in 1..=30 {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    world.ask(MERCHANT_B, 100).await.unwrap();
    world.ask(MERCHANT_B, 101).await.unwrap();
    drop(held);
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(world.permit().await.payout.0[0]);
    }
    assert_eq!(order, [1, 100, 2, 101, 3]);
}

#[actix_rt::test]
async fn questions_are_asked_in_the_order_of_the_money_at_risk() {
    let world = World::new(Limits { concurrency: 2, ..no_limits() });
    // The one slot for questions is taken until the others wait.
    world.fake.will_fetch([Script::After(ms(300), settled())]);
    let answered = Rc::new(RefCell::new(Vec::new()));
    let rows = [("1.00", 0), ("900.00", 300), ("7.00", 86_400), ("900.00", 60), ("5000.00", 0)];
    for (number, (amount, age)) in (0..).zip(rows) {
        let (adapter, answered) = (world.adapter.clone(), answered.clone());
        let amount = Amount::parse(amount, euros()).unwrap();
        let at_risk = AtRisk { amount, age: Duration::from_secs(age) };
        actix_rt::spawn(async move {
            adapter.fetch(Lookup { at_risk, ..lookup(number) }).await;
            answered.borrow_mut().push(number);
        });
        while world.health().await.waiting_fetches < usize::from(number) {
            sleep(ms(1)).await;
        }
    }
    while answered.borrow().len() < rows.len() {
        sleep(ms(1)).await;
    }
    assert_eq!(*answered.borrow(), [0, 2, 1, 3, 4]);
}

#[actix_rt::test]
async fn a_slot_that_was_just_freed_goes_to_who_waits_and_not_to_who_comes() {
    let mut world = World::new(Limits { concurrency: 2, ..no_limits() });
    let held = world.permit_for(1).await;
    world.ask(MERCHANT_A, 2).await.unwrap();
    world.adapter.addr.do_send(world.request(MERCHANT_A, 3));
    drop(held);
    assert_eq!(world.permit().await.payout, payout(2));
    assert_eq!(world.permit().await.payout, payout(3));
}

#[actix_rt::test]
async fn asking_twice_gets_one_permit_and_withdrawing_none() {
    let mut world = World::new(Limits { concurrency: 2, ..no_limits() });
    let held = world.permit_for(0).await;
    for number in [1, 2, 1, 2, 1] {
        world.ask(MERCHANT_A, number).await.unwrap();
    }
    assert!(world.adapter.withdraw(payout(2)).await);
    assert!(!world.adapter.withdraw(payout(2)).await);
    drop(held);
    assert_eq!(world.permit().await.payout, payout(1));
    world.no_permit().await;
}

#[actix_rt::test]
async fn full_queues_say_so_at_once() {
    let mut world = World::new(Limits { concurrency: 2, queue: 2, ..no_limits() });
    let _held = world.permit_for(0).await;
    for (number, expected) in [(1, Ok(())), (2, Ok(())), (3, Err(QueueFull)), (1, Ok(()))] {
        assert_eq!(world.ask(MERCHANT_A, number).await, expected, "{number}");
    }
    world.fake.will_fetch([Script::Hang]);
    for number in 0..3 {
        let adapter = world.adapter.clone();
        actix_rt::spawn(async move { adapter.fetch(lookup(number)).await });
    }
    while world.health().await.waiting_fetches < 2 {
        sleep(ms(1)).await;
    }
    let why = Failure::new(Resolution::GeneralError, Origin::Platform);
    assert_eq!(world.fetch(4).await, FetchOutcome::Unknown { why, retry_after: None });
}
