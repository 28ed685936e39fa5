//! Finding the end of what stands in a JSON text as it is. Apart because reading and writing ask the
//! same question, eight bytes at a time.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH_BITS: u64 = ONES << 7;

/// How many of the first bytes are neither a quote, nor a backslash, nor a control character: the only ones
/// that JSON escapes.
#[inline]
pub fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let found = escaped(u64::from_le_bytes(*word));
        if found != 0 {
            return place * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let whole = words.len() * 8;
    match bytes.last_chunk::<8>() {
        _ if rest.is_empty() => whole,
        // Once more with the end of what was plain, rather than byte by byte.
        Some(last) => match escaped(u64::from_le_bytes(*last)) {
            0 => bytes.len(),
            found => bytes.len() - 8 + found.trailing_zeros() as usize / 8,
        },
        None => {
            let end = rest.iter().position(|byte| matches!(byte, 0..b' ' | b'"' | b'\\'));
            end.unwrap_or(rest.len())
        }
    }
}

/// Marks the high bit of each byte that is escaped, and perhaps of some above the lowest of them: what is
/// borrowed in a subtraction is borrowed from above.
const fn escaped(word: u64) -> u64 {
    let control = below(word, b' ');
    let quote = below(word ^ (ONES * b'"' as u64), 1);
    let backslash = below(word ^ (ONES * b'\\' as u64), 1);
    (control | quote | backslash) & HIGH_BITS
}

/// Marks the bytes that are less than `limit`, which is less than 128.
const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_told_apart() {
        let all = (1..20).flat_map(|length| (0..length).map(move |place| (length, place)));
        for ((length, place), byte) in
            all.flat_map(|one| (0..=u8::MAX).map(move |byte| (one, byte)))
        {
            let mut bytes = vec![b'~'; length];
            bytes[place] = byte;
            let escaped = byte < b' ' || byte == b'"' || byte == b'\\';
            let expected = if escaped { place } else { length };
            assert_eq!(plain_length(&bytes), expected, "byte {byte} at {place} of {length}");
            // The first of several counts, whatever stands behind it.
            bytes[place..].fill(byte);
            assert_eq!(plain_length(&bytes), expected, "byte {byte} from {place} on of {length}");
        }
        assert_eq!(plain_length(b""), 0);
    }
}
