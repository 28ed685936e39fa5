//! Writes the beginning of one log into a new one.
//!
//! Apart from the writer because here nobody waits for an acknowledgement, and because the copy is
//! another log: it has an id of its own, so that nothing that belongs to the old log (its sled, its
//! archive, its anchor) can be taken for the new one's. One frame stays one frame: every state that
//! the copy can end in was once on the disk.

use std::{io, path::Path};

use super::{
    LogSummary,
    frame::Frame,
    frame_builder::FrameBuilder,
    record::Record,
    tail::{SegmentRules, Tail},
};
use crate::anchor::{Anchor, Mark};

/// A log being made out of another one.
pub struct LogCopy {
    tail: Tail,
    frame: FrameBuilder,
}

impl LogCopy {
    /// Begins a log in `dir`, which has none.
    pub fn begin(dir: &Path, segment_bytes: u64) -> io::Result<Self> {
        let rules = SegmentRules { bytes: segment_bytes, durable: true };
        let position = Tail::create(dir, rules)?;
        let tail = Tail::resume(dir, &position, rules)?;
        Ok(Self { tail, frame: FrameBuilder::default() })
    }

    /// Adds the records of a frame of the other log, as one frame of this one.
    pub fn take(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let records: Vec<Record> = frame.records().map(|record| record.to_record()).collect();
        self.append(&records).map(drop)
    }

    /// Adds records of this log's own, as one frame; gives the sequence of the last.
    pub fn append(&mut self, records: &[Record]) -> io::Result<u64> {
        if records.is_empty() {
            return Ok(self.tail.next_sequence() - 1);
        }
        self.frame.begin(self.tail.log_id(), self.tail.next_sequence(), self.tail.chain());
        records.iter().for_each(|record| self.frame.push(record));
        let next_sequence = self.frame.next_sequence();
        let (bytes, chain) = self.frame.close();
        if self.tail.is_full_for(bytes.len()) {
            // The next write leaves this segment behind.
            self.tail.sync()?;
        }
        self.tail.write(bytes, next_sequence, chain)?;
        Ok(next_sequence - 1)
    }

    /// Makes the log durable and anchors it at `anchor`.
    pub fn finish(self, anchor: &Path) -> io::Result<LogSummary> {
        self.tail.sync()?;
        let (log_id, chain) = (self.tail.log_id(), self.tail.chain());
        let last_sequence = self.tail.next_sequence() - 1;
        Anchor::open(anchor, Mark { log_id, sequence: last_sequence, chain }, true)?;
        Ok(LogSummary { log_id, last_sequence, chain, torn: false })
    }
}
