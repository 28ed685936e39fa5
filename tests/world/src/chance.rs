//! Chance that repeats itself: the same words make the same numbers, on every machine and in every
//! build. Apart from everything that uses it, because nothing else in the world may draw a number.
//!
//! Each draw is made for a purpose that has a name of its own (a payout, a call, the n-th of its kind),
//! so that leaving an act out of a script moves no other draw: a script can be made smaller and still
//! fail for the same reason.

/// Draws for one purpose.
#[derive(Clone, Debug)]
pub struct Chance(u64);

/// splitmix64: one step of it, and its output.
const fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Chance {
    /// For the purpose that these words name.
    pub fn of(seed: u64, words: &[u64]) -> Chance {
        let folded = words.iter().fold(mix(seed), |all, word| mix(all ^ mix(*word)));
        Chance(folded)
    }

    /// The next number.
    #[allow(clippy::should_implement_trait, reason = "a source that never ends is no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Less than `bound`, which is more than zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most.saturating_sub(least)).unwrap_or(0);
        // Within i64: the span was computed from two of them.
        least + self.below(span.saturating_add(1)) as i64
    }

    /// Spread over orders of magnitude: short times are as likely as long ones.
    pub fn spread(&mut self, least: i64, most: i64) -> i64 {
        let doublings = (most.max(1) / least.max(1)).ilog2();
        let scale = least << self.below(u64::from(doublings) + 1);
        self.between(least, scale.saturating_mul(2).min(most).max(least))
    }

    /// True this often in a thousand.
    pub fn permille(&mut self, often: u16) -> bool {
        often > 0 && self.below(1_000) < u64::from(often)
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len() as u64) as usize]
    }
}

/// A fingerprint of everything that happened, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace(u64);

impl Default for Trace {
    fn default() -> Trace {
        Trace(0x6275_7273_6172)
    }
}

impl Trace {
    /// Takes in a number.
    pub fn note(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word);
    }

    /// Takes in bytes.
    pub fn note_bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.note(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.note(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    /// All of it as one number.
    pub fn value(self) -> u64 {
        self.0
    }
}
