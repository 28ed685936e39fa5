//! What is held, in the plural: the incidents, the list that operators read, and the money in doubt.
//! Kept beside the payouts so that neither a list nor a limit ever has to ask each of them; made
//! again from the payouts at every start.

use domain::id::{IncidentId, MerchantId, PayoutId};
use domain::incident::{InDoubt, IncidentKey};
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::time::Timestamp;
use rust_decimal::Decimal;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A held payout's place in lists: the longest held first.
pub type HeldPlace = (Timestamp, PayoutId);

/// What is held.
pub struct ModerationBook {
    inner: Mutex<Inner>,
    /// For each provider account, how much of each currency may be in doubt.
    limits: HashMap<Box<str>, Vec<(Currency, Amount)>>,
}

#[derive(Default)]
struct Inner {
    held: BTreeSet<HeldPlace>,
    incidents: HashMap<IncidentId, Open>,
    in_doubt: BTreeMap<(Box<str>, MerchantId, Currency), Sum>,
    /// The same over all merchants: what limits are compared with.
    totals: HashMap<(Box<str>, Currency), Decimal>,
    /// Accounts that are over a limit.
    stopped: HashSet<Box<str>>,
}

struct Open {
    key: IncidentKey,
    members: BTreeSet<HeldPlace>,
    amounts: BTreeMap<Currency, Decimal>,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    count: u64,
    amount: Decimal,
}

/// Held payouts with the same trouble, summed up.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// What its payouts have in common.
    pub key: IncidentKey,
    /// How many payouts are held.
    pub count: u64,
    /// How much, by currency.
    pub amounts: Vec<(Currency, Decimal)>,
    /// When the longest held of them was held.
    pub first_at: Timestamp,
    /// When the last of them was.
    pub last_at: Timestamp,
    /// The longest held ones, to look at.
    pub sample: Vec<PayoutId>,
}

/// Money in doubt at one account, of one merchant, in one currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// The provider account.
    pub account: Box<str>,
    /// Whose.
    pub merchant: MerchantId,
    /// In what.
    pub currency: Currency,
    /// How many payouts.
    pub count: u64,
    /// How much.
    pub amount: Decimal,
}

/// What a payout contributes; compared before and after a turn.
#[derive(PartialEq)]
pub(crate) struct Contribution {
    held: Option<(IncidentKey, Timestamp)>,
    in_doubt: Option<InDoubt>,
}

impl Contribution {
    pub const NONE: Contribution = Contribution { held: None, in_doubt: None };

    /// What a payout contributes as it is. Nothing, for nearly all of them, and that at no cost.
    pub fn of(payout: &Payout) -> Contribution {
        Contribution { held: IncidentKey::of(payout), in_doubt: InDoubt::of(payout) }
    }
}

/// How many payouts of an incident are shown with it.
const SAMPLE: usize = 3;

