//! Lists, newest first: what lives and what rests, merged. Apart from the gateway because a list is
//! the one read that looks at many payouts of both kinds.

use crate::codec;
use crate::gateway::{Gateway, Parts, View};
use crate::refusal::Refusal;
use domain::id::{MerchantId, PayoutId};
use domain::method::Method;
use domain::money::Currency;
use domain::status::{State, Status};
use domain::time::Timestamp;
use snapshots::{Facets, Listing, Row};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// How many index rows one page may look at; a rarer filter goes on at the next page.
const ROWS_PER_PAGE: usize = 20_000;

/// What a merchant wants to see.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Only this status.
    pub status: Option<Status>,
    /// Only this state.
    pub state: Option<State>,
    /// Only the payout with this reference.
    pub reference: Option<String>,
    /// Only this currency.
    pub currency: Option<Currency>,
    /// Only this method.
    pub method: Option<Method>,
    /// Only held ones, or only free ones.
    pub moderation_required: Option<bool>,
    /// Created at or after.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// At most this many.
    pub limit: usize,
    /// Older than this place in the list.
    pub before: Option<Place>,
}

/// A place in a list: newest first, ties by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the payout at this place was created.
    pub created_at: Timestamp,
    /// Its id.
    pub id: PayoutId,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The payouts.
    pub views: Vec<View>,
    /// Where the next page begins; none at the end.
    pub next: Option<Place>,
}

impl ListQuery {
    fn wants(&self, created_at: Timestamp, facets: Facets) -> bool {
        self.status.is_none_or(|wanted| codec::status_of(facets) == Some(wanted))
            && self.state.is_none_or(|wanted| codec::state_of(facets) == Some(wanted))
            && self.currency.is_none_or(|wanted| codec::is_currency(facets, wanted))
            && self.method.is_none_or(|wanted| codec::is_method(facets, wanted))
            && self.moderation_required.is_none_or(|wanted| codec::is_held(facets) == wanted)
            && self.created_after.is_none_or(|from| created_at >= from)
            && self.created_before.is_none_or(|until| created_at < until)
    }
}

/// Key of the merge: newest first, ties by id.
type Key = (Reverse<i64>, PayoutId);

