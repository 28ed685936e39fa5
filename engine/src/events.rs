//! A merchant's events, read: pages of them, one of them, the payout as an event tells it, and a bell
//! for whoever waits for more. Apart from the gateway's payouts because none of this reaches an actor
//! that could be busy.

use crate::event_feed::Event;
use crate::gateway::{Gateway, MerchantDoor, View};
use crate::refusal::Refusal;
use domain::id::{EventId, MerchantId};
use domain::payout::Payout;
use domain::schedule::{Watch, next_check};
use snapshots::events::{EventError, EventStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often, and after which pause, a payout is looked at that has yet to believe what is durable.
const LOOKS: u32 = 1_000;
const LOOK_AGAIN: Duration = Duration::from_millis(2);

impl MerchantDoor {
    /// At most `limit` events behind a place in the sequence, in order.
    pub fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, Refusal> {
        let rows = self.gateway.event_store()?.after(self.merchant.0, after, limit);
        rows.map_err(unreadable)?.into_iter().map(Event::of).collect()
    }

    /// The place of the newest event; 0 before the first.
    pub fn newest_event(&self) -> Result<u64, Refusal> {
        self.gateway.event_store()?.last(self.merchant.0).map_err(unreadable)
    }

    /// The same for whoever wants only what is new: refused while events that were told before the start are
    /// still being read, as after an upgrade that makes all of them anew. They would be told again.
    pub fn newest_event_of_all(&self) -> Result<u64, Refusal> {
        let parts = self.gateway.parts()?;
        if parts.store.events.through().map_err(unreadable)? < parts.recovered {
            return Err(Refusal::NotReady);
        }
        self.newest_event()
    }

    /// The event of this id, if it is this merchant's.
    pub fn event(&self, id: EventId) -> Result<Option<Event>, Refusal> {
        let row = self.gateway.event_store()?.get(self.merchant.0, id.sequence());
        let event = row.map_err(unreadable)?.map(Event::of).transpose()?;
        Ok(event.filter(|event| event.id() == id))
    }

    /// The payout as it was when the event happened.
    pub async fn as_told(&self, event: &Event) -> Result<View, Refusal> {
        // The feed reads what is durable, and may be a moment ahead of the actor that wrote it.
        for _ in 0..LOOKS {
            let payout = self.get(event.payout).await?.payout;
            if payout.version() == event.version {
                return self.gateway.view_as_written(payout);
            }
            if payout.version() > event.version {
                return self.gateway.view_as_written(payout.as_of(event.version));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        tracing::warn!(payout = %event.payout, "an event is ahead of its payout");
        Err(Refusal::NotReady)
    }

    /// The place of the newest event, now and whenever it changes.
    pub fn news(&self) -> Result<watch::Receiver<u64>, Refusal> {
        let newest = self.newest_event()?;
        Ok(self.gateway.parts()?.hub.subscribe(self.merchant, newest))
    }

    /// The same door once more, for a task of its own.
    pub fn of(gateway: &Gateway, merchant: MerchantId) -> MerchantDoor {
        gateway.for_merchant(merchant)
    }
}

impl Gateway {
    /// Events, and the notes of whoever passes them on.
    pub fn event_store(&self) -> Result<&Arc<dyn EventStore>, Refusal> {
        Ok(&self.parts()?.store.events)
    }

    /// How many of the journal's records have yet to be read for events. Small and passing while
    /// payouts live; growing for good when the events have failed.
    pub fn events_behind(&self) -> Result<u64, Refusal> {
        let store = &self.parts()?.store;
        let through = store.events.through().map_err(unreadable)?;
        Ok(store.journal.durable_sequence().saturating_sub(through))
    }

    /// Whether all that the journal has by now was read for events, some time later: for whoever waits for what
    /// stood in it at the start, while more and more comes in.
    pub async fn events_have_caught_up(&self, look_every: Duration) -> Result<(), Refusal> {
        let now = self.parts()?.store.journal.durable_sequence();
        while self.parts()?.store.events.through().map_err(unreadable)? < now {
            tokio::time::sleep(look_every).await;
        }
        Ok(())
    }

    /// The payout with nothing but what its entries say.
    fn view_as_written(&self, payout: Payout) -> Result<View, Refusal> {
        let plan = &self.parts()?.adapters.policy_of(&payout).poll;
        Ok(View { next_check_at: next_check(&payout, Watch::default(), plan), payout })
    }
}

pub(crate) fn unreadable(error: EventError) -> Refusal {
    tracing::error!(%error, "the events cannot be read");
    Refusal::Internal
}
