//! Start-up: find the log's tip, and tell a torn tail from damage.
//!
//! Apart because the rule is short and everything rests on it. A frame that
//! does not read is a torn tail only when all of this holds: it is in the
//! last segment, no later frame of this log is to be found anywhere behind
//! it, and the anchor does not say that it was committed. Anything else was
//! acknowledged once, and the start stops (I-26).

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    damage::{LogDamaged, LogError, Shape},
    frame::{ChainHash, FRAME_HEADER, FRAME_MAGIC, FrameHeader},
    reader::{self, Position},
    segment,
    walk::{Heads, Walked, walk},
};

/// What a walk to the tip found.
#[derive(Debug)]
pub(crate) struct Scan {
    /// First sequence of the first segment walked.
    pub(crate) from: u64,
    /// Behind the last good frame.
    pub(crate) tip: Position,
    /// Of the sequences asked for.
    pub(crate) heads: Heads,
    /// What an unfinished write left behind the tip.
    pub(crate) torn: Option<Torn>,
}

impl Scan {
    pub(crate) fn last_sequence(&self) -> u64 {
        self.tip.next_sequence - 1
    }

    pub(crate) fn head(&self, sequence: u64) -> Option<ChainHash> {
        self.heads.iter().find(|(wanted, _)| *wanted == sequence).and_then(|(_, head)| *head)
    }
}

/// The remains of a write that no one was told of.
#[derive(Debug)]
pub(crate) struct Torn {
    path: PathBuf,
    offset: u64,
    /// Up to behind the last byte that is not zero.
    end: u64,
}

/// Walks from the segment that holds `from` to the tip, changing nothing.
/// Of several faults the first in the log's order is told.
/// `committed` is the anchor's word: up to there all frames must be good.
pub(crate) fn scan(
    dir: &Path,
    from: u64,
    committed: u64,
    wanted: &[u64],
) -> Result<Scan, LogError> {
    let segments = segment::holding(dir, from)?;
    let last = segments.len() - 1;
    let mut heads: Heads = wanted.iter().map(|sequence| (*sequence, None)).collect();
    let (mut tip, mut damage) = (None::<Position>, None);
    for (number, walked) in walk(dir, &segments, wanted).into_iter().enumerate() {
        let Walked { start, end, heads: met, stopped_by } = walked?;
        if let Some(before) = &tip {
            start.continues(before)?;
        }
        for ((_, head), (_, met)) in heads.iter_mut().zip(met) {
            *head = met.or(*head);
        }
        tip = Some(end);
        match stopped_by {
            None => {}
            Some(LogError::Damaged(found))
                if number == last
                    && found.shape == Shape::Malformed
                    && reader::following(dir, &found.file)?.is_none() =>
            {
                damage = Some(found);
            }
            Some(error) => return Err(error),
        }
    }
    let tip = tip.ok_or(LogError::Missing { first: 0, wanted: from.max(1) })?;
    let torn = remains(&tip, committed, damage)?;
    Ok(Scan { from: segments[0].first_sequence, tip, heads, torn })
}

/// Overwrites the remains with zeros, so that the tip is blank again. A crash
/// on the way leaves remains of the same kind, to be found by the next start.
pub(crate) fn erase(torn: &Torn) -> Result<(), LogError> {
    let erase = || {
        let file = OpenOptions::new().write(true).open(&torn.path)?;
        let mut at = torn.offset;
        while at < torn.end {
            let piece = (torn.end - at).min(64 * 1024);
            file.write_all_at(&vec![0; piece as usize], at)?;
            at += piece;
        }
        file.sync_all()
    };
    erase().map_err(LogError::io(&torn.path))?;
    tracing::warn!(
        file = %torn.path.display(),
        offset = torn.offset,
        bytes = torn.end - torn.offset,
        "an unfinished write at the log's end was erased; it had not been acknowledged"
    );
    Ok(())
}

/// Judges what stands behind the last good frame of the last segment.
fn remains(
    position: &Position,
    committed: u64,
    damage: Option<LogDamaged>,
) -> Result<Option<Torn>, LogError> {
    let Position { path, offset, .. } = position;
    if segment::is_blank(path, *offset).map_err(LogError::io(path))? {
        return Ok(None);
    }
    let tail = read_from(path, *offset).map_err(LogError::io(path))?;
    let end = judge_tail(&tail, position, committed, damage)?;
    Ok(end.map(|end| Torn { path: path.clone(), offset: *offset, end: offset + end as u64 }))
}

/// The rule itself, over the bytes that follow the last good frame: whether they are the remains of a
/// write that no one was told of, and up to where. None when all of them are blank.
pub(super) fn judge_tail(
    tail: &[u8],
    position: &Position,
    committed: u64,
    damage: Option<LogDamaged>,
) -> Result<Option<usize>, LogError> {
    let Position { path, offset, .. } = position;
    let Some(last) = last_written(tail) else {
        return Ok(None);
    };
    let reason = damage.map_or_else(
        || "bytes without a frame follow the last frame".to_owned(),
        |damage| damage.reason,
    );
    let refuse = |why: String| LogError::damaged(path, *offset, Shape::Malformed, why);
    if let Some(at) = later_frame(tail, position) {
        let at = offset + at as u64;
        return Err(refuse(format!("{reason}; a later frame follows at byte {at}")));
    }
    if position.next_sequence <= committed {
        return Err(refuse(format!("{reason}; the anchor says it was committed")));
    }
    Ok(Some(last + 1))
}

fn read_from(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let (mut file, mut bytes) = (File::open(path)?, Vec::new());
    file.seek(SeekFrom::Start(offset))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Index of the last byte that is not zero. In blocks from the end, because
/// nearly all of them are blank.
fn last_written(tail: &[u8]) -> Option<usize> {
    let blocks = tail.len().div_ceil(4096);
    let block = tail.chunks(4096).rev().position(|block| block.iter().any(|byte| *byte != 0))?;
    let start = (blocks - 1 - block) * 4096;
    let end = tail.len().min(start + 4096);
    tail[start..end].iter().rposition(|byte| *byte != 0).map(|at| start + at)
}

/// Where a later frame of this log begins, if one does. Its header is enough:
/// a frame is begun only when the one before it is on disk.
fn later_frame(tail: &[u8], position: &Position) -> Option<usize> {
    let candidates = tail.windows(FRAME_HEADER).enumerate();
    candidates
        .filter(|(_, bytes)| bytes[..4] == FRAME_MAGIC)
        .filter_map(|(at, bytes)| Some((at, FrameHeader::decode(bytes).ok()?)))
        .find(|(_, header)| {
            header.log_id == position.log_id && header.first_sequence > position.next_sequence
        })
        .map(|(at, _)| at)
}
