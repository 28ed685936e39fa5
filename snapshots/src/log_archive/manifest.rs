//! The manifest: which objects are the log, from its first frame without a gap.
//!
//! Apart because an archived log is what its manifest names, and nothing else. It is JSON, so that
//! it can be read without this program; whatever it claims is held against the objects.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::LogArchiveError;
use crate::log::{ChainHash, Tip};

const FORMAT: u32 = 1;

/// All objects of one archived log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    #[serde(with = "hex_id")]
    pub(super) log_id: u64,
    /// The pieces of the log, in order.
    pub(super) objects: Vec<Object>,
    /// The files beside it.
    pub(super) side_files: Vec<SideObject>,
}

/// One piece of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    pub(super) name: String,
    /// Sequence of its first record.
    pub(super) first: u64,
    /// Sequence of its last record.
    pub(super) last: u64,
    pub(super) frames: u64,
    /// What the log hashed to before it.
    #[serde(with = "hex_hash")]
    pub(super) previous: ChainHash,
    /// What the log hashes to behind it.
    #[serde(with = "hex_hash")]
    pub(super) chain: ChainHash,
    /// Bytes of the frames in it.
    pub(super) unpacked: u64,
    /// Bytes of the object.
    pub(super) bytes: u64,
    /// Of the object.
    #[serde(with = "hex_hash")]
    pub(super) blake3: [u8; 32],
}

/// A file beside the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SideObject {
    pub(super) name: String,
    pub(super) bytes: u64,
    #[serde(with = "hex_hash")]
    pub(super) blake3: [u8; 32],
}

impl Object {
    /// Where a piece lies in the archive of its log.
    pub(super) fn name_of(first: u64, last: u64) -> String {
        format!("segments/{first:020}-{last:020}.frames.zst")
    }
}

impl SideObject {
    pub(super) fn new(name: &str, bytes: &[u8]) -> Self {
        let blake3 = *blake3::hash(bytes).as_bytes();
        Self { name: name.to_owned(), bytes: bytes.len() as u64, blake3 }
    }

    /// Named by its content too, so that a changed one never replaces the one that the manifest
    /// still names.
    pub(super) fn object(&self) -> String {
        let hash = blake3::Hash::from_bytes(self.blake3).to_hex();
        format!("side/{}.{}", self.name, &hash[..16])
    }
}

/// The folder of a log.
pub(super) fn folder(log_id: u64) -> String {
    format!("{log_id:016x}")
}

/// Where the manifest of a log lies.
pub(super) fn path(log_id: u64) -> String {
    format!("{}/manifest.json", folder(log_id))
}

impl Manifest {
    pub(super) fn empty(log_id: u64) -> Self {
        Self { format: FORMAT, log_id, objects: Vec::new(), side_files: Vec::new() }
    }

    /// Behind the last frame that is archived.
    pub(super) fn tip(&self) -> Tip {
        self.tip_before(self.objects.len())
    }

    /// Before the first frame of the piece at `index`.
    pub(super) fn tip_before(&self, index: usize) -> Tip {
        let Some(before) = index.checked_sub(1).and_then(|index| self.objects.get(index)) else {
            return Tip::start(self.log_id);
        };
        Tip { log_id: self.log_id, next_sequence: before.last + 1, chain: before.chain }
    }

    /// Sequence of the last record that is archived.
    pub(crate) fn through(&self) -> u64 {
        self.tip().next_sequence - 1
    }

    pub(crate) fn encode(&self) -> Result<Bytes, LogArchiveError> {
        let json = serde_json::to_vec_pretty(self);
        let json =
            json.map_err(|error| LogArchiveError::damaged(path(self.log_id), error.to_string()))?;
        Ok(json.into())
    }

    /// Reads the manifest of the log `log_id`, and checks that its pieces make a log.
    pub(crate) fn decode(log_id: u64, bytes: &[u8], name: &str) -> Result<Self, LogArchiveError> {
        let refuse = |reason: String| LogArchiveError::damaged(name, reason);
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))?;
        if manifest.format != FORMAT {
            let format = manifest.format;
            return Err(refuse(format!("format {format} is not known to this build")));
        }
        if manifest.log_id != log_id {
            return Err(refuse("it belongs to another log".to_owned()));
        }
        for (index, object) in manifest.objects.iter().enumerate() {
            let before = manifest.tip_before(index);
            let continues = object.first == before.next_sequence
                && object.previous == before.chain
                && (object.first..u64::MAX).contains(&object.last)
                && object.name == Object::name_of(object.first, object.last);
            if !continues {
                return Err(refuse(format!("{} does not continue the log", object.name)));
            }
        }
        let plain = |side: &SideObject| crate::export::is_plain_name(&side.name);
        match manifest.side_files.iter().find(|side| !plain(side)) {
            Some(side) => Err(refuse(format!("{:?} names no plain file", side.name))),
            None => Ok(manifest),
        }
    }
}

mod hex_hash {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(hash: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&blake3::Hash::from_bytes(*hash).to_hex())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let hash = blake3::Hash::from_hex(String::deserialize(from)?);
        hash.map(|hash| *hash.as_bytes()).map_err(D::Error::custom)
    }
}

mod hex_id {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field by reference")]
    pub fn serialize<S: Serializer>(id: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::folder(*id))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        u64::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}
