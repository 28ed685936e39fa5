//! The gateway as the dispatcher sees it: its events, told as the API tells them, and its notes.
//! Apart from the dispatcher, which knows neither actors nor the store.

use super::feed::{Event, EventSource, Feed, Note, Notebook, Notes, Unavailable};
use crate::render;
use domain::id::{EventId, MerchantId};
use engine::{Gateway, MerchantDoor, Refusal};
use futures_util::future::BoxFuture;
use snapshots::events::EventError;
use std::sync::Arc;
use tokio::sync::watch;

/// The gateway as a source of events and a place for notes.
struct GatewayFeed(Gateway);

/// What the dispatcher is connected to.
pub fn feed(gateway: Gateway) -> Feed {
    let both = Arc::new(GatewayFeed(gateway));
    Feed { source: both.clone(), notebook: both }
}

impl GatewayFeed {
    fn door(&self, merchant: MerchantId) -> MerchantDoor {
        self.0.for_merchant(merchant)
    }
}

impl EventSource for GatewayFeed {
    fn last(&self, merchant: MerchantId) -> Result<u64, Unavailable> {
        self.door(merchant).newest_event().map_err(refused)
    }

    fn after(
        &self,
        merchant: MerchantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, Unavailable> {
        let events = self.door(merchant).events(after, limit).map_err(refused)?;
        Ok(events.iter().map(told).collect())
    }

    fn find(&self, merchant: MerchantId, event_id: &str) -> Result<Option<Event>, Unavailable> {
        let Ok(id) = event_id.parse::<EventId>() else { return Ok(None) };
        let found = self.door(merchant).event(id).map_err(refused)?;
        Ok(found.as_ref().map(told))
    }

    fn body(
        &self,
        merchant: MerchantId,
        event: Event,
    ) -> BoxFuture<'static, Result<Vec<u8>, Unavailable>> {
        let door = self.door(merchant);
        Box::pin(async move {
            let id: EventId = event.id.parse().map_err(|_| Unavailable)?;
            let event = door.event(id).map_err(refused)?.ok_or(Unavailable)?;
            let then = door.as_told(&event).await.map_err(refused)?;
            serde_json::to_vec(&render::event(&event, &then)).map_err(|_| Unavailable)
        })
    }

    fn subscribe(&self, merchant: MerchantId) -> watch::Receiver<u64> {
        // A gateway that is stopping has no news: the sender of these is gone.
        self.door(merchant).news().unwrap_or_else(|_| watch::channel(0).1)
    }
}

impl Notebook for GatewayFeed {
    fn write(&self, notes: Vec<Note>) -> Result<(), Unavailable> {
        self.0.event_store().map_err(refused)?.write_notes(notes).map_err(unreadable)
    }

    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unavailable> {
        self.0.event_store().map_err(refused)?.note(key).map_err(unreadable)
    }

    fn notes(
        &self,
        prefix: &[u8],
        from: Option<&[u8]>,
        backwards: bool,
        limit: usize,
    ) -> Result<Notes, Unavailable> {
        let store = self.0.event_store().map_err(refused)?;
        store.notes(prefix, from, backwards, limit).map_err(unreadable)
    }
}

fn told(event: &engine::Event) -> Event {
    Event {
        sequence: event.sequence,
        id: event.id().to_string(),
        kind: event.kind.word(),
        payout: Some(event.payout),
        at: event.at,
    }
}

fn refused(refusal: Refusal) -> Unavailable {
    tracing::debug!(%refusal, "no events for webhooks now");
    Unavailable
}

fn unreadable(error: EventError) -> Unavailable {
    tracing::error!(%error, "the notes of webhooks cannot be had");
    Unavailable
}
