//! The mirror: recent frames of the log, one sled record per group commit.
//!
//! Apart from the follower that writes it, because it is also read: at the
//! start, to compare it with the log, and by whoever checks one against the
//! other. The frames are the log's bytes unchanged, so a frame read here is
//! checked by the same code, and proves itself by the same chain.

use std::ops::ControlFlow;

use sled::{IVec, Tree};
use thiserror::Error;

use super::pieces;
use crate::log::{ChainHash, FRAME_HEADER, Frame, FrameHeader};

/// How much of the mirror a start reads. Only its end can ever be needed, and
/// whoever reads more checks more.
const CHECKED_PIECES: usize = 4096;

/// What the mirror holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MirrorState {
    Empty,
    /// Frames up to `last`, the newest of them without a gap.
    UpTo {
        log_id: u64,
        last: u64,
        chain: ChainHash,
    },
}

/// Why the mirror cannot be read.
#[derive(Debug, Error)]
pub enum MirrorError {
    /// sled's own word.
    #[error(transparent)]
    Sled(#[from] sled::Error),
    /// A frame is missing, incomplete or changed.
    #[error("the mirror is damaged at sequence {sequence}: {reason}")]
    Damaged {
        /// First sequence of the frame.
        sequence: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The tree of frames.
#[derive(Clone)]
pub(crate) struct Mirror {
    tree: Tree,
}

impl Mirror {
    pub(crate) fn new(tree: &Tree) -> Self {
        Self { tree: tree.clone() }
    }

    /// Adds a frame behind the last.
    pub(crate) fn put(&self, frame: &Frame<'_>) -> sled::Result<()> {
        pieces::put(&self.tree, &frame.first_sequence().to_be_bytes(), frame.bytes())
    }

    /// Reads and checks the newest frames. One that was being written when the
    /// process was killed is removed; it will be copied again.
    pub(crate) fn inspect(&self) -> Result<MirrorState, MirrorError> {
        self.drop_unfinished()?;
        let mut state = MirrorState::Empty;
        self.frames_from(self.newest_frames()?, &mut |frame| {
            state = MirrorState::UpTo {
                log_id: frame.log_id(),
                last: frame.last_sequence(),
                chain: frame.chain(),
            };
            ControlFlow::Continue(())
        })?;
        Ok(state)
    }

    /// Hands on each frame from the one that holds `sequence`, checked in
    /// itself and against the one before.
    pub(crate) fn frames_from(
        &self,
        sequence: u64,
        visit: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>,
    ) -> Result<(), MirrorError> {
        let start = self.holding(sequence)?.unwrap_or(sequence);
        let mut entries = self.tree.range(start.to_be_bytes()..).peekable();
        let mut previous: Option<(u64, ChainHash)> = None;
        while let Some(entry) = entries.next() {
            let (key, piece) = entry?;
            let mut bytes = piece.to_vec();
            let same_frame = |next: &sled::Result<(IVec, IVec)>| {
                next.as_ref().is_ok_and(|n| n.0[..8] == key[..8])
            };
            while let Some(next) = entries.next_if(same_frame) {
                bytes.extend_from_slice(&next?.1);
            }
            let first = pieces::leading_number(&key).unwrap_or_default();
            let frame = continuing(&bytes, first, previous)
                .map_err(|reason| MirrorError::Damaged { sequence: first, reason })?;
            previous = Some((frame.last_sequence() + 1, frame.chain()));
            if visit(frame).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Removes the frames that end before `floor`.
    pub(crate) fn remove_below(&self, floor: u64) -> sled::Result<()> {
        let Some(keep) = self.holding(floor)? else {
            return Ok(());
        };
        for key in self.tree.range(..keep.to_be_bytes()).keys() {
            self.tree.remove(key?)?;
        }
        Ok(())
    }

    /// Removes everything.
    pub(crate) fn clear(&self) -> sled::Result<()> {
        self.tree.clear()
    }

    /// First sequence of the frame that holds `sequence`, or would.
    fn holding(&self, sequence: u64) -> sled::Result<Option<u64>> {
        let end = [sequence.to_be_bytes().as_slice(), &[0xFF; 4]].concat();
        let last = self.tree.range(..=end).next_back().transpose()?;
        Ok(last.and_then(|(key, _)| pieces::leading_number(&key)))
    }

    /// First sequence of the frames that the start checks.
    fn newest_frames(&self) -> sled::Result<u64> {
        let newest = self.tree.iter().keys().rev().take(CHECKED_PIECES).last().transpose()?;
        Ok(newest.and_then(|key| pieces::leading_number(&key)).unwrap_or(0))
    }

    fn drop_unfinished(&self) -> sled::Result<()> {
        let Some((key, _)) = self.tree.last()? else {
            return Ok(());
        };
        let prefix = &key[..8.min(key.len())];
        let bytes = pieces::get(&self.tree, prefix)?;
        let length = bytes.get(..FRAME_HEADER).map(FrameHeader::decode);
        let complete = matches!(length, Some(Ok(header)) if header.length <= bytes.len());
        if complete { Ok(()) } else { pieces::remove(&self.tree, prefix) }
    }
}

/// Checks that `bytes` are the frame stored under `first`, and the next one.
fn continuing(
    bytes: &[u8],
    first: u64,
    previous: Option<(u64, ChainHash)>,
) -> Result<Frame<'_>, &'static str> {
    let frame = Frame::check(bytes)?;
    if frame.first_sequence() != first {
        return Err("the frame is stored under another sequence");
    }
    if previous.is_some_and(|before| before != (first, frame.previous())) {
        return Err("the frame does not continue the one before it");
    }
    Ok(frame)
}
