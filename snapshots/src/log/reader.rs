//! Reads the log frame by frame, over all segments, trusting nothing.
//!
//! Apart because four readers need the very same care: recovery, replay, the
//! follower that feeds sled, and the search for one payout. Each frame is
//! checked in itself and against the one before it; a frame that does not
//! continue the log ends the reading with file and offset.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{
    damage::{LogError, Shape},
    frame::{ChainHash, FRAME_HEADER, Frame, FrameHeader},
    record::{RECORD_HEADER, RecordRef},
    segment::{self, SEGMENT_HEADER, Segment, SegmentHeader},
    stream::Tip,
    window::Window,
};

/// Where a reader stands: behind a frame, before the next.
#[derive(Clone, Debug)]
pub(crate) struct Position {
    pub(crate) path: PathBuf,
    pub(crate) offset: u64,
    pub(crate) log_id: u64,
    pub(crate) next_sequence: u64,
    pub(crate) chain: ChainHash,
}

impl Position {
    /// Whether a segment that begins here continues the log that ends at `before`.
    pub(crate) fn continues(&self, before: &Position) -> Result<(), LogError> {
        let continues = self.log_id == before.log_id
            && self.next_sequence == before.next_sequence
            && self.chain == before.chain;
        if continues {
            return Ok(());
        }
        let last = before.next_sequence - 1;
        let reason = format!("the segment does not continue the log after sequence {last}");
        Err(LogError::damaged(&self.path, 0, Shape::Misplaced, reason))
    }
}

/// A frame, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The segment.
    pub file: &'a Path,
    /// The frame's first byte in it.
    pub offset: u64,
    /// The frame.
    pub frame: Frame<'a>,
}

impl<'a> Placed<'a> {
    /// The records in order, each with its first byte in the segment.
    pub fn records(&self) -> impl Iterator<Item = (u64, RecordRef<'a>)> + use<'a> {
        let mut at = self.offset + FRAME_HEADER as u64;
        self.frame.records().map(move |record| {
            let begins = at;
            at += (RECORD_HEADER + record.body.len()) as u64;
            (begins, record)
        })
    }
}

/// What is taken for granted about a frame.
#[derive(Clone, Copy)]
enum Trust {
    Nothing,
    /// A frame that matches the hash that closes it holds what was written.
    Frames,
    /// It was checked before.
    KnownFrames,
}

/// An iterator over frames that lends each one.
pub struct LogReader {
    dir: PathBuf,
    window: Window,
    position: Position,
    limit: u64,
    trust: Trust,
}

impl LogReader {
    /// A reader that stands at the start of the segment holding `sequence`.
    /// The frames before it in that segment are read, and checked, too.
    pub fn seek(dir: &Path, sequence: u64) -> Result<Self, LogError> {
        Self::at(dir, &segment::holding(dir, sequence)?[0])
    }

    /// A reader that stands at the start of a segment.
    pub(crate) fn at(dir: &Path, segment: &Segment) -> Result<Self, LogError> {
        let (window, position) = enter(segment)?;
        Ok(Self { dir: dir.to_owned(), window, position, limit: 0, trust: Trust::Frames })
    }

    /// Which log is read.
    pub(crate) fn log_id(&self) -> u64 {
        self.position.log_id
    }

    /// For a log that was walked a moment ago: of the frames only the headers are compared again.
    /// Their records are to be read by [`Frame::share`], which compares each.
    pub(crate) fn over_known_frames(self) -> Self {
        Self { trust: Trust::KnownFrames, ..self }
    }

    /// For whoever looks for damage: each record is compared with its own checksum too, which what only
    /// wants the records need not do.
    pub fn comparing_each_record(self) -> Self {
        Self { trust: Trust::Nothing, ..self }
    }

    /// The next frame, if its first sequence is at most `limit`. `None` is
    /// the end for now: a log that is being written may have more later.
    pub fn next(&mut self, limit: u64) -> Result<Option<Frame<'_>>, LogError> {
        Ok(self.next_placed(limit)?.map(|placed| placed.frame))
    }

