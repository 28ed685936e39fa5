//! The log inside an export, frame by frame.
//!
//! Apart from opening because a restore may take hours over it. Each frame is checked when it is
//! handed out; behind the last, the counts and the hash over every byte of the file are compared,
//! so that a file that was damaged anywhere ends in an error and never in silence.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    file::Begun,
    format::{HASH_AT, PREAMBLE, Trailer},
};
use crate::log::{Frame, FrameSource, FrameStream, LogError, Tip, unreadable};

/// Hands out the frames of an export.
pub struct ExportFrames {
    path: PathBuf,
    unpacked: zstd::Decoder<'static, BufReader<Packed>>,
    stream: FrameStream,
    frames: u64,
    trailer: Trailer,
    hash: [u8; 32],
    trailer_at: u64,
    verified: bool,
}

impl ExportFrames {
    pub(super) fn new(path: &Path, begun: Begun, log_id: u64) -> Self {
        let Begun { unpacked, trailer, hash, bytes, offset } = begun;
        Self {
            path: path.to_owned(),
            unpacked,
            stream: FrameStream::new(path, offset, Tip::start(log_id)),
            frames: 0,
            trailer,
            hash,
            trailer_at: bytes - super::format::TRAILER as u64,
            verified: false,
        }
    }

    /// Compares what was read with what the file says it should be.
    fn verify(&mut self) -> Result<(), LogError> {
        let packed = self.unpacked.get_mut();
        let left = io::copy(packed, &mut io::sink());
        let left = left.map_err(|error| unreadable(&self.path, 0, error))?;
        if left > 0 {
            return Err(self.untrue("bytes follow the log's last frame"));
        }
        let tip = self.stream.tip();
        let found = Trailer {
            frames: self.frames,
            records: tip.next_sequence - 1,
            last_sequence: tip.next_sequence - 1,
            chain: tip.chain,
        };
        if found != self.trailer {
            return Err(self.untrue("the frames are not those that it announces"));
        }
        let mut hasher = self.unpacked.get_ref().get_ref().hasher.clone();
        hasher.update(&self.trailer.encode()[..HASH_AT]);
        if *hasher.finalize().as_bytes() != self.hash {
            return Err(self.untrue("its bytes do not match the hash that closes it"));
        }
        self.verified = true;
        Ok(())
    }

    fn untrue(&self, reason: &str) -> LogError {
        LogError::misplaced(&self.path, self.trailer_at, reason)
    }
}

impl FrameSource for ExportFrames {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        if self.verified {
            return Ok(None);
        }
        if self.frames == self.trailer.frames {
            // More than announced is as wrong as less.
            if self.stream.next(&mut self.unpacked)?.is_some() {
                return Err(self.untrue("it has more frames than it announces"));
            }
            self.verify()?;
            return Ok(None);
        }
        self.frames += 1;
        match self.stream.next(&mut self.unpacked)? {
            Some(frame) => Ok(Some(frame)),
            None => Err(LogError::misplaced(&self.path, self.trailer_at, "it has too few frames")),
        }
    }
}

/// The packed part of the file, hashed while it is read.
pub(super) struct Packed {
    file: File,
    left: u64,
    hasher: blake3::Hasher,
    placed: bool,
}

impl Packed {
    /// Behind the `preamble`, for so many bytes.
    pub(super) fn new(file: File, preamble: &[u8; PREAMBLE], left: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(preamble);
        Self { file, left, hasher, placed: false }
    }
}

impl Read for Packed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.placed {
            self.file.seek(SeekFrom::Start(PREAMBLE as u64))?;
            self.placed = true;
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read(&mut into[..most])?;
        self.hasher.update(&into[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}
