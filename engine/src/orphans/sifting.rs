//! What a page of a provider's list holds: payments of others, payments that are known, and those that
//! nobody here knows, which are written down before the next page is asked for. Apart from the search,
//! which only sees to it that there are pages.

use super::Orphan;
use crate::desk::{self, DeskOrder, DeskState, Signature};
use crate::gateway::{Gateway, View};
use crate::partition::Counters;
use crate::payout_actor::{Ring, Turn};
use crate::refusal::Refusal;
use adapters::provider::Listed;
use domain::entry::Deed;
use domain::id::{PayoutId, read_provider_reference};
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::codec::PAYLOAD_LIMIT;
use std::sync::Arc;

/// What the desk may come to before more is written down, in bytes as a snapshot holds it.
pub(crate) const KEPT_BYTES: usize = if cfg!(test) { 256 << 10 } else { 3 << 20 };
/// Orphans that one decision of the desk's tells of.
const WRITTEN_AT_ONCE: usize = 1_000;
/// No provider's id of a payment is longer; what is longer is no id to ask about.
const PROVIDER_ID_MAX: usize = 128;

/// More than one orphan comes to, with the longest of names.
const ORPHAN_BYTES: usize = 512;
const _: () = assert!(KEPT_BYTES + WRITTEN_AT_ONCE * ORPHAN_BYTES < PAYLOAD_LIMIT);

/// What was on a page beside what is ours.
pub(super) struct Sifted {
    /// Payments of whoever else uses the account.
    pub others: u64,
}

/// Takes in the rows of a page. The same page a second time changes nothing.
///
/// # Errors
/// Something could not be looked up or written down; the page counts as not read.
pub(super) async fn sift(
    gateway: &Gateway,
    account: &str,
    rows: &[Listed],
) -> Result<Sifted, Refusal> {
    let (mut found, mut others, now) = (Vec::new(), 0, gateway.clock().now());
    for row in rows {
        let Ok((id, attempt)) = read_provider_reference(&row.reference) else {
            others += 1;
            continue;
        };
        match gateway.inspect(id).await {
            Ok(view) => compare(gateway, account, &view, attempt, row).await?,
            Err(Refusal::NotFound) => found.push(orphan(account, id, attempt, row, now)),
            Err(refusal) => return Err(refusal),
        }
    }
    write_down(gateway, account, found).await?;
    Ok(Sifted { others })
}

fn orphan(account: &str, payout: PayoutId, attempt: u8, row: &Listed, now: Timestamp) -> Orphan {
    Orphan {
        account: account.into(),
        payout,
        attempt,
        provider_id: row.found.provider_id.clone().filter(|id| id.len() <= PROVIDER_ID_MAX),
        asked: row.asked,
        paid: row.found.amount,
        outcome: row.found.state.word().into(),
        at: row.at,
        found_at: now,
    }
}

async fn write_down(gateway: &Gateway, account: &str, found: Vec<Orphan>) -> Result<(), Refusal> {
    let parts = gateway.parts()?;
    let news: Vec<Arc<Orphan>> = parts.desk.look(|desk| {
        found.into_iter().filter_map(|orphan| news(desk, orphan)).map(Arc::new).collect()
    });
    for some in news.chunks(WRITTEN_AT_ONCE) {
        make_room(gateway).await?;
        let count = some.len();
        tracing::warn!(account, count, "the provider has payments that nobody here knows");
        let shown = async {
            // Meanwhile an operator may have closed one; it must not come back.
            let kept = |orphan: &&Arc<Orphan>| {
                parts.desk.look(|desk| desk.orphans.contains_key(&orphan.key()))
            };
            parts.orphans.take(&some.iter().filter(kept).cloned().collect::<Vec<_>>());
        };
        note_and(gateway, DeskOrder::FoundOrphans(some.to_vec()), shown).await?;
        for orphan in some {
            // Its merchant may have been quicker than the journal.
            if gateway.is_known(orphan.payout).await? {
                parts.orphans.exists(orphan.payout);
            }
        }
    }
    Ok(())
}

