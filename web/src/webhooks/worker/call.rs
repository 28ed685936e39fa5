//! One call of a worker as a future of its own: the message is rendered and sent. Apart from the
//! worker's loop, which it must not borrow from.

use super::Worker;
use crate::webhooks::attempt::{Answer, Message};
use crate::webhooks::book::Job;
use crate::webhooks::endpoint::Endpoint;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Why a call is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The event is to be told.
    Delivery,
    /// It is told again because the merchant asked.
    Replay,
}

/// A call that is over.
pub struct Called {
    pub job: Job,
    pub purpose: Purpose,
    /// None: the message could not be rendered, and nothing was sent.
    pub answer: Option<Answer>,
}

impl Worker {
    pub(super) fn call(
        &self,
        endpoint: &Arc<Endpoint>,
        job: Job,
        purpose: Purpose,
    ) -> BoxFuture<'static, Called> {
        let (shared, endpoint) = (self.shared.clone(), endpoint.clone());
        let rendering = self.feed.source.body(self.merchant, job.event.clone());
        Box::pin(async move {
            let timeout = shared.settings.timeout;
            let too_long = shared.clock.wait_until(shared.clock.now().plus(timeout));
            let rendered = tokio::select! {
                biased;
                body = rendering => body.ok(),
                () = too_long => None,
            };
            let answer = match rendered {
                None => None,
                Some(body) => {
                    let message = Message { id: &job.event.id, body: &body };
                    Some(shared.sender.send(&endpoint, message, timeout).await)
                }
            };
            Called { job, purpose, answer }
        })
    }
}
