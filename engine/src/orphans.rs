//! Payments that a provider has and nobody here knows: made and paid in a time that a restore has lost,
//! when neither a log nor a ledger tells of it. They are looked for in the providers' own lists
//! (`search`), told apart from what is known (`sifting`), written down at the desk, and shown (`book`) until a payout of that id exists or an
//! operator has dealt with them. Apart from the quarantine, which is about payouts that are known.
//!
//! A payout cannot be made of what a list says: merchant, key and recipient stand on none. It is its
//! merchant's retry that makes it; its id follows from the key, so that it finds its payment again.
//!
//! ← `engine` (start), `web` / `desk`, the adapters →

mod book;
mod search;
mod sifting;

pub(crate) use book::OrphanBook;
pub(crate) use search::{expect, start as search};
#[cfg(test)]
pub(crate) use sifting::KEPT_BYTES;

use crate::desk::{DeskOrder, Signature};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use bincode::{Decode, Encode};
use domain::id::{PayoutId, provider_reference};
use domain::money::{Amount, Currency};
use domain::time::Timestamp;
use std::sync::Arc;

/// A payment without a payout, as its provider listed it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Orphan {
    /// At which provider account.
    pub account: Box<str>,
    /// The payout that it was of, and will be again if its merchant repeats the request.
    pub payout: PayoutId,
    /// The number of the attempt.
    pub attempt: u8,
    /// The provider's own id.
    pub provider_id: Option<Box<str>>,
    /// What was asked for; none where the list did not say it readably.
    pub asked: Option<(Amount, Currency)>,
    /// What was paid, as far as the list says.
    pub paid: Option<(Amount, Currency)>,
    /// What became of it: the word of a provider's state.
    pub outcome: Box<str>,
    /// When the provider took it, on its own clock.
    pub at: Timestamp,
    /// When it was first found.
    pub found_at: Timestamp,
}

/// Which payment an orphan is: of this payout the attempt of this number.
pub type OrphanKey = (PayoutId, u8);

impl Orphan {
    /// Which payment it is.
    pub fn key(&self) -> OrphanKey {
        (self.payout, self.attempt)
    }

    /// Our reference of it.
    pub fn reference(&self) -> String {
        provider_reference(self.payout, self.attempt)
    }
}

/// What the list of an account came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct ListRead {
    /// The last restore whose lost time it covers.
    pub epoch: u32,
    /// Payments on it.
    pub rows: u64,
    /// Of these, payments of whoever else uses the account.
    pub others: u64,
    /// It does not reach back to the beginning of the lost time.
    pub cut_short: bool,
}

/// How far the list of an account is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListSeen {
    /// The account.
    pub account: Box<str>,
    /// How far.
    pub state: ListState,
    /// What was read so far, or in the end.
    pub read: ListRead,
}

/// How far a list is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListState {
    /// It is being read, or will be read once more when the account's visibility lag has passed.
    UnderWay,
    /// To its end.
    Read,
    /// The account offers none: what it paid in the lost time is not looked for.
    NotOffered,
}

/// One page of the open orphans, the oldest payment first.
#[derive(Clone, Debug)]
pub struct OrphanPage {
    /// The orphans.
    pub orphans: Vec<Arc<Orphan>>,
    /// How many are open in all.
    pub open: u64,
    /// Where the next page begins; none at the end.
    pub next: Option<(Timestamp, PayoutId)>,
    /// How far the lists are read.
    pub lists: Vec<ListSeen>,
}

impl Gateway {
    /// Payments that providers have and nobody here knows.
    ///
    /// # Errors
    /// Recovery is not through.
    pub async fn orphans(
        &self,
        after: Option<(Timestamp, PayoutId)>,
        limit: usize,
    ) -> Result<OrphanPage, Refusal> {
        let book = &self.parts()?.orphans;
        let (mut orphans, more) = book.page(after, limit);
        let last = orphans.last().map(|orphan| (orphan.at, orphan.payout));
        for id in orphans.iter().map(|orphan| orphan.payout).collect::<Vec<_>>() {
            if self.is_known(id).await? {
                book.exists(id);
                orphans.retain(|orphan| orphan.payout != id);
            }
        }
        let next = last.filter(|_| more);
        Ok(OrphanPage { orphans, open: book.open_count(), next, lists: book.lists() })
    }

    /// An orphan was dealt with outside: it is no longer shown. Its payout, should its merchant still
    /// make it, is asked about before it is sent all the same.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when no orphan of this payout is open.
    pub async fn close_orphan(
        &self,
        id: PayoutId,
        signed: Signature,
    ) -> Result<Vec<Arc<Orphan>>, Refusal> {
        // Carried to its end even when the caller hangs up: what is written must also be shown.
        let gateway = self.clone();
        let closed = actix_rt::spawn(async move {
            let parts = gateway.parts()?;
            if gateway.is_known(id).await? {
                parts.orphans.exists(id);
            }
            let open = parts.orphans.of(id);
            if open.is_empty() {
                return Err(Refusal::NotFound);
            }
            let (order, now) = (DeskOrder::CloseOrphan { payout: id }, gateway.clock().now());
            let book = parts.orphans.clone();
            let shown_no_more = async move {
                book.close(id);
                true
            };
            parts.desk.decide(&parts.store, order, signed, now, shown_no_more).await?;
            Ok(open)
        });
        closed.await.unwrap_or(Err(Refusal::Internal))
    }

    /// Whether there is a payout of this id, live or archived.
    pub(crate) async fn is_known(&self, id: PayoutId) -> Result<bool, Refusal> {
        match self.inspect(id).await {
            Ok(_) => Ok(true),
            Err(Refusal::NotFound) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }
}
