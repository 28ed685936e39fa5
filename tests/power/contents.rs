//! One file on its way: as processes see it, and as the disk has it. Apart from the images, because the
//! rules of pages and lengths are here and nowhere else.
//!
//! A block comes to the disk as it is seen at that moment, so an earlier write to it is there whenever a
//! later one is. Bytes behind the length that the disk knows are not there, and a length whose bytes never
//! came is filled with zeros.

use crate::dice::Dice;
use crate::disk::Kind;
use crate::manner::Manner;

/// The contents of one file, on its way.
#[derive(Clone, Default)]
pub struct Contents {
    /// As processes see it.
    seen: Vec<u8>,
    /// As the disk has it.
    pub kept: Vec<u8>,
    /// A cut that the disk may not have; whatever is written behind it comes behind it there too.
    cut: Option<usize>,
}

impl Contents {
    /// Carries out a change of this file; what is not sure is drawn. In words, what became of it.
    pub fn change(
        &mut self,
        kind: &Kind,
        sure: bool,
        manner: Manner,
        dice: &mut Dice,
    ) -> &'static str {
        let (whole, lengths) = if sure { (100, 100) } else { (manner.whole, manner.lengths) };
        match kind {
            Kind::Length { length, .. } => self.set_length(*length as usize, dice.percent(lengths)),
            Kind::Room { length, .. } => {
                let length = (*length as usize).max(self.seen.len());
                self.set_length(length, dice.percent(lengths))
            }
            Kind::Write { at, bytes, .. } => {
                let at = *at as usize;
                self.write(at, bytes);
                if dice.percent(whole) {
                    self.keep_length(false);
                    self.keep(at, at + bytes.len());
                    return "there";
                }
                let longer = dice.percent(lengths);
                if longer {
                    self.keep_length(false);
                }
                let torn = dice.percent(manner.torn);
                if torn {
                    self.tear(at, bytes.len(), manner.block, dice);
                }
                match (torn, longer) {
                    (true, true) => "torn, its length there",
                    (true, false) => "torn",
                    (false, true) => "lost, its length there",
                    (false, false) => "lost",
                }
            }
            Kind::Names { .. } => "of a directory",
        }
    }

    fn set_length(&mut self, length: usize, there: bool) -> &'static str {
        let shorter = length < self.seen.len();
        resize(&mut self.seen, length);
        if there {
            self.keep_length(shorter);
            return "there";
        }
        if shorter {
            self.cut = Some(self.cut.map_or(length, |before| before.min(length)));
        }
        "lost"
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.seen.len() < end {
            resize(&mut self.seen, end);
        }
        self.seen[at..end].copy_from_slice(bytes);
    }

    /// The disk has the cut, if there was one.
    fn settle_cut(&mut self) {
        if let Some(length) = self.cut.take() {
            self.kept.truncate(length);
        }
    }

    fn keep_length(&mut self, shorter: bool) {
        self.settle_cut();
        let length = if shorter { self.seen.len() } else { self.seen.len().max(self.kept.len()) };
        resize(&mut self.kept, length);
    }

    /// The disk has these bytes as they are seen, as far as its length goes.
    fn keep(&mut self, from: usize, until: usize) {
        self.settle_cut();
        let until = until.min(self.kept.len()).min(self.seen.len());
        if from < until {
            self.kept[from..until].copy_from_slice(&self.seen[from..until]);
        }
    }

    /// Some of the blocks of a write, or those before some point.
    fn tear(&mut self, at: usize, length: usize, block: usize, dice: &mut Dice) {
        let (first, last) = (at / block, (at + length.max(1) - 1) / block);
        let up_to =
            dice.percent(50).then(|| first + dice.below((last - first + 1) as u64) as usize);
        for number in first..=last {
            let there = up_to.map_or_else(|| dice.percent(50), |up_to| number < up_to);
            if there {
                self.keep((number * block).max(at), ((number + 1) * block).min(at + length));
            }
        }
    }
}

/// `Vec::resize` a piece at a time: byte by byte it takes half of a run's time where nothing is optimised.
fn resize(bytes: &mut Vec<u8>, length: usize) {
    static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
    bytes.truncate(length);
    while bytes.len() < length {
        let piece = ZEROS.len().min(length - bytes.len());
        bytes.extend_from_slice(&ZEROS[..piece]);
    }
}
