//! Which number an event gets.
//!
//! Apart because both implementations must give the very same numbers, and
//! because a number is given before the disk has agreed: what is new is worked
//! out first, and remembered only once it is stored.

use std::collections::{BTreeMap, HashMap};

use super::{EventError, EventRow, Happened, Newest};

/// The newest sequence of each stream, the numbers left out in it, and how far the log was read.
#[derive(Default)]
pub(crate) struct Numbering {
    pub(crate) last: HashMap<u64, u64>,
    pub(crate) gaps: HashMap<u64, Vec<Gap>>,
    pub(crate) through: u64,
}

/// Numbers left out because a restore may have lost whom they were given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The last number before it; 0 when the stream begins with it.
    pub(crate) before: u64,
    /// The first number behind it.
    pub(crate) first: u64,
}

/// Events with their numbers, not stored yet.
pub(crate) struct Numbered {
    pub(crate) rows: Vec<EventRow>,
    /// What becomes the newest sequence of the streams they are in.
    pub(crate) newest: BTreeMap<u64, u64>,
    /// Numbers that are left out on the way, with their streams.
    pub(crate) gaps: Vec<(u64, Gap)>,
    pub(crate) through: u64,
}

impl Numbering {
    pub(crate) fn last(&self, stream: u64) -> u64 {
        self.last.get(&stream).copied().unwrap_or(0)
    }

    /// The number that follows `before` in a stream, were it long enough: the next one, or the first
    /// behind the gap that the next one lies in.
    pub(crate) fn next_after(&self, stream: u64, before: u64) -> u64 {
        let gaps = self.gaps.get(&stream).map_or(&[][..], Vec::as_slice);
        let gap = gaps.iter().find(|gap| gap.before <= before && before + 1 < gap.first);
        gap.map_or(before + 1, |gap| gap.first)
    }

    /// All streams, in order.
    pub(crate) fn streams(&self) -> Newest {
        let mut streams: Newest = self.last.iter().map(|(stream, last)| (*stream, *last)).collect();
        streams.sort_unstable();
        streams
    }

    /// Numbers what happened between the watermark and `through`.
    pub(crate) fn number(
        &self,
        happened: Vec<Happened>,
        through: u64,
    ) -> Result<Numbered, EventError> {
        let nothing_new = through == self.through && !happened.is_empty();
        if through < self.through || nothing_new {
            return Err(EventError::Covered { through: self.through, asked: through });
        }
        let (mut newest, mut gaps) = (BTreeMap::new(), Vec::new());
        let mut rows = Vec::with_capacity(happened.len());
        for event in happened {
            let Happened { stream, payout, version, kind, nth, at, detail, above } = event;
            let sequence = newest.entry(stream).or_insert_with(|| self.last(stream));
            if above > *sequence {
                gaps.push((stream, Gap { before: *sequence, first: above + 1 }));
            }
            *sequence = above.max(*sequence) + 1;
            let sequence = *sequence;
            rows.push(EventRow { stream, sequence, payout, version, kind, nth, at, detail });
        }
        Ok(Numbered { rows, newest, gaps, through })
    }

    /// Remembers what is stored now.
    pub(crate) fn accept(
        &mut self,
        newest: BTreeMap<u64, u64>,
        gaps: Vec<(u64, Gap)>,
        through: u64,
    ) -> Newest {
        for (stream, gap) in gaps {
            self.gaps.entry(stream).or_default().push(gap);
        }
        self.last.extend(&newest);
        self.through = through;
        newest.into_iter().collect()
    }
}
