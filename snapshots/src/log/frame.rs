//! One frame of the log: everything one group commit made durable.
//!
//! Apart because the frame is the unit of truth: it is wholly there or it
//! never happened, and each one names the one before it, so that frames can
//! be neither lost, nor swapped, nor changed without a later one showing it.
//!
//! Layout, little endian: a header of 68 bytes
//! `magic u32 | version u16 | reserved u16 | frame length u32 | record count
//! u32 | log id u64 | first sequence u64 | previous chain hash 32 | CRC32C
//! u32`, the records, and last the chain hash: BLAKE3 of the previous chain
//! hash followed by all bytes of the frame before it.
//!
//! The log id is drawn at random when a log begins. It ties every frame to
//! its log, and a merchant's text inside a record cannot be made to look like
//! a frame of it.

use super::{
    bytes::{array, u16_at, u32_at, u64_at},
    record::{self, RecordRef},
};

/// A link of the chain: what all frames up to one hash to.
pub type ChainHash = [u8; 32];

pub(crate) const FRAME_HEADER: usize = 68;
pub(crate) const FRAME_MAGIC: [u8; 4] = *b"BuFr";

/// No frame is longer; it bounds what a reader allocates on a header's word.
pub(crate) const FRAME_LIMIT: usize = 32 * 1024 * 1024;

pub(crate) const VERSION: u16 = 1;
/// Bytes of the hash that closes a frame.
pub(crate) const CHAIN: usize = 32;
pub(crate) const CHECKSUM_AT: usize = 64;

/// The chain hash before the first frame of a log.
pub(crate) fn genesis(log_id: u64) -> ChainHash {
    *blake3::hash(&log_id.to_le_bytes()).as_bytes()
}

/// The chain hash behind a frame, of which `frame` is all but that hash.
pub(crate) fn link(previous: &ChainHash, frame: &[u8]) -> ChainHash {
    *blake3::Hasher::new().update(previous).update(frame).finalize().as_bytes()
}

/// What a frame says of itself before its records are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameHeader {
    /// Bytes of the whole frame.
    pub(crate) length: usize,
    pub(crate) count: u32,
    pub(crate) log_id: u64,
    pub(crate) first_sequence: u64,
    pub(crate) previous: ChainHash,
}

impl FrameHeader {
    /// Reads a header; `bytes` are at least [`FRAME_HEADER`] long.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes[..4] != FRAME_MAGIC {
            return Err("no frame begins here");
        }
        if crc32c::crc32c(&bytes[..CHECKSUM_AT]) != u32_at(bytes, CHECKSUM_AT) {
            return Err("the frame's header does not match its checksum");
        }
        if u16_at(bytes, 4) != VERSION {
            return Err("the frame is of a version this build does not know");
        }
        let length = u32_at(bytes, 8) as usize;
        if !(FRAME_HEADER + CHAIN..=FRAME_LIMIT).contains(&length) {
            return Err("the frame has a length that no frame can have");
        }
        Ok(Self {
            length,
            count: u32_at(bytes, 12),
            log_id: u64_at(bytes, 16),
            first_sequence: u64_at(bytes, 24),
            previous: array(bytes, 32),
        })
    }
}

/// A frame whose every checksum was compared.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    log_id: u64,
    first_sequence: u64,
    count: u32,
    previous: ChainHash,
    chain: ChainHash,
    /// Its bytes were compared with the hash that closes it, here and now.
    compared: bool,
}

