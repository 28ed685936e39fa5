//! The journal's own form: segments, frames and records, judged as a start judges them. Each input is read as
//! it is, and once more with all its checksums and its chain made right, so that lengths, counts and sequences
//! that nobody would write get past them. Apart from `records`, which is what the records hold.

use crate::target::{Check, Target, Trace, about};
use snapshots::log::image::{self, ImageFrames, ImageWriter};
use snapshots::log::{Frame, FrameSource};
use snapshots::{Record, bare};

pub const TARGET: Target =
    Target { name: "log", text: false, longest: 16_384, usual: 40_000, examples, open };

/// As the format has it, written down a second time.
const SEGMENT_HEADER: usize = 64;
const FRAME_HEADER: usize = 68;
const RECORD_HEADER: usize = 40;
const CHAIN: usize = 32;
const LOG_ID: u64 = 77;

fn record(payout: u8, body: usize) -> Record {
    Record { payout: [payout; 16], version: 1, body: vec![payout; body] }
}

fn examples() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for frames in [0, 1, 3] {
        let (mut writer, mut bytes) = ImageWriter::begin(LOG_ID);
        for payout in 0..frames {
            let records = [record(payout, 30), record(payout, 0), record(payout + 1, 90)];
            bytes.extend(writer.frame(&records[..1 + usize::from(payout)]).1);
        }
        all.push(bytes.clone());
        bytes.extend([0; 200]);
        all.push(bytes);
    }
    all
}

fn open() -> Check {
    Box::new(|input| {
        let (mended, anchored) = mend(input);
        judge(input).and(judge(&mended)).and(anchor(input, anchored))
    })
}

/// What is taken up can be written on, and reads back as what was taken up and what was written.
fn judge(bytes: &[u8]) -> Trace {
    let mut judged = match image::judge(bytes, None) {
        Ok(judged) => judged,
        Err(refused) => return Trace::told(refused),
    };
    assert!(judged.end <= bytes.len() && judged.torn.is_none_or(|end| end <= bytes.len()));
    let frames = frames_of(&bytes[..judged.end]);
    let last = frames.last().map_or(0, |(last, _)| *last);
    assert_eq!(judged.writer.last_sequence(), last);
    // The bytes of the frames are the bytes of the log: nothing was read that is not written so.
    let whole: usize = frames.iter().map(|(_, length)| length).sum();
    assert_eq!(SEGMENT_HEADER + whole, judged.end);
    if last < u64::MAX - 1 {
        let (at, frame) = judged.writer.frame(&[record(9, 5)]);
        assert_eq!(at, judged.end);
        let grown = [&bytes[..judged.end], &frame].concat();
        let after = frames_of(&grown);
        assert_eq!(after.last().map(|(last, _)| *last), Some(last + 1));
        let mark = judged.writer.mark();
        assert!(image::judge(&grown, Some(mark)).is_ok(), "its own anchor refuses it");
        assert!(image::judge(&grown[..judged.end], Some(mark)).is_err(), "a log went back unseen");
    }
    Trace::of((about(frames.len()), judged.torn.is_some()))
}

/// The last sequence and the length of each frame.
fn frames_of(bytes: &[u8]) -> Vec<(u64, usize)> {
    let mut frames = ImageFrames::of(bytes).expect("it was judged to be a log");
    let mut all = Vec::new();
    while let Some(frame) = frames.next_frame().expect("it was judged to be whole") {
        all.push((frame.last_sequence(), frame.bytes().len()));
        in_order(&frame);
    }
    all
}

fn in_order(frame: &Frame<'_>) {
    let mut expected = frame.first_sequence();
    for record in frame.records() {
        assert_eq!(record.sequence, expected);
        expected = expected.wrapping_add(1);
    }
    assert_eq!(expected, frame.last_sequence().wrapping_add(1));
}

/// The two slots of an anchor: whatever is read is what was written, or nothing.
fn anchor(input: &[u8], right: Vec<u8>) -> Trace {
    let mut told = 0;
    for bytes in [input, &right[..]] {
        if let Some(mark) = bare::anchor(bytes) {
            let again = bare::anchor_file([mark, mark]);
            assert_eq!(bare::anchor(&again), Some(mark));
            told += 1;
        }
    }
    Trace::of(told)
}

/// The same bytes with every checksum and the chain made right, as far as lengths lead; and the same bytes
/// as a slot of an anchor with the right checksum.
fn mend(input: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut log = input.to_vec();
    let mut slot = input.to_vec();
    if let Some(bytes) = slot.get_mut(..72) {
        bytes[..10].copy_from_slice(b"BuAnchor\x01\x00");
        seal(bytes, 68);
    }
    if log.len() < SEGMENT_HEADER {
        return (log, slot);
    }
    log[..10].copy_from_slice(b"BursrLog\x01\x00");
    let id: [u8; 8] = log[12..20].try_into().expect("eight bytes");
    let mut chain = *blake3::hash(&id).as_bytes();
    seal(&mut log[..SEGMENT_HEADER], 60);
    let mut at = SEGMENT_HEADER;
    while let Some(length) = length_at(&log, at) {
        let frame = &mut log[at..at + length];
        frame[32..64].copy_from_slice(&chain);
        seal(&mut frame[..FRAME_HEADER], 64);
        mend_records(&mut frame[FRAME_HEADER..length - CHAIN]);
        let (covered, hash) = frame.split_at_mut(length - CHAIN);
        chain = *blake3::Hasher::new().update(&chain).update(covered).finalize().as_bytes();
        hash.copy_from_slice(&chain);
        at += length;
    }
    (log, slot)
}

fn mend_records(mut records: &mut [u8]) {
    while records.len() >= RECORD_HEADER {
        let length = RECORD_HEADER + u32_at(records, 32) as usize;
        let Some((record, rest)) = records.split_at_mut_checked(length) else { return };
        let sum = crc32c::crc32c_append(crc32c::crc32c(&record[..36]), &record[RECORD_HEADER..]);
        record[36..40].copy_from_slice(&sum.to_le_bytes());
        records = rest;
    }
}

/// How long the frame at this place says it is, if it can be.
fn length_at(log: &[u8], at: usize) -> Option<usize> {
    let frame = log.get(at..)?;
    let length = (frame.len() >= FRAME_HEADER + CHAIN).then(|| u32_at(frame, 8) as usize)?;
    (FRAME_HEADER + CHAIN..=frame.len()).contains(&length).then_some(length)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Puts the checksum of what stands before it at its place.
fn seal(bytes: &mut [u8], at: usize) {
    let sum = crc32c::crc32c(&bytes[..at]);
    bytes[at..at + 4].copy_from_slice(&sum.to_le_bytes());
}