    /// The same, with the place where the frame stands.
    pub fn next_placed(&mut self, limit: u64) -> Result<Option<Placed<'_>>, LogError> {
        if limit > self.limit {
            // What was read ahead may have been written to since.
            self.window.forget();
            self.limit = limit;
        }
        let length = loop {
            if self.position.next_sequence > limit {
                return Ok(None);
            }
            match self.locate()? {
                Some(length) => break length,
                None if self.enter_next()? => {}
                None => return Ok(None),
            }
        };
        self.take(length).map(Some)
    }

    /// The next frame of this segment; `None` behind its last.
    pub(crate) fn next_in_segment(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        match self.locate()? {
            Some(length) => Ok(Some(self.take(length)?.frame)),
            None => Ok(None),
        }
    }

    /// Damage found in the frame of so many bytes that was handed out last.
    pub(crate) fn damaged(&self, length: usize, reason: &str) -> LogError {
        let offset = self.position.offset - length as u64;
        LogError::damaged(&self.position.path, offset, Shape::Malformed, reason)
    }

    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// The length of the frame at the position; `None` where nothing was
    /// written yet.
    fn locate(&mut self) -> Result<Option<usize>, LogError> {
        let Position { path, offset, .. } = &self.position;
        let header = self.window.bytes(*offset, FRAME_HEADER).map_err(LogError::io(path))?;
        if header.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if header.len() < FRAME_HEADER {
            return Err(malformed(&self.position, "the segment ends inside a frame's header"));
        }
        let decoded = FrameHeader::decode(header);
        decoded
            .map(|header| Some(header.length))
            .map_err(|reason| malformed(&self.position, reason))
    }

    /// Checks the frame and steps behind it.
    fn take(&mut self, length: usize) -> Result<Placed<'_>, LogError> {
        let offset = self.position.offset;
        let read = self.window.bytes(offset, length).map_err(LogError::io(&self.position.path))?;
        if read.len() < length {
            return Err(malformed(&self.position, "the segment ends inside a frame"));
        }
        let judged = match self.trust {
            Trust::Nothing => Frame::check_each(read),
            Trust::Frames => Frame::check(read),
            Trust::KnownFrames => Frame::known(read),
        };
        let frame = judged.map_err(|reason| malformed(&self.position, reason))?;
        let Position { log_id, next_sequence, chain, .. } = self.position;
        let misplaced = Tip { log_id, next_sequence, chain }.misplaced(&frame);
        if let Some(reason) = misplaced {
            return Err(LogError::damaged(&self.position.path, offset, Shape::Misplaced, reason));
        }
        self.position.offset += length as u64;
        self.position.next_sequence = frame.last_sequence() + 1;
        self.position.chain = frame.chain();
        Ok(Placed { file: &self.position.path, offset, frame })
    }

    /// Steps into the following segment. `false` when there is none.
    fn enter_next(&mut self) -> Result<bool, LogError> {
        let Some(next) = following(&self.dir, &self.position.path)? else {
            return Ok(false);
        };
        let (window, position) = enter(&next)?;
        position.continues(&self.position)?;
        self.window = window;
        self.position = position;
        Ok(true)
    }
}

/// The segment after the one at `path`, if there is one.
pub(crate) fn following(dir: &Path, path: &Path) -> Result<Option<Segment>, LogError> {
    let segments = segment::list(dir).map_err(LogError::io(dir))?;
    Ok(segments.into_iter().skip_while(|segment| segment.path != path).nth(1))
}

fn enter(segment: &Segment) -> Result<(Window, Position), LogError> {
    let path = &segment.path;
    let refuse = |reason: &str| LogError::damaged(path, 0, Shape::Misplaced, reason);
    let open = || -> io::Result<Window> { Ok(Window::new(File::open(path)?)) };
    let mut window = open().map_err(LogError::io(path))?;
    let bytes = window.bytes(0, SEGMENT_HEADER).map_err(LogError::io(path))?;
    let header = SegmentHeader::decode(bytes).map_err(refuse)?;
    if header.first_sequence != segment.first_sequence {
        return Err(refuse("the segment's name and its header disagree"));
    }
    let position = Position {
        path: path.clone(),
        offset: SEGMENT_HEADER as u64,
        log_id: header.log_id,
        next_sequence: header.first_sequence,
        chain: header.previous,
    };
    Ok((window, position))
}

fn malformed(position: &Position, reason: &str) -> LogError {
    LogError::damaged(&position.path, position.offset, Shape::Malformed, reason)
}
