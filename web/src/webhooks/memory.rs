//! For tests: events in a list and notes in a map, with switches to make either unavailable.

use super::feed::{Event, EventSource, Note, Notebook, Notes, Unavailable};
use domain::id::{MerchantId, PayoutId};
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::watch;

/// Whose events they are, unless somebody says otherwise.
pub const MERCHANT: MerchantId = MerchantId(1);

/// The event with this sequence, about this payout.
pub fn event(sequence: u64, payout: u8) -> Event {
    Event {
        sequence,
        id: format!("evt_{sequence}"),
        kind: "payout.processed",
        payout: Some(PayoutId([payout; 16])),
        at: Timestamp(1_800_000_000_000_000),
    }
}

/// Events in a list.
pub struct MemorySource {
    merchant: MerchantId,
    events: Mutex<Vec<Event>>,
    newest: watch::Sender<u64>,
    pub unavailable: AtomicBool,
}

impl MemorySource {
    pub fn with(events: impl IntoIterator<Item = Event>) -> MemorySource {
        MemorySource::of(MERCHANT, events)
    }

    pub fn of(merchant: MerchantId, events: impl IntoIterator<Item = Event>) -> MemorySource {
        let events: Vec<Event> = events.into_iter().collect();
        let newest = watch::Sender::new(events.last().map_or(0, |event| event.sequence));
        let events = Mutex::new(events);
        MemorySource { merchant, events, newest, unavailable: AtomicBool::new(false) }
    }

    /// One more thing happens to this payout.
    pub fn push(&self, payout: u8) {
        let mut events = self.events.lock().unwrap();
        let sequence = events.last().map_or(1, |event| event.sequence + 1);
        events.push(event(sequence, payout));
        drop(events);
        self.newest.send_replace(sequence);
    }

    fn check(&self, merchant: MerchantId) -> Result<bool, Unavailable> {
        if self.unavailable.load(Ordering::SeqCst) {
            return Err(Unavailable);
        }
        Ok(merchant == self.merchant)
    }
}

impl EventSource for MemorySource {
    fn last(&self, merchant: MerchantId) -> Result<u64, Unavailable> {
        Ok(if self.check(merchant)? { *self.newest.borrow() } else { 0 })
    }

    fn after(
        &self,
        merchant: MerchantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, Unavailable> {
        if !self.check(merchant)? {
            return Ok(Vec::new());
        }
        let events = self.events.lock().unwrap();
        let later = &events[events.partition_point(|event| event.sequence <= after)..];
        Ok(later.iter().take(limit).cloned().collect())
    }

    fn find(&self, merchant: MerchantId, event_id: &str) -> Result<Option<Event>, Unavailable> {
        let ours = self.check(merchant)?;
        let events = self.events.lock().unwrap();
        Ok(events.iter().find(|event| ours && event.id == event_id).cloned())
    }

    fn body(
        &self,
        merchant: MerchantId,
        event: Event,
    ) -> BoxFuture<'static, Result<Vec<u8>, Unavailable>> {
        let there = self.check(merchant);
        Box::pin(async move {
            there?;
            let Event { sequence, id, kind, .. } = event;
            Ok(format!("{{\"id\":\"{id}\",\"type\":\"{kind}\",\"sequence\":{sequence}}}").into())
        })
    }

    fn subscribe(&self, _: MerchantId) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

/// Notes in a map.
#[derive(Default)]
pub struct MemoryNotebook {
    notes: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub unavailable: AtomicBool,
    pub writes: AtomicUsize,
}

impl MemoryNotebook {
    /// As a crash leaves it: what is written now.
    pub fn copy(&self) -> MemoryNotebook {
        let notes = Mutex::new(self.notes.lock().unwrap().clone());
        MemoryNotebook { notes, ..MemoryNotebook::default() }
    }

    pub fn len(&self) -> usize {
        self.notes.lock().unwrap().len()
    }

    fn check(&self) -> Result<(), Unavailable> {
        if self.unavailable.load(Ordering::SeqCst) { Err(Unavailable) } else { Ok(()) }
    }
}

impl Notebook for MemoryNotebook {
    fn write(&self, notes: Vec<Note>) -> Result<(), Unavailable> {
        self.check()?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        let mut kept = self.notes.lock().unwrap();
        for (key, value) in notes {
            match value {
                Some(value) => kept.insert(key, value),
                None => kept.remove(&key),
            };
        }
        Ok(())
    }

    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unavailable> {
        self.check()?;
        Ok(self.notes.lock().unwrap().get(key).cloned())
    }

    fn notes(
        &self,
        prefix: &[u8],
        from: Option<&[u8]>,
        backwards: bool,
        limit: usize,
    ) -> Result<Notes, Unavailable> {
        self.check()?;
        let kept = self.notes.lock().unwrap();
        let beyond =
            |key: &[u8]| from.is_none_or(|from| if backwards { key < from } else { key > from });
        let mut found: Notes = kept
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && beyond(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if backwards {
            found.reverse();
        }
        found.truncate(limit);
        Ok(found)
    }
}
