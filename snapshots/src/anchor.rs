//! The anchor: a second, tiny opinion on how far the log goes.
//!
//! Apart from the log, and best kept on another disk, because it answers what
//! a log cannot say of itself: that there used to be more of it. A data
//! directory that was rolled back, restored or swapped ends before the anchor,
//! or has another chain hash at the anchor's sequence (I-25).
//!
//! Two slots, 4 KiB apart so that one torn page cannot take both, are written
//! in turn: `magic 8 | version u16 | reserved u16 | generation u64 | log id
//! u64 | last sequence u64 | chain hash 32 | CRC32C u32`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
};

use crate::log::{
    ChainHash,
    bytes::{array, u16_at, u32_at, u64_at},
    sync_directory,
};

const SLOT: u64 = 4096;
const SLOT_BYTES: usize = 72;
const MAGIC: [u8; 8] = *b"BuAnchor";
const VERSION: u16 = 1;
const CHECKSUM_AT: usize = 68;

/// What the anchor says: this log went at least this far, and looked so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) log_id: u64,
    pub(crate) sequence: u64,
    pub(crate) chain: ChainHash,
}

/// The anchor's file, open for writing.
pub(crate) struct Anchor {
    file: File,
    generation: u64,
    durable: bool,
}

impl Anchor {
    /// Reads the mark at `path`. None if there is no file; an error if there
    /// is one and neither slot can be believed.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Mark>> {
        match fs::read(path) {
            Ok(bytes) => match newest(&bytes) {
                Some((_, mark)) => Ok(Some(mark)),
                None => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "neither slot of the anchor matches its checksum",
                )),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the file, or creates it, and writes `mark` as the newest.
    pub(crate) fn open(path: &Path, mark: Mark, durable: bool) -> io::Result<Self> {
        if !path.try_exists()? {
            create(path, mark, durable)?;
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let generation = newest(&fs::read(path)?).map_or(0, |(generation, _)| generation);
        file.set_len(2 * SLOT)?;
        let mut anchor = Self { file, generation, durable };
        anchor.write(mark)?;
        if durable {
            anchor.file.sync_all()?;
            sync_directory(path.parent().unwrap_or(Path::new(".")))?;
        }
        Ok(anchor)
    }

    /// Writes the mark over the older slot and makes it durable.
    pub(crate) fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.generation += 1;
        let slot = encode(self.generation, &mark);
        self.file.write_all_at(&slot, (self.generation % 2) * SLOT)?;
        if self.durable { self.file.sync_data() } else { Ok(()) }
    }
}

/// Makes the file beside its place and moves it there: an anchor that a power cut left without a slot would
/// be refused by every later start, and is not to be told from one that was damaged.
fn create(path: &Path, mark: Mark, durable: bool) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut bytes = encode(1, &mark).to_vec();
    bytes.resize(2 * SLOT as usize, 0);
    let mut file = File::create(&draft)?;
    file.write_all(&bytes)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&draft, path)
}

pub(crate) fn newest(bytes: &[u8]) -> Option<(u64, Mark)> {
    let slots = bytes.chunks(SLOT as usize).take(2).filter_map(decode);
    slots.max_by_key(|(generation, _)| *generation)
}

/// A file whose slots say this, the second later than the first.
pub(crate) fn file(marks: [Mark; 2]) -> Vec<u8> {
    let mut bytes = vec![0; 2 * SLOT as usize];
    for (generation, mark) in (1..).zip(&marks) {
        let at = (generation % 2 * SLOT) as usize;
        bytes[at..at + SLOT_BYTES].copy_from_slice(&encode(generation, mark));
    }
    bytes
}

fn encode(generation: u64, mark: &Mark) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[0..8].copy_from_slice(&MAGIC);
    slot[8..10].copy_from_slice(&VERSION.to_le_bytes());
    slot[12..20].copy_from_slice(&generation.to_le_bytes());
    slot[20..28].copy_from_slice(&mark.log_id.to_le_bytes());
    slot[28..36].copy_from_slice(&mark.sequence.to_le_bytes());
    slot[36..68].copy_from_slice(&mark.chain);
    let checksum = crc32c::crc32c(&slot[..CHECKSUM_AT]);
    slot[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

fn decode(bytes: &[u8]) -> Option<(u64, Mark)> {
    let slot = bytes.get(..SLOT_BYTES)?;
    let sound = slot[..8] == MAGIC
        && crc32c::crc32c(&slot[..CHECKSUM_AT]) == u32_at(slot, CHECKSUM_AT)
        && u16_at(slot, 8) == VERSION;
    let mark =
        Mark { log_id: u64_at(slot, 20), sequence: u64_at(slot, 28), chain: array(slot, 36) };
    sound.then(|| (u64_at(slot, 12), mark))
}

#[cfg(test)]
mod tests {
    //! The anchor survives the loss of either slot, and never invents one.

    use super::*;

    fn mark(sequence: u64) -> Mark {
        Mark { log_id: 7, sequence, chain: [sequence as u8; 32] }
    }

    #[test]
    fn the_newest_mark_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        assert_eq!(Anchor::read(&path).unwrap(), None);
        let mut anchor = Anchor::open(&path, mark(1), true).unwrap();
        for sequence in 2..6 {
            anchor.write(mark(sequence)).unwrap();
            assert_eq!(Anchor::read(&path).unwrap(), Some(mark(sequence)));
        }
        drop(anchor);
        Anchor::open(&path, mark(9), true).unwrap();
        assert_eq!(Anchor::read(&path).unwrap(), Some(mark(9)));
    }

    #[test]
    fn a_flipped_bit_costs_at_most_one_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        Anchor::open(&path, mark(1), true).unwrap().write(mark(2)).unwrap();
        let sound = fs::read(&path).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        for bit in (0..SLOT_BYTES * 8).chain(SLOT as usize * 8..(SLOT as usize + SLOT_BYTES) * 8) {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            file.write_all_at(&bytes, 0).unwrap();
            let found = Anchor::read(&path).unwrap();
            assert!(found == Some(mark(1)) || found == Some(mark(2)), "bit {bit}");
        }
    }

    #[test]
    fn an_anchor_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        // What a power cut leaves of one that was being made.
        fs::write(path.with_extension("new"), vec![0; SLOT as usize]).unwrap();
        assert_eq!(Anchor::read(&path).unwrap(), None);
        create(&path, mark(1), true).unwrap();
        assert_eq!(Anchor::read(&path).unwrap(), Some(mark(1)));
        Anchor::open(&path, mark(2), true).unwrap().write(mark(3)).unwrap();
        assert_eq!(Anchor::read(&path).unwrap(), Some(mark(3)));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_anchor_without_a_sound_slot_is_an_error_and_not_an_absence() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("anchor");
        fs::write(&path, vec![0; 2 * SLOT as usize]).unwrap();
        assert!(Anchor::read(&path).is_err());
    }
}
