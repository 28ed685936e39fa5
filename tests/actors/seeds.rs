//! Living through the worlds of some seeds, each twice. Apart from what happens in one.

use crate::setting::Setting;
use crate::world::{Violation, World};
use crate::{life, merchants, rest};
use ::world::chance::Trace;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many, unless ACTORS_SEEDS says otherwise.
const SEEDS: u64 = 300;
/// Longer stories are told from their last lines only.
const LINES: usize = 400;

/// What became of one world.
pub struct Outcome {
    pub violation: Option<Violation>,
    pub trace: Trace,
    pub tally: BTreeMap<&'static str, u64>,
    pub story: Vec<String>,
    pub lasted: Duration,
}

/// Lives through the world of a seed once, on a thread of its own: what threads remember for themselves begins
/// anew with each, as it does with a process.
pub fn live(seed: u64, told: bool) -> Outcome {
    live_on(move || lived_here(seed, told))
}

/// The same with something prepared on that thread.
pub fn live_on(life: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    let lived = std::thread::spawn(life).join();
    lived.unwrap_or_else(|_| {
        let what = "something panicked".to_owned();
        let violation = Some(Violation { invariant: "panic", what, at: Duration::ZERO });
        let (trace, tally, story) = Default::default();
        Outcome { violation, trace, tally, story, lasted: Duration::ZERO }
    })
}

/// The same on the present thread.
pub fn lived_here(seed: u64, told: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::begin(Setting::draw(seed), told);
        merchants::begin(&world);
        rest::begin(&world);
        while life::lead(&world).await {
            world.rise();
        }
        let (violation, trace, tally) = (world.violation(), world.trace(), world.tally().clone());
        Outcome { violation, trace, tally, story: world.story(), lasted: world.now() }
    })
}

/// Lives through it twice: both times must be the same.
fn prove(seed: u64) -> Outcome {
    let (mut first, second) = (live(seed, false), live(seed, false));
    if first.violation.is_none() && first.trace != second.trace {
        let what = "two lives of one world differ".to_owned();
        first.violation = Some(Violation { invariant: "determinism", what, at: Duration::ZERO });
    }
    first
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Lives through the worlds of these seeds, as many at a time as there are processors.
fn prove_all(seeds: std::ops::Range<u64>) -> Vec<(u64, Outcome)> {
    let (next, end) = (AtomicU64::new(seeds.start), seeds.end);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return done;
            }
            done.push((seed, prove(seed)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        working.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_by_key(|(seed, _)| *seed);
    all
}

/// Tells how a world was broken; of one that differs from itself, where.
fn tell(seed: u64, violation: &Violation) {
    let story = live(seed, true).story;
    if violation.invariant != "determinism" {
        let told = story.iter().skip(story.len().saturating_sub(LINES));
        let told = told.filter(|line| !line.contains(" noted, "));
        return told.for_each(|line| println!("{line}"));
    }
    for _ in 0..20 {
        let other = live(seed, true).story;
        let differs = |nth: &usize| story.get(*nth) != other.get(*nth);
        if let Some(nth) = (0..story.len().max(other.len())).find(differs) {
            (nth.saturating_sub(8)..nth).for_each(|nth| println!("both: {}", story[nth]));
            return println!("one: {:?}\nother: {:?}", story.get(nth), other.get(nth));
        }
    }
    println!("it tells the same story twenty times; the difference is in the bytes");
}

#[test]
fn no_world_breaks_a_promise() {
    let (first, seeds) = (number("ACTORS_FIRST", 0), number("ACTORS_SEEDS", SEEDS));
    let (began, mut tally, mut broken) = (Instant::now(), BTreeMap::new(), Vec::new());
    let mut lasted = Duration::ZERO;
    for (seed, outcome) in prove_all(first..first + seeds) {
        lasted += outcome.lasted;
        for (what, count) in outcome.tally {
            *tally.entry(what).or_insert(0) += count;
        }
        broken.extend(outcome.violation.map(|violation| (seed, violation)));
    }
    let took = began.elapsed();
    println!(
        "{seeds} worlds, {} simulated hours, each twice in {took:?}",
        lasted.as_secs() / 3_600
    );
    println!("{tally:#?}");
    for (seed, violation) in broken.iter().take(20) {
        println!("seed {seed}: {violation}");
    }
    if let Some((seed, violation)) = broken.first() {
        tell(*seed, violation);
    }
    assert!(broken.is_empty(), "{} of {seeds} worlds", broken.len());
}
