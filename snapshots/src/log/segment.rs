//! Segments: the files the log is made of, named by their first sequence.
//!
//! Apart because a segment is prepared long before anything is written to it:
//! its blocks are allocated *and filled with zeros*, so that a later commit
//! changes bytes only and `fdatasync` has no metadata to write. Measured on
//! ext4, 5 kB commits: 75 µs on zeroed blocks against 115–210 µs on blocks
//! that were only allocated, and 190–210 µs when the file grows.
//!
//! A segment begins with 64 bytes: `magic 8 | version u16 | reserved u16 |
//! log id u64 | first sequence u64 | chain hash before it 32 | CRC32C u32`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::{
    bytes::{array, u16_at, u32_at, u64_at},
    damage::LogError,
    frame::ChainHash,
};

pub(crate) const SEGMENT_HEADER: usize = 64;

const MAGIC: [u8; 8] = *b"BursrLog";
const VERSION: u16 = 1;
const CHECKSUM_AT: usize = 60;
const EXTENSION: &str = "seg";
const SPARE: &str = "spare.tmp";
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// What the first bytes of a segment say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) log_id: u64,
    pub(crate) first_sequence: u64,
    pub(crate) previous: ChainHash,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let mut bytes = [0; SEGMENT_HEADER];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.log_id.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[28..60].copy_from_slice(&self.previous);
        let checksum = crc32c::crc32c(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() < SEGMENT_HEADER || bytes[..8] != MAGIC {
            return Err("the segment does not begin as one");
        }
        if crc32c::crc32c(&bytes[..CHECKSUM_AT]) != u32_at(bytes, CHECKSUM_AT) {
            return Err("the segment's header does not match its checksum");
        }
        if u16_at(bytes, 8) != VERSION {
            return Err("the segment is of a version this build does not know");
        }
        Ok(Self {
            log_id: u64_at(bytes, 12),
            first_sequence: u64_at(bytes, 20),
            previous: array(bytes, 28),
        })
    }
}

/// A segment on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) first_sequence: u64,
    pub(crate) path: PathBuf,
}

/// All segments of `dir`, oldest first.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_none_or(|found| found != EXTENSION) {
            continue;
        }
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let first_sequence = number.ok_or_else(|| {
            let text = format!("{} is not named by a sequence", path.display());
            io::Error::new(io::ErrorKind::InvalidData, text)
        })?;
        segments.push(Segment { first_sequence, path });
    }
    segments.sort_by_key(|segment| segment.first_sequence);
    Ok(segments)
}

/// The segments from the one that holds `sequence` on, or would; at least one.
pub(crate) fn holding(dir: &Path, sequence: u64) -> Result<Vec<Segment>, LogError> {
    let mut segments = list(dir).map_err(LogError::io(dir))?;
    let wanted = sequence.max(1);
    let Some(at) = segments.iter().rposition(|segment| segment.first_sequence <= wanted) else {
        let first = segments.first().map_or(0, |segment| segment.first_sequence);
        return Err(LogError::Missing { first, wanted });
    };
    Ok(segments.split_off(at))
}

/// What is written of a segment at once while it is prepared.
const STEP: u64 = 1024 * 1024;
/// How long the disk is left to the commits between two steps.
const PAUSE: Duration = Duration::from_millis(5);

/// What whoever asked for a segment wants by now.
#[derive(Default)]
pub(crate) struct Wish {
    urgent: AtomicBool,
    dropped: AtomicBool,
}

impl Wish {
    /// For somebody who waits from the beginning.
    pub(crate) fn urgent() -> Self {
        Self { urgent: AtomicBool::new(true), ..Self::default() }
    }

    /// Somebody waits for it: no more pauses.
    pub(crate) fn hurry(&self) {
        self.urgent.store(true, Ordering::Relaxed);
    }

    /// Nobody wants it any more: preparing it fails early.
    pub(crate) fn drop_it(&self) {
        self.dropped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }

    fn is_urgent(&self) -> bool {
        self.urgent.load(Ordering::Relaxed)
    }
}

/// Whether the disk has room for a segment of that size. A file system that
/// cannot allocate ahead does not say.
pub(crate) fn require_room(dir: &Path, bytes: u64) -> io::Result<()> {
    let path = dir.join(SPARE);
    let allocated = allocate(&File::create(&path)?, bytes);
    fs::remove_file(&path)?;
    allocated
}

fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
        Err(full @ (rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT)) => Err(full.into()),
        // One that cannot allocate ahead only loses contiguity here; the
        // zeros claim the space all the same.
        _ => Ok(()),
    }
}

/// Prepares an unused segment: allocated, zeroed and on disk, under a name
/// that no reader looks at. One that fails leaves the disk as it was.
pub(crate) fn prepare(dir: &Path, bytes: u64, durable: bool, wish: &Wish) -> io::Result<File> {
    fill(dir, bytes, durable, wish).inspect_err(|_| {
        let _ = remove_spare(dir);
    })
}

fn fill(dir: &Path, bytes: u64, durable: bool, wish: &Wish) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(dir.join(SPARE))?;
    allocate(&file, bytes)?;
    let mut at = 0;
    while at < bytes {
        if wish.is_dropped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let piece = ZEROS.len().min(usize::try_from(bytes - at).unwrap_or(usize::MAX));
        file.write_all_at(&ZEROS[..piece], at)?;
        at += piece as u64;
        // In steps, so that the commits of the running segment never wait
        // behind much of this one in the device's queue.
        if durable && at % STEP == 0 {
            file.sync_data()?;
            if !wish.is_urgent() {
                thread::sleep(PAUSE);
            }
        }
    }
    if durable {
        file.sync_all()?;
    }
    Ok(file)
}

/// Gives a prepared segment its header and its name. After this returns the
/// segment survives a power cut, so frames may be acknowledged from it.
pub(crate) fn install(
    dir: &Path,
    spare: File,
    header: &SegmentHeader,
    durable: bool,
) -> io::Result<(File, PathBuf)> {
    spare.write_all_at(&header.encode(), 0)?;
    if durable {
        spare.sync_all()?;
    }
    let path = dir.join(format!("{:020}.{EXTENSION}", header.first_sequence));
    fs::rename(dir.join(SPARE), &path)?;
    if durable {
        sync_directory(dir)?;
    }
    Ok((spare, path))
}

/// Whether the segment at `path` holds nothing but zeros from `offset` on. Most
/// of a segment is read so at every start.
pub(crate) fn is_blank(path: &Path, offset: u64) -> io::Result<bool> {
    let (file, mut at) = (File::open(path)?, offset);
    let mut space = vec![0; ZEROS.len()];
    loop {
        match file.read_at(&mut space, at) {
            Ok(0) => return Ok(true),
            Ok(read) if space[..read] != ZEROS[..read] => return Ok(false),
            Ok(read) => at += read as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes a segment that was prepared and never used.
pub(crate) fn remove_spare(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(SPARE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the names in `dir` durable.
pub fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
