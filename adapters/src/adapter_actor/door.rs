//! The last thing a call passes before it leaves. A permit is paced when it is granted, but sent when
//! its journal entry is durable; a journal that stalls for a second would then let a second's worth
//! of submissions leave at once. So every call is paced once more, here, and the provider's limit
//! holds for what it sees and not only for what we meant.

use crate::rate_limit::RateLimit;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// The door of one provider account; calls pass in the order they came to it.
pub(super) struct Door {
    start: Instant,
    /// None when there is no limit, so that nothing is locked.
    limit: Option<Mutex<RateLimit>>,
}

impl Door {
    pub(super) fn new(start: Instant, limit: RateLimit) -> Door {
        let limit = (!limit.is_unlimited()).then(|| Mutex::new(limit));
        Door { start, limit }
    }

    pub(super) async fn pass(&self) {
        let Some(limit) = &self.limit else { return };
        if crate::planted!(DoorOpen) {
            return;
        }
        // The lock is fair and held while waiting: one sleeps, the others queue behind it.
        let mut limit = limit.lock().await;
        while let Err(wait) = limit.try_take(self.start.elapsed()) {
            sleep(wait).await;
        }
    }
}
