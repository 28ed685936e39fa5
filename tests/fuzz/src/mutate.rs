//! New inputs out of known ones. Apart from the driver because it is about bytes and words only: it knows
//! no target, and one number decides everything.

/// A source of chance that repeats itself from its seed.
pub struct Chance(u64);

impl Chance {
    /// The same seed, the same inputs.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is more than 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // A little uneven, which matters to nobody here.
        (self.number() % limit.max(1) as u64) as usize
    }

    /// One of these; none of nothing.
    pub fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// What is mutated with what.
pub struct Mutator<'a> {
    /// Decides everything.
    pub chance: Chance,
    /// Whether inputs are text.
    pub text: bool,
    /// No input becomes longer.
    pub longest: usize,
    /// Words that mean something to the target.
    pub words: &'a [Vec<u8>],
}

/// Numbers at which something often ends.
const EDGES: [u64; 16] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Texts that readers stumble over.
const ODD: [&str; 40] = [
    "",
    " ",
    "\0",
    "\t",
    "\r\n",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "é",
    "𝟙",
    "%00",
    "%2f",
    "%",
    "..",
    "../..",
    "+",
    "-",
    "-0",
    "1e3",
    "1E400",
    "0.1",
    "00",
    "NaN",
    "1_000",
    "null",
    "true",
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":",
    "999999999999999999999999999999",
    "9223372036854775808",
    "-9223372036854775809",
    "0.00000000000000000000000000001",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:60.999999999Z",
    ";",
];

impl Mutator<'_> {
    /// Another input, made of this one and parts of the other.
    pub fn mutate(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut out = input.to_vec();
        let steps = 1 + self.chance.below(4) * self.chance.below(3);
        for _ in 0..steps {
            if self.text && self.chance.below(4) > 0 {
                self.word_step(&mut out, other);
            } else {
                self.byte_step(&mut out, other);
            }
            out.truncate(self.longest);
        }
        out
    }

    fn byte_step(&mut self, out: &mut Vec<u8>, other: &[u8]) {
        let at = self.chance.below(out.len() + 1);
        match self.chance.below(12) {
            0 | 1 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << self.chance.below(8);
                }
            }
            2 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = self.chance.number() as u8;
                }
            }
            3 | 4 => self.write_edge(out, at),
            5 => self.add_a_little(out, at),
            6 => {
                let end = (at + 1 + self.chance.below(16)).min(out.len());
                out.drain(at.min(end)..end);
            }
            7 => {
                let (from, to) = self.piece(out);
                let piece = out[from..to].to_vec();
                out.splice(at..at, piece);
            }
            8 => {
                let many = 1 + self.chance.below(8);
                let noise: Vec<u8> = (0..many).map(|_| self.chance.number() as u8).collect();
                out.splice(at..at, noise);
            }
            9 => {
                let (from, to) = self.piece(other);
                out.splice(at..at, other[from..to].iter().copied());
            }
            10 => {
                let (from, to) = self.piece(other);
                let piece = &other[from..to];
                let end = (at + piece.len()).min(out.len());
                out.splice(at.min(end)..end, piece.iter().copied());
            }
            _ => out.truncate(at),
        }
    }

    /// A number at which something may end, in a width and an order of bytes.
    fn write_edge(&mut self, out: &mut Vec<u8>, at: usize) {
        let edge = EDGES[self.chance.below(EDGES.len())];
        let edge = if self.chance.below(8) == 0 { out.len() as u64 } else { edge };
        let width = [1, 2, 4, 8][self.chance.below(4)];
        let mut bytes = edge.to_le_bytes()[..width].to_vec();
        if self.chance.below(3) == 0 {
            bytes.reverse();
        }
        // As variable-length numbers begin, of which the width stands before them.
        if self.chance.below(6) == 0 {
            bytes.insert(0, [251, 252, 253, 254][self.chance.below(4)]);
        }
        let end = (at + bytes.len()).min(out.len());
        out.splice(at.min(end)..end, bytes);
    }

    fn add_a_little(&mut self, out: &mut [u8], at: usize) {
        let little = 1 + self.chance.below(16) as u64;
        let little = if self.chance.below(2) == 0 { little } else { little.wrapping_neg() };
        if let Some(place) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<8>()) {
            *place = u64::from_le_bytes(*place).wrapping_add(little).to_le_bytes();
        } else if let Some(byte) = out.get_mut(at) {
            *byte = byte.wrapping_add(little as u8);
        }
    }

    fn word_step(&mut self, out: &mut Vec<u8>, other: &[u8]) {
        let (from, to) = self.word_of(out);
        let new = match self.chance.below(10) {
            0..=2 => self.chance.one(self.words).cloned().unwrap_or_default(),
            3 | 4 => {
                let (from, to) = self.word_of(other);
                other[from..to].to_vec()
            }
            5 | 6 => ODD[self.chance.below(ODD.len())].as_bytes().to_vec(),
            7 => Vec::new(),
            8 => {
                let word = &out[from..to];
                let often = [2, 3, 40, 300, 5_000][self.chance.below(5)];
                let room = self.longest / word.len().max(1);
                word.repeat(often.min(room.max(1)))
            }
            _ => {
                // Another word of the same input, in place or before this one.
                let (first, last) = self.word_of(out);
                let moved = out[first..last].to_vec();
                match self.chance.below(2) {
                    0 => [&moved[..], &out[from..to]].concat(),
                    _ => moved,
                }
            }
        };
        out.splice(from..to, new);
    }

    /// Somewhere in there, at most a few hundred bytes long.
    fn piece(&mut self, bytes: &[u8]) -> (usize, usize) {
        let from = self.chance.below(bytes.len() + 1);
        let most = 1 << self.chance.below(9);
        let length = 1 + self.chance.below(most);
        (from, (from + length).min(bytes.len()))
    }

    /// A word, or a sign between words.
    fn word_of(&mut self, bytes: &[u8]) -> (usize, usize) {
        let at = self.chance.below(bytes.len() + 1);
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-+".contains(byte);
        let (before, behind) = bytes.split_at(at);
        let from = at - before.iter().rev().take_while(|byte| is_word(byte)).count();
        let to = at + behind.iter().take_while(|byte| is_word(byte)).count();
        if from == to { (at, (at + 1).min(bytes.len())) } else { (from, to) }
    }
}

/// The words of an input, for use in others.
pub fn words_of(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let between = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"_.-+".contains(byte));
    input.split(between).filter(|word| (1..=80).contains(&word.len()))
}