/// Reads one record of a frame.
type ReadRecord = for<'b> fn(&'b [u8]) -> Result<(RecordRef<'b>, usize), &'static str>;

impl<'a> Frame<'a> {
    /// Checks `bytes`, which are exactly one frame, from the header over each
    /// record to the closing hash. Whether the frame continues the log is the
    /// caller's question, answered by `previous` and `first_sequence`.
    ///
    /// The hash covers every byte that a record's own checksum covers; the
    /// checksums tell which record it is when the hash does not match.
    pub(crate) fn check(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let frame = Self::known(bytes)?;
        if link(&frame.previous, &bytes[..bytes.len() - CHAIN]) == frame.chain {
            let frame = Self { compared: true, ..frame };
            frame.check_records()?;
            return Ok(frame);
        }
        frame.check_records()?;
        Err("the frame does not match the hash that closes it")
    }

    /// The same frame, of which each record is compared with its own checksum as well: for whoever reads
    /// to find out what is wrong.
    pub(crate) fn check_each(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let frame = Self { compared: false, ..Self::check(bytes)? };
        frame.check_records()?;
        Ok(frame)
    }

    /// How its records are to be read.
    fn read_record(&self) -> ReadRecord {
        if self.compared { record::read } else { record::decode }
    }

    /// The same frame when [`Frame::check`] saw these bytes before, in this process: only the header
    /// is compared again, and the records as they are read, by [`Frame::share`].
    pub(crate) fn known(bytes: &'a [u8]) -> Result<Self, &'static str> {
        if bytes.len() < FRAME_HEADER + CHAIN {
            return Err("the frame is cut short");
        }
        let header = FrameHeader::decode(bytes)?;
        if header.length != bytes.len() {
            return Err("the frame's length does not match its bytes");
        }
        Ok(Self {
            bytes,
            log_id: header.log_id,
            first_sequence: header.first_sequence,
            count: header.count,
            previous: header.previous,
            chain: array(bytes, bytes.len() - CHAIN),
            compared: false,
        })
    }

    fn check_records(&self) -> Result<(), &'static str> {
        let mut rest = &self.bytes[FRAME_HEADER..self.bytes.len() - CHAIN];
        let mut expected = self.first_sequence;
        let read = self.read_record();
        while !rest.is_empty() {
            let (record, length) = read(rest)?;
            if record.sequence != expected {
                return Err("a record has a sequence out of order");
            }
            expected = expected.checked_add(1).ok_or("a record has a sequence beyond all")?;
            rest = &rest[length..];
        }
        if expected - self.first_sequence != u64::from(self.count) || self.count == 0 {
            return Err("the frame's record count does not match its records");
        }
        Ok(())
    }

    /// The records in order. They were checked with the frame, so iteration
    /// ends where the records end.
    pub fn records(&self) -> impl Iterator<Item = RecordRef<'a>> + use<'a> {
        let mut rest = &self.bytes[FRAME_HEADER..self.bytes.len() - CHAIN];
        let read = self.read_record();
        std::iter::from_fn(move || {
            let (record, length) = read(rest).ok()?;
            rest = &rest[length..];
            Some(record)
        })
    }

    /// The records of some payouts, in order, each compared with its checksum; the others are
    /// stepped over, for whoever reads them to compare.
    pub(crate) fn share(
        &self,
        mine: impl Fn(&[u8; 16]) -> bool,
    ) -> impl Iterator<Item = Result<RecordRef<'a>, &'static str>> {
        let mut rest = &self.bytes[FRAME_HEADER..self.bytes.len() - CHAIN];
        let mut left = self.count;
        std::iter::from_fn(move || {
            while !rest.is_empty() || left > 0 {
                let step = record::step_over(rest).and_then(|(payout, length)| {
                    left = left.checked_sub(1).ok_or("a frame has more records than it says")?;
                    let own = mine(&payout).then(|| record::decode(rest)).transpose()?;
                    Ok((own, length))
                });
                match step {
                    Ok((own, length)) => {
                        rest = &rest[length..];
                        if let Some((record, _)) = own {
                            return Some(Ok(record));
                        }
                    }
                    Err(reason) => {
                        // Said once; where the next record would begin is not known any more.
                        (rest, left) = (&[], 0);
                        return Some(Err(reason));
                    }
                }
            }
            None
        })
    }

    /// The frame as it is stored.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Which log the frame belongs to.
    pub fn log_id(&self) -> u64 {
        self.log_id
    }

    /// Sequence of the first record.
    pub fn first_sequence(&self) -> u64 {
        self.first_sequence
    }

    /// Sequence of the last record.
    pub fn last_sequence(&self) -> u64 {
        self.first_sequence + u64::from(self.count) - 1
    }

    /// The chain hash the frame continues from.
    pub fn previous(&self) -> ChainHash {
        self.previous
    }

    /// The chain hash the frame ends in.
    pub fn chain(&self) -> ChainHash {
        self.chain
    }
}
