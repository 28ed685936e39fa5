//! Faults planted in the world on purpose: each must be noticed, by the checker of a promise that it breaks, or
//! the world's silence is worth nothing. Prints who noticed which in what world.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use world::planted::Planted;
use world::{Violation, script, world::World};

/// What is said of them in public.
const PUBLISHED: &str = include_str!("../../../docs/correctness.md");

/// So many worlds are tried for each.
const SEEDS: u64 = 1_000;

#[test]
fn every_planted_fault_is_noticed() {
    println!("| planted | promises that it breaks | noticed by | in world |");
    println!("| --- | --- | --- | --- |");
    let mut missed = Vec::new();
    for planted in Planted::ALL {
        let promises = planted.breaks();
        let found = (0..SEEDS).find_map(|seed| noticed(planted, seed).map(|one| (seed, one)));
        let Some((seed, violation)) = found else {
            missed.push(format!("{planted:?} by nobody"));
            continue;
        };
        let by = violation.invariant;
        let row = format!("| {planted:?} | {} | {by} | {seed} |", promises.join(", "));
        println!("{row}\n    {}", violation.what);
        if !PUBLISHED.lines().any(|line| line == row) {
            missed.push(format!("{planted:?} otherwise than docs/correctness.md says"));
        }
        if !promises.contains(&by) {
            missed.push(format!("{planted:?} by {by}, which is another's promise"));
        }
    }
    assert!(missed.is_empty(), "noticed {missed:#?}");
}

fn noticed(planted: Planted, seed: u64) -> Option<Violation> {
    let script = script::draw(seed);
    let mut world = World::new(&script);
    world.planted = Some(planted);
    world.live().violation
}
