//! How a world ends: everything is healed, and must come to rest; then the books are held against the money that
//! really moved. Apart from the audit, because before that the truth may simply not have been told yet.

use crate::bank::{self, Stage};
use crate::life::{Life, merchant};
use crate::merchants::{events, look};
use crate::setting::ACCOUNTS;
use crate::sums;
use crate::world::World;
use domain::id::{PayoutId, provider_reference};
use domain::payout::Payout;
use domain::schedule::needs_asking;
use domain::status::Status;
use engine::bare;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// When everything is healed.
const HEALED_AFTER: Duration = Duration::from_secs(1_500);
/// So long after that everything must be at rest.
const REST_WITHIN: Duration = Duration::from_secs(3 * 3_600);
/// How often it is looked whether it is.
const LOOK: Duration = Duration::from_secs(20);
/// What counts that the books were closed.
const CLOSED: &str = "books closed";

/// Puts the troubles and the end on the agenda.
pub fn begin(world: &World) {
    let healed = HEALED_AFTER.as_millis() as u64;
    for _ in 0..world.setting.kills {
        let at = world.draw(|chance| chance.below(healed));
        world.after(Duration::from_millis(at), |world, _| {
            if !world.is_calm() {
                world.kill("any time");
            }
        });
    }
    if world.setting.clock_jumps {
        let (at, by) =
            world.draw(|chance| (chance.below(healed), chance.between(-900, 900) * 1_000_000));
        world.after(Duration::from_millis(at), move |world, _| {
            world.tell(|| format!("the clock is put by {by} microseconds"));
            world.put_wall(by);
        });
    }
    world.after(HEALED_AFTER, |world, _| {
        world.heal();
        bank::heal(world);
        world.after(LOOK, see);
    });
}

/// The books are closed, and nothing more happens.
pub fn is_over(world: &World) -> bool {
    world.tally().contains_key(CLOSED)
}

fn is_settled(payout: &Payout, world: &World) -> bool {
    let status = payout.status();
    let over = (status.is_final() || status.is_settled()) && !needs_asking(payout);
    let unsent = matches!(status, Status::Created);
    let lives_on = unsent && payout.deadline().is_some_and(|end| end > world.wall());
    over || (payout.moderation_required() && !could_be_told(payout, world)) || lives_on
}

/// Whether only its provider knows how it ends, and would tell. That a person is called is no reason not to ask:
/// what is held until evidence comes would be held for ever.
fn could_be_told(payout: &Payout, world: &World) -> bool {
    let Some(intent) = payout.last_intent().filter(|_| needs_asking(payout)) else { return false };
    let reference = provider_reference(payout.id(), intent.attempt);
    let number = ACCOUNTS.iter().position(|name| *name == &*intent.account);
    let told = number.and_then(|number| world.bank().tells(number, &reference, world.now()));
    // "Paid" says nothing about an undo that nobody has answered: it may still come.
    told.is_some_and(|stage| (payout.status(), stage) != (Status::Cancelling, Stage::Paid))
}

/// Looks whether everything is at rest.
fn see(world: &World, life: &Life) {
    let restless = {
        let audit = world.audit();
        let open = audit.shadows.values().find(|one| !is_settled(&one.payout, world));
        open.map(|one| format!("{} is still {}", one.payout.id(), one.payout.status()))
    };
    let told = world.merchants().are_told();
    if restless.is_none() && told && world.bank().is_at_rest() {
        let (world, life) = (world.clone(), life.clone());
        // What is on its way arrives first.
        tokio::task::spawn_local(async move {
            tokio::time::sleep(Duration::from_secs(120)).await;
            close(&world, &life).await;
        });
        return;
    }
    if world.now() > HEALED_AFTER + REST_WITHIN {
        let what = restless.unwrap_or_else(|| format!("everybody was told: {told}"));
        return world.broken("I-41", what);
    }
    world.after(LOOK, see);
}

/// Holds everything against everything.
async fn close(world: &World, life: &Life) {
    let all: Vec<(PayoutId, usize, u32)> = {
        let audit = world.audit();
        let asker = |payout: &Payout| usize::from(payout.request().merchant == merchant(1));
        let rows =
            audit.shadows.iter().map(|(id, one)| (*id, asker(&one.payout), one.payout.version()));
        rows.collect()
    };
    for (id, asker, version) in all {
        let Some(answer) = look(world, life, asker, id).await else {
            return world.broken("I-41", format!("nobody can say how {id} is"));
        };
        let now = world.audit().shadows[&id].payout.version();
        let shown = answer.body["version"].as_u64().unwrap_or(0);
        // While it was asked, something may have happened to it.
        if shown < u64::from(version) || shown > u64::from(now) {
            world.broken("I-14", format!("{id} is version {shown}, the journal has {now}"));
        }
        books(world, id);
    }
    for asker in 0..2 {
        let told = events(world, life, asker).await;
        let made = world.audit().streams.get(&merchant(asker)).map_or(0, Vec::len) as u64;
        if told != Some(made) {
            world.broken("I-33", format!("{made} events happened, {told:?} are told"));
        }
    }
    left_memory(world, life);
    sums::agree(world, life);
    at_ease(world, life).await;
    world.count(CLOSED);
    world.changed.notify_one();
}

/// I-3: nothing is called failed whose money is with the recipient, and nothing paid of which none ever moved.
fn books(world: &World, id: PayoutId) {
    let truth = world.bank().truth(id);
    let audit = world.audit();
    let payout = &audit.shadows[&id].payout;
    if payout.moderation_required() {
        return;
    }
    let status = payout.status();
    let failed = matches!(
        status,
        Status::CreateFailed
            | Status::InvokeFailed
            | Status::ProcessFailed
            | Status::Expired
            | Status::Terminated
            | Status::Revoked
            | Status::Cancelled
    );
    let paid =
        matches!(status, Status::Processed | Status::PartiallyProcessed | Status::CancelFailed);
    if (failed && truth.net > 0) || (paid && truth.paid_times == 0) {
        world.broken("I-3", format!("{id} is {status}, the truth is {truth:?}"));
    }
}

/// Whatever is over has left memory, also where the archive has refused it.
fn left_memory(world: &World, life: &Life) {
    let live = life.engine.gateway().counters().live.load(Ordering::Relaxed);
    let open = world.audit().shadows.values().filter(|one| !bare::is_finished(&one.payout)).count();
    if live > open as u64 {
        world.broken("bounded", format!("{live} payouts are in memory, {open} are not over"));
    }
}

/// I-31: nobody holds a place among the calls, or among the requests, when nothing goes on.
async fn at_ease(world: &World, life: &Life) {
    let gateway = life.engine.gateway();
    let places = gateway.counters().in_flight.load(Ordering::Relaxed);
    if places > 0 {
        world.broken("I-31", format!("{places} requests are under way, and nobody asks"));
    }
    let Some(adapters) = gateway.adapters() else { return };
    for account in adapters.accounts() {
        match account.health().await {
            Some(health) if health.permits_out == 0 && health.waiting_submits == 0 => {}
            health => world.broken("I-31", format!("at rest, and {health:?}")),
        }
    }
}
