//! The one codec: values become bytes inside a versioned, checksummed envelope.
//!
//! Apart from everything else because a stored byte outlives the code that
//! wrote it: whoever changes a format changes it here and nowhere else.
//!
//! Envelope, little endian, 12 bytes:
//! `magic u8 | format version u16 | kind u8 | payload length u32 | CRC32C u32`,
//! then the payload. The checksum covers the eight bytes before it and the
//! payload, and it is compared before a single payload byte is decoded: the
//! decoder itself never meets bytes that nobody wrote.

use bincode::{
    BorrowDecode, Decode, Encode,
    config::{Configuration, Limit, LittleEndian, Varint},
    enc::{EncoderImpl, write::Writer},
    error::EncodeError,
};
use thiserror::Error;

/// The version written by this build, and the only one it reads.
pub const FORMAT_VERSION: u16 = 1;

/// Bytes the envelope adds to a payload.
pub const ENVELOPE_BYTES: usize = 12;

/// No payload may be larger. It bounds what a hostile length prefix can make
/// the decoder allocate, and leaves room for the manifest of a snapshot of
/// thirty million payouts.
pub const PAYLOAD_LIMIT: usize = 4 * 1024 * 1024;

/// How values stand in a payload: little endian, numbers in as few bytes as they need.
const FORM: Configuration<LittleEndian, Varint, Limit<PAYLOAD_LIMIT>> =
    bincode::config::standard().with_limit::<PAYLOAD_LIMIT>();

const MAGIC: u8 = 0xB5;
const CHECKSUM_AT: usize = 8;

/// What a payload is; bytes of one kind never open as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// One entry of the journal: something that happened to a payout.
    Entry = 1,
    /// The state of one payout, as snapshots and the archive keep it.
    Payout = 2,
    /// The manifest of a snapshot.
    SnapshotManifest = 3,
    /// What the engine keeps beside the payouts.
    Engine = 4,
    /// A submission, as the ledger of intents keeps it.
    Intended = 6,
    /// What an export says of itself.
    ExportHeader = 5,
    /// The state of one payout behind what must be known of it while it sleeps.
    Sleeper = 7,
}

/// Why bytes did not open, or a value did not seal.
#[derive(Debug, Error)]
pub enum CodecError {
    /// Shorter than an envelope, or than the payload it announces.
    #[error("the bytes are cut short: {found} of {needed}")]
    Cut { found: usize, needed: usize },
    /// More bytes than the envelope announces.
    #[error("{0} bytes follow the payload")]
    Trailing(usize),
    /// The first byte is not the codec's.
    #[error("the bytes do not begin as an envelope")]
    Magic,
    /// Written by a build that this one does not know.
    #[error("format version {0} is not known to this build")]
    Version(u16),
    /// A valid envelope of something else.
    #[error("kind {found} found where {expected:?} was expected")]
    Kind { expected: Kind, found: u8 },
    /// The checksum and the bytes disagree.
    #[error("the checksum does not match")]
    Checksum,
    /// The payload exceeds [`PAYLOAD_LIMIT`].
    #[error("a payload of {0} bytes is over the limit")]
    TooLarge(usize),
    /// The value has a form that is not written.
    #[error("the value does not encode: {0}")]
    Encode(#[from] EncodeError),
    /// The payload is intact, but not a value of the type asked for.
    #[error("the payload does not decode: {0}")]
    Decode(#[from] bincode::error::DecodeError),
}

/// Encodes `value` and closes the envelope around it.
pub fn seal<T: Encode>(kind: Kind, value: &T) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::with_capacity(256);
    seal_into(kind, value, &mut bytes)?;
    Ok(bytes)
}

/// The same into a buffer that the caller reuses; its old content is dropped.
pub fn seal_into<T: Encode>(kind: Kind, value: &T, bytes: &mut Vec<u8>) -> Result<(), CodecError> {
    bytes.clear();
    bytes.resize(ENVELOPE_BYTES, 0);
    encode_onto(value, bytes)?;
    close(kind, bytes)
}

/// Closes an envelope around what was encoded before; `write` puts it behind what is there.
pub fn seal_parts(
    kind: Kind,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
) -> Result<Vec<u8>, CodecError> {
    let mut bytes = Vec::with_capacity(512);
    bytes.resize(ENVELOPE_BYTES, 0);
    write(&mut bytes)?;
    close(kind, &mut bytes)?;
    Ok(bytes)
}

/// Encodes `value` behind what is there; part of a payload that [`seal_parts`] closes.
pub fn encode_onto<T: Encode + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), CodecError> {
    let mut behind = Behind::new(bytes);
    value.encode(&mut EncoderImpl::new(&mut behind, FORM))?;
    behind.finish();
    Ok(())
}

/// Writes behind what is there, by way of a little room of a fixed size: values come in pieces of a byte or
/// a few, and asking a vector for room costs ten times what such a piece does.
struct Behind<'a> {
    bytes: &'a mut Vec<u8>,
    room: [u8; 256],
    /// So much of the room is taken.
    taken: usize,
}

impl<'a> Behind<'a> {
    fn new(bytes: &'a mut Vec<u8>) -> Self {
        Self { bytes, room: [0; 256], taken: 0 }
    }

