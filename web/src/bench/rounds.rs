//! Contenders in turns: each runs a slice, then the next, and again from the first. On a machine that is
//! now faster and now slower, the ratio within a round says more than two long runs one after the other.

use super::client::Door;
use super::progress::Limit;
use super::report::{median, permille};
use super::script::Script;
use super::site::Site;
use super::tally::Tally;
use crate::cli::Failure;
use std::rc::Rc;
use std::time::Duration;

/// How many slices each runs.
pub const ROUNDS: u32 = 3;

/// One of those that are compared.
pub struct Contender {
    /// For the progress.
    pub name: &'static str,
    /// Whom it speaks to.
    pub door: Door,
    /// What it asks.
    pub script: Rc<dyn Script>,
}

/// What came of one of them.
pub struct Outcome {
    /// All of its slices.
    pub all: Tally,
    /// Its rate by that of the first contender, in thousandths: the ratio of the round in the middle.
    pub to_first: u64,
}

/// Runs them; the first is the yardstick of the others. Whatever else belongs to a round comes at its end.
pub async fn rounds(
    site: &Site<'_>,
    contenders: &[Contender],
    end: impl AsyncFnMut() -> Result<(), Failure>,
) -> Result<Vec<Outcome>, Failure> {
    rounds_of(site, contenders, (ROUNDS, site.time() / ROUNDS), end).await
}

/// Runs them so many times, so long each.
pub async fn rounds_of(
    site: &Site<'_>,
    contenders: &[Contender],
    (times, slice): (u32, Duration),
    mut end: impl AsyncFnMut() -> Result<(), Failure>,
) -> Result<Vec<Outcome>, Failure> {
    let run = async |one: &Contender, limit| {
        site.closed(one.name, limit).run(&one.door, one.script.clone()).await
    };
    for one in contenders {
        // The first requests find everything cold.
        run(one, Limit::Time(slice / 5)).await?;
    }
    let mut slices: Vec<Vec<Tally>> = contenders.iter().map(|_| Vec::new()).collect();
    for _ in 0..times {
        for (one, told) in contenders.iter().zip(&mut slices) {
            told.push(run(one, Limit::Time(slice)).await?);
        }
        end().await?;
    }
    let firsts: Vec<u64> = slices.first().into_iter().flatten().map(Tally::rate).collect();
    slices.iter().map(|told| outcome(told, &firsts)).collect()
}

fn outcome(slices: &[Tally], firsts: &[u64]) -> Result<Outcome, Failure> {
    let mut all = Tally::new()?;
    slices.iter().for_each(|slice| all.join(slice));
    let ratios = slices.iter().zip(firsts).map(|(slice, first)| permille(slice.rate(), *first));
    Ok(Outcome { all, to_first: median(ratios.collect()) })
}
