//! Events that lie together: a key and a value for some that follow one another.
//!
//! Apart so that the form on disk is one page. There is an event for every
//! change of every payout, and what a database takes for a row is more than
//! an event is; so those of a stream that are stored together are one row.
//!
//! Big endian. Key: `stream u64 | sequence of the first u64`, so that a stream
//! lies in one piece and in order. Value, for each event: `payout 16 | version
//! u32 | kind u8 | nth u8 | at i64 | bytes of detail u32 | detail`. Before all of them stands up to where the log
//! was read for this batch, `u64`: keys of blocks are never written twice, so that no other batch can hide it.

use std::ops::RangeInclusive;

use super::EventRow;

/// Of the events of a stream at most so many lie together: whoever wants one
/// reads them all.
const EVENTS: usize = 128;

/// The form of this page, for whoever opens what another build wrote.
pub(crate) const FORMAT: u64 = 3;

/// The key of the block whose first event has this number.
pub(crate) fn key(stream: u64, first: u64) -> [u8; 16] {
    ((u128::from(stream) << 64) | u128::from(first)).to_be_bytes()
}

/// The keys of the blocks that may hold the event of this number. The last of
/// them does, if it is there.
pub(crate) fn keys_before(stream: u64, sequence: u64) -> RangeInclusive<[u8; 16]> {
    key(stream, 0)..=key(stream, sequence)
}

/// The events of one batch as blocks. Those of a stream come in their order.
pub(crate) fn blocks(mut events: Vec<EventRow>) -> Vec<([u8; 16], Vec<u8>)> {
    // Stable: the order within a stream stays.
    events.sort_by_key(|event| event.stream);
    let mut blocks: Vec<([u8; 16], Vec<u8>)> = Vec::new();
    let mut before: Option<(u64, u64)> = None;
    let mut count = 0;
    for event in &events {
        let follows = before == Some((event.stream, event.sequence - 1));
        match blocks.last_mut().filter(|_| follows && count < EVENTS) {
            Some((_, block)) => write(event, block),
            None => {
                let mut block = Vec::with_capacity(64);
                write(event, &mut block);
                blocks.push((key(event.stream, event.sequence), block));
                count = 0;
            }
        }
        count += 1;
        before = Some((event.stream, event.sequence));
    }
    blocks
}

fn write(event: &EventRow, block: &mut Vec<u8>) {
    let EventRow { stream: _, sequence: _, payout, version, kind, nth, at, detail } = event;
    block.extend_from_slice(payout);
    block.extend_from_slice(&version.to_be_bytes());
    block.extend_from_slice(&[*kind, *nth]);
    block.extend_from_slice(&at.to_be_bytes());
    // Within u32: a detail is a record's body, and the log bounds those.
    block.extend_from_slice(&(detail.len() as u32).to_be_bytes());
    block.extend_from_slice(detail);
}

/// A block as it is stored, of a batch for which the log was read up to `through`.
pub(crate) fn stored(through: u64, block: &[u8]) -> Vec<u8> {
    [&through.to_be_bytes(), block].concat()
}

/// What is stored, taken apart again. None when it is cut short.
pub(crate) fn opened(stored: &[u8]) -> Option<(u64, &[u8])> {
    let (through, block) = stored.split_first_chunk()?;
    Some((u64::from_be_bytes(*through), block))
}

/// The events of a block. None when it is cut short, or numbered beyond all numbers.
pub(crate) fn events(key: &[u8], mut block: &[u8]) -> Option<Vec<EventRow>> {
    let (stream, first) = key.split_first_chunk::<8>()?;
    let stream = u64::from_be_bytes(*stream);
    let first = u64::from_be_bytes(first.try_into().ok()?);
    let mut events = Vec::with_capacity(block.len() / 34);
    while !block.is_empty() {
        let (payout, rest) = block.split_first_chunk::<16>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let ([kind, nth], rest) = rest.split_first_chunk::<2>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (detail, rest) = rest.split_at_checked(length)?;
        events.push(EventRow {
            stream,
            sequence: first.checked_add(events.len() as u64)?,
            payout: *payout,
            version: u32::from_be_bytes(*version),
            kind: *kind,
            nth: *nth,
            at: i64::from_be_bytes(*at),
            detail: detail.to_vec(),
        });
        block = rest;
    }
    (!events.is_empty()).then_some(events)
}

#[cfg(test)]
mod tests {
    //! Events read back, and sort as they are numbered.

    use proptest::prelude::*;

    use super::*;

    fn any_event() -> impl Strategy<Value = EventRow> {
        let whose = (0_u64..3, any::<[u8; 16]>(), any::<u32>());
        (whose, any::<(u8, u8, i64, Vec<u8>)>()).prop_map(
            |((stream, payout, version), (kind, nth, at, detail))| EventRow {
                stream,
                sequence: 0,
                payout,
                version,
                kind,
                nth,
                at,
                detail,
            },
        )
    }

    /// Numbered as a store does it; every eleventh number is left out.
    fn numbered(mut all: Vec<EventRow>) -> Vec<EventRow> {
        let mut last = [0; 3];
        for event in &mut all {
            let last = &mut last[event.stream as usize];
            *last += if *last % 11 == 9 { 2 } else { 1 };
            event.sequence = *last;
        }
        all
    }

    proptest! {
        #[test]
        fn all_of_a_batch_read_back_in_the_order_of_their_numbers(
            all in prop::collection::vec(any_event(), 0..400),
        ) {
            let mut all = numbered(all);
            let mut blocks = blocks(all.clone());
            blocks.sort();
            let back: Vec<EventRow> =
                blocks.iter().flat_map(|(key, block)| events(key, block).unwrap()).collect();
            all.sort_by_key(|event| (event.stream, event.sequence));
            prop_assert_eq!(back, all);
            let sizes = blocks.iter().map(|(key, block)| events(key, block).unwrap().len());
            prop_assert!(sizes.max().unwrap_or(0) <= EVENTS);
        }

        #[test]
        fn what_is_stored_is_taken_apart_as_it_was(through: u64, block: Vec<u8>) {
            let stored = stored(through, &block);
            prop_assert_eq!(opened(&stored), Some((through, &block[..])));
            prop_assert_eq!(opened(&stored[..7]), None);
        }

        #[test]
        fn no_part_of_an_event_reads_as_one(event in any_event(), cut in 0_usize..34) {
            let [(key, block)] = blocks(numbered(vec![event])).try_into().unwrap();
            prop_assert_eq!(events(&key, &block[..cut]), None);
        }

        #[test]
        fn blocks_sort_by_stream_and_then_by_number(a: (u64, u64), b: (u64, u64)) {
            prop_assert_eq!(key(a.0, a.1).cmp(&key(b.0, b.1)), a.cmp(&b));
        }
    }
}
