//! Values in pieces, because sled keeps big ones in files it never fsyncs.
//!
//! Apart because the limit is sled's and not ours: a node of up to 17 entries
//! that exceeds 131,052 bytes becomes a blob file. With pieces of at most
//! 6 KiB no node comes near it.
//!
//! Key: the caller's prefix, then the number of the piece, big endian.

use sled::{IVec, Tree};

const PIECE: usize = 6 * 1024;

/// Stores `value` under `prefix`, in order.
pub(crate) fn put(tree: &Tree, prefix: &[u8], value: &[u8]) -> sled::Result<()> {
    for (number, piece) in (0u32..).zip(value.chunks(PIECE)) {
        tree.insert(key(prefix, number), piece)?;
    }
    Ok(())
}

/// All pieces under `prefix`, together; empty if there are none. Whether they
/// are complete is for the caller's checksum to say.
pub(crate) fn get(tree: &Tree, prefix: &[u8]) -> sled::Result<Vec<u8>> {
    let pieces: Vec<IVec> = tree.scan_prefix(prefix).values().collect::<Result<_, _>>()?;
    // Whoever loads a snapshot keeps thousands of these: not a byte more than there is.
    Ok(pieces.concat())
}

/// Removes everything whose key begins with `prefix`.
pub(crate) fn remove(tree: &Tree, prefix: &[u8]) -> sled::Result<()> {
    for key in tree.scan_prefix(prefix).keys() {
        tree.remove(key?)?;
    }
    Ok(())
}

/// The big-endian number at the start of a key.
pub(crate) fn leading_number(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(*key.first_chunk()?))
}

fn key(prefix: &[u8], number: u32) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}
