//! The index of live payouts: by merchant and age for lists, and by reference. The archive has the
//! same for those that rest; a payout is always in at least one of the two.

use crate::codec;
use crate::listing::Place;
use crate::spread_map::SpreadMap;
use domain::id::{MerchantId, PayoutId};
use domain::payout::Payout;
use domain::time::Timestamp;
use snapshots::Facets;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Merchants are spread over this many locks.
const SHARDS: usize = 16;

/// The index of live payouts.
#[derive(Default)]
pub(crate) struct LiveIndex {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    by_age: BTreeMap<ByAge, Facets>,
    references: SpreadMap<PayoutId>,
    /// References that requests under way hold.
    making: BTreeMap<[u8; 16], Making>,
}

/// Requests that would make the payout of one reference: of the same key, for any other is refused.
#[derive(Default)]
struct Making {
    requests: u32,
    /// One of them has, or it was made before.
    made: bool,
}

/// What the index keeps of one payout.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct LiveRow {
    /// The payout.
    pub id: PayoutId,
    /// Whose.
    pub merchant: MerchantId,
    /// When it was made.
    pub created_at: Timestamp,
    /// What lists filter by.
    pub facets: Facets,
    /// The merchant's reference, by its hash.
    pub reference: Option<[u8; 16]>,
}

impl LiveRow {
    /// The row of a payout.
    pub fn of(payout: &Payout) -> LiveRow {
        let request = payout.request();
        LiveRow {
            id: payout.id(),
            merchant: request.merchant,
            created_at: payout.created_at(),
            facets: codec::facets(payout),
            reference: request.reference.as_deref().map(codec::reference_hash),
        }
    }
}

type ByAge = (MerchantId, Reverse<i64>, PayoutId);

/// The key of a merchant's reference. Both are hashes, of which one is mixed in where the other has it all:
/// as hard to hit twice as the reference's alone.
fn owned(merchant: MerchantId, mut reference: [u8; 16]) -> [u8; 16] {
    for (byte, of_merchant) in reference.iter_mut().zip(merchant.0.to_le_bytes()) {
        *byte ^= of_merchant;
    }
    reference
}

fn shard_of(merchant: MerchantId) -> usize {
    (merchant.0 % SHARDS as u64) as usize
}

impl LiveIndex {
    fn shard(&self, merchant: MerchantId) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[shard_of(merchant)];
        // Every change below is one insertion or removal: a poisoned map is still whole.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a payout, or takes note of its new status.
    pub fn put(&self, payout: &Payout) {
        let merchant = payout.request().merchant;
        let mut shard = self.shard(merchant);
        let key = (merchant, Reverse(payout.created_at().0), payout.id());
        shard.by_age.insert(key, codec::facets(payout));
    }

    /// Adds many payouts with their references, at recovery: sorted first, and each lock is taken
    /// once.
    pub fn put_all(&self, all: impl Iterator<Item = LiveRow>) {
        let mut rows: [Vec<(ByAge, Facets)>; SHARDS] = Default::default();
        let mut references: [Vec<([u8; 16], PayoutId)>; SHARDS] = Default::default();
        for LiveRow { id, merchant, created_at, facets, reference } in all {
            let shard = shard_of(merchant);
            rows[shard].push(((merchant, Reverse(created_at.0), id), facets));
            if let Some(hash) = reference {
                references[shard].push((owned(merchant, hash), id));
            }
        }
        for ((shard, rows), references) in self.shards.iter().zip(rows).zip(references) {
            let mut sorted = BTreeMap::from_iter(rows);
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if shard.by_age.is_empty() {
                shard.by_age = sorted;
            } else {
                shard.by_age.append(&mut sorted);
            }
            shard.references.reserve(references.len());
            for (reference, id) in references {
                shard.references.insert(reference, id);
            }
        }
    }

