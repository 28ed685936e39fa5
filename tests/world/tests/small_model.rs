//! Every interleaving of a small world, under every contract. How many states there are is asserted for
//! each contract: a change of it is a change of what can happen.

use world::small::{Bounds, Contract, walk};

/// A smaller space for every day; the whole one is walked by the test that is ignored.
const SMALL: Bounds = Bounds { sends: 2, crashes: 1, callbacks: 1, commands: 1, orders: 0 };

/// How many different states each contract has, in the order of the contracts. Without an operator's order
/// nothing is sent again by hand, so that it makes no difference whether a reference is recognised.
const SMALL_STATES: [usize; 8] =
    [203_513, 203_513, 208_066, 208_066, 209_387, 209_387, 214_221, 214_221];

#[test]
fn nothing_that_can_happen_breaks_anything() {
    assert_eq!(every_contract(SMALL), SMALL_STATES, "what can happen has changed");
}

#[test]
#[ignore = "minutes, and gigabytes"]
fn nothing_in_the_whole_space_breaks_anything() {
    every_contract(Bounds::WHOLE);
}

/// How many states each contract has.
fn every_contract(bounds: Bounds) -> [usize; 8] {
    let mut states = [0; 8];
    for (contract, states) in Contract::all().zip(&mut states) {
        let walked = walk(contract, bounds);
        println!("{contract:?}: {} states, {} steps", walked.states, walked.steps);
        if let Some((violation, story)) = walked.broken {
            panic!("{violation}\n{}", story.join("\n"));
        }
        *states = walked.states;
    }
    states
}
