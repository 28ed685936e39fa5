//! The layout of an export, and what it says of itself.
//!
//! Apart from reading and writing because the file outlives the build that wrote it.
//!
//! Little endian. First 16 bytes that are not packed, so that every build knows what it has before
//! it: `magic 8 | version u16 | reserved u16 | CRC32C u32`. Then one zstd stream: the length of the
//! header as u32, the header in the codec's envelope, the side files one behind the other, and the
//! log's frames as they are. Last 96 bytes that are not packed: `magic 8 | frames u64 | records u64
//! | last sequence u64 | chain hash 32 | BLAKE3 of all bytes before this hash 32`.

use bincode::{Decode, Encode};

use crate::{
    log::{
        ChainHash,
        bytes::{array, u16_at, u32_at, u64_at},
    },
    sled_store::SnapshotInfo,
};

pub(super) const PREAMBLE: usize = 16;
pub(super) const TRAILER: usize = 96;
/// Where in the trailer the hash over everything before it stands.
pub(super) const HASH_AT: usize = 64;

/// All side files together are no larger: they are held in memory.
pub(super) const SIDE_LIMIT: u64 = 64 * 1024 * 1024;

/// The decoder refuses a stream that wants a window of more than 8 MiB.
pub(super) const WINDOW_LOG: u32 = 23;

const MAGIC: [u8; 8] = *b"BursrExp";
const END: [u8; 8] = *b"BursrEnd";
const VERSION: u16 = 1;
const CHECKSUM_AT: usize = 12;

/// Small files that go with the log, by name, in the order given.
pub type SideFiles = Vec<(String, Vec<u8>)>;

/// Why and when an export was made: what its maker says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ExportAbout {
    /// Microseconds since 1970.
    pub created_at: u64,
    /// The snapshot it was made for, if it was made for one.
    pub snapshot: Option<ExportedSnapshot>,
}

/// What is kept of the snapshot that an export was made for. Its states are not: the log has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ExportedSnapshot {
    /// Its id in the store it was taken in.
    pub id: u64,
    /// Each of its states was as of this sequence or later.
    pub base_sequence: u64,
    /// The log's tip when it was finished.
    pub sealed_at: u64,
    /// How many payouts it held.
    pub payouts: u64,
}

impl From<SnapshotInfo> for ExportedSnapshot {
    fn from(info: SnapshotInfo) -> Self {
        let SnapshotInfo { id, base_sequence, sealed_at, payouts, .. } = info;
        Self { id, base_sequence, sealed_at, payouts }
    }
}

/// How much of which log an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSummary {
    /// The log that it is the beginning of.
    pub log_id: u64,
    /// How many frames.
    pub frames: u64,
    /// How many records.
    pub records: u64,
    /// Sequence of the last record.
    pub last_sequence: u64,
    /// What all frames hash to.
    pub chain: ChainHash,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// The hash that closes the file, over all bytes before it: its fingerprint.
    pub hash: [u8; 32],
}

/// The first thing in the zstd stream.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Header {
    pub(super) log_id: u64,
    pub(super) about: ExportAbout,
    pub(super) side_files: Vec<SideFile>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct SideFile {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) hash: [u8; 32],
}

/// The last thing in the file, but for the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trailer {
    pub(super) frames: u64,
    pub(super) records: u64,
    pub(super) last_sequence: u64,
    pub(super) chain: ChainHash,
}

pub(super) fn preamble() -> [u8; PREAMBLE] {
    let mut bytes = [0; PREAMBLE];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..CHECKSUM_AT]);
    bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Why the first bytes are not those of an export that this build reads.
pub(super) fn check_preamble(bytes: &[u8; PREAMBLE]) -> Result<(), String> {
    if bytes[..8] != MAGIC {
        return Err("it does not begin as an export".to_owned());
    }
    if crc32c::crc32c(&bytes[..CHECKSUM_AT]) != u32_at(bytes, CHECKSUM_AT) {
        return Err("its first bytes do not match their checksum".to_owned());
    }
    match u16_at(bytes, 8) {
        VERSION => Ok(()),
        other => Err(format!("it is of version {other}, and this build reads version {VERSION}")),
    }
}

impl Trailer {
    /// All of it, with the hash still blank.
    pub(super) fn encode(&self) -> [u8; TRAILER] {
        let mut bytes = [0; TRAILER];
        bytes[..8].copy_from_slice(&END);
        bytes[8..16].copy_from_slice(&self.frames.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.records.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.last_sequence.to_le_bytes());
        bytes[32..HASH_AT].copy_from_slice(&self.chain);
        bytes
    }

    /// What a trailer says; whether it is true, only reading everything shows.
    pub(super) fn decode(bytes: &[u8; TRAILER]) -> Option<Self> {
        (bytes[..8] == END).then(|| Self {
            frames: u64_at(bytes, 8),
            records: u64_at(bytes, 16),
            last_sequence: u64_at(bytes, 24),
            chain: array(bytes, 32),
        })
    }
}

/// Whether a side file may be called so: one plain name, which cannot lead out of a directory.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.bytes().all(plain)
}