    /// Adds a payout's reference; recovery does what `reserve` did live.
    pub fn put_reference(&self, payout: &Payout) {
        if let Some(reference) = payout.request().reference.as_deref() {
            let merchant = payout.request().merchant;
            let hash = codec::reference_hash(reference);
            self.shard(merchant).references.insert(owned(merchant, hash), payout.id());
        }
    }

    /// Forgets a payout that the archive has.
    pub fn remove(&self, payout: &Payout) {
        let merchant = payout.request().merchant;
        let mut shard = self.shard(merchant);
        shard.by_age.remove(&(merchant, Reverse(payout.created_at().0), payout.id()));
        if let Some(reference) = payout.request().reference.as_deref() {
            shard.references.remove(&owned(merchant, codec::reference_hash(reference)));
        }
    }

    /// Holds a reference for a payout, until [`LiveIndex::end`]; another payout, if that has it already.
    pub fn reserve(&self, merchant: MerchantId, hash: [u8; 16], id: PayoutId) -> Option<PayoutId> {
        let key = owned(merchant, hash);
        let shard = &mut *self.shard(merchant);
        let holder = shard.references.get(&key).copied();
        if holder.is_some_and(|holder| holder != id) {
            return holder;
        }
        if holder.is_none() {
            shard.references.insert(key, id);
        }
        // Who holds it and is not being made was made.
        let before = Making { requests: 0, made: holder.is_some() };
        shard.making.entry(key).or_insert(before).requests += 1;
        None
    }

    /// A request that held a reference is over. Free is it when no other request under the same key holds it, and
    /// none has made the payout.
    pub fn end(&self, merchant: MerchantId, hash: [u8; 16], made: bool) {
        let key = owned(merchant, hash);
        let shard = &mut *self.shard(merchant);
        let Some(making) = shard.making.get_mut(&key) else { return };
        making.requests -= 1;
        making.made |= made;
        if making.requests > 0 {
            return;
        }
        if !making.made {
            shard.references.remove(&key);
        }
        shard.making.remove(&key);
    }

    /// Who holds a reference.
    pub fn reference(&self, merchant: MerchantId, hash: [u8; 16]) -> Option<PayoutId> {
        self.shard(merchant).references.get(&owned(merchant, hash)).copied()
    }

    /// Visits the merchant's live payouts, newest first, from a place on.
    pub fn walk(
        &self,
        merchant: MerchantId,
        before: Option<Place>,
        mut visit: impl FnMut((Reverse<i64>, PayoutId), Facets) -> ControlFlow<()>,
    ) {
        let from = match before {
            Some(place) => Bound::Excluded((merchant, Reverse(place.created_at.0), place.id)),
            None => Bound::Included((merchant, Reverse(i64::MAX), PayoutId([0; 16]))),
        };
        let until = Bound::Included((merchant, Reverse(i64::MIN), PayoutId([255; 16])));
        let shard = self.shard(merchant);
        for ((_, age, id), facets) in shard.by_age.range((from, until)) {
            if visit((*age, *id), *facets).is_break() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_free_when_nobody_holds_it_and_nobody_has_made_its_payout() {
        let (merchant, hash) = (MerchantId(7), [9; 16]);
        let (id, other) = (PayoutId([1; 16]), PayoutId([2; 16]));
        for (ends, free) in [
            (&[false, false][..], true),
            (&[true, false], false),
            (&[false, true], false),
            (&[false], true),
            (&[true], false),
        ] {
            let index = LiveIndex::default();
            for _ in ends {
                assert_eq!(index.reserve(merchant, hash, id), None);
                assert_eq!(index.reserve(merchant, hash, other), Some(id), "it is held");
            }
            ends.iter().for_each(|made| index.end(merchant, hash, *made));
            assert_eq!(index.reference(merchant, hash).is_none(), free, "{ends:?}");
            // A repetition of what was made, or a new beginning, changes nothing about that.
            assert_eq!(index.reserve(merchant, hash, id), None);
            index.end(merchant, hash, false);
            assert_eq!(index.reference(merchant, hash).is_none(), free, "{ends:?}, again");
        }
    }
}
