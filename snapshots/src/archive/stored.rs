//! A payout as a value of the archive: what its index rows are made of, then
//! its body.
//!
//! Apart because replacing a payout means removing the rows it had, and only
//! the stored value knows which those were.
//!
//! Layout, big endian: `flags u8 | merchant u64 | created u64 | facets u64 |
//! reference 16, if flagged | due u64, if flagged | body`.

use super::{ArchiveError, Archived, Facets, Id, keys::Indexed};

const HAS_REFERENCE: u8 = 1;
const HAS_DUE: u8 = 2;

pub(crate) fn encode(archived: &Archived) -> Vec<u8> {
    let Archived { id: _, merchant, created_at, facets, reference, due, body } = archived;
    let mut bytes = Vec::with_capacity(49 + body.len());
    let flags = u8::from(reference.is_some()) * HAS_REFERENCE + u8::from(due.is_some()) * HAS_DUE;
    bytes.push(flags);
    bytes.extend_from_slice(&merchant.to_be_bytes());
    bytes.extend_from_slice(&created_at.to_be_bytes());
    bytes.extend_from_slice(&facets.0.to_be_bytes());
    bytes.extend(reference.iter().flatten());
    bytes.extend(due.iter().flat_map(|due| due.to_be_bytes()));
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn decode(id: Id, bytes: &[u8]) -> Result<(Indexed, &[u8]), ArchiveError> {
    split(id, bytes).ok_or(ArchiveError::Damaged("a payout's value is cut short"))
}

fn split(id: Id, bytes: &[u8]) -> Option<(Indexed, &[u8])> {
    let (flags, rest) = bytes.split_first()?;
    let (merchant, rest) = rest.split_first_chunk::<8>()?;
    let (created_at, rest) = rest.split_first_chunk::<8>()?;
    let (facets, mut rest) = rest.split_first_chunk::<8>()?;
    let mut reference = None;
    if flags & HAS_REFERENCE != 0 {
        let (found, behind) = rest.split_first_chunk::<16>()?;
        (reference, rest) = (Some(*found), behind);
    }
    let mut due = None;
    if flags & HAS_DUE != 0 {
        let (found, behind) = rest.split_first_chunk::<8>()?;
        (due, rest) = (Some(i64::from_be_bytes(*found)), behind);
    }
    let indexed = Indexed {
        id,
        merchant: u64::from_be_bytes(*merchant),
        created_at: i64::from_be_bytes(*created_at),
        facets: Facets(u64::from_be_bytes(*facets)),
        reference,
        due,
    };
    Some((indexed, rest))
}
