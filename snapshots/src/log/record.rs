//! One record of the log: an entry of one payout, with its own checksum.
//!
//! Apart from the frame because a record is what the engine speaks of, a
//! frame what the disk sees. Each record carries everything needed to judge
//! it alone, so that damage is reported to the record and not to the frame.
//!
//! Layout, little endian, 40 bytes, then the body:
//! `magic u16 | version u8 | kind u8 | sequence u64 | payout 16 | payout
//! version u32 | body length u32 | CRC32C u32`; the checksum covers the
//! header before it and the body.

use super::bytes::{array, u16_at, u32_at, u64_at};

pub(crate) const RECORD_HEADER: usize = 40;

const MAGIC: u16 = 0x5242;
const VERSION: u8 = 1;
const KIND_PAYOUT: u8 = 1;
const CHECKSUM_AT: usize = 36;

/// What the engine asks to be made durable: one entry of one payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The payout the entry belongs to.
    pub payout: [u8; 16],
    /// The payout's version after the entry: counts from 1 without gaps, and
    /// is what lets a replay over a fuzzy snapshot skip what it has seen.
    pub version: u32,
    /// The entry, sealed by the codec; opaque here.
    pub body: Vec<u8>,
}

/// A record as it stands in the log, borrowed from the frame that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Its place in the log; the first is 1.
    pub sequence: u64,
    /// The payout the entry belongs to.
    pub payout: [u8; 16],
    /// The payout's version after the entry.
    pub version: u32,
    /// The entry.
    pub body: &'a [u8],
}

impl RecordRef<'_> {
    /// The record with a body of its own.
    pub fn to_record(&self) -> Record {
        Record { payout: self.payout, version: self.version, body: self.body.to_vec() }
    }
}

/// Appends the encoded record to `frame`.
pub(crate) fn encode(record: &Record, sequence: u64, frame: &mut Vec<u8>) {
    let mut header = [0; RECORD_HEADER];
    header[0..2].copy_from_slice(&MAGIC.to_le_bytes());
    header[2] = VERSION;
    header[3] = KIND_PAYOUT;
    header[4..12].copy_from_slice(&sequence.to_le_bytes());
    header[12..28].copy_from_slice(&record.payout);
    header[28..32].copy_from_slice(&record.version.to_le_bytes());
    // Within u32: the journal refuses appends far below four gigabytes.
    header[32..36].copy_from_slice(&(record.body.len() as u32).to_le_bytes());
    let checksum = checksum(&header, &record.body);
    header[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(&record.body);
}

/// Reads the record at the start of `bytes`, and says how long it is.
pub(crate) fn decode(bytes: &[u8]) -> Result<(RecordRef<'_>, usize), &'static str> {
    let (header, body) = parts(bytes)?;
    if checksum(header, body) != u32_at(header, CHECKSUM_AT) {
        return Err("a record does not match its checksum");
    }
    read(bytes)
}

/// The same for a record whose bytes were compared already, with its frame.
pub(crate) fn read(bytes: &[u8]) -> Result<(RecordRef<'_>, usize), &'static str> {
    let (header, body) = parts(bytes)?;
    if header[2] != VERSION || header[3] != KIND_PAYOUT {
        return Err("a record is of a version or kind this build does not know");
    }
    let record = RecordRef {
        sequence: u64_at(header, 4),
        payout: array(header, 12),
        version: u32_at(header, 28),
        body,
    };
    Ok((record, RECORD_HEADER + body.len()))
}

/// The header and the body of the record at the start of `bytes`.
fn parts(bytes: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let (header, rest) =
        bytes.split_at_checked(RECORD_HEADER).ok_or("a record is cut short in its header")?;
    if u16_at(header, 0) != MAGIC {
        return Err("a record does not begin as one");
    }
    let length = u32_at(header, 32) as usize;
    Ok((header, rest.get(..length).ok_or("a record is longer than its frame")?))
}

/// Whose record stands at the start of `bytes`, and how long it says it is. Nothing is compared.
pub(crate) fn step_over(bytes: &[u8]) -> Result<([u8; 16], usize), &'static str> {
    if bytes.len() < RECORD_HEADER {
        return Err("a record is cut short in its header");
    }
    let length = RECORD_HEADER + u32_at(bytes, 32) as usize;
    if length > bytes.len() {
        return Err("a record is longer than its frame");
    }
    Ok((array(bytes, 12), length))
}

fn checksum(header: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..CHECKSUM_AT]), body)
}
