//! Some hundred worlds, each lived through twice. Many more are lived through by `bursar torture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use world::{Tally, prove};

/// How many, unless WORLD_SEEDS says otherwise.
const SEEDS: u64 = 300;

#[test]
fn no_world_breaks_an_invariant() {
    let seeds = std::env::var("WORLD_SEEDS").map_or(SEEDS, |text| text.parse().unwrap());
    let first = std::env::var("WORLD_FIRST").map_or(0, |text| text.parse().unwrap());
    let (mut all, mut broken) = (Tally::default(), Vec::new());
    for seed in first..first + seeds {
        let outcome = prove(seed);
        all.add(&outcome.tally);
        broken.extend(outcome.violation.map(|violation| (seed, violation)));
    }
    println!("{all:#?}");
    for (seed, violation) in broken.iter().take(40) {
        println!("seed {seed}: {violation}");
    }
    assert!(broken.is_empty(), "{} of {seeds} seeds", broken.len());
}
