//! Builds frames, one after the other in the same buffer.
//!
//! Apart from reading them because this runs on the path of every
//! acknowledgement: after the first few commits it allocates nothing.

use super::{
    frame::{CHAIN, CHECKSUM_AT, ChainHash, FRAME_HEADER, FRAME_MAGIC, VERSION, link},
    record::{self, Record},
};

/// A frame being built.
#[derive(Default)]
pub(crate) struct FrameBuilder {
    bytes: Vec<u8>,
    log_id: u64,
    first_sequence: u64,
    count: u32,
    previous: ChainHash,
}

impl FrameBuilder {
    /// Starts over: an empty frame that continues from `previous`.
    pub(crate) fn begin(&mut self, log_id: u64, first_sequence: u64, previous: ChainHash) {
        self.bytes.clear();
        self.bytes.resize(FRAME_HEADER, 0);
        self.log_id = log_id;
        self.first_sequence = first_sequence;
        self.count = 0;
        self.previous = previous;
    }

    pub(crate) fn push(&mut self, record: &Record) {
        record::encode(record, self.next_sequence(), &mut self.bytes);
        self.count += 1;
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        self.first_sequence + u64::from(self.count)
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Bytes so far, without the hash that closes the frame.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Closes the frame: its bytes, and the chain hash it ends in.
    pub(crate) fn close(&mut self) -> (&[u8], ChainHash) {
        // Within u32: a frame is bounded by the batch and append limits.
        let length = (self.bytes.len() + CHAIN) as u32;
        let header = &mut self.bytes[..FRAME_HEADER];
        header[0..4].copy_from_slice(&FRAME_MAGIC);
        header[4..6].copy_from_slice(&VERSION.to_le_bytes());
        header[8..12].copy_from_slice(&length.to_le_bytes());
        header[12..16].copy_from_slice(&self.count.to_le_bytes());
        header[16..24].copy_from_slice(&self.log_id.to_le_bytes());
        header[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        header[32..64].copy_from_slice(&self.previous);
        let checksum = crc32c::crc32c(&header[..CHECKSUM_AT]);
        header[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        let chain = link(&self.previous, &self.bytes);
        self.bytes.extend_from_slice(&chain);
        (&self.bytes, chain)
    }
}
