//! Where a page of a list ends, as a text that means nothing to its holder. It names a place and not
//! a number of rows, so what is made meanwhile neither repeats nor hides anything.

use domain::id::PayoutId;
use domain::time::Timestamp;

/// A place in a list, as the engine knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// When the payout at this place was created.
    pub created_at: Timestamp,
    /// Its id.
    pub id: PayoutId,
}

impl Cursor {
    /// The cursor as text.
    pub fn write(self) -> String {
        format!("{:016x}{:032x}", self.created_at.0, u128::from_be_bytes(self.id.0))
    }

    /// Reads a cursor back; none if it is no text of ours.
    pub fn read(text: &str) -> Option<Cursor> {
        if text.len() != 48 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let (at, id) = text.split_at(16);
        let created_at = Timestamp(u64::from_str_radix(at, 16).ok()?.cast_signed());
        let id = PayoutId(u128::from_str_radix(id, 16).ok()?.to_be_bytes());
        Some(Cursor { created_at, id })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_none() {
        for (at, id) in [(0, [0; 16]), (1_795_167_000_000_000, [7; 16]), (-1, [255; 16])] {
            let cursor = Cursor { created_at: Timestamp(at), id: PayoutId(id) };
            assert_eq!(Cursor::read(&cursor.write()), Some(cursor));
        }
        let odd = [
            "",
            "x",
            "po_3k8z2m5v7q9x1c4b6n8d0f2g4h",
            &"g".repeat(48),
            &"+".repeat(48),
            &"é".repeat(24),
        ];
        assert!(odd.into_iter().all(|text| Cursor::read(text).is_none()));
    }
}
