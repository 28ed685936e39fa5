//! What snapshots, events and the archived log are made of, each under the checksum that belongs to it: chunks,
//! manifests of all versions, blocks of events, the manifest of an archived log. Apart from `records`, which is
//! what stands in a chunk.

use crate::target::{Check, Target, Trace, about};
use snapshots::bare;
use snapshots::codec::Kind;
use snapshots::events::EventRow;

pub const TARGET: Target =
    Target { name: "snapshots", text: false, longest: 16_384, usual: 40_000, examples, open };

/// Which reader an input is for stands in its first byte.
const CHUNK: u8 = 0;
const RAW_CHUNK: u8 = 1;
const MANIFEST: u8 = 2;
const EVENTS: u8 = 3;
const ARCHIVED: u8 = 4;

/// The log that archived manifests are of.
const LOG_ID: u64 = 0x4d;

fn examples() -> Vec<Vec<u8>> {
    let payouts: Vec<_> = (0..5_u8).map(|n| ([n; 16], vec![n; usize::from(n) * 9])).collect();
    let chunk = bare::chunk_of(&payouts).expect("it compresses");
    let event = |sequence: u64| EventRow {
        stream: 7,
        sequence,
        payout: [sequence as u8; 16],
        version: 3,
        kind: 2,
        nth: 1,
        at: 1_790_000_000_000_000,
        detail: vec![5; sequence as usize % 3],
    };
    let blocks = bare::event_blocks((1..6).map(event).collect());
    let mut all = vec![with(CHUNK, &chunk), with(RAW_CHUNK, &raw(&payouts))];
    all.push(with(MANIFEST, &version_1()));
    all.push(with(ARCHIVED, &archived_manifest()));
    all.extend(
        blocks.into_iter().map(|(key, block)| with(EVENTS, &[key.to_vec(), block].concat())),
    );
    all
}

/// A manifest as the first release wrote it, without its envelope.
fn version_1() -> Vec<u8> {
    let hex = include_str!("../../../snapshots/src/sled_store/manifest/version-1.hex").trim();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (24..hex.len()).step_by(2).map(byte).collect()
}

fn archived_manifest() -> Vec<u8> {
    let chain = blake3::hash(&LOG_ID.to_le_bytes()).to_hex();
    let object = serde_json::json!({
        "name": "segments/00000000000000000001-00000000000000000004.frames.zst",
        "first": 1, "last": 4, "frames": 2, "previous": chain.as_str(), "chain": chain.as_str(),
        "unpacked": 400, "bytes": 90, "blake3": chain.as_str(),
    });
    let side = serde_json::json!({"name": "identity", "bytes": 3, "blake3": chain.as_str()});
    let manifest = serde_json::json!({
        "format": 1, "log_id": "000000000000004d", "objects": [object], "side_files": [side],
    });
    manifest.to_string().into_bytes()
}

fn with(reader: u8, bytes: &[u8]) -> Vec<u8> {
    [&[reader], bytes].concat()
}

fn raw(payouts: &[([u8; 16], Vec<u8>)]) -> Vec<u8> {
    let one = |(id, state): &([u8; 16], Vec<u8>)| {
        [&id[..], &(state.len() as u32).to_le_bytes(), state].concat()
    };
    payouts.iter().flat_map(one).collect()
}

fn open() -> Check {
    Box::new(|input| {
        let Some((reader, bytes)) = input.split_first() else { return Trace::of(()) };
        let trace = match reader % 5 {
            CHUNK => chunk(bytes, None),
            RAW_CHUNK => {
                // Packed here, so that what is mutated is what stands in it.
                let packed = zstd::bulk::compress(bytes, 1).expect("it compresses");
                let stored = [&(bytes.len() as u32).to_le_bytes()[..], &packed].concat();
                chunk(&stored, Some(bytes))
            }
            MANIFEST => manifest(bytes),
            EVENTS => events(bytes),
            _ => archived(bytes),
        };
        trace.and(Trace::of(reader % 5))
    })
}

fn chunk(stored: &[u8], packed: Option<&[u8]>) -> Trace {
    match bare::chunk(stored) {
        Ok(payouts) => {
            let again = raw(&payouts);
            assert!(packed.is_none_or(|packed| packed == again), "other bytes were understood");
            let stored = bare::chunk_of(&payouts).expect("it compresses");
            assert_eq!(bare::chunk(&stored).expect("it was written here"), payouts);
            Trace::of(about(payouts.len()))
        }
        Err(error) => Trace::told(error),
    }
}

fn manifest(bytes: &[u8]) -> Trace {
    let Ok(sealed) = bare::sealed(Kind::SnapshotManifest, bytes) else { return Trace::of(()) };
    match bare::snapshot_manifest(&sealed) {
        Ok((again, chunks)) => {
            let read = bare::snapshot_manifest(&again).expect("it was written here");
            assert_eq!(read, (again, chunks));
            Trace::of(about(chunks))
        }
        Err(error) => Trace::told(error),
    }
}

fn events(bytes: &[u8]) -> Trace {
    let (key, block) = bytes.split_at(bytes.len().min(16));
    let Some(events) = bare::event_block(key, block) else { return Trace::of("no block") };
    // Numbers begin at 1; nobody writes such a block again.
    if events[0].sequence == 0 {
        return Trace::of("before the first");
    }
    let count = events.len();
    // More than a block takes make several; together they are what was read.
    let blocks = bare::event_blocks(events);
    assert_eq!(blocks[0].0, key);
    let again: Vec<u8> = blocks.into_iter().flat_map(|(_, block)| block).collect();
    assert_eq!(again, block);
    Trace::of(about(count))
}

fn archived(bytes: &[u8]) -> Trace {
    match bare::archive_manifest(LOG_ID, bytes) {
        Ok((again, through)) => {
            let read = bare::archive_manifest(LOG_ID, &again).expect("it was written here");
            assert_eq!(read, (again, through));
            Trace::of(("a manifest", through == 0))
        }
        Err(error) => Trace::told(error.to_string()),
    }
}