/// What is not yet known of an orphan; it stays the same one since it was first found.
fn news(desk: &DeskState, orphan: Orphan) -> Option<Orphan> {
    if desk.closed_orphans.contains(&orphan.key()) {
        return None;
    }
    let Some(kept) = desk.orphans.get(&orphan.key()) else { return Some(orphan) };
    let orphan = Orphan { at: kept.at, found_at: kept.found_at, ..orphan };
    (orphan != **kept).then_some(orphan)
}

/// Sees to it that a snapshot can hold what the desk remembers. What has a payout by now is forgotten;
/// if that is not enough, the rest waits on the provider's list until some have been dealt with.
async fn make_room(gateway: &Gateway) -> Result<(), Refusal> {
    let parts = gateway.parts()?;
    if parts.desk.look(has_room) {
        return Ok(());
    }
    let over = parts.desk.look(|desk| {
        let over = desk.orphans.iter().filter(|(_, orphan)| !parts.orphans.is_open(orphan));
        over.map(|(key, _)| *key).collect::<Vec<_>>()
    });
    if !over.is_empty() {
        note(gateway, DeskOrder::ForgetOrphans(over)).await?;
    }
    if parts.desk.look(has_room) {
        return Ok(());
    }
    let open = parts.orphans.open_count();
    tracing::error!(
        open,
        "too many orphans are open; the list is read on when some are dealt with"
    );
    Err(Refusal::Overloaded)
}

fn has_room(desk: &DeskState) -> bool {
    // Far below that nothing has to be measured.
    let few = desk.orphans.len() + desk.closed_orphans.len() < 1_000;
    few || desk::state_body(desk).is_ok_and(|body| body.len() <= KEPT_BYTES)
}

/// That a provider has a payment which our books call unsent or failed is a reason to ask, and no more
/// than that.
///
/// # Errors
/// What has to be done about it could not be done now; the page counts as not read.
async fn compare(
    gateway: &Gateway,
    account: &str,
    view: &View,
    attempt: u8,
    row: &Listed,
) -> Result<(), Refusal> {
    let (payout, id) = (&view.payout, view.payout.id());
    let unsent = matches!(payout.status(), Status::Created | Status::Ready);
    let over = matches!(
        payout.status(),
        Status::Terminated | Status::Expired | Status::InvokeFailed | Status::ProcessFailed
    );
    if !(unsent || over) || !row.found.state.is_taken() {
        return Ok(());
    }
    if payout.is_sought() {
        // It is asked about already; whoever does not find it is not believed from now on.
        gateway.parts()?.orphans.meet(id);
        if payout.moderation_required() {
            return Ok(());
        }
        // Somebody was believed who did not find it: it must not go out now.
    } else if payout.standing().attempt > 0 {
        let (account, event, token, found) = (account.into(), None, None, None);
        let ring = Ring { account, authentic: true, attempt, event, token, found };
        return gateway.deliver(id, Turn::Doorbell(Box::new(ring))).await.map(drop);
    }
    // By our books it was never sent: a person has to look.
    Counters::up(&gateway.counters().discrepancies);
    tracing::error!(payout = %id, account, "the provider has a payment of it, and it was never sent");
    if !unsent || payout.moderation_required() {
        return Ok(());
    }
    let reason = format!("{account} lists a payment of it, and our books know of no submission");
    let signed = Signature { by: "engine".into(), reason: reason.into(), from: "".into() };
    match gateway.operate(id, Deed::Pause, signed).await {
        // It went on meanwhile: the next reading sees how.
        Ok(_) | Err(Refusal::Refused(_)) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Writes down at the desk what the engine itself found out.
///
/// # Errors
/// The gateway is stopping.
pub(super) async fn note(gateway: &Gateway, order: DeskOrder) -> Result<(), Refusal> {
    note_and(gateway, order, async {}).await
}

/// The same, with what follows of it before anything else is decided.
async fn note_and(
    gateway: &Gateway,
    order: DeskOrder,
    then: impl Future<Output = ()>,
) -> Result<(), Refusal> {
    let parts = gateway.parts()?;
    let (by, reason) = ("engine".into(), "what the provider lists of the lost time".into());
    let signed = Signature { by, reason, from: "".into() };
    let (now, carry_out) = (gateway.clock().now(), async {
        then.await;
        true
    });
    parts.desk.decide(&parts.store, order, signed, now, carry_out).await
}
