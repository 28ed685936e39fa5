//! Where the engine's parts run: partitions and adapters on threads of their own, or all of them on the thread
//! that starts them. Apart from the engine because it decides nothing else: the actors, their messages and
//! their order are the same.
//!
//! Here is where a simulated world runs them, over a store in memory: under a clock that stands still until
//! everybody waits for it, nothing may wait for another thread.

use snapshots::Running;

/// Where the engine's parts run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// On threads of their own; what blocks is done beside the actors.
    Threads,
    /// On the caller's thread; what blocks is done at once.
    Here,
}

impl Place {
    /// Where a store of this kind is served.
    pub fn of(store: &Running) -> Place {
        if store.is_in_memory() { Place::Here } else { Place::Threads }
    }

    /// Does what blocks. None: the process is ending, or it panicked.
    pub async fn blocking<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        match self {
            Place::Threads => tokio::task::spawn_blocking(work).await.ok(),
            Place::Here => Some(work()),
        }
    }
}
