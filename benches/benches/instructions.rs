//! How many processor instructions the hot path takes, piece by piece, against a file of what they took before.
//!
//!     . benches/benches/instructions/profile   # the profile that the file was taken with
//!     cargo bench -p benches --bench instructions
//!
//! Apart from Criterion because counts can be compared between runs on a busy machine, where times cannot: so
//! CI does. Each piece runs twice under valgrind's callgrind, in a process of its own, the second time for
//! twice as many rounds; the difference is what the rounds took, without start and end.
//!
//! Options: `--update` writes the file anew; `--only NAME` counts the pieces whose name begins so. More than a
//! piece's tolerance above the file fails; as much below is only said, so that the file can follow. Without
//! valgrind, or with another profile or compiler than the file's, nothing is compared and it says so; with
//! `BURSAR_MUST_NOT_SKIP` set that fails too.

#[path = "instructions/callgrind.rs"]
mod callgrind;
#[path = "instructions/counts.rs"]
mod counts;
#[path = "instructions/engine_life.rs"]
mod engine_life;
#[path = "instructions/pieces.rs"]
mod pieces;

use counts::{Counts, Verdict};
use pieces::Piece;
use std::{error::Error, process::ExitCode};

// The gateway's own allocator: what it takes is part of every piece.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|w| *w != "--bench").collect();
    let done = match words.as_slice() {
        [callgrind::ROUNDS, name, rounds] => run_rounds(name, rounds),
        [] => count("", false),
        ["--update"] => count("", true),
        ["--only", start] => count(start, false),
        _ => Err("allowed: --update, or --only NAME".into()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("instructions: {error}");
        ExitCode::FAILURE
    })
}

/// What callgrind looks at: nothing but a piece's rounds.
fn run_rounds(name: &str, rounds: &str) -> Result<ExitCode, Box<dyn Error>> {
    let piece = pieces::ALL.iter().find(|piece| piece.name == name).ok_or("no such piece")?;
    (piece.run)(rounds.parse()?)?;
    Ok(ExitCode::SUCCESS)
}

fn count(start: &str, update: bool) -> Result<ExitCode, Box<dyn Error>> {
    if !callgrind::is_there() {
        return Ok(skipped("valgrind is not installed; nothing was counted"));
    }
    let chosen: Vec<&Piece> = pieces::ALL.iter().filter(|p| p.name.starts_with(start)).collect();
    if chosen.is_empty() {
        return Err(format!("no piece begins with {start:?}").into());
    }
    let mut counts = Counts::read()?;
    let comparable = counts.fit_this_build();
    println!("{:<20} {:>12} {:>12} {:>8}   allowed", "piece", "file", "found", "permille");
    let mut worse = Vec::new();
    for piece in chosen {
        let found = callgrind::per_round(piece)?;
        if update {
            counts.set(piece, found);
        }
        let verdict = counts.judge(piece.name, found);
        println!("{}", verdict.line(piece.name, found));
        if matches!(verdict, Verdict::Worse { .. } | Verdict::Unknown) {
            worse.push(verdict.sentence(piece.name, found));
        }
    }
    if update {
        counts.write()?;
        println!("written to {}", counts::FILE);
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(why) = comparable {
        return Ok(skipped(&format!("not compared: {why}")));
    }
    worse.iter().for_each(|sentence| eprintln!("{sentence}"));
    Ok(if worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what was not done. That is a failure only where it was demanded.
fn skipped(why: &str) -> ExitCode {
    eprintln!("instructions: skipped: {why}");
    match std::env::var_os("BURSAR_MUST_NOT_SKIP") {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    }
}
