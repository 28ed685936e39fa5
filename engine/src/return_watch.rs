//! The late-return watch: paid payouts whose money may still come back rest in the archive, without
//! an actor, until their next look is due. Apart from the timer because it wakes what does not live.

use crate::clock::Clock;
use crate::gateway::partition_of;
use crate::partition::{Partition, PartitionHandle};
use crate::payout_actor::Turn;
use crate::place::Place;
use domain::id::PayoutId;
use futures_util::stream::{self, StreamExt};
use snapshots::{ArchiveError, Running};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// From one look at the archive to the next.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Woken in one look; more are found by the next.
const WOKEN_AT_MOST: usize = 16_384;
/// Woken at once.
const WOKEN_AT_ONCE: usize = 64;

/// Watches for as long as the store is in use.
pub(crate) fn start(store: &Arc<Running>, partitions: &[PartitionHandle], clock: Arc<dyn Clock>) {
    // A task that only sleeps must not keep a stopped store open.
    let (store, partitions) = (Arc::downgrade(store), partitions.to_vec());
    actix_rt::spawn(watch(store, partitions, clock));
}

async fn watch(store: Weak<Running>, partitions: Vec<PartitionHandle>, clock: Arc<dyn Clock>) {
    // The archive shows a payout as due until it was asked about and put back with its next look.
    let mut woken: HashMap<PayoutId, i64> = HashMap::new();
    loop {
        clock.wait_until(clock.now().plus(LOOK_EVERY)).await;
        let Some(store) = store.upgrade() else { return };
        let now = clock.now().0;
        let looked = Place::of(&store).blocking(move || due(&store, now)).await;
        let due = match looked {
            Some(Ok(due)) => due,
            Some(Err(error)) => {
                tracing::error!(%error, "the archive does not say what is due");
                continue;
            }
            None => return,
        };
        let before = std::mem::take(&mut woken);
        woken.extend(due.iter().map(|(at, id)| (*id, *at)));
        let news = due.into_iter().filter(|(at, id)| before.get(id) != Some(at));
        let calls = stream::iter(news).map(|(_, id)| {
            let owner = partitions[partition_of(id, partitions.len())].supervisor.clone();
            async move { (id, Partition::deliver(&owner, id, Turn::Tick).await) }
        });
        let mut told = calls.buffer_unordered(WOKEN_AT_ONCE);
        while let Some((id, taken)) = told.next().await {
            if !taken {
                // Nobody was woken: the next look tries it again.
                woken.remove(&id);
            }
        }
    }
}

fn due(store: &Running, now: i64) -> Result<Vec<(i64, PayoutId)>, ArchiveError> {
    // Due at this very moment is due.
    let due = store.archive.due_before(now.saturating_add(1), WOKEN_AT_MOST)?;
    Ok(due.into_iter().map(|(at, id)| (at, PayoutId(id))).collect())
}
