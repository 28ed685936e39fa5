//! Faults planted in the code of the actors on purpose: each must be noticed within a thousand worlds, or the
//! silence of these worlds is worth nothing. Prints who noticed which in what world.

use crate::seeds::{live_on, lived_here};
use crate::world::Violation;
use adapters::planted::{Planted, plant};
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many worlds are tried for each.
const SEEDS: u64 = 1_000;

#[test]
fn every_planted_fault_is_noticed() {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(planted) = Planted::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*planted, notice(*planted)));
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all: Vec<_> = std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        working.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    println!("| planted | noticed by | in world |");
    println!("| --- | --- | --- |");
    let mut missed = Vec::new();
    for planted in Planted::ALL {
        let found =
            all.iter().find(|(which, _)| *which == planted).and_then(|(_, found)| found.as_ref());
        match found {
            Some((seed, violation)) => {
                println!("| {planted:?} | {} | {seed} |", violation.invariant);
                println!("    {}", violation.what);
            }
            None => missed.push(planted),
        }
    }
    assert!(missed.is_empty(), "noticed by nobody: {missed:?}");
}

/// The first world in which it is noticed.
fn notice(planted: Planted) -> Option<(u64, Violation)> {
    (0..SEEDS).find_map(|seed| {
        let outcome = live_on(move || {
            plant(Some(planted));
            lived_here(seed, false)
        });
        Some((seed, outcome.violation?))
    })
}
