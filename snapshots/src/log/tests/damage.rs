//! Torn tails are forgiven, damage is not; every byte decides which it is.

use std::{fs::OpenOptions, os::unix::fs::FileExt, path::PathBuf};

use super::{super::reader::Position, *};

/// A log of small frames in one segment, and where each frame begins.
struct Written {
    dir: tempfile::TempDir,
    path: PathBuf,
    frames: Vec<usize>,
    end: usize,
    bytes: Vec<u8>,
}

const FRAMES: u64 = 4;

fn written() -> Written {
    let dir = tempfile::tempdir().unwrap();
    let rules = SegmentRules { bytes: 8192, durable: false };
    let tip = Tail::create(dir.path(), rules).unwrap();
    let mut tail = Tail::resume(dir.path(), &tip, rules).unwrap();
    let mut frames = Vec::new();
    let mut end = tip.offset as usize;
    for version in 1..=FRAMES as u32 {
        frames.push(end);
        end += append(&mut tail, &[record(1, version, 20), record(2, version, 30)]);
    }
    let bytes = fs::read(&tip.path).unwrap();
    Written { dir, path: tip.path, frames, end, bytes }
}

fn append(tail: &mut Tail, records: &[Record]) -> usize {
    let mut frame = frame_builder::FrameBuilder::default();
    frame.begin(tail.log_id(), tail.next_sequence(), tail.chain());
    records.iter().for_each(|record| frame.push(record));
    let next = frame.next_sequence();
    let (bytes, chain) = frame.close();
    tail.write(bytes, next, chain).unwrap();
    bytes.len()
}

impl Written {
    fn scan(&self, bytes: &[u8], committed: u64) -> Result<Scan, LogError> {
        // In place: truncating first would make ext4 write out every version.
        let file = OpenOptions::new().write(true).open(&self.path).unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
        scan(self.dir.path(), 1, committed, &[])
    }

    fn last_frame(&self) -> usize {
        *self.frames.last().unwrap()
    }
}

fn damaged(found: Result<Scan, LogError>) -> LogDamaged {
    match found {
        Err(LogError::Damaged(damage)) => damage,
        other => panic!("not damaged: {other:?}"),
    }
}

#[test]
fn a_write_torn_at_any_byte_keeps_all_earlier_records_and_the_log_goes_on() {
    let log = written();
    let start = log.last_frame();
    for cut in start..log.end {
        // Torn within the segment, and torn together with the segment.
        let mut zeroed = log.bytes.clone();
        zeroed[cut..].fill(0);
        for bytes in [zeroed, log.bytes[..cut].to_vec()] {
            let found = log.scan(&bytes, 6).unwrap();
            assert_eq!(found.last_sequence(), 6, "cut at {cut}");
            assert_eq!(found.torn.is_some(), cut > start, "cut at {cut}");
            if let Some(torn) = &found.torn {
                erase(torn).unwrap();
            }
            go_on(log.dir.path(), &found.tip);
        }
    }
}

/// Appends behind `tip` and reads everything back.
fn go_on(dir: &Path, tip: &Position) {
    let rules = SegmentRules { bytes: 8192, durable: false };
    let mut tail = Tail::resume(dir, tip, rules).unwrap();
    append(&mut tail, &[record(3, 1, 5)]);
    let found = verify(dir).unwrap();
    assert_eq!((found.last_sequence, found.torn), (tip.next_sequence, false));
}

#[test]
fn a_write_whose_first_page_never_arrived_is_torn_too() {
    let log = written();
    for lost in log.last_frame()..log.end {
        let mut bytes = log.bytes.clone();
        bytes[log.last_frame()..lost].fill(0);
        let found = log.scan(&bytes, 6).unwrap();
        let intact = lost == log.last_frame();
        assert_eq!(found.last_sequence(), if intact { 8 } else { 6 });
        assert_eq!(found.torn.is_some(), !intact, "lost up to {lost}");
    }
}

#[test]
fn a_flipped_bit_in_the_middle_is_damage_with_file_and_offset() {
    let log = written();
    for at in log.frames[1]..log.frames[2] {
        let mut bytes = log.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let damage = damaged(log.scan(&bytes, 0));
        assert_eq!((damage.file, damage.offset), (log.path.clone(), log.frames[1] as u64));
    }
}

#[test]
fn a_flipped_bit_in_the_last_frame_is_damage_if_the_anchor_has_seen_it() {
    let log = written();
    for at in log.last_frame()..log.end {
        let mut bytes = log.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let damage = damaged(log.scan(&bytes, 8));
        assert_eq!(damage.offset, log.last_frame() as u64);
        assert!(damage.reason.contains("anchor"));
        // Without the anchor's word it cannot be told from a torn write.
        assert_eq!(log.scan(&bytes, 6).unwrap().last_sequence(), 6);
    }
}

#[test]
fn no_single_flipped_bit_anywhere_is_silent() {
    let log = written();
    let intact = log.scan(&log.bytes, 8).unwrap().tip.chain;
    // Every byte, and in turn each of its bits.
    for bit in (0..log.end * 8 + 512).step_by(3) {
        let mut bytes = log.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(found) = log.scan(&bytes, 8) {
            assert_eq!((found.last_sequence(), found.tip.chain), (8, intact), "bit {bit}");
        }
    }
}

#[test]
fn a_lost_page_is_damage_even_where_it_begins_a_frame() {
    let log = written();
    let mut bytes = log.bytes.clone();
    bytes[log.frames[2]..log.frames[3]].fill(0);
    let damage = damaged(log.scan(&bytes, 0));
    assert_eq!(damage.offset, log.frames[2] as u64);
    assert!(damage.reason.contains("a later frame follows"), "{}", damage.reason);
}

