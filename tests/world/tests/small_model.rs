//! Every interleaving of a small world, under every contract. How many states there are is asserted for
//! each contract: a change of it is a change of what can happen.

use std::sync::atomic::{AtomicUsize, Ordering};
use world::small::{Bounds, Contract, compare, walk, walk_deceived};

/// How many different states each contract has, in the order of the contracts, by how many orders operators give.
/// Without any nothing is sent again by hand, so that it makes no difference whether a reference is recognised.
const STATES: [[usize; 8]; 3] = [
    [50_181, 50_181, 68_037, 68_037, 58_745, 58_745, 78_725, 78_725],
    [114_094, 487_991, 162_664, 560_026, 131_854, 550_855, 184_740, 636_095],
    [183_447, 1_661_766, 267_059, 1_763_512, 206_711, 1_862_360, 295_372, 1_994_549],
];

/// So many orders of operators: none for every day, BURSAR_ORDERS=2 for all of it, which takes minutes.
fn orders() -> u8 {
    let asked = std::env::var("BURSAR_ORDERS").map(|orders| orders.parse());
    asked.map_or(0, |orders| orders.unwrap_or_else(|_| panic!("BURSAR_ORDERS is 0, 1 or 2")))
}

#[test]
fn nothing_that_can_happen_breaks_anything() {
    let bounds = Bounds { sends: 2, orders: orders() };
    let states = for_every_contract(|contract| {
        let walked = walk(contract, bounds);
        println!("{contract:?}: {} states, {} steps", walked.states, walked.steps);
        if let Some((violation, story)) = walked.broken {
            panic!("{contract:?}: {violation}\n{}", story.join("\n"));
        }
        walked.states
    });
    let all: usize = states.iter().sum();
    println!("{all} states with {} orders", bounds.orders);
    assert_eq!(states, STATES[usize::from(bounds.orders)], "what can happen has changed");
}

/// The walk goes on from one of two states that no decision tells apart. That none does is tried here.
#[test]
fn whatever_led_to_a_state_the_same_can_happen_next() {
    let most = if orders() > 0 { 100_000 } else { 10_000 };
    let compared = for_every_contract(|contract| {
        let bounds = Bounds { sends: 2, orders: 2 };
        compare(contract, bounds, most).unwrap_or_else(|story| {
            panic!("{contract:?}: not like another one is\n{}", story.join("\n"))
        })
    });
    assert!(compared.iter().all(|compared| *compared == most), "{compared:?}");
}

/// A walk that overlooks a contract which its provider does not keep would overlook a gateway that does not.
#[test]
fn a_provider_that_breaks_its_contract_is_noticed() {
    let none = Contract { resend_is_safe: false, not_found_is_final: false, believed: false };
    let recognises = Contract { resend_is_safe: true, ..none };
    let is_final = Contract { not_found_is_final: true, ..none };
    for (agreed, orders, noticed) in [
        // Sent again by an operator's order, and paid again.
        (recognises, 1, ("I-2", 8)),
        // Called expired on the word of a provider that then shows it to have paid.
        (is_final, 0, ("I-3", 8)),
    ] {
        let walked = walk_deceived(none, agreed, Bounds { sends: 2, orders });
        let (violation, story) = walked.broken.expect("money goes wrong there");
        println!("{violation}\n{}", story.join("\n"));
        assert_eq!((violation.invariant, story.len()), noticed, "{story:?}");
    }
}

/// What came of each contract, in their order, as many at a time as there are processors.
fn for_every_contract(work: impl Fn(Contract) -> usize + Sync) -> Vec<usize> {
    let contracts: Vec<Contract> = Contract::all().collect();
    let (next, threads) = (AtomicUsize::new(0), std::thread::available_parallelism());
    let worker = || {
        let mut done = Vec::new();
        while let Some((place, contract)) = {
            let place = next.fetch_add(1, Ordering::Relaxed);
            contracts.get(place).map(|contract| (place, *contract))
        } {
            done.push((place, work(contract)));
        }
        done
    };
    let mut all = std::thread::scope(|scope| {
        let working: Vec<_> =
            (0..threads.map_or(1, usize::from)).map(|_| scope.spawn(worker)).collect();
        let done = working.into_iter().map(|thread| thread.join());
        done.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Vec<_>>()
    });
    all.sort_unstable();
    all.into_iter().map(|(_, came)| came).collect()
}
