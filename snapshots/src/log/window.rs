//! A window over one file: many small reads out of few large ones.
//!
//! Apart so that the reader can ask for "these bytes" without knowing how
//! they come. Memory stays at the largest frame or 256 KiB, whatever the size
//! of a segment.

use std::{fs::File, io, os::unix::fs::FileExt};

const READ_AHEAD: usize = 256 * 1024;

pub(crate) struct Window {
    file: File,
    bytes: Vec<u8>,
    start: u64,
    filled: usize,
}

impl Window {
    pub(crate) fn new(file: File) -> Self {
        Self { file, bytes: Vec::new(), start: 0, filled: 0 }
    }

    /// The bytes at `at`: `length` of them, or fewer at the end of the file.
    pub(crate) fn bytes(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        if !self.holds(at, length) {
            self.fill(at, length)?;
        }
        let from = (at - self.start) as usize;
        let to = self.filled.min(from + length);
        Ok(&self.bytes[from..to])
    }

    /// Forgets what was read, because the file has changed since.
    pub(crate) fn forget(&mut self) {
        self.filled = 0;
    }

    fn holds(&self, at: u64, length: usize) -> bool {
        at >= self.start && at + length as u64 <= self.start + self.filled as u64
    }

    fn fill(&mut self, at: u64, length: usize) -> io::Result<()> {
        let wanted = length.max(READ_AHEAD);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        self.start = at;
        self.filled = 0;
        while self.filled < length {
            let space = &mut self.bytes[self.filled..wanted];
            match self.file.read_at(space, at + self.filled as u64) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