/// One page of the merchant's payouts.
pub(crate) async fn list(
    gateway: &Gateway,
    parts: &Parts,
    merchant: MerchantId,
    query: &ListQuery,
) -> Result<Page, Refusal> {
    let door = gateway.for_merchant(merchant);
    if let Some(reference) = &query.reference {
        return by_reference(&door, parts, merchant, query, reference).await;
    }
    let (keys, next) = keys(parts, merchant, query)?;
    let mut views = Vec::with_capacity(keys.len());
    for (_, id) in keys {
        match door.get(id).await {
            Ok(view) => views.push(view),
            // Its creation is on the way to the disk: not there yet.
            Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(Page { views, next })
}

fn keys(
    parts: &Parts,
    merchant: MerchantId,
    query: &ListQuery,
) -> Result<(Vec<Key>, Option<Place>), Refusal> {
    let wanted = query.limit + 1;
    let mut found: BTreeMap<Key, ()> = BTreeMap::new();
    // The living first: what moves to the archive meanwhile is then seen twice, never missed.
    let mut live_end = None;
    let mut rows = 0;
    parts.index.walk(merchant, query.before, |key, facets| {
        rows += 1;
        if query.wants(Timestamp(key.0.0), facets) {
            found.insert(key, ());
        }
        live_end = (rows >= ROWS_PER_PAGE).then_some(key);
        if found.len() >= wanted || live_end.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let mut rested_end = None;
    let (mut rows, mut taken) = (0, 0);
    let before = query.before.map(|place| (place.created_at.0, place.id.0));
    let status = query.status.map(|status| status as u8);
    let mut visit = |row: Row| {
        let Row { created_at, id, facets } = row;
        rows += 1;
        let key = (Reverse(created_at), PayoutId(id));
        if query.wants(Timestamp(created_at), facets) {
            found.insert(key, ());
            taken += 1;
        }
        rested_end = (rows >= ROWS_PER_PAGE).then_some(key);
        let past = query.created_after.is_some_and(|from| created_at < from.0);
        if taken >= wanted || past || rested_end.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let listing = Listing { merchant: merchant.0, status, after: before, limit: ROWS_PER_PAGE };
    parts.store.archive.list(listing, &mut visit).map_err(|error| {
        tracing::error!(%error, "the archive does not answer");
        Refusal::Internal
    })?;
    // Beyond the end of either walk the merge would have gaps.
    let horizon = [live_end, rested_end].into_iter().flatten().min();
    let mut keys: Vec<Key> = found.into_keys().collect();
    if let Some(horizon) = horizon {
        keys.retain(|key| *key <= horizon);
    }
    let more = keys.len() > query.limit;
    keys.truncate(query.limit);
    let last = if more { keys.last().copied() } else { horizon };
    let next = last.map(|(Reverse(at), id)| Place { created_at: Timestamp(at), id });
    Ok((keys, next))
}

async fn by_reference(
    door: &crate::gateway::MerchantDoor,
    parts: &Parts,
    merchant: MerchantId,
    query: &ListQuery,
    reference: &str,
) -> Result<Page, Refusal> {
    let mut views = Vec::new();
    if let Some(id) = find_reference(parts, merchant, codec::reference_hash(reference))? {
        match door.get(id).await {
            Ok(view) => {
                let payout = &view.payout;
                if query.wants(payout.created_at(), codec::facets(payout)) {
                    views.push(view);
                }
            }
            Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(Page { views, next: None })
}

fn find_reference(
    parts: &Parts,
    merchant: MerchantId,
    hash: [u8; 16],
) -> Result<Option<PayoutId>, Refusal> {
    if let Some(id) = parts.index.reference(merchant, hash) {
        return Ok(Some(id));
    }
    let found = parts.store.archive.reference(merchant.0, hash).map_err(|error| {
        tracing::error!(%error, "the archive does not answer");
        Refusal::Internal
    })?;
    Ok(found.map(PayoutId))
}

/// A reference held for a payout that is being made.
pub(crate) struct Reserved<'a> {
    parts: &'a Parts,
    merchant: MerchantId,
    /// Its hash; none if there is none, or if the payout rests in the archive.
    hash: Option<[u8; 16]>,
}

impl Reserved<'_> {
    /// The payout was not made: the reference is free again, unless somebody else makes it.
    pub fn give_back(self) {
        self.end(false);
    }

    /// The payout is there, or nobody knows.
    pub fn keep(self) {
        self.end(true);
    }

    fn end(self, made: bool) {
        if let Some(hash) = self.hash {
            self.parts.index.end(self.merchant, hash, made);
        }
    }
}

/// Holds a reference for this payout, for ever if the payout is made.
pub(crate) fn reserve<'a>(
    parts: &'a Parts,
    merchant: MerchantId,
    reference: Option<&str>,
    id: PayoutId,
) -> Result<Reserved<'a>, Refusal> {
    let none = Reserved { parts, merchant, hash: None };
    let Some(hash) = reference.map(codec::reference_hash) else { return Ok(none) };
    if let Some(other) = parts.index.reserve(merchant, hash, id) {
        return Err(Refusal::DuplicateReference(other));
    }
    let reserved = Reserved { parts, merchant, hash: Some(hash) };
    match parts.store.archive.reference(merchant.0, hash) {
        Ok(None) => Ok(reserved),
        Ok(Some(other)) => {
            reserved.give_back();
            if other == id.0 {
                return Ok(none);
            }
            Err(Refusal::DuplicateReference(PayoutId(other)))
        }
        Err(error) => {
            tracing::error!(%error, "the archive does not answer");
            reserved.give_back();
            Err(Refusal::Internal)
        }
    }
}
