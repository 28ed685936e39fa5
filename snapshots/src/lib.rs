//! What survives: the write-ahead log, sled's snapshots, the archive, and the
//! events.
//!
//! Apart from the engine because here a payout is an id, a version and opaque
//! bytes. Nothing in this crate knows a status or moves money; it promises
//! that an acknowledged record is on the disk, that corruption is never
//! silent, and that everything but the log can be thrown away.
//!
//! In reading order: `store` ties it together, `log` makes a word durable,
//! `anchor` remembers how far it went, `sled_store` mirrors it and keeps
//! the snapshots, `archive` holds what is finished, `events` numbers what
//! happened, `codec` is the form of every stored value. `export` puts the
//! log into one portable file, `log_archive` copies it elsewhere as it grows.
//! happened, `codec` is the form of every stored value; `inspection` reads a
//! directory that nobody serves from, and changes nothing in it.

mod anchor;
pub mod archive;
pub mod bare;
mod bell;
pub mod codec;
mod directory;
pub mod events;
pub mod export;
mod fjall_versions;
mod guarded;
pub mod inspection;
pub mod intent_ledger;
mod journal_port;
pub mod log;
pub mod log_archive;
pub mod memory;
mod open_error;
mod options;
pub mod sled_store;
pub mod store;

pub use archive::{
    ArchiveError, ArchiveStore, Archived, Archiver, ArchiverByHand, Facets, Listing, Row,
};
pub use events::{EventError, EventRow, EventStore, FjallEvents, Happened, MemoryEvents};
pub use inspection::{Copied, Inspection, InspectionError};
pub use journal_port::{Appended, JournalError, JournalPort, JournalStats};
pub use log::{Journal, Lane, LaneAppend, LogVisitor, Record, RecordRef, WriterByHand};
pub use memory::MemoryJournal;
pub use open_error::{OpenError, RolledBackTo};
pub use options::{AnchorPolicy, Durability, StoreOptions};
pub use sled_store::{
    Pruned, Retention, SnapshotError, SnapshotInfo, SnapshotReader, SnapshotStore, SnapshotWriter,
};
pub use store::{
    FindError, Found, FoundIn, Hands, ReplayError, Replayed, Running, Store, VisitorsByHand,
};
