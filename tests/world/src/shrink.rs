//! Making a failing script smaller, by leaving out what the failure does not need (delta debugging).
//! Apart from playing: it only ever asks whether a smaller script still fails in the same way.

use crate::script::{Act, Script};
use crate::{Violation, play};

/// The smallest script found that breaks the same invariant, and how it breaks it. Plays at most so many
/// scripts.
pub fn shrink(script: &Script, violation: &Violation, most: usize) -> (Script, Violation) {
    let mut best = (script.clone(), violation.clone());
    let mut played = 0;
    let mut pieces = 2;
    while best.0.acts.len() >= 2 && played < most {
        let size = best.0.acts.len().div_ceil(pieces);
        let mut smaller = None;
        for from in (0..best.0.acts.len()).step_by(size) {
            let acts = without(&best.0.acts, from, size);
            let tried = Script { acts, ..best.0.clone() };
            played += 1;
            if let Some(found) = breaks(&tried, violation.invariant) {
                smaller = Some((tried, found));
                break;
            }
        }
        match smaller {
            Some(found) => {
                best = found;
                pieces = (pieces - 1).max(2);
            }
            None if size == 1 => break,
            None => pieces = (pieces * 2).min(best.0.acts.len()),
        }
    }
    best
}

fn without(acts: &[Act], from: usize, size: usize) -> Vec<Act> {
    let left = acts.iter().take(from);
    left.chain(acts.iter().skip(from + size)).cloned().collect()
}

fn breaks(script: &Script, invariant: &str) -> Option<Violation> {
    play(script).violation.filter(|found| found.invariant == invariant)
}
