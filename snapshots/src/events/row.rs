//! An event as a key and a value.
//!
//! Apart so that the form on disk is one page. There is a row for every change
//! of every payout, so nothing is stored that the key says already.
//!
//! Big endian. Key: `stream u64 | sequence u64`, so that a stream lies in one
//! piece and in order. Value: `payout 16 | version u32 | kind u8 | nth u8 |
//! at i64 | detail`.

use super::EventRow;

pub(crate) fn key(stream: u64, sequence: u64) -> [u8; 16] {
    ((u128::from(stream) << 64) | u128::from(sequence)).to_be_bytes()
}

pub(crate) fn encode(row: &EventRow) -> Vec<u8> {
    let EventRow { stream: _, sequence: _, payout, version, kind, nth, at, detail } = row;
    let mut bytes = Vec::with_capacity(30 + detail.len());
    bytes.extend_from_slice(payout);
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&[*kind, *nth]);
    bytes.extend_from_slice(&at.to_be_bytes());
    bytes.extend_from_slice(detail);
    bytes
}

/// None when it is cut short.
pub(crate) fn decode(key: &[u8], value: &[u8]) -> Option<EventRow> {
    let (stream, sequence) = key.split_first_chunk::<8>()?;
    let (payout, rest) = value.split_first_chunk::<16>()?;
    let (version, rest) = rest.split_first_chunk::<4>()?;
    let ([kind, nth], rest) = rest.split_first_chunk::<2>()?;
    let (at, detail) = rest.split_first_chunk::<8>()?;
    Some(EventRow {
        stream: u64::from_be_bytes(*stream),
        sequence: u64::from_be_bytes(sequence.try_into().ok()?),
        payout: *payout,
        version: u32::from_be_bytes(*version),
        kind: *kind,
        nth: *nth,
        at: i64::from_be_bytes(*at),
        detail: detail.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    //! Rows read back, and sort as they are numbered.

    use proptest::prelude::*;

    use super::*;

    fn any_row() -> impl Strategy<Value = EventRow> {
        let when = any::<(u64, u64, [u8; 16], u32)>();
        (when, any::<(u8, u8, i64, Vec<u8>)>()).prop_map(
            |((stream, sequence, payout, version), (kind, nth, at, detail))| EventRow {
                stream,
                sequence,
                payout,
                version,
                kind,
                nth,
                at,
                detail,
            },
        )
    }

    proptest! {
        #[test]
        fn a_row_reads_back_and_no_part_of_it_does(row in any_row(), cut in 0_usize..30) {
            let (key, value) = (key(row.stream, row.sequence), encode(&row));
            prop_assert_eq!(decode(&key, &value), Some(row));
            prop_assert_eq!(decode(&key, &value[..cut]), None);
        }

        #[test]
        fn rows_sort_by_stream_and_then_by_sequence(a: (u64, u64), b: (u64, u64)) {
            prop_assert_eq!(key(a.0, a.1).cmp(&key(b.0, b.1)), a.cmp(&b));
        }
    }
}
