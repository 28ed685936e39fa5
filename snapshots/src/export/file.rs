//! Opens an export: what it says of itself, and the files beside the log.
//!
//! Apart from the frames because a look at an export must not cost reading all of it. What is told
//! here is true only of a file that was verified; the frames verify it on the way.

use std::{
    fs::File,
    io::{BufReader, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    ExportError, ExportFrames,
    format::{
        self, ExportAbout, ExportSummary, HASH_AT, Header, PREAMBLE, SIDE_LIMIT, SideFiles,
        TRAILER, Trailer, WINDOW_LOG,
    },
    frames::Packed,
};
use crate::{
    codec::{self, ENVELOPE_BYTES, Kind, PAYLOAD_LIMIT},
    log::FrameSource,
};

/// An export on the disk.
pub struct ExportFile {
    path: PathBuf,
    about: ExportAbout,
    summary: ExportSummary,
    side_files: SideFiles,
}

impl ExportFile {
    /// Reads the beginning and the end of the export at `path`, and checks them.
    pub fn open(path: &Path) -> Result<Self, ExportError> {
        let mut begun = begin(path)?;
        let header = begun.header(path)?;
        let side_files = begun.side_files(path, &header)?;
        let Trailer { frames, records, last_sequence, chain } = begun.trailer;
        let summary = ExportSummary {
            log_id: header.log_id,
            frames,
            records,
            last_sequence,
            chain,
            bytes: begun.bytes,
            hash: begun.hash,
        };
        Ok(Self { path: path.to_owned(), about: header.about, summary, side_files })
    }

    /// Why and when it was made.
    pub fn about(&self) -> ExportAbout {
        self.about
    }

    /// How much of which log it holds.
    pub fn summary(&self) -> ExportSummary {
        self.summary
    }

    /// The files that go with the log. Some of them are secret.
    pub fn side_files(&self) -> &SideFiles {
        &self.side_files
    }

    /// Reads all of it: every frame, the whole chain, the counts, and the hash over the file.
    /// `progress` is told the sequences that were read.
    pub fn verify(&self, progress: &mut dyn FnMut(u64)) -> Result<ExportSummary, ExportError> {
        let mut frames = self.frames()?;
        while let Some(frame) = frames.next_frame()? {
            progress(frame.last_sequence());
        }
        Ok(self.summary)
    }

    /// The frames of the log, from the first. Behind the last they check the whole file: whoever
    /// has not got that far has not got a verified log.
    pub fn frames(&self) -> Result<ExportFrames, ExportError> {
        let mut begun = begin(&self.path)?;
        let header = begun.header(&self.path)?;
        begun.side_files(&self.path, &header)?;
        if begun.hash != self.summary.hash || header.log_id != self.summary.log_id {
            return Err(ExportError::damaged(&self.path, 0, "it was replaced since it was opened"));
        }
        Ok(ExportFrames::new(&self.path, begun, header.log_id))
    }
}

/// An export whose packed bytes are being read.
pub(super) struct Begun {
    pub(super) unpacked: zstd::Decoder<'static, BufReader<Packed>>,
    pub(super) trailer: Trailer,
    pub(super) hash: [u8; 32],
    /// Of the whole file.
    pub(super) bytes: u64,
    /// How far the unpacked data was read.
    pub(super) offset: u64,
}

fn begin(path: &Path) -> Result<Begun, ExportError> {
    let failed = ExportError::io(path);
    let file = File::open(path).map_err(&failed)?;
    let bytes = file.metadata().map_err(&failed)?.len();
    let Some(packed) = bytes.checked_sub((PREAMBLE + TRAILER) as u64) else {
        return Err(ExportError::damaged(path, bytes, "it is cut short"));
    };
    let mut preamble = [0; PREAMBLE];
    file.read_exact_at(&mut preamble, 0).map_err(&failed)?;
    format::check_preamble(&preamble).map_err(|reason| ExportError::damaged(path, 0, reason))?;
    let trailer_at = PREAMBLE as u64 + packed;
    let mut trailer = [0; TRAILER];
    file.read_exact_at(&mut trailer, trailer_at).map_err(&failed)?;
    let decoded = Trailer::decode(&trailer)
        .ok_or_else(|| ExportError::damaged(path, trailer_at, "it does not end as an export"))?;
    let reader = BufReader::new(Packed::new(file, &preamble, packed));
    let unpack = || {
        let mut decoder = zstd::Decoder::with_buffer(reader)?.single_frame();
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(decoder)
    };
    let hash = crate::log::bytes::array(&trailer, HASH_AT);
    Ok(Begun { unpacked: unpack().map_err(failed)?, trailer: decoded, hash, bytes, offset: 0 })
}

impl Begun {
    fn header(&mut self, path: &Path) -> Result<Header, ExportError> {
        let length = self.take(path, 4)?;
        let length = crate::log::bytes::u32_at(&length, 0) as usize;
        if length > PAYLOAD_LIMIT + ENVELOPE_BYTES {
            return Err(self.damaged(path, "its header has a length that no header can have"));
        }
        let sealed = self.take(path, length as u64)?;
        let header: Header = codec::open(Kind::ExportHeader, &sealed)
            .map_err(|error| self.damaged(path, format!("its header: {error}")))?;
        let total =
            header.side_files.iter().try_fold(0, |sum: u64, one| sum.checked_add(one.bytes));
        if total.is_none_or(|total| total > SIDE_LIMIT) {
            return Err(self.damaged(path, "its header announces too large files"));
        }
        match header.side_files.iter().find(|one| !format::is_plain_name(&one.name)) {
            Some(one) => Err(self.damaged(path, format!("{:?} names no plain file", one.name))),
            None => Ok(header),
        }
    }

    fn side_files(&mut self, path: &Path, header: &Header) -> Result<SideFiles, ExportError> {
        let mut files = SideFiles::new();
        for one in &header.side_files {
            let bytes = self.take(path, one.bytes)?;
            if *blake3::hash(&bytes).as_bytes() != one.hash {
                let reason = format!("the file {} in it does not match its hash", one.name);
                return Err(self.damaged(path, reason));
            }
            files.push((one.name.clone(), bytes));
        }
        Ok(files)
    }

    fn take(&mut self, path: &Path, length: u64) -> Result<Vec<u8>, ExportError> {
        let mut bytes = Vec::new();
        let read = self.unpacked.by_ref().take(length).read_to_end(&mut bytes);
        read.map_err(|error| crate::log::unreadable(path, self.offset, error))?;
        if (bytes.len() as u64) < length {
            return Err(self.damaged(path, "it ends before its frames begin"));
        }
        self.offset += length;
        Ok(bytes)
    }

    fn damaged(&self, path: &Path, reason: impl Into<String>) -> ExportError {
        ExportError::damaged(path, PREAMBLE as u64, reason)
    }
}
