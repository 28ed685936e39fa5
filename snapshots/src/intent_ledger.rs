//! The ledger of intents: what was about to be sent, in a small file of its own.
//!
//! Apart from the log, and meant for another disk, because it answers what a lost log cannot: which
//! submissions there were after the last copy. A line is on the disk before its submission leaves.
//! Lines are never changed and never removed; each start begins a file.
//!
//! A gateway that once ran without it has left a hole in it. So the data directory remembers which file
//! was the last one written while it was in use, and forgets it when it is served without a ledger: a
//! file that is not begun right behind that one says so, and what stands before it is no longer all
//! that was sent.
//!
//! Little endian. File: `magic 8 | version u16 | goes on u16 | log id u64 | last sequence of the log
//! when it was begun u64 | CRC32C u32`, then lines: `length u32 | CRC32C u32 | bytes`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

use crate::log::{
    self,
    bytes::{u16_at, u32_at, u64_at},
    sync_directory,
};

const MAGIC: [u8; 8] = *b"BuIntent";
const VERSION: u16 = 1;
/// The file of a data directory that says which file of the ledger is in use.
const IN_USE: &str = "ledger-in-use";
/// In the header of a file that was begun right behind the one before it.
const GOES_ON: u16 = 1;
const HEADER: usize = 32;
const CHECKSUM_AT: usize = 28;
const LINE_HEADER: usize = 8;

/// No line is longer; it bounds what a reader takes a torn length for.
const LINE_LIMIT: usize = 1024 * 1024;

/// Lines that wait for one fsync at most.
const BATCH: usize = 4_096;

/// The open ledger. Cheap to append to from many threads.
pub struct IntentLedger {
    queue: Sender<Line>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Line {
    bytes: Vec<u8>,
    done: oneshot::Sender<()>,
}

impl IntentLedger {
    /// Begins a file in `dir` for the submissions of this log behind the sequence `since`, and notes its
    /// number in the data directory.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn open(dir: &Path, log_id: u64, since: u64, data_dir: &Path) -> io::Result<Self> {
        let last = &data_dir.join(IN_USE);
        make_directory(dir)?;
        let before = files(dir)?.last().map(|(number, _)| *number);
        let goes_on = before.is_some() && before == last_in_use(last)?;
        let number = before.map_or(1, |number| number + 1);
        let path = dir.join(format!("intents-{number:010}.ledger"));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(&header(log_id, since, goes_on))?;
        file.sync_all()?;
        sync_directory(dir)?;
        // Behind the file: after a crash in between, the next one is taken for not going on.
        let mut note = File::create(last)?;
        note.write_all(number.to_string().as_bytes())?;
        note.sync_all()?;
        sync_directory(data_dir)?;
        let (queue, lines) = crossbeam_channel::bounded(65_536);
        let writer = move || {
            if let Err(error) = write_all(&mut file, &lines) {
                // What is sent without its line would be sent twice after a restore.
                log::abort(&error);
            }
        };
        let writer = thread::Builder::new().name("intent-ledger".to_owned()).spawn(writer)?;
        Ok(Self { queue, writer: Mutex::new(Some(writer)) })
    }

    /// Queues a line. The receiver is told once it is on the disk, and dropped if it never will be.
    pub fn append(&self, bytes: Vec<u8>) -> oneshot::Receiver<()> {
        let (done, told) = oneshot::channel();
        // A ledger that is closed drops the line, and so its receiver.
        let _ = self.queue.send(Line { bytes, done });
        told
    }
}

impl Drop for IntentLedger {
    fn drop(&mut self) {
        let (closed, _) = crossbeam_channel::bounded(0);
        self.queue = closed;
        let writer = self.writer.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(writer) = writer.take() {
            // It ends behind the last line; a writer that failed has said so.
            let _ = writer.join();
        }
    }
}

/// Makes the directory unless there is one. Its name is on disk when this returns, and so are those of the
/// directories that had to be made for it: with its name, every line would be gone.
fn make_directory(dir: &Path) -> io::Result<()> {
    let missing = |one: &&Path| !one.as_os_str().is_empty() && !one.exists();
    let new: Vec<&Path> = dir.ancestors().take_while(missing).collect();
    fs::create_dir_all(dir)?;
    let sync_parent = |made: &Path| {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_directory(parent.unwrap_or(Path::new(".")))
    };
    for made in &new {
        sync_parent(made)?;
    }
    if new.is_empty() {
        // Whoever made it may have been killed before this. The parent of an old one need not be ours to read.
        let _ = sync_parent(dir);
    }
    Ok(())
}

