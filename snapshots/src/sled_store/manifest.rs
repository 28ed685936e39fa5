//! The manifest: what makes a heap of chunks a snapshot.
//!
//! Apart because a snapshot exists if and only if its manifest does: it is
//! written last, after the chunks were read back, and deleted first.

use std::time::Duration;

use bincode::{Decode, Encode};
use sled::Tree;

use super::pieces;
use crate::{
    codec::{self, CodecError, Kind},
    log::ChainHash,
};

/// BLAKE3 of a chunk as stored, or of a snapshot's whole content.
pub(crate) type Hash = [u8; 32];

const VERSION: u16 = 2;

/// What a snapshot says of itself. A stored form: what is new goes to the end,
/// under a higher version, and [`Manifest::load`] still reads the older ones.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Manifest {
    pub(crate) version: u16,
    pub(crate) id: u64,
    /// The log it belongs to.
    pub(crate) log_id: u64,
    /// Each state is as of here or later; replay begins behind it.
    pub(crate) base_sequence: u64,
    /// What the log hashed to there.
    pub(crate) base_chain: ChainHash,
    /// The log's tip when the last state was taken. No state is later, so a
    /// log that ends before it has lost something.
    pub(crate) sealed_at: u64,
    pub(crate) payouts: u64,
    /// Bytes of the chunks as stored.
    pub(crate) bytes: u64,
    pub(crate) chunks: Vec<Hash>,
    /// Of everything pushed, before compression.
    pub(crate) content: Hash,
    /// Microseconds since 1970; none in snapshots of version 1.
    pub(crate) taken_at: Option<i64>,
    /// From its beginning until it was read back.
    pub(crate) took_micros: u64,
    /// What the engine notes about it, in a form that only the engine knows.
    pub(crate) note: Vec<u8>,
}

/// The manifest before snapshots said when and why they were taken.
#[derive(Encode, Decode)]
struct Version1 {
    version: u16,
    id: u64,
    log_id: u64,
    base_sequence: u64,
    base_chain: ChainHash,
    sealed_at: u64,
    payouts: u64,
    bytes: u64,
    chunks: Vec<Hash>,
    content: Hash,
}

/// What the engine and the operator see of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Counts up over the life of the store.
    pub id: u64,
    /// Each state is as of this sequence or later.
    pub base_sequence: u64,
    /// The log's tip when the snapshot was finished.
    pub sealed_at: u64,
    /// How many payouts it holds.
    pub payouts: u64,
    /// Its size, compressed.
    pub bytes: u64,
    /// BLAKE3 over all that was pushed.
    pub content: [u8; 32],
    /// When it was taken, in microseconds since 1970; none when it was taken
    /// by a build that did not note it.
    pub taken_at: Option<i64>,
    /// How long it took, from the first state until all was read back; zero
    /// when that was not noted.
    pub took: Duration,
}

impl Manifest {
    pub(crate) const VERSION: u16 = VERSION;

    pub(crate) fn info(&self) -> SnapshotInfo {
        SnapshotInfo {
            id: self.id,
            base_sequence: self.base_sequence,
            sealed_at: self.sealed_at,
            payouts: self.payouts,
            bytes: self.bytes,
            content: self.content,
            taken_at: self.taken_at,
            took: Duration::from_micros(self.took_micros),
        }
    }

    pub(crate) fn store(&self, tree: &Tree) -> Result<(), ManifestError> {
        let bytes = codec::seal(Kind::SnapshotManifest, self)?;
        Ok(pieces::put(tree, &self.id.to_be_bytes(), &bytes)?)
    }

    pub(crate) fn load(tree: &Tree, id: u64) -> Result<Self, ManifestError> {
        let bytes = pieces::get(tree, &id.to_be_bytes())?;
        if bytes.is_empty() {
            return Err(ManifestError::Absent);
        }
        let manifest = Self::open(&bytes)?;
        if manifest.version != VERSION || manifest.id != id {
            return Err(ManifestError::Foreign);
        }
        Ok(manifest)
    }

    /// The bytes of version 1 end where those of version 2 go on: they never
    /// decode as version 2, whatever they hold.
    pub(crate) fn open(bytes: &[u8]) -> Result<Self, ManifestError> {
        match codec::open::<Self>(Kind::SnapshotManifest, bytes) {
            Err(CodecError::Decode(_)) => {
                let old: Version1 = codec::open(Kind::SnapshotManifest, bytes)?;
                if old.version == 1 { Ok(old.into()) } else { Err(ManifestError::Foreign) }
            }
            opened => Ok(opened?),
        }
    }
}

impl From<Version1> for Manifest {
    fn from(old: Version1) -> Self {
        Self {
            version: VERSION,
            id: old.id,
            log_id: old.log_id,
            base_sequence: old.base_sequence,
            base_chain: old.base_chain,
            sealed_at: old.sealed_at,
            payouts: old.payouts,
            bytes: old.bytes,
            chunks: old.chunks,
            content: old.content,
            taken_at: None,
            took_micros: 0,
            note: Vec::new(),
        }
    }
}

/// Ids of all manifests, sound or not, newest first.
pub(crate) fn ids(tree: &Tree) -> sled::Result<Vec<u64>> {
    let mut ids = Vec::new();
    for key in tree.iter().keys() {
        ids.extend(pieces::leading_number(&key?));
    }
    ids.dedup();
    ids.reverse();
    Ok(ids)
}

/// Why a manifest could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error(transparent)]
    Sled(#[from] sled::Error),
    #[error("the manifest is of another version or snapshot")]
    Foreign,
    #[error("there is no such manifest")]
    Absent,
}

#[cfg(test)]
mod tests;
