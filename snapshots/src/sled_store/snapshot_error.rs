//! Why a snapshot was not taken, or not read.
//!
//! Apart because writing and reading report in the same words. None of these
//! is fatal: the engine goes on, and the next start has a longer replay.

use std::io;

use thiserror::Error;

use super::manifest::ManifestError;
use crate::{archive::ArchiveError, log::LogError};

/// Why a snapshot was not taken, or not read.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// Another one is being taken.
    #[error("a snapshot is being taken already")]
    Busy,
    /// This store keeps none.
    #[error("this store keeps no snapshots")]
    NotKept,
    /// The base lies behind the log's tip.
    #[error("sequence {0} is not durable yet")]
    NotDurable(u64),
    /// There is none of this id, or not any more.
    #[error("there is no snapshot {0}")]
    Unknown(u64),
    /// It was stored, and does not read back as it was.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
    /// Its manifest does not open, or does not fit the codec's limit.
    #[error("the snapshot's manifest: {0}")]
    Manifest(String),
    /// sled's own word.
    #[error(transparent)]
    Sled(#[from] sled::Error),
    /// Compression failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The chain hash at the base could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The archive could not be made durable first.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl From<ManifestError> for SnapshotError {
    fn from(error: ManifestError) -> Self {
        match error {
            ManifestError::Sled(error) => Self::Sled(error),
            error => Self::Manifest(error.to_string()),
        }
    }
}
