//! Why a store does not open, in words for the operator who has to act.
//!
//! Apart because these are the only errors of this crate that stop a gateway
//! from starting; whatever can be rebuilt is not among them.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{archive::ArchiveError, guarded::Fault, log::LogError, sled_store::MirrorError};

/// The start stopped here.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the directory open.
    #[error("{path} is in use by another process", path = .0.display())]
    InUse(PathBuf),
    /// A handle of an earlier store in this process still has it open.
    #[error("{path} is still open in this process", path = .0.display())]
    StillOpen(PathBuf),
    /// The log cannot be read as it was written. Restore it; do not edit it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is older than something that has seen it.
    #[error(
        "rolled back: the {witness} knows the log up to sequence {expected}, \
         {found}; restore the missing part, or adopt the log as it is"
    )]
    RolledBack {
        /// Who has seen more: the anchor, or a snapshot.
        witness: &'static str,
        /// How far the log went then.
        expected: u64,
        /// What the log has to say.
        found: RolledBackTo,
    },
    /// There is a log, and no anchor to hold it against.
    #[error(
        "there is no anchor at {path}; put it back, or adopt the log as it is",
        path = .0.display()
    )]
    AnchorMissing(PathBuf),
    /// The anchor's file cannot be read or written.
    #[error("the anchor at {path}: {source}", path = .path.display())]
    Anchor {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// A database could not be opened for want of space, files or permission.
    #[error("{path} cannot be opened: {reason}", path = .path.display())]
    Refused {
        /// The database's directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A fresh sled directory does not open either.
    #[error("sled cannot be opened, not even empty: {0}")]
    Sled(String),
    /// What sled held was readable at first, and then was not.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// A fresh archive does not open either.
    #[error("the archive cannot be opened, not even empty: {0}")]
    Archive(String),
    /// The archive opened and does not answer.
    #[error(transparent)]
    ArchiveRead(#[from] ArchiveError),
    /// A fresh store of events does not open either.
    #[error("the events cannot be opened, not even empty: {0}")]
    Events(String),
    /// The file system refused.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// The fault of a database that is not set aside, as an error. `unusable` names
/// the one that is left when even an empty database does not open.
pub(crate) fn refused(path: &Path, fault: Fault, unusable: fn(String) -> OpenError) -> OpenError {
    match fault {
        Fault::Busy => OpenError::StillOpen(path.to_owned()),
        Fault::Refused(reason) => OpenError::Refused { path: path.to_owned(), reason },
        Fault::Unusable(reason) => unusable(reason),
    }
}

/// In what way a log is older than it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RolledBackTo {
    /// It ends too early.
    #[error("but it ends at {0}")]
    EndsAt(u64),
    /// It goes that far, with other frames.
    #[error("but it holds other frames there")]
    OtherFrames,
    /// It is not the log that was seen at all.
    #[error("but it is another log")]
    OtherLog,
}
