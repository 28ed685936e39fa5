//! Checks whole segments, as many at a time as there are processors.
//!
//! Apart from recovery, which judges what was found, because this is where
//! the start's time goes: every byte of the log is hashed here. Each segment
//! says itself where it begins, so they can be walked in any order; whether
//! each continues the one before is for the caller to compare.

use std::{
    panic,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::{
    damage::LogError,
    frame::ChainHash,
    reader::{LogReader, Position},
    segment::Segment,
};

/// For each sequence asked for: the chain hash that the frame holding it ends
/// in, or none when the walk did not meet it.
pub(crate) type Heads = Vec<(u64, Option<ChainHash>)>;

/// What one segment holds.
pub(crate) struct Walked {
    pub(crate) start: Position,
    /// Behind its last good frame.
    pub(crate) end: Position,
    pub(crate) heads: Heads,
    /// Why the walk did not come to the end of what was written.
    pub(crate) stopped_by: Option<LogError>,
}

/// Walks the segments; the results come in their order. An error is a segment
/// that could not be entered.
pub(crate) fn walk(
    dir: &Path,
    segments: &[Segment],
    wanted: &[u64],
) -> Vec<Result<Walked, LogError>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(segments.len());
    if threads <= 1 {
        return segments.iter().map(|segment| one(dir, segment, wanted)).collect();
    }
    let next = AtomicUsize::new(0);
    let some = || {
        let mut walked = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(segment) = segments.get(number) else { return walked };
            walked.push((number, one(dir, segment, wanted)));
        }
    };
    let mut walked: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(some)).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|some| some.unwrap_or_else(|payload| panic::resume_unwind(payload)))
            .collect()
    });
    walked.sort_by_key(|(number, _)| *number);
    walked.into_iter().map(|(_, walked)| walked).collect()
}

fn one(dir: &Path, segment: &Segment, wanted: &[u64]) -> Result<Walked, LogError> {
    let mut reader = LogReader::at(dir, segment)?;
    let start = reader.position().clone();
    let mut heads: Heads = wanted.iter().map(|sequence| (*sequence, None)).collect();
    note_head(&mut heads, 0, start.next_sequence - 1, start.chain);
    let stopped_by = loop {
        match reader.next_in_segment() {
            Ok(Some(frame)) => {
                let (first, last) = (frame.first_sequence(), frame.last_sequence());
                note_head(&mut heads, first, last, frame.chain());
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    Ok(Walked { start, end: reader.position().clone(), heads, stopped_by })
}

/// The walk's own start counts as a head: a snapshot's base may be the very
/// last sequence of the segment before.
fn note_head(heads: &mut Heads, first: u64, last: u64, chain: ChainHash) {
    for (wanted, head) in heads {
        if (first..=last).contains(wanted) && (first > 0 || *wanted == last) {
            *head = Some(chain);
        }
    }
}
