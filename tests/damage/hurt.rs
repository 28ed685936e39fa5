//! What is done to a file: one bit flipped, or its end cut off. Drawn from a seed, so that a case that
//! was found can be looked at again.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// One damage.
#[derive(Clone, Debug)]
pub struct Hurt {
    file: PathBuf,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// This bit, counted from the file's begin.
    Flip(u64),
    /// Everything behind this length.
    Cut(u64),
}

impl fmt::Display for Hurt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::Flip(bit) => {
                write!(f, "{}, byte {}, bit {}", self.file.display(), bit / 8, bit % 8)
            }
            How::Cut(length) => write!(f, "{}, cut to {length}", self.file.display()),
        }
    }
}

impl Hurt {
    /// Does it.
    pub fn inflict(&self, dir: &Path) {
        let file = OpenOptions::new().read(true).write(true).open(dir.join(&self.file)).unwrap();
        match self.how {
            How::Cut(length) => file.set_len(length).unwrap(),
            How::Flip(bit) => {
                let mut byte = [0];
                file.read_exact_at(&mut byte, bit / 8).unwrap();
                byte[0] ^= 1 << (bit % 8);
                file.write_all_at(&byte, bit / 8).unwrap();
            }
        }
    }

    /// Where the file belongs, for counting: the first parts of its path.
    pub fn kind_of_file(&self) -> String {
        let parts = self.file.components().take(2).map(|part| part.as_os_str().to_string_lossy());
        let how = if matches!(self.how, How::Flip(_)) { "flip" } else { "cut " };
        format!("{how} {}", parts.collect::<Vec<_>>().join("/"))
    }
}

/// So many of each, over all stores alike: a small one is as likely to be hurt as one of many files.
pub fn draw(files: &[(PathBuf, PathBuf)], flips: usize, cuts: usize, seed: u64) -> Vec<Hurt> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut drawn = Vec::new();
    for number in 0..flips + cuts {
        let (file, path) = pick(files, &mut dice);
        let bytes = fs::read(path).unwrap();
        let length = bytes.len() as u64;
        // Files are written ahead in zeros; what was really written is where damage matters.
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |at| at as u64 + 1);
        let reach = if dice.below(4) == 0 { length } else { written };
        let how = if number < flips {
            How::Flip(dice.below(reach * 8))
        } else {
            How::Cut(dice.below(reach))
        };
        drawn.push(Hurt { file, how });
    }
    drawn
}

/// One of the files in one of the entries of the directory.
fn pick(files: &[(PathBuf, PathBuf)], dice: &mut Dice) -> (PathBuf, PathBuf) {
    let store = |file: &Path| file.components().next().map(|first| first.as_os_str().to_owned());
    let mut stores: Vec<_> = files.iter().filter_map(|(file, _)| store(file)).collect();
    stores.dedup();
    let chosen = stores[dice.below(stores.len() as u64) as usize].clone();
    let of: Vec<_> =
        files.iter().filter(|(file, _)| store(file).as_ref() == Some(&chosen)).collect();
    of[dice.below(of.len() as u64) as usize].clone()
}

/// splitmix64: enough chance for this, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % end.max(1)
    }
}
