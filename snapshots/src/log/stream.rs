//! Frames out of a stream of bytes: an unpacked export, an unpacked piece of an archived log.
//!
//! Apart from the reader because there are no segments here, nothing grows, and nothing can be
//! looked at twice. The care is the same: each frame is checked in itself and against the one
//! before it. Memory stays at the largest frame.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{
    damage::{LogError, Shape},
    frame::{self, ChainHash, FRAME_HEADER, Frame, FrameHeader},
};

/// Behind which frame of which log something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) log_id: u64,
    pub(crate) next_sequence: u64,
    pub(crate) chain: ChainHash,
}

impl Tip {
    /// Before the first frame of the log `log_id`.
    pub(crate) fn start(log_id: u64) -> Self {
        Self { log_id, next_sequence: 1, chain: frame::genesis(log_id) }
    }

    /// Behind `frame`.
    pub(crate) fn behind(frame: &Frame<'_>) -> Self {
        Self {
            log_id: frame.log_id(),
            next_sequence: frame.last_sequence() + 1,
            chain: frame.chain(),
        }
    }

    /// Why `frame` does not come next, if it does not.
    pub(crate) fn misplaced(&self, frame: &Frame<'_>) -> Option<&'static str> {
        if frame.log_id() != self.log_id {
            Some("the frame belongs to another log")
        } else if frame.first_sequence() != self.next_sequence {
            Some("the frame does not begin at the next sequence")
        } else if frame.previous() != self.chain {
            Some("the frame does not continue the chain")
        } else {
            None
        }
    }
}

/// Takes frames off a stream, one behind the other.
pub(crate) struct FrameStream {
    /// What the operator is told when something is wrong.
    name: PathBuf,
    bytes: Vec<u8>,
    tip: Tip,
    offset: u64,
}

impl FrameStream {
    /// Before the frame that continues `tip`, which is at `offset` of the unpacked `name`.
    pub(crate) fn new(name: &Path, offset: u64, tip: Tip) -> Self {
        Self { name: name.to_owned(), bytes: Vec::new(), tip, offset }
    }

    /// Behind the last frame that was taken.
    pub(crate) fn tip(&self) -> Tip {
        self.tip
    }

    /// The next frame of `from`; `None` where the stream ends.
    pub(crate) fn next(&mut self, from: &mut dyn Read) -> Result<Option<Frame<'_>>, LogError> {
        self.bytes.clear();
        self.fill(from, FRAME_HEADER)?;
        if self.bytes.is_empty() {
            return Ok(None);
        }
        if self.bytes.len() < FRAME_HEADER {
            return Err(self.damaged(Shape::Malformed, "it ends inside a frame's header"));
        }
        let header = FrameHeader::decode(&self.bytes)
            .map_err(|reason| self.damaged(Shape::Malformed, reason))?;
        self.fill(from, header.length - FRAME_HEADER)?;
        if self.bytes.len() < header.length {
            return Err(self.damaged(Shape::Malformed, "it ends inside a frame"));
        }
        let Self { name, bytes, tip, offset } = self;
        let damaged = |shape, reason| damaged(name, *offset, shape, reason);
        let frame = Frame::check(bytes).map_err(|reason| damaged(Shape::Malformed, reason))?;
        if let Some(reason) = tip.misplaced(&frame) {
            return Err(damaged(Shape::Misplaced, reason));
        }
        *offset += bytes.len() as u64;
        *tip = Tip::behind(&frame);
        Ok(Some(frame))
    }

    /// Reads so many bytes more, or fewer at the end. A length is believed only as far as there
    /// are bytes: nothing is allocated on a header's word alone.
    fn fill(&mut self, from: &mut dyn Read, length: usize) -> Result<(), LogError> {
        let read = from.take(length as u64).read_to_end(&mut self.bytes);
        read.map(drop).map_err(|error| unreadable(&self.name, self.offset, error))
    }

    fn damaged(&self, shape: Shape, reason: &str) -> LogError {
        damaged(&self.name, self.offset, shape, reason)
    }
}

/// A stream that does not read: by the word of the system, or because its packing is damaged.
pub(crate) fn unreadable(name: &Path, offset: u64, error: io::Error) -> LogError {
    if error.raw_os_error().is_some() {
        return LogError::Io { path: name.to_owned(), source: error };
    }
    damaged(name, offset, Shape::Malformed, &format!("it does not unpack: {error}"))
}

fn damaged(name: &Path, offset: u64, shape: Shape, reason: &str) -> LogError {
    LogError::damaged(name, offset, shape, format!("{reason} (bytes counted unpacked)"))
}
