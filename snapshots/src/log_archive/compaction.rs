//! Which pieces become one.
//!
//! Apart from doing it because this is arithmetic. Frames are shipped as they come, a few at a time,
//! and those small pieces would be millions after a year. Whenever the youngest pieces are many of
//! one size class, or make a full piece together, they become one: like the digits of a counter,
//! so that each frame is written again only a few times, and pieces stay few.

use std::ops::Range;

use super::manifest::Object;

/// So many pieces of one size class become one.
const FAN_IN: usize = 16;
/// Pieces below this are all of the smallest class.
const SMALLEST: u64 = 4096;

/// The pieces at the end of `objects` that should become one. Full pieces are never touched again.
pub(super) fn due(objects: &[Object], piece_bytes: u64) -> Option<Range<usize>> {
    let end = objects.len();
    let full = |object: &Object| object.unpacked >= piece_bytes;
    let open = end - objects.iter().rev().take_while(|object| !full(object)).count();
    let mut class = SMALLEST;
    let mut start = end;
    while start > open {
        let younger = start;
        while start > open && objects[start - 1].unpacked < class {
            start -= 1;
        }
        let bytes: u64 = objects[start..end].iter().map(|object| object.unpacked).sum();
        // Only those of the class itself count, or a large one would be written again for every
        // few small ones behind it.
        if younger - start >= FAN_IN || (end - start >= 2 && bytes >= piece_bytes) {
            return Some(start..end);
        }
        class = class.saturating_mul(FAN_IN as u64);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(sizes: &[u64]) -> Vec<Object> {
        let object = |unpacked: &u64| Object {
            name: String::new(),
            first: 0,
            last: 0,
            frames: 0,
            previous: [0; 32],
            chain: [0; 32],
            unpacked: *unpacked,
            bytes: 0,
            blake3: [0; 32],
        };
        sizes.iter().map(object).collect()
    }

    /// What it is about, the sizes of the pieces, those that become one.
    type Row = (&'static str, Vec<u64>, Option<Range<usize>>);

    #[test]
    fn what_is_due() {
        const FULL: u64 = 1 << 20;
        let rows: [Row; 9] = [
            ("nothing", vec![], None),
            ("fifteen small ones may stay", vec![100; 15], None),
            ("sixteen become one", vec![100; 16], Some(0..16)),
            ("a larger one before them stays", [vec![90_000], vec![100; 16]].concat(), Some(1..17)),
            ("fifteen and a small one may stay", [vec![5_000; 15], vec![100]].concat(), None),
            ("sixteen of the next class", [vec![5_000; 16], vec![100]].concat(), Some(0..17)),
            ("a full piece stays", [vec![FULL], vec![100; 16]].concat(), Some(1..17)),
            ("enough for a full piece", vec![FULL / 2, FULL / 2], Some(0..2)),
            ("one alone stays", vec![FULL - 1], None),
        ];
        for (what, sizes, wanted) in rows {
            assert_eq!(due(&sized(&sizes), FULL), wanted, "{what}");
        }
    }

    #[test]
    fn pieces_stay_few_and_are_seldom_written_again() {
        const FULL: u64 = 1 << 20;
        let (mut sizes, mut written, mut most) = (Vec::new(), 0, 0);
        for _ in 0..20_000 {
            sizes.push(300);
            written += 300;
            while let Some(range) = due(&sized(&sizes), FULL) {
                let sum: u64 = sizes.drain(range).sum();
                sizes.push(sum);
                written += sum;
            }
            most = most.max(sizes.len());
        }
        assert_eq!(sizes.iter().sum::<u64>(), 20_000 * 300);
        assert!(most < 60, "{most} pieces at once");
        assert!(written < 6 * 20_000 * 300, "{written} bytes written for {}", 20_000 * 300);
    }
}
