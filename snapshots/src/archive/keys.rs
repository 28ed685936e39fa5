//! Index keys whose byte order is the order of the lists.
//!
//! Apart because both implementations sort by these bytes, and an order that
//! differs between them would be found only by a merchant paging through it.
//! All numbers are big endian; a time's sign bit is flipped so that times
//! before 1970 sort first, and all its bits where lists run newest first.

use super::{Archived, Facets, Id, Row};

/// `merchant | newest first | id`
pub(crate) type TimeKey = [u8; 32];
/// `merchant | status | newest first | id`
pub(crate) type StatusKey = [u8; 33];
/// `merchant | reference hash`
pub(crate) type ReferenceKey = [u8; 24];
/// `due | id`
pub(crate) type DueKey = [u8; 24];

pub(crate) fn by_time(merchant: u64, created_at: i64, id: Id) -> TimeKey {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&merchant.to_be_bytes());
    key[8..16].copy_from_slice(&newest_first(created_at));
    key[16..].copy_from_slice(&id);
    key
}

pub(crate) fn by_status(merchant: u64, status: u8, created_at: i64, id: Id) -> StatusKey {
    let mut key = [0; 33];
    key[..8].copy_from_slice(&merchant.to_be_bytes());
    key[8] = status;
    key[9..17].copy_from_slice(&newest_first(created_at));
    key[17..].copy_from_slice(&id);
    key
}

pub(crate) fn reference(merchant: u64, hash: [u8; 16]) -> ReferenceKey {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&merchant.to_be_bytes());
    key[8..].copy_from_slice(&hash);
    key
}

pub(crate) fn due(due: i64, id: Id) -> DueKey {
    let mut key = [0; 24];
    key[..8].copy_from_slice(&oldest_first(due));
    key[8..].copy_from_slice(&id);
    key
}

/// The due time and id of a [`DueKey`].
pub(crate) fn read_due(key: &[u8]) -> Option<(i64, Id)> {
    let (due, id) = key.split_first_chunk::<8>()?;
    Some((u64_to_time(u64::from_be_bytes(*due)), *id.first_chunk()?))
}

/// The row of a list, from the end of either list key and its value.
pub(crate) fn read_row(key: &[u8], facets: &[u8]) -> Option<Row> {
    let (rest, id) = key.split_last_chunk::<16>()?;
    let (_, time) = rest.split_last_chunk::<8>()?;
    Some(Row {
        created_at: u64_to_time(!u64::from_be_bytes(*time)),
        id: *id,
        facets: Facets(u64::from_be_bytes(*facets.first_chunk()?)),
    })
}

/// The properties of a stored payout that its index rows are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indexed {
    pub(crate) id: Id,
    pub(crate) merchant: u64,
    pub(crate) created_at: i64,
    pub(crate) facets: Facets,
    pub(crate) reference: Option<[u8; 16]>,
    pub(crate) due: Option<i64>,
}

impl Indexed {
    pub(crate) fn of(archived: &Archived) -> Self {
        let Archived { id, merchant, created_at, facets, reference, due, body: _ } = *archived;
        Self { id, merchant, created_at, facets, reference, due }
    }

    pub(crate) fn by_time(&self) -> TimeKey {
        by_time(self.merchant, self.created_at, self.id)
    }

    pub(crate) fn by_status(&self) -> StatusKey {
        by_status(self.merchant, self.facets.status(), self.created_at, self.id)
    }

    pub(crate) fn reference(&self) -> Option<ReferenceKey> {
        self.reference.map(|hash| reference(self.merchant, hash))
    }

    pub(crate) fn due(&self) -> Option<DueKey> {
        self.due.map(|time| due(time, self.id))
    }
}

fn oldest_first(time: i64) -> [u8; 8] {
    ((time as u64) ^ (1 << 63)).to_be_bytes()
}

fn newest_first(time: i64) -> [u8; 8] {
    (!((time as u64) ^ (1 << 63))).to_be_bytes()
}

fn u64_to_time(ordered: u64) -> i64 {
    (ordered ^ (1 << 63)) as i64
}

#[cfg(test)]
mod tests {
    //! Byte order is list order, and keys read back.

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_sort_newest_first_then_by_id(a: (i64, Id), b: (i64, Id)) {
            let keys = by_time(7, a.0, a.1).cmp(&by_time(7, b.0, b.1));
            prop_assert_eq!(keys, b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            let keys = due(a.0, a.1).cmp(&due(b.0, b.1));
            prop_assert_eq!(keys, a.cmp(&b));
        }

        #[test]
        fn keys_read_back(time: i64, id: Id, facets: u64, merchant: u64) {
            let row = Row { created_at: time, id, facets: Facets(facets) };
            let value = facets.to_be_bytes();
            prop_assert_eq!(read_row(&by_time(merchant, time, id), &value), Some(row));
            prop_assert_eq!(read_row(&by_status(merchant, 3, time, id), &value), Some(row));
            prop_assert_eq!(read_due(&due(time, id)), Some((time, id)));
        }
    }
}
