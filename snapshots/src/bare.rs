//! What of the store needs neither file nor database: its readers of stored bytes, each with its writer.
//!
//! Apart so that bytes that nobody wrote can be handed to these very lines (`tests/fuzz`); the gateway
//! itself comes here for nothing. Who reads a form writes it again, so that a caller sees whether what
//! was understood is all that there was.

use std::io;

use crate::{
    anchor,
    codec::{CodecError, Kind, seal},
    events::{EventRow, block},
    log::image::ImageMark,
    log_archive::{LogArchiveError, manifest as archived},
    sled_store::{chunk, manifest},
};

/// What both slots of an anchor's file come to; none if neither can be believed.
pub fn anchor(bytes: &[u8]) -> Option<ImageMark> {
    anchor::newest(bytes).map(|(_, mark)| ImageMark::of(mark))
}

/// The file of an anchor whose slots say this, one after the other.
pub fn anchor_file(marks: [ImageMark; 2]) -> Vec<u8> {
    anchor::file(marks.map(ImageMark::mark))
}

/// A snapshot's manifest, of whichever version, as it is written today; and how many chunks it names.
///
/// # Errors
/// It is none.
pub fn snapshot_manifest(bytes: &[u8]) -> Result<(Vec<u8>, usize), String> {
    let read = manifest::Manifest::open(bytes).map_err(|error| error.to_string())?;
    let again = seal(Kind::SnapshotManifest, &read).map_err(|error| error.to_string())?;
    Ok((again, read.chunks.len()))
}

/// The payouts of a snapshot's chunk as it is stored.
///
/// # Errors
/// It is none.
pub fn chunk(stored: &[u8]) -> io::Result<Vec<([u8; 16], Vec<u8>)>> {
    let raw = chunk::unpack(stored)?;
    chunk::entries(&raw).map(|entry| entry.map(|(id, state)| (id, state.to_vec()))).collect()
}

/// A chunk of these payouts.
///
/// # Errors
/// The compressor fails.
pub fn chunk_of(payouts: &[([u8; 16], Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut builder = chunk::ChunkBuilder::new()?;
    payouts.iter().for_each(|(id, state)| builder.push(*id, state));
    builder.close()
}

/// The events of a block under its key; none if it is no block.
pub fn event_block(key: &[u8], block: &[u8]) -> Option<Vec<EventRow>> {
    block::events(key, block)
}

/// Events as blocks under their keys.
pub fn event_blocks(events: Vec<EventRow>) -> Vec<([u8; 16], Vec<u8>)> {
    block::blocks(events)
}

/// The manifest of the archived log of this id as it is written again, and the last sequence in it.
///
/// # Errors
/// It is none, or its pieces make no log.
pub fn archive_manifest(log_id: u64, bytes: &[u8]) -> Result<(Vec<u8>, u64), LogArchiveError> {
    let read = archived::Manifest::decode(log_id, bytes, "manifest")?;
    Ok((read.encode()?.to_vec(), read.through()))
}

/// A value in the codec's envelope, whatever its bytes are: what a checksum protects from chance, it
/// does not protect from a writer.
///
/// # Errors
/// It is too long.
pub fn sealed(kind: Kind, payload: &[u8]) -> Result<Vec<u8>, CodecError> {
    crate::codec::seal_parts(kind, |bytes| {
        bytes.extend_from_slice(payload);
        Ok(())
    })
}
