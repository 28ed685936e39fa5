//! `bursar torture`: simulated worlds, as many as one likes, on all processors. Apart from the worlds
//! (`tests/world`), each of which is one seed and one thread: here is only which are lived through, and
//! what is told of them.

mod told;

use super::{Failure, Output};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use told::Told;
use world::{Outcome, Script, Tally, Violation, prove, script, shrink};

const _: () = assert!(
    (!world::PLANTED && !adapters::PLANTED) || cfg!(debug_assertions),
    "a release build of the gateway has no faults planted in its worlds"
);

/// Scripts that are tried to make a failing one smaller.
const SMALLER_TRIED: usize = 2_000;
/// Without any wish, as long as this.
const MINUTES: u64 = 1;
/// At most a year.
const MINUTES_MAX: u64 = 366 * 24 * 60;

/// What `torture` takes.
#[derive(Clone, Debug, Args)]
pub struct TortureArgs {
    /// This world alone
    #[arg(long, value_name = "N", group = "which", value_parser = seed)]
    seed: Option<u64>,
    /// These worlds, the last not included: 0..10000
    #[arg(long, value_name = "A..B", group = "which")]
    seeds: Option<Seeds>,
    /// The world of a script that was saved
    #[arg(long, value_name = "FILE", group = "which")]
    script: Option<PathBuf>,
    /// As many worlds as can be lived through in this time, from seed 0 on or from the first of --seeds
    #[arg(long, value_name = "M", conflicts_with_all = ["seed", "script"], value_parser = minutes)]
    minutes: Option<u64>,
    /// Save the smallest script that still fails in this file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Fail, too, if a step of the status table was never taken, a lie never told, or the process never died at a
    /// point of a step
    #[arg(long)]
    complete: bool,
    /// Threads, each with a world at a time; all processors unless said otherwise
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// A seed. The largest number is none: it is where a range that ends nowhere ends.
fn seed(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|seed| *seed < u64::MAX);
    number.ok_or_else(|| format!("a seed is a whole number from 0 to {}", u64::MAX - 1))
}

/// As long as anybody would wait, and not no time at all: of no world nothing is learned.
fn minutes(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|minutes| (1..=MINUTES_MAX).contains(minutes));
    number.ok_or_else(|| format!("a whole number of minutes from 1 to {MINUTES_MAX} (a year)"))
}

/// A range of seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seeds(Range<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let bad = || {
            format!(
                "{text} is no range of seeds, first..behind the last; such as 0..10000 is allowed"
            )
        };
        let (first, behind) = text.split_once("..").ok_or_else(bad)?;
        let (first, behind) =
            (first.parse().map_err(|_| bad())?, behind.parse().map_err(|_| bad())?);
        if first < behind { Ok(Seeds(first..behind)) } else { Err(bad()) }
    }
}

/// Lives through the worlds that are wanted, and stops at the first that breaks an invariant.
pub fn run(args: &TortureArgs, output: &Output) -> Result<(), Failure> {
    let began = Instant::now();
    if let Some(file) = &args.script {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let script = Script::from_text(&text)
            .map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?;
        let Outcome { tally, violation, .. } = world::play(&script);
        let broken = violation.map(|violation| (script.seed, script, violation));
        let told = Told { tally, worlds: 1, times: 1, threads: 1, took: began.elapsed() };
        return tell(told, broken, args.complete, output);
    }
    let (seeds, until) = wanted(args, began);
    let all = || thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or_else(all).max(1);
    let lived = live(seeds, until, threads, output);
    let Lived { tally, worlds, .. } = lived;
    let told = Told { tally, worlds, times: 2, threads, took: began.elapsed() };
    let broken = lived.broken.map(|(seed, violation)| {
        let whole = script::draw(seed);
        let (script, violation) = shrink::shrink(&whole, &violation, SMALLER_TRIED);
        (seed, script, violation)
    });
    if let (Some(file), Some((seed, script, violation))) = (&args.save, &broken) {
        let remarks = [format!("seed {seed} of commit {}", world::commit()), violation.to_string()];
        let text = script.to_text(&remarks).map_err(Failure::failed)?;
        std::fs::write(file, text)
            .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    }
    if args.save.is_some() && broken.is_none() {
        output.text_only("nothing was broken, and nothing saved");
    }
    tell(told, broken, args.complete, output)
}

