//! Leaving memory: what is finished goes to the archive, what is idle falls asleep. Apart
//! from the spine because nothing here moves money; everything here only frees memory.

use crate::codec;
use crate::partition::Counters;
use crate::payout_actor::{PayoutActor, Turn};
use crate::slot::Slot;
use domain::payout::Payout;
use domain::schedule::needs_asking;
use domain::time::Timestamp;
use snapshots::ArchiveError;
use std::sync::atomic::Ordering;

/// A payout that has nothing to wait for: settled or final, out of doubt, and not held.
pub(crate) fn is_finished(payout: &Payout) -> bool {
    let status = payout.status();
    let settled = status.is_final() || status.is_settled();
    settled && !needs_asking(payout) && !payout.moderation_required()
}

/// At the end of a turn: archives a finished payout, or lets an idle one sleep. True when the
/// actor must stop.
pub(crate) fn leave(actor: &PayoutActor) -> bool {
    let partition = &actor.partition;
    if partition.slots.lock().get(&actor.id.0).is_none() {
        return true;
    }
    let mut life = actor.life.lock();
    let Some(payout) = &life.payout else {
        // A create that was refused leaves nothing behind.
        drop(life);
        return forget(actor);
    };
    // What only an open payout waits for must not keep a finished one: a permit that comes finds it over, and a
    // deferred answer rings.
    let waits = !is_finished(payout) && (life.waits_for_permit || !life.deferred.is_empty());
    let asks = waits || life.verifying || life.rang || life.under_way > 0;
    // What it wants to try again is not remembered by one that sleeps.
    let quiet = !asks && life.try_again.is_none();
    if is_finished(payout) {
        let version = payout.version();
        let watch = partition.next_return_check(payout);
        let watched =
            life.watched == Some(watch) || (watch.is_none() && !payout.status().is_settled());
        if life.archived == version && watched {
            return quiet && rest(actor, payout, life.armed);
        }
        let on_its_way = life.archiving == version && life.archived < version;
        if quiet && !on_its_way {
            let prepared = codec::archived(payout, watch);
            if life.archiving < version {
                Counters::up(&partition.counters.finished);
            }
            (life.archiving, life.archived) = (version, life.archived.min(version - 1));
            drop(life);
            archive(actor, prepared, version, watch);
        }
        return false;
    }
    let far =
        life.armed.is_none_or(|due| due >= partition.clock.now().plus(partition.passivate_after));
    drop(life);
    quiet && far && fall_asleep(actor)
}

fn archive(
    actor: &PayoutActor,
    prepared: Result<snapshots::Archived, snapshots::codec::CodecError>,
    version: u32,
    watch: Option<Timestamp>,
) {
    let id = actor.id;
    let archived = match prepared {
        Ok(archived) => archived,
        Err(error) => return tracing::error!(payout = %id, %error, "a payout cannot be encoded"),
    };
    let put = actor.partition.store.archiver.put(archived);
    let partition = actor.partition.clone();
    if adapters::planted!(LeavesTooEarly) {
        return partition.hand(id, Turn::Archived(version, watch));
    }
    actix_rt::spawn(async move {
        match put.await {
            Ok(()) => partition.hand(id, Turn::Archived(version, watch)),
            // The store is closing; the next start finds the payout in the log.
            Err(ArchiveError::Closed) => {}
            Err(_) if adapters::planted!(RefusedOnce) => {}
            Err(error) => {
                tracing::error!(payout = %id, %error, "a payout stays in memory");
                partition.hand(id, Turn::NotArchived);
            }
        }
    });
}

/// The archive has this version: the payout leaves memory, unless somebody is on the way to it.
fn rest(actor: &PayoutActor, payout: &Payout, armed: Option<Timestamp>) -> bool {
    let mut slots = actor.partition.slots.lock();
    // The supervisor is the only sender and lives on this thread: nothing pending means that
    // nothing can be in the mailbox.
    if slots.get(&actor.id.0).is_none_or(Slot::is_expected) {
        return false;
    }
    slots.remove(&actor.id.0);
    actor.partition.index.remove(payout);
    actor.partition.counters.live.fetch_sub(1, Ordering::Relaxed);
    if armed.is_some() {
        actor.partition.timer.arm(actor.id, armed, None);
    }
    true
}

/// Gives the actor back and keeps the state as bytes; the next message wakes it.
fn fall_asleep(actor: &PayoutActor) -> bool {
    let mut slots = actor.partition.slots.lock();
    let Some(slot) = slots.get_mut(&actor.id.0) else { return true };
    if slot.is_expected() && !adapters::planted!(SleepsThroughItsTurn) {
        return false;
    }
    let Some(asleep) = actor.life.lock().asleep() else { return false };
    *slot = Slot::Asleep(asleep);
    true
}

fn forget(actor: &PayoutActor) -> bool {
    let mut slots = actor.partition.slots.lock();
    let idle = slots.get(&actor.id.0).is_some_and(|slot| !slot.is_expected());
    if idle {
        slots.remove(&actor.id.0);
        actor.partition.counters.live.fetch_sub(1, Ordering::Relaxed);
    }
    idle
}
