//! The queue against a model that is obviously right, and its promises one by one.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;

const MERCHANT_A: MerchantId = MerchantId(1);
const MERCHANT_B: MerchantId = MerchantId(2);

fn payout(number: u64) -> PayoutId {
    PayoutId(u128::from(number).to_be_bytes())
}

fn push(queue: &mut FairQueue<u64>, merchant: MerchantId, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        assert_eq!(queue.push(merchant, payout(number), number), Ok(None));
    }
}

fn drain(queue: &mut FairQueue<u64>) -> Vec<u64> {
    std::iter::from_fn(|| queue.pop()).map(|(_, number)| number).collect()
}

#[test]
fn a_million_waiting_delay_another_merchant_by_one_turn() {
    let mut queue = FairQueue::new(2_000_000);
    push(&mut queue, MERCHANT_A, 0..1_000_000);
    push(&mut queue, MERCHANT_B, 5_000_000..5_000_003);
    let first: Vec<u64> = (0..6).filter_map(|_| queue.pop()).map(|(_, number)| number).collect();
    assert_eq!(first, [0, 5_000_000, 1, 5_000_001, 2, 5_000_002]);
    assert_eq!(queue.len(), 999_997);
}

#[test]
fn an_entry_takes_about_forty_bytes() {
    let entry = size_of::<lanes::Entry<(PayoutId, NonZeroU32)>>();
    // The index holds a cell of four bytes for each entry, between three eighths and three quarters full.
    assert!(entry + 4 * 2 <= 40, "{entry}");
}

#[test]
fn a_weight_is_how_many_leave_in_one_turn() {
    let mut queue = FairQueue::new(100);
    queue.set_weight(MERCHANT_A, NonZeroU16::new(3).unwrap());
    push(&mut queue, MERCHANT_A, 0..7);
    push(&mut queue, MERCHANT_B, 10..13);
    assert_eq!(drain(&mut queue), [0, 1, 2, 10, 3, 4, 5, 11, 6, 12]);
}

#[test]
fn a_merchant_that_comes_back_queues_up_behind_the_others() {
    let mut queue = FairQueue::new(100);
    push(&mut queue, MERCHANT_A, 0..1);
    push(&mut queue, MERCHANT_B, 10..13);
    assert_eq!(queue.pop(), Some((payout(0), 0)));
    push(&mut queue, MERCHANT_A, 1..2);
    assert_eq!(drain(&mut queue), [10, 1, 11, 12]);
}

#[test]
fn a_payout_waits_at_most_once_and_keeps_its_place() {
    let mut queue = FairQueue::new(2);
    push(&mut queue, MERCHANT_A, 0..2);
    assert_eq!(queue.push(MERCHANT_A, payout(0), 77), Ok(Some(0)));
    assert_eq!(queue.push(MERCHANT_A, payout(2), 2), Err(QueueFull));
    assert_eq!(drain(&mut queue), [77, 1]);
}

#[test]
fn a_removed_payout_leaves_nothing_behind() {
    let mut queue = FairQueue::new(3);
    push(&mut queue, MERCHANT_A, 0..3);
    assert_eq!(queue.remove(payout(1)), Some(1));
    assert_eq!(queue.remove(payout(1)), None);
    push(&mut queue, MERCHANT_B, 10..11);
    assert_eq!(queue.push(MERCHANT_B, payout(11), 11), Err(QueueFull));
    assert_eq!(queue.remove(payout(0)), Some(0));
    assert_eq!(queue.remove(payout(2)), Some(2));
    assert_eq!(drain(&mut queue), [10]);
    assert!(queue.is_empty());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Push { merchant: u64, number: u64 },
    Pop,
    Remove { number: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..5, 0_u64..200).prop_map(|(merchant, number)| Step::Push { merchant, number }),
        3 => Just(Step::Pop),
        1 => (0_u64..200).prop_map(|number| Step::Remove { number }),
    ]
}

proptest! {
    /// Whatever is done to it: each merchant's payouts leave in the order they came, nobody is lost
    /// or doubled, and a merchant who waits sees every other at most once before its own turn.
    #[test]
    fn it_agrees_with_a_list_per_merchant(steps in prop::collection::vec(step(), 1..400)) {
        let mut queue = FairQueue::new(60);
        let mut lanes: BTreeMap<u64, VecDeque<u64>> = BTreeMap::new();
        let mut passed_over: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Push { merchant, number } => {
                    let waiting: usize = lanes.values().map(VecDeque::len).sum();
                    let known = lanes.values().any(|lane| lane.contains(&number));
                    let expected = match (known, waiting) {
                        (true, _) => Ok(Some(number)),
                        (false, 60) => Err(QueueFull),
                        (false, _) => Ok(None),
                    };
                    prop_assert_eq!(queue.push(MerchantId(merchant), payout(number), number), expected);
                    if expected == Ok(None) {
                        lanes.entry(merchant).or_default().push_back(number);
                    }
                }
                Step::Pop => {
                    let popped = queue.pop().map(|(_, number)| number);
                    let of = lanes.iter().find(|(_, lane)| lane.front().copied() == popped && popped.is_some());
                    prop_assert_eq!(of.is_some(), lanes.values().any(|lane| !lane.is_empty()));
                    let Some(of) = of.map(|(merchant, _)| *merchant) else { continue };
                    lanes.get_mut(&of).unwrap().pop_front();
                    passed_over.remove(&of);
                    for (merchant, _) in lanes.iter().filter(|(merchant, lane)| **merchant != of && !lane.is_empty()) {
                        let seen = passed_over.entry(*merchant).or_default();
                        prop_assert!(!seen.contains(&of), "{} went twice before {}", of, merchant);
                        seen.push(of);
                    }
                }
                Step::Remove { number } => {
                    let lane = lanes.values_mut().find(|lane| lane.contains(&number));
                    prop_assert_eq!(queue.remove(payout(number)), lane.as_ref().map(|_| number));
                    if let Some(lane) = lane {
                        lane.retain(|other| *other != number);
                    }
                }
            }
            passed_over.retain(|merchant, _| lanes.get(merchant).is_some_and(|lane| !lane.is_empty()));
            prop_assert_eq!(queue.len(), lanes.values().map(VecDeque::len).sum::<usize>());
        }
    }
}
