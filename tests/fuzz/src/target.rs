//! What a target is: something that reads, examples of what it reads, and what must be true of the
//! answer. Apart from the driver, which knows no target, and from the targets, which know no driver.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Something that reads bytes that nobody can be trusted to have written.
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Whether its inputs are text; decides how they are mutated.
    pub text: bool,
    /// No input is longer, in bytes.
    pub longest: usize,
    /// So many mutations are tried where no time is given: about two seconds of them.
    pub usual: u64,
    /// Examples as this build writes them, beside those that are kept in the corpus.
    pub examples: fn() -> Vec<Vec<u8>>,
    /// Sets everything up; called again after many inputs, so that nothing grows for ever.
    pub open: fn() -> Check,
}

/// Reads one input and panics when a promise is broken.
pub type Check = Box<dyn FnMut(&[u8]) -> Trace>;

/// What became of an input, roughly: inputs of which something new became are kept and mutated further.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Trace(u64);

impl Trace {
    /// From whatever tells outcomes apart.
    pub fn of(outcome: impl Hash) -> Trace {
        let mut hasher = DefaultHasher::new();
        outcome.hash(&mut hasher);
        Trace(hasher.finish())
    }

    /// From an outcome as it is printed; numbers in it tell nothing apart.
    pub fn told(outcome: impl Debug) -> Trace {
        let text = format!("{outcome:?}");
        let letters = text.chars().filter(|letter| !letter.is_ascii_digit());
        Trace::of(letters.take(400).collect::<String>())
    }

    /// Both.
    pub fn and(self, other: Trace) -> Trace {
        Trace::of((self.0, other.0))
    }
}

/// About how many there are: 0, 1, 2, 3–4, 5–8 and so on.
pub fn about(count: usize) -> u32 {
    count.checked_next_power_of_two().map_or(64, usize::trailing_zeros)
}