fn wanted(args: &TortureArgs, began: Instant) -> (Range<u64>, Option<Instant>) {
    // At most a year: see `minutes`.
    let minutes = |count: u64| began + Duration::from_secs(count * 60);
    let range = match (args.seed, &args.seeds) {
        // Below the largest number: see `seed`.
        (Some(seed), _) => return (seed..seed + 1, None),
        (None, Some(Seeds(range))) => Some(range.clone()),
        (None, None) => None,
    };
    match (range, args.minutes) {
        (Some(range), until) => (range, until.map(minutes)),
        (None, until) => (0..u64::MAX, Some(minutes(until.unwrap_or(MINUTES)))),
    }
}

/// What became of many worlds.
struct Lived {
    tally: Tally,
    worlds: u64,
    broken: Option<(u64, Violation)>,
}

fn live(seeds: Range<u64>, until: Option<Instant>, threads: usize, output: &Output) -> Lived {
    let (next, done) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let (stop, lived) = (AtomicBool::new(false), Mutex::new((Tally::default(), Vec::new())));
    let bar = progress(&seeds, until, output);
    let some = || {
        let (mut tally, mut broken) = (Tally::default(), Vec::new());
        while !stop.load(Ordering::Relaxed) && until.is_none_or(|then| Instant::now() < then) {
            let further = |seed: u64| (seed < seeds.end).then(|| seed + 1);
            let Ok(seed) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, further) else {
                break;
            };
            let outcome = prove(seed);
            tally.add(&outcome.tally);
            if let Some(violation) = outcome.violation {
                stop.store(true, Ordering::Relaxed);
                broken.push((seed, violation));
            }
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            show(&bar, count, until.is_some());
        }
        if let Ok(mut all) = lived.lock() {
            all.0.add(&tally);
            all.1.extend(broken);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(some);
        }
    });
    bar.finish_and_clear();
    let (tally, mut broken) = lived.into_inner().unwrap_or_default();
    broken.sort_by_key(|(seed, _)| *seed);
    Lived { tally, worlds: done.into_inner(), broken: broken.into_iter().next() }
}

fn progress(seeds: &Range<u64>, until: Option<Instant>, output: &Output) -> ProgressBar {
    let target = match output.is_watched() {
        true => ProgressDrawTarget::stderr_with_hz(5),
        false => ProgressDrawTarget::hidden(),
    };
    let length = match until {
        Some(then) => then.saturating_duration_since(Instant::now()).as_secs(),
        None => seeds.end - seeds.start,
    };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    // A template that does not parse leaves the plain bar.
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {msg} worlds, {elapsed}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, count: u64, by_time: bool) {
    if !bar.is_hidden() {
        bar.set_message(count.to_string());
        bar.set_position(if by_time { bar.elapsed().as_secs() } else { count });
    }
}

/// The summary; and when something broke, how to see it again.
fn tell(
    told: Told,
    broken: Option<(u64, Script, Violation)>,
    complete: bool,
    output: &Output,
) -> Result<(), Failure> {
    for line in told.lines() {
        output.text_only(&line);
    }
    let Some((seed, script, violation)) = broken else {
        output.json_only(&told.json(None));
        output.text_only("no invariant was broken");
        return match told.missed() {
            missed if complete && missed > 0 => {
                Err(Failure::failed(format!("{missed} steps, points and lies never came")))
            }
            _ => Ok(()),
        };
    };
    output.json_only(&told.json(Some((seed, &script, &violation))));
    if !output.is_read_as_text() {
        return Err(Failure::silent());
    }
    output.text_only(&format!("the smallest script that fails has {} acts:", script.acts.len()));
    let text = script.to_text(&[]).map_err(Failure::failed)?;
    output.text_only(&text);
    Err(Failure::failed(format!("seed {seed} of commit {}: {violation}", world::commit())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_seeds_is_read_as_it_is_written() {
        assert_eq!("3..9".parse(), Ok(Seeds(3..9)));
        for text in ["", "3", "3..", "..9", "9..3", "3..3", "a..b", "-1..4"] {
            let why = text.parse::<Seeds>().unwrap_err();
            assert!(why.contains("0..10000"), "{text}: {why}");
        }
    }

    #[test]
    fn no_world_and_no_time_are_not_asked_for() {
        assert_eq!((seed("0"), minutes("1")), (Ok(0), Ok(1)));
        for text in ["-1", "", "x", "18446744073709551615"] {
            assert!(seed(text).unwrap_err().contains("whole number"), "{text}");
        }
        for text in ["0", "-1", "18446744073709551615"] {
            assert!(minutes(text).unwrap_err().contains("from 1"), "{text}");
        }
    }
}
