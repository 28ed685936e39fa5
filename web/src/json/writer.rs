//! JSON as it is answered, written into one piece of memory. Apart from `serde_json`, whose writer takes
//! any destination and asks it for room for every comma: an answer is most of what a request costs.
//!
//! It knows what answers are made of: objects, lists, texts, whole numbers, flags and null. Whatever else
//! there is (floats, variants with content), `serde_json` writes, and what both can write is the same.

mod parts;
mod serializer;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

use super::scan::plain_length;
use serde::Serialize;
use std::fmt::{self, Display};
use std::io;

/// Most answers fit, so that they are written without moving.
const ROOM: usize = 1_536;

/// The value as JSON, without spaces.
///
/// # Errors
/// As for [`serde_json::to_vec`].
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    to_json_within(ROOM, value)
}

/// The same for what is known to be longer.
///
/// # Errors
/// As for [`to_json`].
pub fn to_json_within<T: Serialize + ?Sized>(
    bytes: usize,
    value: &T,
) -> serde_json::Result<Vec<u8>> {
    let mut writer = Writer::with_room(bytes);
    match value.serialize(&mut writer) {
        Ok(()) => Ok(writer.finish()),
        Err(Unwritten) => serde_json::to_vec(value),
    }
}

/// JSON in the writing.
pub(crate) struct Writer {
    /// Written so far, and zeros behind it: a place in them costs a comparison, and no call.
    out: Vec<u8>,
    length: usize,
}

impl Writer {
    /// Moves when more than so many bytes are written.
    pub fn with_room(bytes: usize) -> Writer {
        Writer { out: vec![0; bytes], length: 0 }
    }

    /// What was written.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.truncate(self.length);
        self.out
    }

    /// The next bytes, to be written over.
    #[inline(always)]
    fn next(&mut self, count: usize) -> &mut [u8] {
        let (begin, end) = (self.length, self.length + count);
        if end > self.out.len() {
            self.grow(end);
        }
        self.length = end;
        &mut self.out[begin..end]
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.out.resize(end.saturating_mul(2), 0);
    }

    /// Writes what is JSON already.
    #[inline(always)]
    pub fn put(&mut self, bytes: &[u8]) {
        self.next(bytes.len()).copy_from_slice(bytes);
    }

    /// The same for a few bytes that stand in the source, without a call.
    #[inline(always)]
    pub fn put_word<const N: usize>(&mut self, word: &[u8; N]) {
        if let Some(place) = self.next(N).first_chunk_mut() {
            *place = *word;
        }
    }

    fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if plain_length(bytes) < bytes.len() {
            // Writing text into memory cannot fail.
            let _ = serde_json::to_writer(self, text);
            return;
        }
        let place = self.next(bytes.len() + 2);
        place[0] = b'"';
        place[bytes.len() + 1] = b'"';
        place[1..bytes.len() + 1].copy_from_slice(bytes);
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [0_u8; 20];
        let mut begin = digits.len();
        loop {
            begin -= 1;
            // Within u8: a remainder of ten.
            digits[begin] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.put(&digits[begin..]);
    }

    /// Ends an object or a list. Each part has left a comma behind it; the last one's becomes the bracket.
    pub fn close(&mut self, bracket: u8) {
        match self.out[..self.length].last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.next(1)[0] = bracket,
        }
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Something that only `serde_json` writes.
#[derive(Debug)]
pub(crate) struct Unwritten;

impl Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not written here")
    }
}

impl std::error::Error for Unwritten {}

impl serde::ser::Error for Unwritten {
    fn custom<T: Display>(_: T) -> Unwritten {
        Unwritten
    }
}

type Written = Result<(), Unwritten>;
