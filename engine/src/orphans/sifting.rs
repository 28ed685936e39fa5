//! What a page of a provider's list holds: payments of others, payments that are known, and those that
//! nobody here knows, which are written down before the next page is asked for. Apart from the search,
//! which only sees to it that there are pages.

use super::Orphan;
use crate::desk::{DeskOrder, DeskState, Signature};
use crate::gateway::{Gateway, View};
use crate::partition::Counters;
use crate::payout_actor::{Ring, Turn};
use crate::refusal::Refusal;
use adapters::provider::Listed;
use domain::id::{PayoutId, read_provider_reference};
use domain::status::Status;
use domain::time::Timestamp;
use std::sync::Arc;

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
            Ok(view) => compare(gateway, account, &view, attempt, row).await,
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
        reference: row.reference.as_str().into(),
        provider_id: row.found.provider_id.clone(),
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
    if news.is_empty() {
        return Ok(());
    }
    let count = news.len();
    tracing::warn!(account, count, "the provider has payments that nobody here knows");
    note(gateway, DeskOrder::FoundOrphans(news.clone())).await?;
    parts.orphans.take(&news);
    for orphan in news {
        // Its merchant may have been quicker than the journal.
        if gateway.is_known(orphan.payout).await? {
            parts.orphans.exists(orphan.payout);
        }
    }
    Ok(())
}

/// What is not yet known of an orphan; it stays the same one since it was first found.
fn news(desk: &DeskState, orphan: Orphan) -> Option<Orphan> {
    let Some(kept) = desk.orphans.get(&orphan.reference) else { return Some(orphan) };
    let (at, found_at) = (kept.orphan.at, kept.orphan.found_at);
    let orphan = Orphan { at, found_at, ..orphan };
    (kept.closed.is_none() && orphan != *kept.orphan).then_some(orphan)
}

/// That a provider has a payment which our books call unsent or failed is a reason to ask, and no more
/// than that. What is sought is asked about already.
async fn compare(gateway: &Gateway, account: &str, view: &View, attempt: u8, row: &Listed) {
    let payout = &view.payout;
    let denied = match payout.status() {
        Status::Created | Status::Ready => !payout.is_sought(),
        Status::Terminated | Status::Expired | Status::InvokeFailed | Status::ProcessFailed => true,
        _ => false,
    };
    if !denied || !row.found.state.is_taken() {
        return;
    }
    if payout.standing().attempt == 0 {
        // There is no attempt to ask about: a person has to look.
        Counters::up(&gateway.counters().discrepancies);
        tracing::error!(payout = %payout.id(), account, "the provider has a payment of it, and it was never sent");
        return;
    }
    let (account, event, token, found) = (account.into(), None, None, None);
    let ring = Ring { account, authentic: true, attempt, event, token, found };
    let rung = gateway.deliver(payout.id(), Turn::Doorbell(Box::new(ring))).await;
    if let Err(refusal) = rung {
        tracing::warn!(payout = %payout.id(), %refusal, "not asked about, though its provider lists it");
    }
}

/// Writes down at the desk what the engine itself found out.
///
/// # Errors
/// The gateway is stopping.
pub(super) async fn note(gateway: &Gateway, order: DeskOrder) -> Result<(), Refusal> {
    let parts = gateway.parts()?;
    let (by, reason) = ("engine".into(), "what the provider lists of the lost time".into());
    let signed = Signature { by, reason, from: "".into() };
    let now = gateway.clock().now();
    parts.desk.decide(&parts.store, order, signed, now, async { true }).await
}
