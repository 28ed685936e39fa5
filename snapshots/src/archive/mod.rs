//! The archive: finished and settled payouts, and the indexes over them.
//!
//! Apart from the actors because it grows without end and memory does not, and
//! apart from sled because sled with a key per payout took 22 GB for five
//! million entries. The engine decides what goes in; the archive keeps it
//! findable by id, by merchant and time, by status, by reference and by due
//! time. It is rebuilt from the log when it is lost.
//!
//! In reading order: this page is the contract, `archiver` the thread that
//! fills it, `fjall_archive` (with `covers` and `fjall_rows`) and
//! `memory_archive` the implementations, `keys` how rows are ordered.

mod archiver;
mod covers;
mod fjall_archive;
mod fjall_rows;
mod keys;
mod memory_archive;
mod stored;
mod writes;

use std::ops::ControlFlow;

use thiserror::Error;

pub use archiver::{Archiver, ArchiverByHand, Archiving};
pub use fjall_archive::FjallArchive;
pub use memory_archive::MemoryArchive;

pub(crate) use archiver::ArchiverThread;

/// A payout's id.
pub type Id = [u8; 16];

/// A payout as it is archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The payout.
    pub id: Id,
    /// Whose it is; no list crosses from one merchant to another.
    pub merchant: u64,
    /// Microseconds since 1970; what lists are ordered by.
    pub created_at: i64,
    /// What a list may filter by without reading the body.
    pub facets: Facets,
    /// Hash of the merchant's own reference.
    pub reference: Option<[u8; 16]>,
    /// When the engine has to look at it again, in microseconds since 1970.
    pub due: Option<i64>,
    /// The payout with its whole history, sealed by the codec; opaque here.
    pub body: Vec<u8>,
}

/// Eight bytes of a payout's properties, kept in the index rows. The lowest
/// byte is the status; the others are the engine's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facets(pub u64);

impl Facets {
    /// The status byte, by which the archive keeps an index.
    pub fn status(self) -> u8 {
        self.0.to_le_bytes()[0]
    }
}

/// One row of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When the payout was created.
    pub created_at: i64,
    /// The payout.
    pub id: Id,
    /// Its properties.
    pub facets: Facets,
}

/// What a list asks for. Rows come newest first; rows of the same microsecond
/// in the order of their ids.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// Whose payouts.
    pub merchant: u64,
    /// Only those with this status byte.
    pub status: Option<u8>,
    /// Only rows behind this one: the last row of the page before.
    pub after: Option<(i64, Id)>,
    /// At most so many rows.
    pub limit: usize,
}

/// Where archived payouts are kept.
pub trait ArchiveStore: Send + Sync {
    /// Stores the batch, all of it or none. A payout that is there already is
    /// replaced, and its old index rows with it.
    fn put(&self, batch: Vec<Archived>) -> Result<(), ArchiveError>;

    /// The body of a payout.
    fn get(&self, id: Id) -> Result<Option<Vec<u8>>, ArchiveError>;

    /// Whether a payout is there.
    fn contains(&self, id: Id) -> Result<bool, ArchiveError>;

    /// Hands on rows until the limit, the end, or a break.
    fn list(
        &self,
        listing: Listing,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError>;

    /// The payout that carries a merchant's reference.
    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Result<Option<Id>, ArchiveError>;

    /// Payouts due before `time`, earliest first.
    fn due_before(&self, time: i64, limit: usize) -> Result<Vec<(i64, Id)>, ArchiveError>;

    /// Makes everything stored so far durable.
    fn persist(&self) -> Result<(), ArchiveError>;

    /// How many payouts there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Up to which sequence of the log nothing is missing here. None while it
    /// has yet to be filled by a replay from the log's start.
    fn covers(&self) -> Result<Option<u64>, ArchiveError>;

    /// The number of the snapshot that said so last, 0 before the first; none
    /// where that was not kept yet. An archive that is older than the newest
    /// snapshot shows it here, even when nothing was written between that
    /// snapshot and the one before it.
    fn covered_by(&self) -> Result<Option<u64>, ArchiveError>;

    /// Says so durably. Each snapshot does, before it counts: what it leaves
    /// out because it is archived must really be here.
    fn set_covers(&self, sequence: u64, snapshot: u64) -> Result<(), ArchiveError>;

    /// Hands on every payout, in the order of their ids, until a break.
    fn visit(&self, visit: &mut dyn FnMut(Archived) -> ControlFlow<()>)
    -> Result<(), ArchiveError>;

    /// Compares the index rows with the payouts, both ways, and hands on what
    /// does not fit, as a sentence.
    fn check_rows(&self, amiss: &mut dyn FnMut(RowAmiss)) -> Result<RowsChecked, ArchiveError>;
}

/// An index row that no payout stands behind, or one that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowAmiss {
    /// The index.
    pub table: &'static str,
    /// The row's key.
    pub key: Vec<u8>,
    /// The payout it is about.
    pub payout: Option<Id>,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowsChecked {
    /// Payouts.
    pub payouts: u64,
    /// Rows of all indexes together.
    pub rows: u64,
}

/// Why the archive did not answer.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// fjall's own word.
    #[error(transparent)]
    Fjall(#[from] fjall::Error),
    /// A row is not what was written.
    #[error("the archive is damaged: {0}")]
    Damaged(&'static str),
    /// The archiver has ended.
    #[error("the archive is closed")]
    Closed,
    /// The archiver could not store the batch that held the payout.
    #[error("the payout was not archived: {0}")]
    NotStored(String),
}

#[cfg(test)]
mod conformance;
