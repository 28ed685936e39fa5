//! A piece of the log, packed: whole frames, one behind the other.
//!
//! Apart because packing and unpacking must agree, and nothing else needs to know how.

use std::io::{self, Read, Write};

use bytes::Bytes;

use super::{LogArchiveError, manifest::Object};
use crate::log::{Frame, LogReader, Tip};

const LEVEL: i32 = 3;
/// The decoder refuses a piece that wants a window of more than 8 MiB.
const WINDOW_LOG: u32 = 23;

/// A packed piece, and what the manifest will say of it.
pub(super) struct Piece {
    pub(super) object: Object,
    pub(super) bytes: Bytes,
}

/// Packs the frames behind the reader's place up to the sequence `through`, until there are
/// `most` bytes of them. `None` if there is no frame.
pub(super) fn pack(
    reader: &mut LogReader,
    through: u64,
    most: u64,
) -> Result<Option<Piece>, LogArchiveError> {
    let (first, previous) = (reader.position().next_sequence, reader.position().chain);
    let failed = |error: io::Error| LogArchiveError::store("packing", &error);
    let mut packed = Packed::new().map_err(failed)?;
    while packed.unpacked < most {
        let Some(frame) = reader.next(through)? else { break };
        packed.take(&frame).map_err(failed)?;
    }
    if packed.frames == 0 {
        return Ok(None);
    }
    let Packed { encoder, frames, unpacked } = packed;
    let bytes = Bytes::from(encoder.finish().map_err(failed)?);
    let last = reader.position().next_sequence - 1;
    let object = Object {
        name: Object::name_of(first, last),
        first,
        last,
        frames,
        previous,
        chain: reader.position().chain,
        unpacked,
        bytes: bytes.len() as u64,
        blake3: *blake3::hash(&bytes).as_bytes(),
    };
    Ok(Some(Piece { object, bytes }))
}

struct Packed {
    encoder: zstd::Encoder<'static, Vec<u8>>,
    frames: u64,
    unpacked: u64,
}

impl Packed {
    fn new() -> io::Result<Self> {
        Ok(Self { encoder: zstd::Encoder::new(Vec::new(), LEVEL)?, frames: 0, unpacked: 0 })
    }

    fn take(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.encoder.write_all(frame.bytes())?;
        self.frames += 1;
        self.unpacked += frame.bytes().len() as u64;
        Ok(())
    }
}

/// The frames of a packed piece as a stream.
pub(super) type Unpacked = zstd::Decoder<'static, io::Cursor<Bytes>>;

/// Opens a packed piece; its bytes were compared with their hash, or are about to be judged.
pub(super) fn unpack(bytes: Bytes) -> io::Result<Unpacked> {
    let mut decoder = zstd::Decoder::with_buffer(io::Cursor::new(bytes))?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

/// Whether nothing is left in it.
pub(super) fn is_at_end(unpacked: &mut Unpacked) -> bool {
    let ended = unpacked.read(&mut [0]).is_ok_and(|read| read == 0);
    let cursor = unpacked.get_ref();
    ended && cursor.position() == cursor.get_ref().len() as u64
}

/// A reader of the log in `log_dir` that stands exactly at `tip`, where the archive ends.
pub(super) fn stand_at(log_dir: &std::path::Path, tip: &Tip) -> Result<LogReader, LogArchiveError> {
    let before = tip.next_sequence - 1;
    let mut reader = LogReader::seek(log_dir, tip.next_sequence)?;
    while reader.position().next_sequence < tip.next_sequence && reader.next(before)?.is_some() {}
    let found = reader.position();
    if found.log_id == tip.log_id
        && found.next_sequence == tip.next_sequence
        && found.chain == tip.chain
    {
        return Ok(reader);
    }
    let reason = if found.next_sequence < tip.next_sequence {
        let last = found.next_sequence - 1;
        format!("sequence {before} is archived, and the log here ends at {last}")
    } else {
        format!("they hold other frames at sequence {before}")
    };
    Err(LogArchiveError::Diverged(reason))
}