impl ModerationBook {
    /// An empty book with these limits.
    pub(crate) fn new(limits: HashMap<Box<str>, Vec<(Currency, Amount)>>) -> ModerationBook {
        ModerationBook { inner: Mutex::default(), limits }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is an addition or a removal that is complete in itself.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a payout after something happened to it. `stop` is told which accounts are to
    /// be stopped since, or may go on; under the lock, so that of two words the later one counts.
    pub(crate) fn note(&self, before: Contribution, payout: &Payout, stop: impl Fn(&str, bool)) {
        let after = Contribution::of(payout);
        if before == after {
            return;
        }
        let (id, request) = (payout.id(), payout.request());
        let mut inner = self.inner();
        if before.held != after.held {
            if let Some((key, since)) = &before.held {
                inner.leave(key, (*since, id), request.currency, request.amount.value());
            }
            if let Some((key, since)) = &after.held {
                inner.join(key, (*since, id), request.currency, request.amount.value());
            }
        }
        let accounts = [before.in_doubt.as_ref(), after.in_doubt.as_ref()];
        let mut accounts: Vec<Box<str>> =
            accounts.into_iter().flatten().map(|one| one.account.clone()).collect();
        accounts.dedup();
        if let Some(gone) = before.in_doubt {
            inner.subtract(gone);
        }
        if let Some(new) = after.in_doubt {
            inner.add(new);
        }
        for account in accounts {
            if let Some(over) = self.judge(&mut inner, &account) {
                stop(&account, over);
            }
        }
    }

    /// Whether an account crossed a limit, in either direction.
    fn judge(&self, inner: &mut Inner, account: &str) -> Option<bool> {
        let limits = self.limits.get(account)?;
        let above =
            |(currency, most): &(Currency, Amount)| inner.total(account, *currency) > most.value();
        let over = limits.iter().any(above);
        let changed = match over {
            true => inner.stopped.insert(account.into()),
            false => inner.stopped.remove(account),
        };
        changed.then_some(over)
    }

    /// All incidents, the largest first.
    pub fn incidents(&self) -> Vec<Incident> {
        let inner = self.inner();
        let mut all: Vec<Incident> =
            inner.incidents.iter().map(|(id, open)| open.summed_up(*id)).collect();
        all.sort_by_key(|one| (Reverse(one.count), one.first_at, one.id));
        all
    }

    /// One incident, while any payout of it is held.
    pub fn incident(&self, id: IncidentId) -> Option<Incident> {
        self.inner().incidents.get(&id).map(|open| open.summed_up(id))
    }

    /// Held payouts, the longest held first, beyond a place; of one incident if that is given.
    pub fn held(
        &self,
        incident: Option<IncidentId>,
        after: Option<HeldPlace>,
        limit: usize,
    ) -> Vec<HeldPlace> {
        let inner = self.inner();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let page = |all: &BTreeSet<HeldPlace>| -> Vec<HeldPlace> {
            all.range((from, Bound::Unbounded)).take(limit).copied().collect()
        };
        match incident {
            None => page(&inner.held),
            Some(id) => inner.incidents.get(&id).map_or_else(Vec::new, |open| page(&open.members)),
        }
    }

    /// How many payouts are held.
    pub fn held_count(&self) -> usize {
        self.inner().held.len()
    }

    /// All money in doubt.
    pub fn exposure(&self) -> Vec<Exposure> {
        let inner = self.inner();
        let row =
            |((account, merchant, currency), sum): (&(Box<str>, MerchantId, Currency), &Sum)| {
                let (account, merchant, currency) = (account.clone(), *merchant, *currency);
                Exposure { account, merchant, currency, count: sum.count, amount: sum.amount }
            };
        inner.in_doubt.iter().map(row).collect()
    }

    /// The limits of an account.
    pub fn limits(&self, account: &str) -> &[(Currency, Amount)] {
        self.limits.get(account).map_or(&[], Vec::as_slice)
    }

    /// Whether an account is over one of its limits.
    pub fn is_stopped(&self, account: &str) -> bool {
        self.inner().stopped.contains(account)
    }
}

impl Inner {
    fn join(&mut self, key: &IncidentKey, place: HeldPlace, currency: Currency, amount: Decimal) {
        self.held.insert(place);
        let open = self.incidents.entry(key.id()).or_insert_with(|| Open {
            key: key.clone(),
            members: BTreeSet::new(),
            amounts: BTreeMap::new(),
        });
        if open.members.insert(place) {
            *open.amounts.entry(currency).or_default() += amount;
        }
    }

    fn leave(&mut self, key: &IncidentKey, place: HeldPlace, currency: Currency, amount: Decimal) {
        self.held.remove(&place);
        let id = key.id();
        let Some(open) = self.incidents.get_mut(&id) else { return };
        if open.members.remove(&place)
            && let Some(sum) = open.amounts.get_mut(&currency)
        {
            *sum -= amount;
            if sum.is_zero() {
                open.amounts.remove(&currency);
            }
        }
        if open.members.is_empty() {
            self.incidents.remove(&id);
        }
    }

    fn add(&mut self, new: InDoubt) {
        *self.totals.entry((new.account.clone(), new.currency)).or_default() += new.amount.value();
        let sum = self.in_doubt.entry((new.account, new.merchant, new.currency)).or_default();
        sum.count += 1;
        sum.amount += new.amount.value();
    }

    fn subtract(&mut self, gone: InDoubt) {
        if adapters::planted!(DoubtKept) {
            return;
        }
        let key = (gone.account, gone.merchant, gone.currency);
        let Some(sum) = self.in_doubt.get_mut(&key) else { return };
        if let Some(total) = self.totals.get_mut(&(key.0.clone(), key.2)) {
            *total -= gone.amount.value();
        }
        sum.count = sum.count.saturating_sub(1);
        sum.amount -= gone.amount.value();
        if sum.count == 0 {
            self.in_doubt.remove(&key);
        }
    }

    fn total(&self, account: &str, currency: Currency) -> Decimal {
        self.totals.get(&(account.into(), currency)).copied().unwrap_or_default()
    }
}

impl Open {
    fn summed_up(&self, id: IncidentId) -> Incident {
        let at = |place: Option<&HeldPlace>| place.map_or(Timestamp(0), |place| place.0);
        Incident {
            id,
            key: self.key.clone(),
            count: self.members.len() as u64,
            amounts: self.amounts.iter().map(|(currency, sum)| (*currency, *sum)).collect(),
            first_at: at(self.members.first()),
            last_at: at(self.members.last()),
            sample: self.members.iter().take(SAMPLE).map(|place| place.1).collect(),
        }
    }
}
