//! Which number an event gets.
//!
//! Apart because both implementations must give the very same numbers, and
//! because a number is given before the disk has agreed: what is new is worked
//! out first, and remembered only once it is stored.

use std::collections::{BTreeMap, HashMap};

use super::{EventError, EventRow, Happened, Newest};

/// The newest sequence of each stream, and how far the log was read.
#[derive(Default)]
pub(crate) struct Numbering {
    pub(crate) last: HashMap<u64, u64>,
    pub(crate) through: u64,
}

/// Events with their numbers, not stored yet.
pub(crate) struct Numbered {
    pub(crate) rows: Vec<EventRow>,
    /// What becomes the newest sequence of the streams they are in.
    pub(crate) newest: BTreeMap<u64, u64>,
    pub(crate) through: u64,
}

impl Numbering {
    pub(crate) fn last(&self, stream: u64) -> u64 {
        self.last.get(&stream).copied().unwrap_or(0)
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
        let mut newest = BTreeMap::new();
        let mut rows = Vec::with_capacity(happened.len());
        for event in happened {
            let Happened { stream, payout, version, kind, nth, at, detail } = event;
            let sequence = newest.entry(stream).or_insert_with(|| self.last(stream));
            *sequence += 1;
            let sequence = *sequence;
            rows.push(EventRow { stream, sequence, payout, version, kind, nth, at, detail });
        }
        Ok(Numbered { rows, newest, through })
    }

    /// Remembers what is stored now.
    pub(crate) fn accept(&mut self, newest: BTreeMap<u64, u64>, through: u64) -> Newest {
        self.last.extend(&newest);
        self.through = through;
        newest.into_iter().collect()
    }
}
