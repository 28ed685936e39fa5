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

/// Most answers fit, so that they are written without moving.
const ROOM: usize = 2_048;

/// The value as JSON, without spaces.
///
/// # Errors
/// As for [`serde_json::to_vec`].
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut writer = Writer { out: Vec::with_capacity(ROOM) };
    match value.serialize(&mut writer) {
        Ok(()) => Ok(writer.out),
        Err(Unwritten) => serde_json::to_vec(value),
    }
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if plain_length(bytes) < bytes.len() {
            // Writing text into memory cannot fail.
            let _ = serde_json::to_writer(&mut self.out, text);
            return;
        }
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(bytes);
        self.out.push(b'"');
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
        self.out.extend_from_slice(&digits[begin..]);
    }

    /// Each part has left a comma behind it; the last one's becomes the bracket.
    fn close(&mut self, bracket: u8) {
        match self.out.last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.out.push(bracket),
        }
    }
}

/// Something that only `serde_json` writes.
#[derive(Debug)]
struct Unwritten;

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
