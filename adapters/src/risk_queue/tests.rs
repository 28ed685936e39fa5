//! The queue against a list that is searched from end to end.

use super::*;
use domain::money::{Amount, Currency};
use proptest::prelude::*;
use std::cmp::Reverse;

const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn at_risk(euros: u64, age: Duration) -> AtRisk {
    let euro = Currency::parse("EUR").unwrap();
    let amount = Amount::from_minor_units(u128::from(euros) * 100, euro).unwrap();
    AtRisk { amount, age }
}

/// All that wait, asked for one after the other at that time.
fn order(queue: &mut RiskQueue<&'static str>, now: Duration) -> Vec<&'static str> {
    std::iter::from_fn(|| queue.pop(now)).collect()
}

#[test]
fn much_money_goes_before_little_and_old_before_new() {
    let mut queue = RiskQueue::new();
    queue.push(secs(0), at_risk(100, secs(10)), "a hundred, ten seconds old");
    queue.push(secs(0), at_risk(100, secs(60)), "a hundred, a minute old");
    queue.push(secs(0), at_risk(50_000, secs(1)), "fifty thousand, new");
    queue.push(secs(0), at_risk(1, secs(86_400)), "one, a day old");
    assert_eq!(queue.len(), 4);
    let expected = [
        "one, a day old",
        "fifty thousand, new",
        "a hundred, a minute old",
        "a hundred, ten seconds old",
    ];
    assert_eq!(order(&mut queue, secs(0)), expected);
    assert!(queue.is_empty() && queue.pop(secs(0)).is_none());
}

#[test]
fn a_question_grows_older_while_it_waits() {
    let (small, large) = (at_risk(64, secs(1)), at_risk(1_024, secs(1)));
    for (waited, first) in [(15, "large"), (16, "small")] {
        let mut queue = RiskQueue::new();
        queue.push(secs(0), small, "small");
        queue.push(secs(waited), large, "large");
        assert_eq!(queue.pop(secs(waited)), Some(first), "after {waited} seconds");
    }
}

#[test]
fn questions_of_one_moment_go_by_their_amounts_and_then_as_they_came() {
    let mut queue = RiskQueue::new();
    for (euros, name) in [(8, "first"), (9, "second"), (16, "more"), (8, "third")] {
        queue.push(secs(5), at_risk(euros, Duration::ZERO), name);
    }
    assert_eq!(order(&mut queue, secs(5)), ["more", "first", "second", "third"]);
}

#[test]
fn the_least_and_the_most_have_their_places() {
    let mut queue = RiskQueue::new();
    let euro = Currency::parse("EUR").unwrap();
    let cent = AtRisk { amount: Amount::from_minor_units(1, euro).unwrap(), age: secs(1) };
    queue.push(secs(0), cent, "a cent");
    queue.push(secs(0), at_risk(10_u64.pow(17), Duration::MAX), "all there is");
    queue.push(secs(0), at_risk(1, secs(2)), "a euro");
    assert_eq!(order(&mut queue, Duration::MAX), ["all there is", "a euro", "a cent"]);
}

#[test]
fn a_flood_of_large_ones_does_not_starve_a_small_one() {
    // One question a second goes out and a new large one takes its place, so that the oldest large
    // one is always `backlog` seconds old.
    for (large, backlog) in [(2, 1), (512, 1), (512, 16), (4_096, 4)] {
        let mut queue = RiskQueue::new();
        queue.push(secs(0), at_risk(1, Duration::ZERO), "small");
        (0..backlog).for_each(|now| queue.push(secs(now), at_risk(large, secs(0)), "large"));
        let served = (backlog..).find(|now| {
            let first = queue.pop(secs(*now));
            queue.push(secs(*now), at_risk(large, secs(0)), "large");
            first == Some("small")
        });
        let due = large * backlog;
        assert!(served.is_some_and(|at| (due..=due + 1).contains(&at)), "{served:?}, due {due}");
    }
}

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    Push { euros: u64, age: u64 },
    Pop,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    // As many small amounts as large ones, and ages that meet each other.
    let euros = (0_u32..56).prop_flat_map(|bits| (1_u64 << bits)..(2 << bits));
    let age = prop_oneof![0_u64..4, 0_u64..10_000_000_000_000];
    prop_oneof![
        4 => (euros, age).prop_map(|(euros, age)| Step::Push { euros, age }),
        3 => Just(Step::Pop),
        2 => prop_oneof![0_u64..4, 0_u64..1_000_000_000].prop_map(Step::Wait),
    ]
}

/// The place in the list of what must be asked next.
fn most_at_risk(list: &[(u64, i64, usize)], now: i64) -> Option<usize> {
    let key = |(amount, since, number): (u64, i64, usize)| {
        let age = (now - since).max(1) as u128;
        (u128::from(amount) * age, amount, Reverse((since, number)))
    };
    (0..list.len()).max_by_key(|place| key(list[*place]))
}

proptest! {
    #[test]
    fn what_comes_out_is_what_a_search_through_all_would_find(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let (mut queue, mut list) = (RiskQueue::new(), Vec::new());
        let mut now = 0_u64;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push { euros, age } => {
                    let risk = at_risk(euros, Duration::from_micros(age));
                    queue.push(Duration::from_micros(now), risk, number);
                    let power = 1_u64 << euros.ilog2();
                    list.push((power, now as i64 - age as i64, number));
                }
                Step::Pop => {
                    let expected = most_at_risk(&list, now as i64).map(|at| list.remove(at).2);
                    prop_assert_eq!(queue.pop(Duration::from_micros(now)), expected);
                }
                Step::Wait(micros) => now += micros,
            }
            prop_assert_eq!(queue.len(), list.len());
        }
    }
}

#[test]
fn what_no_money_hangs_on_goes_when_nothing_else_waits() {
    let mut queue = RiskQueue::new();
    queue.push_last("first of the last");
    queue.push_last("second of the last");
    queue.push(secs(9), at_risk(1, Duration::ZERO), "a little, new");
    assert_eq!(queue.len(), 3);
    let expected = ["a little, new", "first of the last", "second of the last"];
    assert_eq!(order(&mut queue, secs(1_000)), expected);
    assert!(queue.is_empty());
}

#[test]
fn what_no_money_hangs_on_goes_after_every_hundredth_other() {
    let mut queue = RiskQueue::new();
    queue.push(secs(0), at_risk(8, secs(1)), "money");
    queue.push_last("first of the last");
    queue.push_last("second of the last");
    // Where one goes another comes: questions about money never run out.
    let mut went = |rounds: u64| -> Vec<&'static str> {
        let mut went = Vec::new();
        for now in 0..rounds {
            let one = queue.pop(secs(now)).unwrap();
            if one == "money" {
                queue.push(secs(now), at_risk(8, secs(1)), "money");
            }
            went.push(one);
        }
        went
    };
    let first = went(101);
    assert!(first[..100].iter().all(|one| *one == "money"));
    assert_eq!(first[100], "first of the last");
    let second = went(101);
    assert!(second[..100].iter().all(|one| *one == "money"));
    assert_eq!(second[100], "second of the last");
    assert!(went(300).iter().all(|one| *one == "money"), "none of the others is left");
    // What comes now has not waited for those that went before it came.
    queue.push_last("a late one");
    let rest: Vec<_> = (0..2).map(|now| queue.pop(secs(now)).unwrap()).collect();
    assert_eq!(rest, ["money", "a late one"]);
}
