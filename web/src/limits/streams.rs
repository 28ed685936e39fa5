//! How many event streams may be open: each holds a connection for as long as its client likes.

use domain::id::MerchantId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams that one merchant may have open.
const OF_ONE_MERCHANT: usize = 32;
/// Streams that may be open in all.
const OF_ALL: usize = 2_000;

/// The open streams.
#[derive(Clone, Debug, Default)]
pub struct Streams(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: Mutex<HashMap<MerchantId, usize>>,
    closing: AtomicBool,
}

/// A stream's place, given back when dropped.
pub struct StreamPlace {
    streams: Streams,
    merchant: MerchantId,
}

impl Streams {
    /// A place for one more; none when there is no room.
    pub fn take(&self, merchant: MerchantId) -> Option<StreamPlace> {
        let mut open = self.lock();
        let all: usize = open.values().sum();
        let own = open.get(&merchant).copied().unwrap_or(0);
        if all >= OF_ALL || own >= OF_ONE_MERCHANT {
            return None;
        }
        *open.entry(merchant).or_default() += 1;
        Some(StreamPlace { streams: self.clone(), merchant })
    }

    /// Ends them all, shortly: a server that stops would wait for them.
    pub fn close(&self) {
        self.0.closing.store(true, Ordering::SeqCst);
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.lock().values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MerchantId, usize>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamPlace {
    /// Whether the stream may go on.
    pub fn is_open(&self) -> bool {
        !self.streams.0.closing.load(Ordering::SeqCst)
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if let Some(count) = open.get_mut(&self.merchant) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.merchant);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_merchant_has_its_share_and_a_closed_stream_gives_its_place_back() {
        let streams = Streams::default();
        let places: Vec<StreamPlace> =
            (0..OF_ONE_MERCHANT).map(|_| streams.take(MerchantId(1)).unwrap()).collect();
        assert!(streams.take(MerchantId(1)).is_none());
        assert!(streams.take(MerchantId(2)).is_some(), "others have theirs");
        drop(places);
        assert_eq!(streams.open(), 0);
        let place = streams.take(MerchantId(1)).unwrap();
        assert!(place.is_open());
        streams.close();
        assert!(!place.is_open());
    }
}
