//! The journal as the engine sees it, whoever keeps it.
//!
//! Apart because the embedded log is one of several: the in-memory journal of
//! the engine's tests and a replicated one fill the same trait. All keep the
//! same promise: the future resolves when the records cannot be lost any more,
//! and the order of calls is the order of sequences.

use std::pin::Pin;

use thiserror::Error;

use crate::log::Record;

/// The outcome of an append: the sequence of its last record, once durable.
pub type Appended = Pin<Box<dyn Future<Output = Result<u64, JournalError>> + Send>>;

/// Where entries become durable.
pub trait JournalPort: Send + Sync {
    /// Queues the records, in this order and as one unit: after a crash all of
    /// them are there or none is. Queued by the call, not by the first poll.
    fn append(&self, records: Vec<Record>) -> Appended;

    /// Everything up to here is durable.
    fn durable_sequence(&self) -> u64;

    /// Appends that wait; the measure by which new work is refused.
    fn depth(&self) -> usize;

    /// Counters since the start.
    fn stats(&self) -> JournalStats;
}

/// Why records did not become durable.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum JournalError {
    /// The journal was closed, or is gone, before it took them. Whether they
    /// were written is then unknown to the caller: only a replay tells.
    #[error("the journal is closed")]
    Closed,
    /// One append with more bytes than a frame may have.
    #[error("an append of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Sum of the records.
        bytes: usize,
        /// The most there may be.
        limit: usize,
    },
    /// Nothing was written, and the journal says why.
    #[error("the journal refused the append: {0}")]
    Refused(String),
}

/// What a journal has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalStats {
    /// Group commits.
    pub commits: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of their frames.
    pub bytes: u64,
    /// Time spent in `fdatasync`, all commits together.
    pub sync_micros_total: u64,
    /// The longest single one.
    pub sync_micros_max: u64,
}
