//! Faults planted in the code of the actors on purpose: each must be noticed within a thousand worlds, and by the
//! checker of a promise that it breaks, or the silence of these worlds is worth nothing. Prints who noticed which
//! in what world.

use crate::seeds::{live_on, lived_here};
use crate::world::Violation;
use adapters::planted::{Planted, plant};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// So many worlds are tried for each.
const SEEDS: u64 = 1_000;

/// What became of a planted fault.
struct Tried {
    planted: Planted,
    noticed: Option<(u64, Violation)>,
    took: Duration,
}

#[test]
fn every_planted_fault_is_noticed() {
    let all = try_all();
    println!("| planted | promises that it breaks | noticed by | in world |");
    println!("| --- | --- | --- | --- |");
    all.iter().for_each(print_row);
    for Tried { planted, noticed, took } in &all {
        let what = noticed.as_ref().map_or("nothing", |(_, violation)| &violation.what);
        println!("{planted:?}, {took:.1?}: {what}");
    }
    let blind: Vec<_> = all.iter().filter_map(blindness).collect();
    assert!(blind.is_empty(), "{blind:?}");
}

fn print_row(Tried { planted, noticed, .. }: &Tried) {
    let breaks = planted.breaks().join(", ");
    let (by, seed) = match noticed {
        Some((seed, violation)) => (violation.invariant, seed.to_string()),
        None => ("nobody", "none".to_owned()),
    };
    println!("| {planted:?} | {breaks} | {by} | {seed} |");
}

/// What is wrong with how a fault was noticed. Whoever notices a promise that the fault does not break has seen
/// something else, and would not see it for ever.
fn blindness(tried: &Tried) -> Option<String> {
    let Some((_, violation)) = &tried.noticed else {
        return Some(format!("{:?} by nobody", tried.planted));
    };
    let broken = tried.planted.breaks().contains(&violation.invariant);
    (!broken).then(|| format!("{:?} by {}", tried.planted, violation.invariant))
}

/// As many at a time as there are processors; in the order of the faults.
fn try_all() -> Vec<Tried> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(planted) = Planted::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            let began = Instant::now();
            let noticed = notice(*planted);
            done.push(Tried { planted: *planted, noticed, took: began.elapsed() });
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        working.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_by_key(|tried| Planted::ALL.iter().position(|one| *one == tried.planted));
    all
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
