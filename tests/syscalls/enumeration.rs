//! Which calls are hit, by two workers side by side, and the table of what was. Apart from the round itself: here
//! is what "every" means.

use crate::ground::Ground;
use crate::in_full;
use crate::round::{Outcome, Round, Taken, count, play};
use crate::scene::Scene;
use crate::strace::{Fault, Pair, Target, targets};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

const WORKERS: u32 = 2;

/// Everything that there is to hit.
pub type Places = BTreeMap<Scene, BTreeSet<Target>>;

/// What became of all rounds.
#[derive(Default)]
pub struct Tally {
    /// By fault, pair and what was made of it: how often, and by which threads.
    rows: BTreeMap<(String, Pair, Taken), (usize, BTreeSet<String>)>,
    pub hits: usize,
    pub injected: usize,
    pub missed: usize,
    pub wrong: Vec<String>,
}

impl Tally {
    fn note(&mut self, round: &Round, outcome: Outcome) {
        let Outcome { taken, injected, thread, verdict } = outcome;
        let key = (round.fault.to_string(), round.target.pair(), taken);
        let row = self.rows.entry(key).or_default();
        row.0 += 1;
        row.1.insert(thread);
        self.injected += injected;
        if taken == Taken::NotHit {
            self.missed += 1
        } else {
            self.hits += 1
        }
        if let Err(why) = verdict {
            let Round { scene, target, fault } = round;
            eprintln!("    {scene:?}, {fault} {target}: {why}");
            self.wrong.push(format!("{scene:?}, {fault} {target}: {why}"));
        }
    }

    /// Which calls on which kinds of files were hit.
    pub fn pairs(&self) -> BTreeSet<&Pair> {
        let hit = self.rows.keys().filter(|(_, _, taken)| *taken != Taken::NotHit);
        hit.map(|(_, pair, _)| pair).collect()
    }

    /// Which of these were not.
    pub fn lack<'p>(&self, all: &[(&'p str, &'p str)]) -> Vec<(&'p str, &'p str)> {
        let hit = self.pairs();
        let is_hit =
            |(name, kind): &(&str, &str)| hit.contains(&((*name).to_owned(), (*kind).to_owned()));
        all.iter().copied().filter(|pair| !is_hit(pair)).collect()
    }

    pub fn print(&self) {
        for ((fault, (name, kind), taken), (times, threads)) in &self.rows {
            let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
            let (taken, threads) = (format!("{taken:?}"), threads.join(", "));
            println!("{times:5}  {fault:<26} {name:<16} {kind:<36} {taken:<8} {threads}");
        }
    }
}

/// Counts each scene's calls, lets `choose` say what is to be hit, and does it.
pub fn run(choose: impl Fn(&Places) -> Vec<Round> + Sync) -> (Places, Tally) {
    let (places, rounds) = (Mutex::new(Places::new()), Mutex::new(Vec::new()));
    let (tally, next, together) =
        (Mutex::new(Tally::default()), AtomicUsize::new(0), Barrier::new(WORKERS as usize));
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (places, rounds, tally, next) = (&places, &rounds, &tally, &next);
            let (together, choose) = (&together, &choose);
            scope.spawn(move || {
                actix_rt::System::new().block_on(async {
                    let mut ground = Ground::prepare(worker).await;
                    for scene in
                        Scene::ALL.into_iter().skip(worker as usize).step_by(WORKERS as usize)
                    {
                        let found = targets(&count(&mut ground, scene).await);
                        places.lock().unwrap().insert(scene, found);
                    }
                    if together.wait().is_leader() {
                        *rounds.lock().unwrap() = choose(&places.lock().unwrap());
                    }
                    together.wait();
                    let rounds = rounds.lock().unwrap().clone();
                    while let Some(round) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let mut round = round.clone();
                        loop {
                            let outcome = play(&mut ground, &round).await;
                            let missed = outcome.taken == Taken::NotHit;
                            tally.lock().unwrap().note(&round, outcome);
                            if !missed || round.target.nth == 1 || in_full() {
                                break;
                            }
                            // Threads put more into one write than last time: an earlier one, then.
                            round.target.nth /= 2;
                        }
                    }
                });
            });
        }
    });
    (places.into_inner().unwrap(), tally.into_inner().unwrap())
}

/// Whether a file is one of the databases that can be thrown away and made again. They write thousands of times.
pub fn is_derived(target: &Target) -> bool {
    target.path.starts_with("archive") || target.path.starts_with("events")
}

/// So many of them, evenly over all.
pub fn even<T: Clone>(all: &[T], wanted: usize) -> Vec<T> {
    if all.len() <= wanted {
        return all.to_vec();
    }
    (0..wanted).map(|place| all[place * all.len() / wanted].clone()).collect()
}

/// One target for each pair: the middle one of those there are in all scenes.
pub fn one_of_each(places: &Places, among: impl Fn(&Target) -> bool) -> Vec<(Scene, Target)> {
    let mut by_pair: BTreeMap<Pair, Vec<(Scene, Target)>> = BTreeMap::new();
    for (scene, targets) in places {
        for target in targets.iter().filter(|target| among(target)) {
            by_pair.entry(target.pair()).or_default().push((*scene, target.clone()));
        }
    }
    by_pair.into_values().map(|of_pair| of_pair[of_pair.len() / 2].clone()).collect()
}

/// All of them.
pub fn all(places: &Places, among: impl Fn(&Target) -> bool) -> Vec<(Scene, Target)> {
    let each =
        places.iter().flat_map(|(scene, targets)| targets.iter().map(|one| (*scene, one.clone())));
    each.filter(|(_, target)| among(target)).collect()
}

pub fn rounds(targets: Vec<(Scene, Target)>, fault: Fault) -> Vec<Round> {
    targets.into_iter().map(|(scene, target)| Round { scene, target, fault }).collect()
}
