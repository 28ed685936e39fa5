//! Counting by callgrind: this same program under it, for some rounds and for twice as many.
//!
//! Apart because it alone knows how valgrind is called and what it says.

use super::pieces::Piece;
use std::{
    error::Error,
    process::{Command, Stdio},
};

/// The first argument of a process that is counted; a piece's name and a number follow.
pub const ROUNDS: &str = "rounds";

/// Whether valgrind can be called.
pub fn is_there() -> bool {
    let mut asked = Command::new("valgrind");
    asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// What one round of a piece takes, start and end of the process not counted.
///
/// # Errors
/// The piece failed, or valgrind said nothing that can be read.
pub fn per_round(piece: &Piece) -> Result<u64, Box<dyn Error>> {
    let once = whole_process(piece.name, piece.rounds)?;
    let twice = whole_process(piece.name, piece.rounds * 2)?;
    Ok(twice.saturating_sub(once) / piece.rounds)
}

/// All instructions of a process, of all its threads.
fn whole_process(name: &str, rounds: u64) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        // One thread at a time in turn, so that none of them waits for another in a loop for long.
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--fair-sched=yes"])
        .arg(std::env::current_exe()?)
        .args([ROUNDS, name, &rounds.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{name} failed under valgrind:\n{said}").into());
    }
    // The last line but one: "==123== Collected : 4567".
    let collected = said.lines().rev().find_map(|line| line.split_once("Collected :"));
    let (_, number) = collected.ok_or_else(|| format!("valgrind counted nothing:\n{said}"))?;
    Ok(number.trim().parse()?)
}
