//! How a turn ends: at once, if it wrote nothing, or when what it wrote is durable. Apart from the spine
//! because it is about waiting, and the spine about what for.

use super::{Answer, PayoutActor, Turn};
use crate::refusal::Refusal;
use crate::writing::Ticket;
use actix::dev::{MessageResponse, OneshotSender};
use actix::{ActorFuture, AtomicResponse};
use snapshots::LaneAppend;
use tokio::sync::oneshot;

type Ended = Result<Answer, Refusal>;

/// How a turn ends.
pub(crate) enum TurnEnd {
    /// It has ended.
    Now(Ended),
    /// No other message is taken up until it has.
    Later(AtomicResponse<PayoutActor, Ended>),
}

impl TurnEnd {
    /// Later, with this.
    pub fn written(ending: impl ActorFuture<PayoutActor, Output = Ended> + 'static) -> TurnEnd {
        TurnEnd::Later(AtomicResponse::new(Box::pin(ending)))
    }
}

impl MessageResponse<PayoutActor, Turn> for TurnEnd {
    fn handle(
        self,
        context: &mut <PayoutActor as actix::Actor>::Context,
        asker: Option<OneshotSender<Ended>>,
    ) {
        match self {
            TurnEnd::Now(ended) => {
                if let Some(asker) = asker {
                    // Whoever has stopped waiting has stopped caring.
                    let _ = asker.send(ended);
                }
            }
            TurnEnd::Later(ending) => {
                MessageResponse::<PayoutActor, Turn>::handle(ending, context, asker);
            }
        }
    }
}

/// What a turn has written, on its way to the disk.
pub(super) struct Written {
    pub append: LaneAppend,
    /// The same in the ledger of intents, where there is one and it is an intent.
    pub noted: Option<oneshot::Receiver<()>>,
    pub ticket: Ticket,
}

impl Written {
    /// Resolves when it cannot be lost any more.
    pub async fn durable(self) -> Result<Ticket, Refusal> {
        self.append.await.map_err(|_| Refusal::NotReady)?;
        if let Some(noted) = self.noted {
            // Nothing leaves before it stands in both.
            noted.await.map_err(|_| Refusal::NotReady)?;
        }
        Ok(self.ticket)
    }
}
