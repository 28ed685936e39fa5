//! Writes an export, reads it back, and only then gives it its name.
//!
//! Apart from reading because whoever exports holds nothing but the frame at hand: a log of any
//! size passes through.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use super::{
    ExportError, ExportFile,
    format::{
        self, ExportAbout, ExportSummary, HASH_AT, Header, SIDE_LIMIT, SideFile, SideFiles,
        TRAILER, Trailer,
    },
    placed::Unplaced,
};
use crate::{
    codec::{self, Kind},
    log::{Frame, FrameSource, Tip},
};

/// How hard zstd tries: fast, and a fraction of the log's size.
const LEVEL: i32 = 3;

/// Writes exports.
pub struct ExportWriter<'a> {
    packed: zstd::Encoder<'static, BufWriter<Hashed<'a>>>,
    tip: Tip,
    frames: u64,
}

impl ExportWriter<'_> {
    /// Writes the frames of `source` from its first to the last that ends at or before the
    /// sequence `through`, and the side files, into a new file at `path`. The file is on the disk
    /// and was read back whole before it has its name. `progress` is told the sequences that were
    /// written, and then once more from the first those that were read back.
    ///
    /// # Errors
    /// A file at `path` is never overwritten. A log that ends before `through`, or has no frame
    /// that ends there or before, is not exported. Whatever fails leaves nothing behind.
    pub fn write(
        source: &mut dyn FrameSource,
        through: u64,
        about: ExportAbout,
        side_files: &SideFiles,
        path: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ExportSummary, ExportError> {
        let listed = list(side_files)?;
        let unplaced = Unplaced::create(path)?;
        write_into(&unplaced, source, through, about, listed, side_files, progress)?;
        unplaced.sync()?;
        let summary = ExportFile::open(unplaced.path())?.verify(progress)?;
        unplaced.place()?;
        Ok(summary)
    }
}

fn write_into(
    unplaced: &Unplaced,
    source: &mut dyn FrameSource,
    through: u64,
    about: ExportAbout,
    listed: Vec<SideFile>,
    side_files: &SideFiles,
    progress: &mut dyn FnMut(u64),
) -> Result<(), ExportError> {
    let failed = ExportError::io(unplaced.path());
    let first = source.next_frame()?.ok_or(ExportError::TooShort { through, last: 0 })?;
    if first.last_sequence() > through {
        return Err(ExportError::Nothing(through));
    }
    let header = Header { log_id: first.log_id(), about, side_files: listed };
    let header = codec::seal(Kind::ExportHeader, &header)?;
    let mut writer = ExportWriter::begin(unplaced.file(), &header, side_files, first.log_id())
        .map_err(&failed)?;
    writer.take(&first).map_err(&failed)?;
    progress(first.last_sequence());
    while writer.last_sequence() < through {
        let last = writer.last_sequence();
        let frame = source.next_frame()?.ok_or(ExportError::TooShort { through, last })?;
        if frame.last_sequence() > through {
            break;
        }
        writer.take(&frame).map_err(&failed)?;
        progress(frame.last_sequence());
    }
    writer.finish().map_err(failed)
}

impl<'a> ExportWriter<'a> {
    fn begin(
        file: &'a File,
        header: &[u8],
        side_files: &SideFiles,
        log_id: u64,
    ) -> io::Result<Self> {
        let mut hashed = Hashed { file, hasher: blake3::Hasher::new() };
        hashed.write_all(&format::preamble())?;
        let mut packed = zstd::Encoder::new(BufWriter::new(hashed), LEVEL)?;
        packed.include_checksum(true)?;
        // Within u32: the codec refuses what is larger than a few megabytes.
        packed.write_all(&(header.len() as u32).to_le_bytes())?;
        packed.write_all(header)?;
        for (_, bytes) in side_files {
            packed.write_all(bytes)?;
        }
        Ok(Self { packed, tip: Tip::start(log_id), frames: 0 })
    }

    fn take(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.frames += 1;
        self.tip = Tip::behind(frame);
        self.packed.write_all(frame.bytes())
    }

    fn last_sequence(&self) -> u64 {
        self.tip.next_sequence - 1
    }

    fn finish(self) -> io::Result<()> {
        let last_sequence = self.last_sequence();
        let trailer = Trailer {
            frames: self.frames,
            // They are numbered from one without a gap.
            records: last_sequence,
            last_sequence,
            chain: self.tip.chain,
        };
        let packed = self.packed.finish()?;
        let mut hashed = packed.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut bytes: [u8; TRAILER] = trailer.encode();
        hashed.write_all(&bytes[..HASH_AT])?;
        bytes[HASH_AT..].copy_from_slice(hashed.hasher.finalize().as_bytes());
        hashed.file.write_all(&bytes[HASH_AT..])
    }
}

fn list(side_files: &SideFiles) -> Result<Vec<SideFile>, ExportError> {
    let mut names = HashSet::new();
    for (name, _) in side_files {
        if !format::is_plain_name(name) || !names.insert(name) {
            return Err(ExportError::SideName(name.clone()));
        }
    }
    let found = side_files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    if found > SIDE_LIMIT {
        return Err(ExportError::SideSize { found, limit: SIDE_LIMIT });
    }
    let listed = |(name, bytes): &(String, Vec<u8>)| SideFile {
        name: name.clone(),
        bytes: bytes.len() as u64,
        hash: *blake3::hash(bytes).as_bytes(),
    };
    Ok(side_files.iter().map(listed).collect())
}

/// Hashes what passes on its way to the file.
struct Hashed<'a> {
    file: &'a File,
    hasher: blake3::Hasher,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