#[test]
fn a_frame_that_is_valid_but_out_of_place_is_damage() {
    let log = written();
    // The last frame again, behind itself.
    let mut bytes = log.bytes.clone();
    bytes.copy_within(log.last_frame()..log.end, log.end);
    let damage = damaged(log.scan(&bytes, 0));
    assert_eq!(damage.offset, log.end as u64);
    // A frame of another log at the end of this one.
    let other = written();
    let mut bytes = log.bytes.clone();
    let foreign = other.bytes[other.last_frame()..other.end].to_vec();
    bytes[log.last_frame()..log.end].copy_from_slice(&foreign);
    assert!(damaged(log.scan(&bytes, 0)).reason.contains("another log"));
}

#[test]
fn a_frame_inside_a_merchants_text_does_not_stop_the_start() {
    let log = written();
    let other = written();
    let text = other.bytes[other.frames[3]..other.end].to_vec();
    let tip = log.scan(&log.bytes, 8).unwrap().tip;
    let mut tail = Tail::resume(log.dir.path(), &tip, RULES).unwrap();
    append(&mut tail, &[Record { payout: [1; 16], version: 9, body: text }]);
    let mut bytes = fs::read(&log.path).unwrap();
    bytes[log.end + FRAME_HEADER + 3] ^= 1;
    assert!(log.scan(&bytes, 8).unwrap().torn.is_some());
}

#[test]
fn segments_cannot_be_lost_swapped_or_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    for version in 1..=8 {
        running.journal.append_blocking(vec![record(1, version, 30_000)]).unwrap();
    }
    running.close();
    let segments = segment::list(dir.path()).unwrap();
    assert!(segments.len() >= 3);
    let (first, second) = (&segments[0].path, &segments[1].path);
    let (first_bytes, second_bytes) = (fs::read(first).unwrap(), fs::read(second).unwrap());

    fs::remove_file(second).unwrap();
    assert!(damaged(scan(dir.path(), 1, 0, &[])).reason.contains("does not continue"));
    fs::write(second, &first_bytes).unwrap();
    assert!(damaged(scan(dir.path(), 1, 0, &[])).reason.contains("disagree"));
    fs::write(second, &second_bytes).unwrap();

    // A frame at the end of a full segment is never a torn tail.
    let last = first_bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let file = OpenOptions::new().write(true).open(first).unwrap();
    file.write_all_at(&[!first_bytes[last]], last as u64).unwrap();
    assert_eq!(damaged(scan(dir.path(), 1, 0, &[])).file, *first);
    file.write_all_at(&first_bytes[last..=last], last as u64).unwrap();
    assert_eq!(verify(dir.path()).unwrap().last_sequence, 8);

    // Reading may begin at any segment, and not before the first.
    fs::remove_file(first).unwrap();
    let missing = scan(dir.path(), 1, 0, &[]);
    assert!(matches!(missing, Err(LogError::Missing { wanted: 1, first: 3 })), "{missing:?}");
    assert_eq!(scan(dir.path(), 5, 0, &[]).unwrap().last_sequence(), 8);
}

/// A log of several segments, a frame of one record each.
fn segmented() -> (tempfile::TempDir, Vec<segment::Segment>) {
    let dir = tempfile::tempdir().unwrap();
    let rules = SegmentRules { bytes: 4096, durable: false };
    let tip = Tail::create(dir.path(), rules).unwrap();
    let mut tail = Tail::resume(dir.path(), &tip, rules).unwrap();
    for version in 1..=40 {
        append(&mut tail, &[record(1, version, 400)]);
    }
    drop(tail);
    let segments = segment::list(dir.path()).unwrap();
    assert!(segments.len() > 4);
    (dir, segments)
}

#[test]
fn of_several_damaged_segments_the_first_is_told() {
    let (dir, segments) = segmented();
    for damaged_ones in [[3, 1], [1, 2], [0, 4]] {
        for number in damaged_ones {
            flip_at(&segments[number].path, 200);
        }
        let first = &segments[damaged_ones.into_iter().min().unwrap()];
        let damage = damaged(scan(dir.path(), 1, 0, &[]));
        assert_eq!((&damage.file, damage.offset), (&first.path, 64));
        for number in damaged_ones {
            flip_at(&segments[number].path, 200);
        }
    }
    assert_eq!(verify(dir.path()).unwrap().last_sequence, 40);
}

fn flip_at(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn segments_that_are_sound_and_do_not_follow_one_another_are_damage() {
    let (dir, segments) = segmented();
    fs::remove_file(&segments[2].path).unwrap();
    let damage = damaged(scan(dir.path(), 1, 0, &[]));
    assert_eq!((&damage.file, damage.offset), (&segments[3].path, 0));
    let last = segments[2].first_sequence - 1;
    assert_eq!(
        damage.reason,
        format!("the segment does not continue the log after sequence {last}")
    );
}

#[test]
fn the_walk_tells_the_chain_at_every_sequence_asked_for() {
    let (dir, _) = segmented();
    let all: Vec<u64> = (0..=41).collect();
    let heads = scan(dir.path(), 1, 0, &all).unwrap().heads;
    let mut reader = LogReader::seek(dir.path(), 1).unwrap();
    let mut expected = vec![(0, Some(reader.position().chain))];
    while let Some(frame) = reader.next(u64::MAX).unwrap() {
        expected.push((frame.last_sequence(), Some(frame.chain())));
    }
    expected.push((41, None));
    assert_eq!(heads, expected);
}
