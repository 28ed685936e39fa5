//! A chunk: some 256 payouts, compressed together, as one value.
//!
//! Apart because the size was measured and not guessed: a key per payout costs
//! sled 21 s per million and a commit of a second; 256 payouts per value cost
//! 2.3 s, and zstd at level 1 takes two thirds off the bytes.
//!
//! Stored form: length before compression u32, zstd. Before compression, for
//! each payout: `id 16 | length u32 | state`.

use std::io;

use crate::codec::{ENVELOPE_BYTES, PAYLOAD_LIMIT};

/// Payouts after which a chunk is full.
const PAYOUTS: usize = 256;
/// Bytes after which it is full, however few the payouts.
const BYTES: usize = 1024 * 1024;
/// No chunk is longer before compression: full but for one byte, and the largest state behind that.
const RAW_MAX: usize = BYTES + 16 + 4 + ENVELOPE_BYTES + PAYLOAD_LIMIT;
const LEVEL: i32 = 1;

/// A chunk being filled.
pub(crate) struct ChunkBuilder {
    raw: Vec<u8>,
    payouts: usize,
    compressor: zstd::bulk::Compressor<'static>,
}

impl ChunkBuilder {
    pub(crate) fn new() -> io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(LEVEL)?;
        Ok(Self { raw: Vec::new(), payouts: 0, compressor })
    }

    pub(crate) fn push(&mut self, id: [u8; 16], state: &[u8]) {
        self.raw.extend_from_slice(&id);
        // Within u32: the codec seals no payload near four gigabytes.
        self.raw.extend_from_slice(&(state.len() as u32).to_le_bytes());
        self.raw.extend_from_slice(state);
        self.payouts += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.payouts == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.payouts >= PAYOUTS || self.raw.len() >= BYTES
    }

    /// The content so far, before compression.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The chunk as stored; the builder is empty again.
    pub(crate) fn close(&mut self) -> io::Result<Vec<u8>> {
        let mut stored = (self.raw.len() as u32).to_le_bytes().to_vec();
        stored.extend_from_slice(&self.compressor.compress(&self.raw)?);
        self.raw.clear();
        self.payouts = 0;
        Ok(stored)
    }
}

/// The content of a stored chunk. Its hash was compared before, so the length
/// in front is one that was written; what was written wrongly must not take all
/// memory either.
pub(crate) fn unpack(stored: &[u8]) -> io::Result<Vec<u8>> {
    let (length, compressed) = stored.split_first_chunk().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > RAW_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk is longer than any"));
    }
    zstd::bulk::decompress(compressed, length)
}

/// The payouts of an unpacked chunk.
pub(crate) fn entries(mut raw: &[u8]) -> impl Iterator<Item = io::Result<([u8; 16], &[u8])>> {
    std::iter::from_fn(move || {
        if raw.is_empty() {
            return None;
        }
        let entry = split_entry(raw).map(|(id, state, rest)| {
            raw = rest;
            (id, state)
        });
        if entry.is_none() {
            // Said once; what follows a cut cannot be told apart any more.
            raw = &[];
        }
        Some(entry.ok_or_else(cut))
    })
}

fn split_entry(raw: &[u8]) -> Option<([u8; 16], &[u8], &[u8])> {
    let (id, rest) = raw.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (state, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((*id, state, rest))
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a chunk is cut short")
}
