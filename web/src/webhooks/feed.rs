//! What the dispatcher stands on: where events come from, and where small notes are kept. Traits,
//! because a test's events come from a list and its notes stay in memory.

use domain::id::{MerchantId, PayoutId};
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::watch;

/// One thing that happened to a merchant's payouts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Rises by one with every event of the merchant.
    pub sequence: u64,
    /// `evt_…`; the same for every attempt to tell it.
    pub id: String,
    /// Its type, such as `payout.processed`.
    pub kind: &'static str,
    /// The payout it is about; events of one payout are told in order.
    pub payout: Option<PayoutId>,
    /// When it happened.
    pub at: Timestamp,
}

/// Events or notes cannot be had just now; later they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not available now")]
pub struct Unavailable;

/// Where events come from.
pub trait EventSource: Send + Sync + 'static {
    /// The merchant's newest sequence; 0 before the first event.
    ///
    /// # Errors
    /// Not available now.
    fn last(&self, merchant: MerchantId) -> Result<u64, Unavailable>;

    /// The merchant's events after this sequence, in order, at most so many.
    ///
    /// # Errors
    /// Not available now.
    fn after(
        &self,
        merchant: MerchantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, Unavailable>;

    /// The event with this id, if it is this merchant's.
    ///
    /// # Errors
    /// Not available now.
    fn find(&self, merchant: MerchantId, event_id: &str) -> Result<Option<Event>, Unavailable>;

    /// The JSON that tells the event; the same bytes every time.
    fn body(
        &self,
        merchant: MerchantId,
        event: Event,
    ) -> BoxFuture<'static, Result<Vec<u8>, Unavailable>>;

    /// Follows the merchant's newest sequence.
    fn subscribe(&self, merchant: MerchantId) -> watch::Receiver<u64>;
}

/// A key and its new value; no value removes it.
pub type Note = (Vec<u8>, Option<Vec<u8>>);

/// Keys with their values.
pub type Notes = Vec<(Vec<u8>, Vec<u8>)>;

/// Small durable values. What was written before a crash may be lost with everything written after
/// it, and never alone.
pub trait Notebook: Send + Sync + 'static {
    /// Writes all of it or nothing.
    ///
    /// # Errors
    /// Not available now.
    fn write(&self, notes: Vec<Note>) -> Result<(), Unavailable>;

    /// One value.
    ///
    /// # Errors
    /// Not available now.
    fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Unavailable>;

    /// Values whose keys begin with `prefix`, in the order of their keys or backwards. `from` is a
    /// whole key: what comes behind it in that direction is given, it itself is not.
    ///
    /// # Errors
    /// Not available now.
    fn notes(
        &self,
        prefix: &[u8],
        from: Option<&[u8]>,
        backwards: bool,
        limit: usize,
    ) -> Result<Notes, Unavailable>;
}

/// Both together: there once the gateway has recovered.
#[derive(Clone)]
pub struct Feed {
    /// The events.
    pub source: Arc<dyn EventSource>,
    /// The notes.
    pub notebook: Arc<dyn Notebook>,
}
