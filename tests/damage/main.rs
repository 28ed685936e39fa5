//! One bit is flipped, or one file is cut short, in a copy of a data directory; then the copy is
//! verified, and then a gateway starts on it. Whatever happens is allowed except silence: a start that
//! answers otherwise than the whole directory did, though the verification found nothing (I-26).
//!
//! 500 flips and 200 cuts; `BURSAR_FULL_SCALE=1`: 10,000 and 4,000. `BURSAR_FILES=events/` hurts only what begins so,
//! `BURSAR_SEED=2` otherwise.
#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop where it stands")]

mod fixture;
mod golden;
mod hurt;
mod start;

use fixture::Fixture;
use hurt::Hurt;
use start::Outcome;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the copies, by file and outcome.
type Tally = BTreeMap<(String, &'static str), u64>;

fn main() {
    const NAME: &str = "no_flipped_bit_and_no_cut_goes_unnoticed";
    match std::env::args().nth(1).as_deref() {
        // Listing and filtering, as test runners ask for them.
        Some("--list") => return println!("{NAME}: test\n{}: test", golden::NAME),
        Some(filter) if !filter.starts_with('-') && golden::NAME.contains(filter) => {
            return golden::every_released_directory_is_read();
        }
        Some(filter) if !filter.starts_with('-') && !NAME.contains(filter) => return,
        _ => {}
    }
    quieten();
    golden::every_released_directory_is_read();
    flip_and_cut();
    println!("\ntest result: ok. 2 passed; 0 failed");
}

/// Before anything is opened: the store puts a hook of its own before this one, and may not lose it.
fn quieten() {
    // A panic of sled's is an answer here; hundreds of them need no backtrace each.
    std::panic::set_hook(Box::new(|info| {
        let ours = std::thread::current().name() == Some("main");
        if ours || std::env::var_os("BURSAR_SHOW_PANICS").is_some() {
            eprintln!("{info}");
        }
    }));
}

fn flip_and_cut() {
    let full = std::env::var_os("BURSAR_FULL_SCALE").is_some();
    let (flips, cuts) = if full { (10_000, 4_000) } else { (500, 200) };
    let seed = std::env::var("BURSAR_SEED").map_or(1, |text| text.parse().unwrap());
    let fixture = actix_rt::System::new().block_on(Fixture::make());
    let whole = judge(&fixture, None);
    assert_eq!(whole, Ok("as before"), "the directory itself");
    let mut files = fixture.files();
    let only = std::env::var("BURSAR_FILES").unwrap_or_default();
    files.retain(|(file, _)| file.to_string_lossy().starts_with(&only));
    assert!(!files.is_empty(), "no file begins with {only}");
    let damages = hurt::draw(&files, flips, cuts, seed);
    let (next, tally, silent) = (AtomicU64::new(0), Mutex::new(Tally::new()), Mutex::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| work(&fixture, &damages, &next, &tally, &silent));
        }
    });
    for ((file, outcome), count) in tally.into_inner().unwrap() {
        println!("{count:6}  {outcome:<28} {file}");
    }
    let silent: Vec<String> = silent.into_inner().unwrap();
    assert!(
        silent.is_empty(),
        "{} of {} silent:\n{}",
        silent.len(),
        damages.len(),
        silent.join("\n")
    );
}

fn work(
    fixture: &Fixture,
    damages: &[Hurt],
    next: &AtomicU64,
    tally: &Mutex<Tally>,
    silent: &Mutex<Vec<String>>,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed) as usize;
        let Some(damage) = damages.get(number) else { return };
        let outcome = match judge(fixture, Some(damage)) {
            Ok(outcome) => outcome,
            Err(why) => {
                silent.lock().unwrap().push(format!("{damage}: {why}"));
                "SILENT"
            }
        };
        *tally.lock().unwrap().entry((damage.kind_of_file(), outcome)).or_default() += 1;
    }
}

/// What became of one copy, in a word; or why it must not have become so.
fn judge(fixture: &Fixture, damage: Option<&Hurt>) -> Result<&'static str, String> {
    let copy = fixture.copy();
    if let Some(damage) = damage {
        damage.inflict(copy.path());
    }
    let found = verify(copy.path());
    let path = copy.path().to_owned();
    let outcome = actix_rt::System::new().block_on(start::start(&path, &fixture.made));
    match (outcome, found) {
        (Outcome::Refused(why), Err(_)) if names_a_place(&why, copy.path()) => {
            Ok("refused, and found")
        }
        (Outcome::Refused(why), Err(_)) => Err(format!("refused without a place: {why}")),
        (Outcome::Refused(why), Ok(())) => Err(format!("refused, but verified: {why}")),
        (Outcome::Answered(answers), found) => match (fixture.differs(&answers), found) {
            (None, Ok(())) => Ok("as before"),
            (None, Err(_)) => Ok("as before, and found"),
            (Some(_), Err(_)) => Ok("other than before, and found"),
            (Some(what), Ok(())) => Err(what),
        },
    }
}

/// Whether somebody who reads the refusal knows where to look.
fn names_a_place(why: &str, dir: &Path) -> bool {
    why.contains(&dir.display().to_string()) || why.contains("rolled back")
}

/// The first divergence, if there is one.
fn verify(dir: &Path) -> Result<(), String> {
    let store = fixture::store_options(dir);
    match web::verification::whole(&store, &Default::default()) {
        Ok(report) if report.is_sound() => Ok(()),
        Ok(report) => Err(web::verification::line(&web::render::report(&report).told[0])),
        Err(error) => Err(error.to_string()),
    }
}
