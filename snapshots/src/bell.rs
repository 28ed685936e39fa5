//! Wakes whoever serves a queue without a thread.
//!
//! Apart from the queues because only a simulated world has such servers: a thread waits in its channel, and
//! nobody rings for it.

use std::{
    sync::Arc,
    task::{Poll, Waker},
};

use futures_util::task::AtomicWaker;

/// Rung for each message; without a rope it is silent.
#[derive(Clone, Default)]
pub(crate) struct Bell(Option<Arc<AtomicWaker>>);

impl Bell {
    /// One that somebody listens to.
    pub(crate) fn with_rope() -> Self {
        Self(Some(Arc::default()))
    }

    /// Something was queued.
    pub(crate) fn ring(&self) {
        if let Some(listener) = &self.0 {
            listener.wake();
        }
    }

    /// Resolves once `there` says that something is.
    pub(crate) async fn listen(&self, there: impl Fn() -> bool) {
        let register = |waker: &Waker| {
            if let Some(listener) = &self.0 {
                listener.register(waker);
            }
        };
        std::future::poll_fn(|task| {
            register(task.waker());
            if there() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
