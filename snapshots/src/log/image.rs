//! A log in memory: the bytes of one segment, written and judged by the very code that writes and judges
//! files.
//!
//! Apart from the log so that a simulated disk can lose, tear and flip these bytes as it likes, and so
//! that what is then decided is what a start would decide: the frames, their checks, what counts as a torn
//! tail, and what the anchor forbids. What is not here is what files add: several segments, their
//! preparation ahead, and the system calls.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{
    Scan,
    damage::{LogDamaged, LogError, Shape},
    frame::{self, FRAME_HEADER, Frame, FrameHeader},
    frame_builder::FrameBuilder,
    reader::Position,
    record::Record,
    recovery::judge_tail,
    segment::{SEGMENT_HEADER, SegmentHeader},
    source::FrameSource,
    stream::Tip,
};
use crate::{anchor::Mark, open_error::RolledBackTo, store::rolled_back};

/// What messages call the image.
const NAME: &str = "image";

/// What an anchor remembers of a log: how far it went, and what it hashed to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageMark(Mark);

impl ImageMark {
    /// The last record that it vouches for.
    pub fn sequence(self) -> u64 {
        self.0.sequence
    }

    /// The log that it speaks of.
    pub fn log_id(self) -> u64 {
        self.0.log_id
    }

    pub(crate) fn of(mark: Mark) -> ImageMark {
        ImageMark(mark)
    }

    pub(crate) fn mark(self) -> Mark {
        self.0
    }
}

/// Writes frames behind the end of an image. Whose disk they go to, and whether they reach it, is the
/// caller's affair.
pub struct ImageWriter {
    builder: FrameBuilder,
    tip: Tip,
    offset: usize,
}

impl ImageWriter {
    /// Begins a log: its writer, and the bytes that every image of it begins with.
    pub fn begin(log_id: u64) -> (ImageWriter, Vec<u8>) {
        let tip = Tip::start(log_id);
        let header = SegmentHeader { log_id, first_sequence: 1, previous: tip.chain };
        (ImageWriter::at(tip, SEGMENT_HEADER), header.encode().to_vec())
    }

    fn at(tip: Tip, offset: usize) -> ImageWriter {
        ImageWriter { builder: FrameBuilder::default(), tip, offset }
    }

    /// Puts records into one frame: where it belongs, and its bytes.
    pub fn frame(&mut self, records: &[Record]) -> (usize, Vec<u8>) {
        let Tip { log_id, next_sequence, chain } = self.tip;
        self.builder.begin(log_id, next_sequence, chain);
        records.iter().for_each(|record| self.builder.push(record));
        let mut builder = std::mem::take(&mut self.builder);
        let at = self.offset;
        let bytes = self.close(&mut builder);
        self.builder = builder;
        (at, bytes)
    }

    /// The bytes of a frame that somebody else has built behind the tip.
    pub(crate) fn close(&mut self, frame: &mut FrameBuilder) -> Vec<u8> {
        let next_sequence = frame.next_sequence();
        let (bytes, chain) = frame.close();
        self.offset += bytes.len();
        self.tip = Tip { log_id: self.tip.log_id, next_sequence, chain };
        bytes.to_vec()
    }

    /// Behind what frame the next one comes.
    pub(crate) fn tip(&self) -> Tip {
        self.tip
    }

    /// The last record that was put into a frame.
    pub fn last_sequence(&self) -> u64 {
        self.tip.next_sequence - 1
    }

    /// What an anchor would say of the log as far as it was written.
    pub fn mark(&self) -> ImageMark {
        let Tip { log_id, next_sequence, chain } = self.tip;
        ImageMark(Mark { log_id, sequence: next_sequence - 1, chain })
    }
}

/// Why a start refuses an image.
#[derive(Debug, Error)]
pub enum ImageRefused {
    /// Its bytes are not what was written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The anchor knows more of the log than there is, or another log.
    #[error("rolled back: the anchor knows the log up to sequence {expected}, found {found:?}")]
    RolledBack {
        /// What the anchor vouches for.
        expected: u64,
        /// What there is.
        found: RolledBackTo,
    },
}

