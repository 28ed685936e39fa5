//! How unkind a power cut is: what is drawn once for a whole image. Apart from the image, because these are
//! the kinds of disk and file system that are played.

use crate::dice::Dice;
use std::fmt;

/// What survives of changes of names that no `fsync` of their directory made sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Those up to some moment, in all directories: as file systems with one journal do.
    Journal,
    /// Those up to some moment, another one in each directory.
    InOrder,
    /// Any of them. A rename is still one change.
    Any,
}

/// What is drawn for a whole image.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub names: Names,
    /// In what pieces writes are torn.
    pub block: usize,
    /// Out of a hundred writes, how many are there in whole, and of the others how many in part.
    pub whole: u64,
    pub torn: u64,
    /// Out of a hundred changes of length, how many.
    pub lengths: u64,
    /// Out of a hundred changes of names, how many; where they are in order, how far.
    pub named: u64,
}

impl Manner {
    /// Extremes as often as anything between.
    pub fn draw(dice: &mut Dice) -> Manner {
        let names = [Names::Journal, Names::InOrder, Names::Any][dice.below(3) as usize];
        let block = [512, 4096][dice.below(2) as usize];
        let mut share = || match dice.below(4) {
            0 => 0,
            1 => 100,
            _ => dice.below(101),
        };
        let whole = share();
        let (torn, lengths, named) = (share(), share(), share());
        Manner { names, block, whole, torn, lengths, named }
    }

    /// Everything that was ever written, as a machine leaves it that is not cut off.
    pub fn everything() -> Manner {
        let names = Names::Journal;
        Manner { names, block: 4096, whole: 100, torn: 0, lengths: 100, named: 100 }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manner { names, block, whole, torn, lengths, named } = self;
        write!(
            f,
            "names {names:?} {named} %, writes {whole} % whole, others {torn} % torn at {block}, "
        )?;
        write!(f, "lengths {lengths} %")
    }
}
