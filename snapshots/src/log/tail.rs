//! The end of the log, where frames are written.
//!
//! Apart from the writer thread because it is plain I/O without channels: put
//! these bytes behind the last frame, make them durable, begin a new segment
//! when the old one is full. The next segment is prepared in the background
//! while the present one fills, so that a commit never waits for 64 MiB of
//! zeros. Nor does the start of a new log: its first segment is a small one,
//! and the next is prepared while the rest of the gateway starts.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use super::{
    frame::{self, ChainHash},
    reader::Position,
    segment::{self, SEGMENT_HEADER, SegmentHeader, Wish},
};

/// How segments are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentRules {
    /// Size prepared ahead.
    pub(crate) bytes: u64,
    /// Whether anything is fsynced at all.
    pub(crate) durable: bool,
}

/// Size of the first segment of a log, unless all are smaller.
const FIRST_SEGMENT: u64 = 2 * 1024 * 1024;

pub(crate) struct Tail {
    dir: PathBuf,
    file: File,
    offset: u64,
    /// Size of the present segment as it was prepared.
    room: u64,
    log_id: u64,
    next_sequence: u64,
    chain: ChainHash,
    rules: SegmentRules,
    spare: Option<Spare>,
}

/// The next segment, being prepared.
struct Spare {
    thread: JoinHandle<io::Result<File>>,
    wish: Arc<Wish>,
}

impl Tail {
    /// Begins a log in an empty directory, with an id of its own.
    pub(crate) fn create(dir: &Path, rules: SegmentRules) -> io::Result<Position> {
        let log_id = random_id();
        let chain = frame::genesis(log_id);
        let header = SegmentHeader { log_id, first_sequence: 1, previous: chain };
        // Refused at the start, and not when the small one is full.
        segment::require_room(dir, rules.bytes)?;
        let bytes = rules.bytes.min(FIRST_SEGMENT);
        let spare = segment::prepare(dir, bytes, rules.durable, &Wish::urgent())?;
        let (_, path) = segment::install(dir, spare, &header, rules.durable)?;
        Ok(Position { path, offset: SEGMENT_HEADER as u64, log_id, next_sequence: 1, chain })
    }

    /// Continues the log behind `position`, which recovery found.
    pub(crate) fn resume(dir: &Path, position: &Position, rules: SegmentRules) -> io::Result<Self> {
        segment::remove_spare(dir)?;
        let file = OpenOptions::new().read(true).write(true).open(&position.path)?;
        if rules.durable {
            // Of a process that was killed within a sync, the last frames may stand in memory alone. They were
            // read, and will be acted on: a power cut must not take them back then.
            file.sync_data()?;
            segment::sync_directory(dir)?;
        }
        // Whatever else has become of a segment's length, it grows to the usual size.
        let small = file.metadata()?.len() == FIRST_SEGMENT;
        let room = if small { rules.bytes.min(FIRST_SEGMENT) } else { rules.bytes };
        let mut tail = Self {
            dir: dir.to_owned(),
            file,
            room,
            offset: position.offset,
            log_id: position.log_id,
            next_sequence: position.next_sequence,
            chain: position.chain,
            rules,
            spare: None,
        };
        if room < rules.bytes {
            tail.spare = Some(tail.prepare_spare()?);
        }
        Ok(tail)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn log_id(&self) -> u64 {
        self.log_id
    }

    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    pub(crate) fn chain(&self) -> ChainHash {
        self.chain
    }

    /// Writes one frame behind the last. It is durable only after [`sync`].
    ///
    /// [`sync`]: Self::sync
    pub(crate) fn write(
        &mut self,
        frame: &[u8],
        next_sequence: u64,
        chain: ChainHash,
    ) -> io::Result<()> {
        // A frame larger than a whole segment gets one to itself, and the
        // file grows for it.
        if self.is_full_for(frame.len()) {
            self.roll()?;
        }
        self.file.write_all_at(frame, self.offset)?;
        self.offset += frame.len() as u64;
        self.next_sequence = next_sequence;
        self.chain = chain;
        // Early, because it is prepared slowly, beside the commits.
        if self.spare.is_none() && self.offset > self.room / 4 {
            self.spare = Some(self.prepare_spare()?);
        }
        Ok(())
    }

    /// Whether a frame of so many bytes begins a new segment.
    pub(crate) fn is_full_for(&self, bytes: usize) -> bool {
        self.offset != SEGMENT_HEADER as u64 && self.offset + bytes as u64 > self.room
    }

    /// Makes everything written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if self.rules.durable { self.file.sync_data() } else { Ok(()) }
    }

    /// The same tail on another file, for tests that need one that fails.
    #[cfg(test)]
    pub(crate) fn on_file(mut self, file: File) -> Self {
        self.file = file;
        self
    }

    fn roll(&mut self) -> io::Result<()> {
        let prepared = self.spare.take().map(Spare::finished);
        let spare = match prepared {
            Some(Ok(spare)) => spare,
            // There may be room by now.
            Some(Err(_)) | None => self.prepare_spare()?.finished()?,
        };
        let header = SegmentHeader {
            log_id: self.log_id,
            first_sequence: self.next_sequence,
            previous: self.chain,
        };
        let (file, _) = segment::install(&self.dir, spare, &header, self.rules.durable)?;
        self.file = file;
        self.room = self.rules.bytes;
        self.offset = SEGMENT_HEADER as u64;
        Ok(())
    }

    fn prepare_spare(&self) -> io::Result<Spare> {
        let (dir, rules) = (self.dir.clone(), self.rules);
        let wish: Arc<Wish> = Arc::default();
        let told = wish.clone();
        let thread = thread::Builder::new().name("log-spare".to_owned()).spawn(move || {
            let prepared = segment::prepare(&dir, rules.bytes, rules.durable, &told);
            prepared.inspect_err(|error| {
                if !told.is_dropped() {
                    tracing::error!(%error, "no next segment: the log stops when this one is full");
                }
            })
        })?;
        Ok(Spare { thread, wish })
    }
}

impl Drop for Tail {
    /// Waits for the spare, so that nothing writes to the directory once the
    /// log is closed. What fails here fails again, and is said, at the next
    /// start.
    fn drop(&mut self) {
        if let Some(spare) = self.spare.take() {
            spare.wish.drop_it();
            let _ = spare.finished();
            let _ = segment::remove_spare(&self.dir);
        }
    }
}

impl Spare {
    fn finished(self) -> io::Result<File> {
        self.wish.hurry();
        let prepared = self.thread.join();
        prepared.unwrap_or_else(|_| Err(io::Error::other("preparing a segment panicked")))
    }
}

/// A number nobody outside can foresee: the standard library seeds its hash
/// maps from the system's randomness, and that is all the entropy needed here.
fn random_id() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}