    fn finish(&mut self) {
        self.bytes.extend_from_slice(&self.room[..self.taken]);
        self.taken = 0;
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, piece: [u8; N]) {
        match self.room[self.taken..].first_chunk_mut() {
            Some(place) => {
                *place = piece;
                self.taken += N;
            }
            None => self.write_many(&piece),
        }
    }

    fn write_many(&mut self, pieces: &[u8]) {
        self.finish();
        self.bytes.extend_from_slice(pieces);
    }
}

impl Writer for Behind<'_> {
    /// Numbers and what is made of them, in place; the rest is copied where it belongs.
    #[inline(always)]
    fn write(&mut self, piece: &[u8]) -> Result<(), EncodeError> {
        if let Ok(piece) = <[u8; 1]>::try_from(piece) {
            self.put(piece);
        } else if let Ok(piece) = <[u8; 2]>::try_from(piece) {
            self.put(piece);
        } else if let Ok(piece) = <[u8; 4]>::try_from(piece) {
            self.put(piece);
        } else if let Ok(piece) = <[u8; 8]>::try_from(piece) {
            self.put(piece);
        } else if let Ok(piece) = <[u8; 16]>::try_from(piece) {
            self.put(piece);
        } else {
            self.write_many(piece);
        }
        Ok(())
    }
}

fn close(kind: Kind, bytes: &mut [u8]) -> Result<(), CodecError> {
    let payload = bytes.len() - ENVELOPE_BYTES;
    if payload > PAYLOAD_LIMIT {
        return Err(CodecError::TooLarge(payload));
    }
    // Within u32: the limit above is far below it.
    let length = payload as u32;
    bytes[0] = MAGIC;
    bytes[1..3].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes[3] = kind as u8;
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(bytes);
    bytes[CHECKSUM_AT..ENVELOPE_BYTES].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// Checks the envelope and decodes what it holds.
pub fn open<T: Decode<()>>(kind: Kind, bytes: &[u8]) -> Result<T, CodecError> {
    decode_whole(payload(kind, bytes)?)
}

/// Decodes the value that a whole payload is.
pub fn decode_whole<T: Decode<()>>(payload: &[u8]) -> Result<T, CodecError> {
    let (value, consumed) = bincode::decode_from_slice(payload, FORM)?;
    // The decoder stops when the value is complete; what is left over would
    // mean that writer and reader do not mean the same type.
    match payload.len() - consumed {
        0 => Ok(value),
        left => Err(CodecError::Trailing(left)),
    }
}

/// Decodes the value that a payload begins with; also gives what stands behind it.
pub fn decode_first<'a, T: BorrowDecode<'a, ()>>(
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), CodecError> {
    let (value, consumed) = bincode::borrow_decode_from_slice(bytes, FORM)?;
    Ok((value, &bytes[consumed..]))
}

/// Whether the envelope says that it is of this kind; nothing is checked.
pub fn is_of(kind: Kind, bytes: &[u8]) -> bool {
    bytes.get(3).is_some_and(|found| *found == kind as u8)
}

/// Checks the envelope, and gives the payload as it is.
pub fn payload(kind: Kind, bytes: &[u8]) -> Result<&[u8], CodecError> {
    let payload = shaped(bytes)?;
    if checksum(bytes).to_le_bytes() != bytes[CHECKSUM_AT..ENVELOPE_BYTES] {
        return Err(CodecError::Checksum);
    }
    of_kind(kind, bytes)?;
    Ok(payload)
}

/// The same for bytes that were compared with a checksum around them, as a record's body was with its
/// frame. What was changed in memory before it was framed is left to verification.
pub fn compared_payload(kind: Kind, bytes: &[u8]) -> Result<&[u8], CodecError> {
    let payload = shaped(bytes)?;
    of_kind(kind, bytes)?;
    Ok(payload)
}

/// The payload of an envelope that is as long as it says.
fn shaped(bytes: &[u8]) -> Result<&[u8], CodecError> {
    if bytes.len() < ENVELOPE_BYTES {
        return Err(CodecError::Cut { found: bytes.len(), needed: ENVELOPE_BYTES });
    }
    if bytes[0] != MAGIC {
        return Err(CodecError::Magic);
    }
    let length = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
    let payload = &bytes[ENVELOPE_BYTES..];
    if payload.len() < length {
        return Err(CodecError::Cut { found: bytes.len(), needed: ENVELOPE_BYTES + length });
    }
    if payload.len() > length {
        return Err(CodecError::Trailing(payload.len() - length));
    }
    Ok(payload)
}

fn of_kind(kind: Kind, bytes: &[u8]) -> Result<(), CodecError> {
    let version = u16::from_le_bytes([bytes[1], bytes[2]]);
    if version != FORMAT_VERSION {
        return Err(CodecError::Version(version));
    }
    if bytes[3] != kind as u8 {
        return Err(CodecError::Kind { expected: kind, found: bytes[3] });
    }
    Ok(())
}

fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..CHECKSUM_AT]), &bytes[ENVELOPE_BYTES..])
}

#[cfg(test)]
mod tests;