fn write_all(file: &mut File, lines: &Receiver<Line>) -> io::Result<()> {
    let (mut bytes, mut waiting) = (Vec::new(), Vec::new());
    while let Ok(first) = lines.recv() {
        for line in std::iter::once(first).chain(lines.try_iter().take(BATCH)) {
            // Within u32: a payout's request is far below the limit of a line.
            bytes.extend_from_slice(&(line.bytes.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&crc32c::crc32c(&line.bytes).to_le_bytes());
            bytes.extend_from_slice(&line.bytes);
            waiting.push(line.done);
        }
        file.write_all(&bytes)?;
        file.sync_data()?;
        bytes.clear();
        for done in waiting.drain(..) {
            // Whoever has stopped waiting has stopped caring.
            let _ = done.send(());
        }
    }
    Ok(())
}

/// Notes that a data directory is served without a ledger: what is sent now stands in none. To be called
/// before anything is sent.
///
/// # Errors
/// The file system refuses.
pub fn do_without(data_dir: &Path) -> io::Result<()> {
    match fs::remove_file(data_dir.join(IN_USE)) {
        Ok(()) => sync_directory(data_dir),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The number of the file that was in use when the data directory was last served. What is not a number
/// is nobody's.
fn last_in_use(last: &Path) -> io::Result<Option<u64>> {
    match fs::read(last) {
        Ok(bytes) => Ok(String::from_utf8(bytes).ok().and_then(|text| text.parse().ok())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a ledger has of one log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// It was begun when the log ended here, or taken up again after a time without it: what was sent
    /// before may not stand in it.
    pub since: u64,
    /// Every line, in order.
    pub lines: Vec<Vec<u8>>,
}

/// What the ledger has of this log; none if no file is of it. An unfinished last line of a file is
/// what a crash leaves, and its submission never left.
///
/// # Errors
/// The file system refuses, or a line is not what was written.
pub fn read(dir: &Path, log_id: u64) -> io::Result<Option<Kept>> {
    let mut found: Option<Kept> = None;
    for (_, path) in files(dir)? {
        let bytes = fs::read(&path)?;
        if bytes.len() < HEADER {
            // A crash while the file was begun.
            continue;
        }
        if bytes.iter().all(|byte| *byte == 0) {
            // A power cut then: its length came to the disk, and nothing that was written.
            continue;
        }
        let damaged = |offset: usize, what: &str| {
            let what = format!("{}, byte {offset}: {what}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, what)
        };
        let sound = bytes[..8] == MAGIC
            && crc32c::crc32c(&bytes[..CHECKSUM_AT]) == u32_at(&bytes, CHECKSUM_AT)
            && u16_at(&bytes, 8) == VERSION;
        if !sound {
            return Err(damaged(0, "this does not begin as a ledger"));
        }
        if u64_at(&bytes, 12) != log_id {
            continue;
        }
        let since = u64_at(&bytes, 20);
        let kept = found.get_or_insert_with(|| Kept { since, lines: Vec::new() });
        if u16_at(&bytes, 10) != GOES_ON {
            kept.since = since;
        }
        let lines = &mut kept.lines;
        let mut at = HEADER;
        while at < bytes.len() {
            match line(&bytes[at..]) {
                Ok(line) => {
                    lines.push(line.to_vec());
                    at += LINE_HEADER + line.len();
                }
                Err(Torn::AtTheEnd) => break,
                Err(Torn::Inside) => return Err(damaged(at, "a line does not match its checksum")),
            }
        }
    }
    Ok(found)
}

enum Torn {
    /// Nothing can follow.
    AtTheEnd,
    /// Other lines follow, so it was once whole.
    Inside,
}

fn line(bytes: &[u8]) -> Result<&[u8], Torn> {
    let Some((header, rest)) = bytes.split_at_checked(LINE_HEADER) else {
        return Err(Torn::AtTheEnd);
    };
    let length = u32_at(header, 0) as usize;
    if length > LINE_LIMIT {
        return Err(Torn::Inside);
    }
    // No line is empty, though its checksum would fit: these are zeros of which only the length came to the disk.
    let Some(line) = rest.get(..length).filter(|_| length > 0) else {
        return Err(if any_line_in(rest) { Torn::Inside } else { Torn::AtTheEnd });
    };
    match crc32c::crc32c(line) == u32_at(header, 4) {
        true => Ok(line),
        false if length == rest.len() => Err(Torn::AtTheEnd),
        false => Err(Torn::Inside),
    }
}

/// Whether a whole line stands somewhere behind a length that cannot be right.
fn any_line_in(bytes: &[u8]) -> bool {
    (0..bytes.len().saturating_sub(LINE_HEADER)).any(|at| {
        let length = u32_at(bytes, at) as usize;
        let line = bytes.get(at + LINE_HEADER..at + LINE_HEADER + length);
        length > 0 && line.is_some_and(|line| crc32c::crc32c(line) == u32_at(bytes, at + 4))
    })
}

fn header(log_id: u64, since: u64, goes_on: bool) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_le_bytes());
    header[10..12].copy_from_slice(&(GOES_ON * u16::from(goes_on)).to_le_bytes());
    header[12..20].copy_from_slice(&log_id.to_le_bytes());
    header[20..CHECKSUM_AT].copy_from_slice(&since.to_le_bytes());
    let checksum = crc32c::crc32c(&header[..CHECKSUM_AT]);
    header[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// The ledger's files, oldest first.
fn files(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name.strip_prefix("intents-").and_then(|name| name.strip_suffix(".ledger"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    //! What was told to be on the disk is read back, and nothing else.

    use super::*;

    fn lines(count: u8) -> Vec<Vec<u8>> {
        (1..=count).map(|number| vec![number; usize::from(number) * 7]).collect()
    }

    fn write(dir: &Path, log_id: u64, since: u64, lines: Vec<Vec<u8>>) {
        let ledger = IntentLedger::open(dir, log_id, since, dir).unwrap();
        let told: Vec<_> = lines.into_iter().map(|line| ledger.append(line)).collect();
        told.into_iter().for_each(|told| told.blocking_recv().unwrap());
    }

    #[test]
    fn each_start_adds_to_what_there_is_of_its_log() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path(), 7).unwrap(), None);
        write(dir.path(), 7, 30, lines(5));
        write(dir.path(), 8, 2, lines(2));
        write(dir.path(), 7, 90, lines(3));
        let both = [lines(5), lines(3)].concat();
        assert_eq!(read(dir.path(), 7).unwrap(), Some(Kept { since: 30, lines: both }));
        assert_eq!(read(dir.path(), 8).unwrap(), Some(Kept { since: 2, lines: lines(2) }));
        assert_eq!(read(dir.path(), 9).unwrap(), None);
    }

    #[test]
    fn what_was_sent_in_a_time_without_it_is_not_vouched_for() {
        let dir = tempfile::tempdir().unwrap();
        let (path, last) = (dir.path(), dir.path().join(IN_USE));
        let since = || read(path, 7).unwrap().unwrap().since;
        write(path, 7, 30, lines(1));
        write(path, 7, 40, lines(1));
        assert_eq!(since(), 30, "it went on");
        do_without(path).unwrap();
        do_without(path).unwrap();
        write(path, 7, 90, lines(1));
        assert_eq!(since(), 90, "somebody served without it up to there");
        write(path, 7, 95, lines(1));
        assert_eq!((since(), read(path, 7).unwrap().unwrap().lines.len()), (90, 4));
        // An older copy of the data directory names a file that is not the last.
        fs::write(&last, "2").unwrap();
        write(path, 7, 60, lines(1));
        assert_eq!(since(), 60);
        // What a crash, or somebody, has left of the note is nobody's number.
        fs::write(&last, "5.").unwrap();
        write(path, 7, 99, lines(1));
        assert_eq!(since(), 99);
    }

    #[test]
    fn zeros_that_a_power_cut_left_are_no_lines() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 7, 0, lines(3));
        let (_, path) = files(dir.path()).unwrap().remove(0);
        let whole = fs::read(&path).unwrap();
        for (zeros, rest) in [(1, 0), (8, 0), (9, 0), (700, 0), (8, 200), (300, 200)] {
            fs::write(&path, [&whole[..], &vec![0; zeros][..], &vec![0xAB; rest][..]].concat())
                .unwrap();
            assert_eq!(read(dir.path(), 7).unwrap().unwrap().lines, lines(3), "{zeros}, {rest}");
        }
        fs::write(dir.path().join("intents-0000000002.ledger"), [0_u8; 300]).unwrap();
        assert_eq!(read(dir.path(), 7).unwrap().unwrap().lines, lines(3));
        fs::remove_file(dir.path().join("intents-0000000002.ledger")).unwrap();
        fs::write(&path, [&whole[..HEADER], &[0; 16], &whole[HEADER..]].concat()).unwrap();
        assert!(read(dir.path(), 7).is_err(), "in the middle they are damage");
    }

    #[test]
    fn a_cut_costs_the_lines_behind_it_and_a_flipped_bit_is_told() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), 7, 0, lines(6));
        let (_, path) = files(dir.path()).unwrap().remove(0);
        let whole = fs::read(&path).unwrap();
        for length in HEADER..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let found = read(dir.path(), 7).unwrap().unwrap().lines;
            assert_eq!(found[..], lines(6)[..found.len()], "cut at {length}");
        }
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bytes).unwrap();
            match read(dir.path(), 7) {
                // Like a write that did not finish: only the last line can look so.
                Ok(Some(Kept { lines: found, .. })) => {
                    assert_eq!(found[..], lines(6)[..found.len()], "bit {bit}");
                    assert!(found.len() >= 5 || bit / 8 == 10 || bit / 8 == 11, "bit {bit}");
                }
                Ok(None) => panic!("bit {bit}"),
                Err(error) => assert!(error.to_string().contains("intents-"), "bit {bit}"),
            }
        }
    }
}
