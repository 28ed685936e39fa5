//! How a log is found wanting: file, offset, reason.
//!
//! Apart because every reader reports in these words, and because the words
//! end up in front of an operator who has to decide what to restore.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The log cannot be read as it was written. Never repaired, never skipped.
#[derive(Debug, Error)]
#[error("the log is damaged: {file}, byte {offset}: {reason}", file = .file.display())]
pub struct LogDamaged {
    /// The segment.
    pub file: PathBuf,
    /// Where in it the damaged frame begins.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
    pub(crate) shape: Shape,
}

impl LogDamaged {
    /// Whether what stands there is whole, and belongs somewhere else.
    pub(crate) fn is_misplaced(&self) -> bool {
        self.shape == Shape::Misplaced
    }
}

/// Whether a write that never finished could have left the damage behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Bytes that are no frame: a torn write looks like this, and so does rot.
    Malformed,
    /// A whole and valid thing in the wrong place: no torn write does that.
    Misplaced,
}

/// Reading the log failed.
#[derive(Debug, Error)]
pub enum LogError {
    /// The bytes are wrong.
    #[error(transparent)]
    Damaged(#[from] LogDamaged),
    /// The records asked for lie before the oldest segment.
    #[error("the log begins at sequence {first}; {wanted} was asked for")]
    Missing {
        /// First sequence of the oldest segment.
        first: u64,
        /// The sequence asked for.
        wanted: u64,
    },
    /// The file system refused.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl LogError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// A whole and valid thing in the wrong place.
    pub(crate) fn misplaced(file: &Path, offset: u64, reason: &str) -> Self {
        Self::damaged(file, offset, Shape::Misplaced, reason)
    }

    pub(crate) fn damaged(
        file: &Path,
        offset: u64,
        shape: Shape,
        reason: impl Into<String>,
    ) -> Self {
        Self::Damaged(LogDamaged { file: file.to_owned(), offset, reason: reason.into(), shape })
    }
}