/// An image that a start would take up.
pub struct Judged {
    /// Continues it.
    pub writer: ImageWriter,
    /// Behind its last whole frame.
    pub end: usize,
    /// Up to where the remains of an unfinished write reach, which a start erases.
    pub torn: Option<usize>,
}

/// Judges an image as a start judges a log directory, with what the anchor remembers.
///
/// # Errors
/// It was damaged, or it is older than the anchor.
pub fn judge(image: &[u8], anchor: Option<ImageMark>) -> Result<Judged, ImageRefused> {
    let name = Path::new(NAME);
    let header = SegmentHeader::decode(image)
        .map_err(|reason| LogError::damaged(name, 0, Shape::Misplaced, reason))?;
    let tip = Tip { log_id: header.log_id, next_sequence: 1, chain: frame::genesis(header.log_id) };
    let mut frames = ImageFrames::behind(image, SEGMENT_HEADER, tip);
    let mark = anchor.map(|anchor| anchor.0);
    let (mut head, mut damage) = (None, None);
    loop {
        match frames.next_frame() {
            Ok(Some(frame)) => {
                if mark.is_some_and(|mark| mark.sequence == frame.last_sequence()) {
                    head = Some(frame.chain());
                }
            }
            Ok(None) => break,
            Err(LogError::Damaged(found)) if found.shape == Shape::Malformed => {
                damage = Some(found);
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    conclude(image, frames, mark, head, damage)
}

fn conclude(
    image: &[u8],
    frames: ImageFrames<'_>,
    mark: Option<Mark>,
    head: Option<[u8; 32]>,
    damage: Option<LogDamaged>,
) -> Result<Judged, ImageRefused> {
    let ImageFrames { offset, tip, .. } = frames;
    let position = Position {
        path: PathBuf::from(NAME),
        offset: offset as u64,
        log_id: tip.log_id,
        next_sequence: tip.next_sequence,
        chain: tip.chain,
    };
    let committed = mark.map_or(0, |mark| mark.sequence);
    let torn = judge_tail(&image[offset..], &position, committed, damage)?;
    if let Some(mark) = mark {
        let heads = vec![(mark.sequence, head)];
        let scan = Scan { from: 1, tip: position, heads, torn: None };
        if let Some(found) = rolled_back(&scan, mark) {
            return Err(ImageRefused::RolledBack { expected: mark.sequence, found });
        }
    }
    let writer = ImageWriter::at(tip, offset);
    Ok(Judged { writer, end: offset, torn: torn.map(|end| offset + end) })
}

/// A place between two frames of a log.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    offset: usize,
    tip: Tip,
}

/// The whole frames of an image, in order.
pub struct ImageFrames<'a> {
    image: &'a [u8],
    offset: usize,
    tip: Tip,
}

impl<'a> ImageFrames<'a> {
    /// From the first on.
    ///
    /// # Errors
    /// It does not begin as a log.
    pub fn of(image: &'a [u8]) -> Result<ImageFrames<'a>, LogError> {
        let header = SegmentHeader::decode(image);
        let header = header
            .map_err(|reason| LogError::damaged(Path::new(NAME), 0, Shape::Misplaced, reason))?;
        Ok(ImageFrames::behind(image, SEGMENT_HEADER, Tip::start(header.log_id)))
    }

    fn behind(image: &'a [u8], offset: usize, tip: Tip) -> ImageFrames<'a> {
        ImageFrames { image, offset, tip }
    }

    /// From a place of the same log on, which may have grown since.
    pub fn from_place(image: &'a [u8], place: Place) -> ImageFrames<'a> {
        ImageFrames::behind(image, place.offset, place.tip)
    }

    /// How far the frames reach that were handed out.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Behind the last frame that was handed out.
    pub fn place(&self) -> Place {
        Place { offset: self.offset, tip: self.tip }
    }
}

impl FrameSource for ImageFrames<'_> {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        let damaged = |shape, reason: &str| {
            LogError::damaged(Path::new(NAME), self.offset as u64, shape, reason)
        };
        let rest = self.image.get(self.offset..).unwrap_or_default();
        let header = &rest[..rest.len().min(FRAME_HEADER)];
        if header.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if header.len() < FRAME_HEADER {
            return Err(damaged(Shape::Malformed, "the segment ends inside a frame's header"));
        }
        let length =
            FrameHeader::decode(header).map_err(|why| damaged(Shape::Malformed, why))?.length;
        let bytes = rest
            .get(..length)
            .ok_or_else(|| damaged(Shape::Malformed, "the segment ends inside a frame"))?;
        let frame = Frame::check(bytes).map_err(|why| damaged(Shape::Malformed, why))?;
        if let Some(reason) = self.tip.misplaced(&frame) {
            return Err(damaged(Shape::Misplaced, reason));
        }
        self.offset += length;
        self.tip = Tip::behind(&frame);
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    //! An image is judged as the same bytes in a file are.

    use super::*;
    use crate::log::{LogFrames, verify};

    fn record(payout: u8) -> Record {
        Record { payout: [payout; 16], version: 1, body: vec![payout; 700] }
    }

    fn image(frames: u8) -> (ImageWriter, Vec<u8>) {
        let (mut writer, mut bytes) = ImageWriter::begin(77);
        for payout in 1..=frames {
            let (at, frame) = writer.frame(&[record(payout), record(payout)]);
            assert_eq!(at, bytes.len());
            bytes.extend(frame);
        }
        (writer, bytes)
    }

    #[test]
    fn a_file_of_the_same_bytes_reads_the_same() {
        let (writer, bytes) = image(5);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(format!("{:020}.seg", 1)), &bytes).unwrap();
        let summary = verify(dir.path()).unwrap();
        assert_eq!((summary.last_sequence, summary.chain), (10, writer.tip.chain));
        let (mut file, mut memory) =
            (LogFrames::open(dir.path()).unwrap(), ImageFrames::of(&bytes).unwrap());
        while let Some(frame) = file.next_frame().unwrap() {
            assert_eq!(frame.bytes(), memory.next_frame().unwrap().unwrap().bytes());
        }
        assert!(memory.next_frame().unwrap().is_none());
    }

    #[test]
    fn a_torn_end_is_erased_only_where_nobody_was_told() {
        let (mut writer, mut bytes) = image(3);
        let told = writer.mark();
        let whole = bytes.len();
        bytes.extend(writer.frame(&[record(9)]).1);
        bytes.truncate(whole + 300);
        let judged = judge(&bytes, Some(told)).unwrap();
        assert_eq!((judged.end, judged.torn), (whole, Some(whole + 300)));
        assert!(judge(&bytes, Some(writer.mark())).is_err(), "the anchor says it was committed");
        assert!(judge(&bytes[..whole - 1], Some(told)).is_err());
    }

    #[test]
    fn an_older_copy_and_another_log_are_refused() {
        let (writer, _) = image(3);
        let (_, older) = image(2);
        assert!(matches!(
            judge(&older, Some(writer.mark())),
            Err(ImageRefused::RolledBack { found: RolledBackTo::EndsAt(4), .. })
        ));
        let (_, other) = ImageWriter::begin(78);
        assert!(judge(&other, Some(writer.mark())).is_err());
    }

    #[test]
    fn no_flipped_bit_below_the_anchor_passes() {
        let (writer, bytes) = image(2);
        for bit in 0..bytes.len() * 8 {
            let mut hurt = bytes.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            // Two bytes of the segment's header are reserved, and covered by its checksum all the same.
            assert!(judge(&hurt, Some(writer.mark())).is_err(), "bit {bit}");
        }
    }
}
