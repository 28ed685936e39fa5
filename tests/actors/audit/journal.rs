//! What becomes durable: whether it may follow what was there, and what of it is news to its merchant. Apart from
//! the other checkers because these look at entries, and not at what anybody is told.

use super::{Audit, Checked, Shadow};
use crate::setting::Setting;
use ::world::audit::check_entries;
use domain::entry::Entry;
use domain::event::{EventKind, events_of};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::Policy;
use domain::standing::Standing;
use engine::bare;
use snapshots::RecordRef;
use std::collections::BTreeMap;

/// What is agreed with each account, by its name.
pub struct Contracts {
    agreed: BTreeMap<Box<str>, Policy>,
    /// Of whom is asked who was sent nowhere yet.
    first: Policy,
}

impl Contracts {
    pub fn of(setting: &Setting) -> Contracts {
        let agreed = setting.accounts.iter();
        Contracts {
            agreed: agreed.map(|caps| ((*caps.account).into(), caps.policy.clone())).collect(),
            first: setting.accounts[0].policy.clone(),
        }
    }

    /// What may be concluded about a payout. Nothing is restored in these worlds, so it is with one account.
    fn with(&self, payout: &Payout) -> &Policy {
        payout.account().and_then(|account| self.agreed.get(account)).unwrap_or(&self.first)
    }
}

impl Audit {
    /// A record is on the disk. I-11: it follows what was there; and it may, by the checkers of entries that the
    /// simulated worlds have (I-1, I-6, I-7, I-9, I-10, I-12, I-16, I-38 to I-40).
    pub fn durable(&mut self, record: RecordRef<'_>) -> Checked {
        let id = PayoutId(record.payout);
        let entry = bare::entry(record).map_err(|error| ("I-11", format!("{id}: {error}")))?;
        let before = self.shadows.get(&id).map(|shadow| shadow.payout.standing().clone());
        self.fold(id, entry.clone())?;
        let payout = &self.shadows[&id].payout;
        let policy = self.contracts.with(payout);
        let checked = check_entries(before.as_ref(), payout, std::slice::from_ref(&entry), policy);
        checked.map_err(|found| (found.invariant, found.what))?;
        let kinds: Vec<EventKind> = events_of(&entry).collect();
        is_news(before.as_ref(), payout, &entry, &kinds)?;
        let stream = self.streams.entry(payout.request().merchant).or_default();
        stream.extend(kinds.into_iter().map(|kind| (id, kind)));
        Ok(())
    }

    /// The payout is what its entries fold to.
    fn fold(&mut self, id: PayoutId, entry: Entry) -> Checked {
        if let Some(shadow) = self.shadows.get_mut(&id) {
            let applied = shadow.payout.apply(entry);
            return applied.map_err(|why| ("I-11", format!("the journal of {id} breaks: {why}")));
        }
        let begun = Payout::begin(id, entry);
        let payout = begun.map_err(|why| ("I-11", format!("{id} does not begin: {why}")))?;
        self.shadows.insert(id, Shadow { payout, told: 0, submitted: 0 });
        Ok(())
    }
}

/// I-33: each change is one event. A beginning and a step tell once where they led; a hold that came or went is told
/// once, too. By what the payout was and is, and not by what makes events of entries.
fn is_news(
    before: Option<&Standing>,
    payout: &Payout,
    entry: &Entry,
    kinds: &[EventKind],
) -> Checked {
    let (mut became, mut held) = (Vec::new(), Vec::new());
    for kind in kinds {
        match kind {
            EventKind::Became(status) => became.push(*status),
            EventKind::ModerationRequired => held.push(true),
            EventKind::ModerationReleased => held.push(false),
            EventKind::Statement => {}
        }
    }
    let moved = before.is_none() || entry.moved.is_some();
    let steps = Vec::from_iter(moved.then(|| payout.status()));
    let was_held = before.is_some_and(|standing| standing.hold.is_some());
    let is_held = payout.moderation_required();
    if became == steps && (was_held == is_held || held == [is_held]) {
        return Ok(());
    }
    let (id, version, status) = (payout.id(), entry.version, payout.status());
    let what = format!("version {version} of {id}, {status} and held: {is_held}, tells {kinds:?}");
    Err(("I-33", what))
}
