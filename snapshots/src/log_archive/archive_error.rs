//! Why the log was not archived, or an archived log is not to be trusted.
//!
//! Apart because the follower decides by them whether trying again can help.

use std::io;

use thiserror::Error;

use crate::log::LogError;

/// Why the log was not archived, or an archived log is not to be trusted.
#[derive(Debug, Error)]
pub enum LogArchiveError {
    /// An option makes no sense.
    #[error("{key}: {reason}")]
    Option {
        /// The option's name.
        key: &'static str,
        /// What is wrong with it, and what is allowed.
        reason: String,
    },
    /// The object store refused, or did not answer.
    #[error("{object}: {reason}")]
    Store {
        /// The object, or where the archive is.
        object: String,
        /// What it said.
        reason: String,
    },
    /// An object is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// An object is not what it should be.
    #[error("{object} is damaged: {reason}")]
    Damaged {
        /// The object.
        object: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else wrote what only this gateway writes.
    #[error("{0} was changed by another writer")]
    Changed(String),
    /// The archive and the log here have different pasts. Nothing is overwritten.
    #[error("the archived log and the log here are not the same: {0}")]
    Diverged(String),
    /// A frame does not read: of the log here, or of an archived one.
    #[error(transparent)]
    Log(#[from] LogError),
    /// No log was archived there.
    #[error("{0} holds no archived log")]
    NoLog(String),
    /// Which log is meant has to be said.
    #[error("{place} holds several logs, and one has to be named: {}", .ids.join(", "))]
    Several {
        /// Where.
        place: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The files beside the log could not be read.
    #[error("the files beside the log: {0}")]
    SideFiles(io::Error),
    /// A thread did not start, or ended before its time.
    #[error("the thread that speaks to the archive: {0}")]
    Thread(String),
}

impl LogArchiveError {
    /// Whether data is damaged, and not merely out of reach.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Missing(_) | Self::Log(LogError::Damaged(_)))
    }

    /// Whether only a person can help: trying again would find the same, or make it worse.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Diverged(_)) || self.is_damage()
    }

    pub(super) fn damaged(object: impl ToString, reason: impl Into<String>) -> Self {
        Self::Damaged { object: object.to_string(), reason: reason.into() }
    }

    /// The store's own word, on one line.
    pub(super) fn store(object: impl ToString, error: &dyn std::error::Error) -> Self {
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            cause = inner.source();
        }
        let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Store { object: object.to_string(), reason: line.chars().take(400).collect() }
    }
}
