//! Why an export was not written, or is not to be trusted.
//!
//! Apart because writing and reading report in the same words, and because the command line tells
//! a damaged file from a full disk by them.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{codec::CodecError, log::LogError};

/// Why an export was not written, or is not to be trusted.
#[derive(Debug, Error)]
pub enum ExportError {
    /// Something has that name already; it is never overwritten.
    #[error("{path} exists already; an export never overwrites a file", path = .0.display())]
    Exists(PathBuf),
    /// Another process is writing an export under the same name.
    #[error("{path} is being written by another process", path = .0.display())]
    Busy(PathBuf),
    /// The frames end before the sequence asked for.
    #[error("the log ends at sequence {last}; an export through {through} was asked for")]
    TooShort {
        /// How far it was to go.
        through: u64,
        /// How far the log goes.
        last: u64,
    },
    /// No frame ends at or before the sequence asked for.
    #[error("the log has no whole commit up to sequence {0}; there is nothing to export")]
    Nothing(u64),
    /// A side file's name is not a plain one, or there twice.
    #[error(
        "\"{0}\" cannot name a file beside the log: a name is there once, has at most 200 letters, \
         digits, dots, dashes and underscores, and does not begin with a dot"
    )]
    SideName(String),
    /// The side files are too large.
    #[error("the files beside the log have {found} bytes; at most {limit} are allowed")]
    SideSize {
        /// Bytes of all of them.
        found: u64,
        /// What is allowed.
        limit: u64,
    },
    /// The file is not as it was written.
    #[error("{file} is not a sound export: byte {offset}: {reason}", file = .file.display())]
    Damaged {
        /// The export.
        file: PathBuf,
        /// Where in it, as it lies on the disk.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// A frame is damaged: in the log that was to be exported, or in the export.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The header did not encode.
    #[error("the export's header: {0}")]
    Header(#[from] CodecError),
    /// The file system refused.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl ExportError {
    /// Whether data is damaged, and not merely out of reach.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Log(LogError::Damaged(_)))
    }

    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(super) fn damaged(file: &Path, offset: u64, reason: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), offset, reason: reason.into() }
    }
}
