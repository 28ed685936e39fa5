//! Tries inputs on one target for some time. It keeps those of which something new became and mutates them
//! further, which is all the guidance that a stable compiler gives without instrumented code.
//!
//! An input breaks a promise when its check panics, when any other thread of the process does, and when it
//! takes more memory than its length explains.

use crate::corpus;
use crate::mutate::{Chance, Mutator, words_of};
use crate::target::{Check, Target, Trace};
use peak_alloc::PeakAlloc;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What an input may take beside what follows from its length: the largest frame of a log, the window of a
/// decompressor, and a database that writes meanwhile.
const MEMORY_MAX: usize = 64 * 1024 * 1024;
/// What each of its bytes may take.
const MEMORY_FOR_A_BYTE: usize = 256;

/// Inputs of which something new became that are kept at most.
const POOL_MAX: usize = 4_096;

/// After so many inputs everything is set up anew.
const REOPEN_AFTER: u64 = 20_000;

/// Trials to make a breaking input smaller.
const SHRINK_TRIALS: usize = 2_000;

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// When it is enough.
#[derive(Clone, Copy, Debug)]
pub enum Enough {
    /// So many mutations: the same ones at every run, but for targets that see the time.
    Inputs(u64),
    /// Whatever can be tried in this time.
    Time(Duration),
}

/// What came of it.
#[derive(Debug)]
pub struct Explored {
    /// Inputs that were tried.
    pub tried: u64,
    /// Different things that became of them.
    pub outcomes: usize,
    /// The most memory that one took, in bytes.
    pub memory: usize,
}

/// A promise that an input broke.
#[derive(Debug)]
pub struct Broken {
    /// As small as it got.
    pub input: Vec<u8>,
    /// What the check said.
    pub why: String,
}

/// Tries inputs on a target.
pub struct Driver<'t> {
    target: &'t Target,
    heap: &'static PeakAlloc,
    check: Check,
    /// Where the input lies that is tried at present, for whoever finds the process dead.
    last: File,
    since_open: u64,
    memory: usize,
}

/// Panics of all threads are noted from here on, and told only when they break a promise.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        let trace = std::backtrace::Backtrace::force_capture();
        let thread = std::thread::current().name().unwrap_or("without a name").to_owned();
        let loud = std::env::var_os("BURSAR_SHOW_PANICS").is_some();
        let mut told = format!("thread {thread}: {info}");
        if loud {
            told = format!("{told}\n{trace}");
        }
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }));
}

fn panics() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<'t> Driver<'t> {
    /// Sets a target up. The input at hand is always in the file `last`.
    pub fn open(
        target: &'t Target,
        heap: &'static PeakAlloc,
        last: &Path,
    ) -> std::io::Result<Driver<'t>> {
        let (last, check) = (File::create(last)?, (target.open)());
        Ok(Driver { target, heap, check, last, since_open: 0, memory: 0 })
    }

    /// Tries what is kept, then mutations of it until it is enough.
    ///
    /// # Errors
    /// The first promise that was broken.
    pub fn explore(&mut self, enough: Enough, seed: u64) -> Result<Explored, Broken> {
        let began = Instant::now();
        let mut pool: Vec<Vec<u8>> = (self.target.examples)();
        pool.extend(corpus::read(self.target.name).into_iter().map(|(_, input)| input));
        assert!(!pool.is_empty(), "{} has no examples", self.target.name);
        let words: HashSet<&[u8]> = pool.iter().flat_map(|input| words_of(input)).collect();
        let mut words: Vec<Vec<u8>> = words.into_iter().map(<[u8]>::to_vec).collect();
        words.sort();
        let mut seen: HashSet<Trace> = HashSet::new();
        for input in &pool {
            seen.insert(self.try_one(input)?);
        }
        let Target { text, longest, .. } = *self.target;
        let mut mutator = Mutator { chance: Chance::new(seed), text, longest, words: &words };
        let (kept, mut mutated) = (pool.len(), 0);
        let more = |mutated| match enough {
            Enough::Inputs(count) => mutated < count,
            Enough::Time(time) => began.elapsed() < time,
        };
        while more(mutated) {
            // Half of the time the examples themselves, so that a strange find does not draw all attention.
            let from = if mutator.chance.below(2) == 0 { kept } else { pool.len() };
            let (one, other) = (mutator.chance.below(from), mutator.chance.below(pool.len()));
            let input = mutator.mutate(&pool[one], &pool[other]);
            let trace = self.try_one(&input)?;
            mutated += 1;
            if seen.insert(trace) && pool.len() < kept + POOL_MAX {
                pool.push(input);
            }
        }
        let tried = kept as u64 + mutated;
        Ok(Explored { tried, outcomes: seen.len(), memory: self.memory })
    }

    fn try_one(&mut self, input: &[u8]) -> Result<Trace, Broken> {
        self.since_open += 1;
        if self.since_open > REOPEN_AFTER {
            self.reopen();
        }
        self.attempt(input).map_err(|why| {
            let (input, why) = self.shrink(input.to_vec(), why);
            Broken { input, why }
        })
    }

    /// The old one goes first: both may want the same place.
    fn reopen(&mut self) {
        self.check = Box::new(|_| Trace::of(()));
        self.check = (self.target.open)();
        self.since_open = 0;
    }

    fn attempt(&mut self, input: &[u8]) -> Result<Trace, String> {
        let length = (input.len() as u32).to_le_bytes();
        // Whoever cannot write here can still be tried; only a death would be told without its input.
        let _ = self.last.write_all_at(&[&length[..], input].concat(), 0);
        self.heap.reset_peak_usage();
        let before = self.heap.current_usage();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.check)(input)));
        let took = self.heap.peak_usage().saturating_sub(before);
        self.memory = self.memory.max(took);
        let allowed = MEMORY_MAX + MEMORY_FOR_A_BYTE * input.len();
        match (outcome, panics()) {
            (Ok(_), _) if took > allowed => Err(format!("it took {took} bytes of memory")),
            (Ok(trace), none) if none.is_empty() => Ok(trace),
            (_, told) => Err(told.join("\n")),
        }
    }

    /// A smaller input that breaks something too, if it breaks again at all.
    fn shrink(&mut self, input: Vec<u8>, why: String) -> (Vec<u8>, String) {
        let (mut best, mut why) = (input, why);
        let (mut piece, mut trials) = (best.len().div_ceil(2), 0);
        self.reopen();
        while piece > 0 && trials < SHRINK_TRIALS {
            let mut at = 0;
            while at < best.len() && trials < SHRINK_TRIALS {
                let end = (at + piece).min(best.len());
                let smaller = [&best[..at], &best[end..]].concat();
                trials += 1;
                match self.attempt(&smaller) {
                    Err(again) => (best, why) = (smaller, again),
                    Ok(_) => at = end,
                }
            }
            piece /= 2;
        }
        (best, why)
    }
}

/// The input that was at hand when a process died.
pub fn last_input(last: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(last).ok()?;
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.get(..u32::from_le_bytes(*length) as usize).map(<[u8]>::to_vec)
}
