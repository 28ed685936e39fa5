//! Events: what the log says, numbered per stream and kept to be read again.
//!
//! Apart from the log because not one of them is a truth of its own: each is a
//! function of a record, so the whole store can be lost and read from the log
//! again, and every event gets the number it had. That works because the
//! watermark, the sequence of the log up to which events were taken, moves in
//! the same batch as the events themselves.
//!
//! Beside the events lie the notes of those who read them, such as how far a
//! reader has come. Notes cannot be read from the log again; nothing may
//! depend on them that a repetition would harm.
//!
//! In reading order: this page is the contract, `numbering` gives the numbers,
//! `fjall_events` (with `opening`, and `late_events` before it) and `memory_events` are the
//! implementations, `block` and `notes` how events and notes are stored and found.

pub(crate) mod block;
mod fjall_events;
mod late_events;
mod memory_events;
mod notes;
mod numbering;
mod opening;

use thiserror::Error;

pub use fjall_events::FjallEvents;
pub use memory_events::MemoryEvents;

pub(crate) use late_events::LateEvents;
pub(crate) use opening::{OF_ANOTHER_BUILD, OfLog};

/// One numbered row of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Whose events these are; each stream is numbered by itself.
    pub stream: u64,
    /// Its place in the stream: 1, 2, 3, without a gap but for those that a restore makes.
    pub sequence: u64,
    /// The payout it happened to.
    pub payout: [u8; 16],
    /// The payout's version after it happened.
    pub version: u32,
    /// What happened; the reader of the log knows the meaning.
    pub kind: u8,
    /// Tells the events of one record apart.
    pub nth: u8,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What cannot be found again by payout and version; usually empty.
    pub detail: Vec<u8>,
}

impl EventRow {
    /// What happened, without its number.
    pub fn happened(self) -> Happened {
        let Self { stream, sequence: _, payout, version, kind, nth, at, detail } = self;
        Happened { stream, payout, version, kind, nth, at, detail, above: 0 }
    }
}

/// What a reader of the log makes of one record. The store adds the number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Whose event it is.
    pub stream: u64,
    /// The payout it happened to.
    pub payout: [u8; 16],
    /// The payout's version after it happened.
    pub version: u32,
    /// What happened.
    pub kind: u8,
    /// Tells the events of one record apart.
    pub nth: u8,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// What cannot be found again by payout and version; usually empty.
    pub detail: Vec<u8>,
    /// Its number is above this one: numbers up to it may have been given to something else, in a
    /// time that a restore has lost. Usually 0.
    pub above: u64,
}

/// Streams and the newest sequence of each.
pub type Newest = Vec<(u64, u64)>;

/// A note: its key and what it says.
pub type Note = (Vec<u8>, Vec<u8>);

/// A change to a note: its key and what it shall say; none removes it.
pub type NoteChange = (Vec<u8>, Option<Vec<u8>>);

/// Where events are kept.
pub trait EventStore: Send + Sync {
    /// Numbers and stores what happened behind the watermark, up to and
    /// including the log's sequence `through`, in order, all of it or none.
    /// Gives the streams that got something, with their newest sequence.
    ///
    /// What was covered before is refused, so nothing is ever numbered twice.
    /// After any other error nothing of this batch is stored, and a later one
    /// would leave it out: whoever reads the log must end, and begin again at
    /// the watermark.
    fn append(&self, happened: Vec<Happened>, through: u64) -> Result<Newest, EventError>;

    /// The watermark: up to where in the log events were taken; 0 is nothing.
    fn through(&self) -> Result<u64, EventError>;

    /// Newest sequence of a stream; 0 is none.
    fn last(&self, stream: u64) -> Result<u64, EventError>;

    /// All streams that have rows, with the newest sequence of each.
    fn streams(&self) -> Result<Newest, EventError>;

    /// At most `limit` rows of a stream behind the sequence `after`, in order.
    fn after(&self, stream: u64, after: u64, limit: usize) -> Result<Vec<EventRow>, EventError>;

    /// One row.
    fn get(&self, stream: u64, sequence: u64) -> Result<Option<EventRow>, EventError>;

    /// Changes notes, all of them or none. Of two changes to one key the later
    /// counts.
    fn write_notes(&self, notes: Vec<NoteChange>) -> Result<(), EventError>;

    /// What one note says.
    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EventError>;

    /// At most `limit` notes whose keys begin with `prefix`, in the order of
    /// their keys or backwards, strictly beyond the key `from` if one is given.
    fn notes(
        &self,
        prefix: &[u8],
        from: Option<&[u8]>,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Note>, EventError>;

    /// Makes everything stored so far durable.
    fn persist(&self) -> Result<(), EventError>;
}

/// Why the store of events did not answer.
#[derive(Debug, Error)]
pub enum EventError {
    /// fjall's own word.
    #[error(transparent)]
    Fjall(#[from] fjall::Error),
    /// They could not be opened when they were first asked for.
    #[error("the events are not open: {0}")]
    NotOpened(String),
    /// A row is not what was written.
    #[error("the events are damaged: {0}")]
    Damaged(&'static str),
    /// Somebody takes events from a part of the log that was taken already.
    #[error("events up to sequence {asked} of the log were offered, but {through} is reached")]
    Covered {
        /// The watermark.
        through: u64,
        /// Where it was to move.
        asked: u64,
    },
}

#[cfg(test)]
mod conformance;
