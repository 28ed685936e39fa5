//! The manifest: what makes a heap of chunks a snapshot.
//!
//! Apart because a snapshot exists if and only if its manifest does: it is
//! written last, after the chunks were read back, and deleted first.

use serde::{Deserialize, Serialize};
use sled::Tree;

use super::pieces;
use crate::{
    codec::{self, CodecError, Kind},
    log::ChainHash,
};

/// BLAKE3 of a chunk as stored, or of a snapshot's whole content.
pub(crate) type Hash = [u8; 32];

const VERSION: u16 = 1;

/// What a snapshot says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        }
    }

    pub(crate) fn store(&self, tree: &Tree) -> Result<(), ManifestError> {
        let bytes = codec::seal(Kind::SnapshotManifest, self)?;
        Ok(pieces::put(tree, &self.id.to_be_bytes(), &bytes)?)
    }

    pub(crate) fn load(tree: &Tree, id: u64) -> Result<Self, ManifestError> {
        let bytes = pieces::get(tree, &id.to_be_bytes())?;
        let manifest: Self = codec::open(Kind::SnapshotManifest, &bytes)?;
        if manifest.version != VERSION || manifest.id != id {
            return Err(ManifestError::Foreign);
        }
        Ok(manifest)
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
}
