//! The write-ahead log: what makes an acknowledged word durable.
//!
//! Apart from sled and the archive because those can be thrown away and this
//! cannot. In reading order: `journal` is the handle, `writer` the thread
//! behind it, `tail` the file at its end; `record`, `frame` and
//! `segment` are the format; `reader`, `walk` and `recovery` read it back,
//! `visitor` while it grows; `source` and `copy` make a new log out of the
//! beginning of another, `stream` takes frames from where there are no segments, `image` is a log in memory,
//! `by_hand` its writer and its visitors without threads.

mod batch;
mod by_hand;
pub(crate) mod bytes;
mod copy;
mod damage;
mod frame;
mod frame_builder;
pub mod image;
mod journal;
mod lane;
mod reader;
mod record;
mod recovery;
mod segment;
mod source;
mod stream;
mod tail;
mod visitor;
mod walk;
mod window;
mod writer;

use std::path::Path;

pub use by_hand::WriterByHand;
pub use copy::LogCopy;
pub use damage::{LogDamaged, LogError};
pub use frame::{ChainHash, Frame};
pub use journal::{APPEND_LIMIT, Appending, Journal};
pub use lane::{Lane, LaneAppend};
pub use reader::{LogReader, Placed};
pub use record::{Record, RecordRef};
pub use segment::sync_directory;
pub use source::{FrameSource, LogFrames};
pub use visitor::LogVisitor;

pub(crate) use batch::Batch;
pub(crate) use by_hand::{Image, VisitorByHand};
pub(crate) use frame::{FRAME_HEADER, FrameHeader};
#[cfg(test)]
pub(crate) use frame_builder::FrameBuilder;
pub(crate) use journal::Shared;
pub(crate) use recovery::{Scan, erase, scan};
pub(crate) use stream::{FrameStream, Tip, unreadable};
pub(crate) use tail::{SegmentRules, Tail};
pub(crate) use visitor::VisitorThread;
pub(crate) use writer::{Writer, abort};

/// What a walk over a whole log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSummary {
    /// Drawn at random when the log began.
    pub log_id: u64,
    /// Sequence of the last record.
    pub last_sequence: u64,
    /// What all frames hash to.
    pub chain: ChainHash,
    /// Whether an unfinished write stands behind the last frame.
    pub torn: bool,
}

/// Reads every frame in the log directory `dir` and compares every checksum,
/// every sequence and the whole chain. Changes nothing.
pub fn verify(dir: &Path) -> Result<LogSummary, LogError> {
    let scan = scan(dir, 1, 0, &[])?;
    Ok(LogSummary {
        log_id: scan.tip.log_id,
        last_sequence: scan.last_sequence(),
        chain: scan.tip.chain,
        torn: scan.torn.is_some(),
    })
}

/// Where an anchor says that its log was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The log.
    pub log_id: u64,
    /// It went at least this far.
    pub sequence: u64,
}

/// What the anchor at `path` says; none if there is none.
///
/// # Errors
/// It cannot be read, or neither of its two slots can be believed.
pub fn anchored(path: &Path) -> std::io::Result<Option<Anchored>> {
    let mark = crate::anchor::Anchor::read(path)?;
    Ok(mark.map(|mark| Anchored { log_id: mark.log_id, sequence: mark.sequence }))
}

/// Whether `dir` holds a log, even an empty one.
pub(crate) fn exists(dir: &Path) -> Result<bool, LogError> {
    Ok(!segment::list(dir).map_err(LogError::io(dir))?.is_empty())
}

/// First sequences of all segments, oldest first.
pub(crate) fn first_sequences(dir: &Path) -> Result<Vec<u64>, LogError> {
    let segments = segment::list(dir).map_err(LogError::io(dir))?;
    Ok(segments.into_iter().map(|segment| segment.first_sequence).collect())
}

#[cfg(test)]
mod tests;
