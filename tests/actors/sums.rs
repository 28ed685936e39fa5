//! I-8: what the gateway says is held and in doubt is the sum of the payouts that are. Apart from `rest.rs`, which
//! looks at one payout after the other: a sum can be wrong while each of them is right, and it is sums by which an
//! account is stopped.

use crate::life::Life;
use crate::world::World;
use domain::id::{IncidentId, MerchantId, PayoutId};
use domain::incident::{InDoubt, IncidentKey};
use domain::money::Currency;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Count and amount of some payouts, and in which currency.
type Sums<Of> = BTreeMap<(Of, Currency), (u64, Decimal)>;

/// Holds the sums of the gateway against those of the journal. Only where nothing goes on, because the journal has
/// what happens before the gateway believes it.
pub fn agree(world: &World, life: &Life) {
    let gateway = life.engine.gateway();
    let Ok(book) = gateway.moderation() else {
        return world.broken("I-8", "nobody keeps the book".to_owned());
    };
    let mut held = BTreeSet::new();
    let mut incidents: Sums<IncidentId> = BTreeMap::new();
    let mut in_doubt: Sums<(Box<str>, MerchantId)> = BTreeMap::new();
    for shadow in world.audit().shadows.values() {
        let (payout, request) = (&shadow.payout, shadow.payout.request());
        if let Some((key, _)) = IncidentKey::of(payout) {
            held.insert(payout.id());
            add(&mut incidents, (key.id(), request.currency), request.amount.value());
        }
        if let Some(one) = InDoubt::of(payout) {
            add(&mut in_doubt, ((one.account, one.merchant), one.currency), one.amount.value());
        }
    }
    let told: BTreeSet<PayoutId> =
        book.held(None, None, usize::MAX).into_iter().map(|(_, id)| id).collect();
    if told != held || book.held_count() != held.len() {
        world.broken("I-8", format!("held are {held:?}, told are {told:?}"));
    }
    let exposure = book
        .exposure()
        .into_iter()
        .map(|row| (((row.account, row.merchant), row.currency), (row.count, row.amount)));
    let exposure: Sums<_> = exposure.collect();
    if exposure != in_doubt {
        world.broken("I-8", format!("in doubt is {in_doubt:?}, told is {exposure:?}"));
    }
    let told: BTreeMap<_, _> = book
        .incidents()
        .into_iter()
        .flat_map(|one| one.amounts.into_iter().map(move |(what, sum)| ((one.id, what), sum)))
        .collect();
    let open: BTreeMap<_, _> = incidents.into_iter().map(|(what, (_, sum))| (what, sum)).collect();
    if told != open {
        world.broken("I-8", format!("incidents are {open:?}, told are {told:?}"));
    }
    if !exposure.is_empty() {
        world.count("money in doubt at rest");
    }
}

fn add<Of: Ord>(sums: &mut Sums<Of>, of: (Of, Currency), amount: Decimal) {
    let sum = sums.entry(of).or_default();
    sum.0 += 1;
    sum.1 += amount;
}
