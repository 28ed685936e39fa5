//! Requests per merchant: a token bucket in the form of one number per merchant, the time at which
//! its bucket is full again. Apart from the providers' rate limits, which protect somebody else.

use actix_web::http::header::HeaderValue;
use domain::id::MerchantId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

const NANOS: u64 = 1_000_000_000;

/// How many requests one merchant may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    /// In the long run.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// What is left of a merchant's quota.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    limit: RateLimit,
    /// Requests that may be made now.
    pub remaining: u32,
    /// Until all of them may be made again.
    pub full_in: Duration,
}

/// The buckets of all merchants that called.
pub struct RateLimiter {
    limit: RateLimit,
    began: Instant,
    /// Per merchant, when its bucket is full again, in nanoseconds since `began`. Only callers with
    /// a valid key get an entry, so it cannot be made to grow.
    full_at: RwLock<HashMap<MerchantId, Arc<AtomicU64>>>,
}

impl RateLimiter {
    /// Full buckets of this size.
    pub fn new(limit: RateLimit) -> RateLimiter {
        // Zero would mean never; whoever wants that revokes the key.
        let limit = RateLimit { per_second: limit.per_second.max(1), burst: limit.burst.max(1) };
        RateLimiter { limit, began: Instant::now(), full_at: RwLock::default() }
    }

    /// Takes one request out of the merchant's bucket.
    ///
    /// # Errors
    /// The bucket is empty; the quota, and how long until there is one in it.
    pub fn take(&self, merchant: MerchantId) -> Result<Quota, (Quota, Duration)> {
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let bucket = self.bucket(merchant);
        self.take_at(&bucket, now)
    }

    fn take_at(&self, bucket: &AtomicU64, now: u64) -> Result<Quota, (Quota, Duration)> {
        let step = NANOS / u64::from(self.limit.per_second);
        let size = step * u64::from(self.limit.burst);
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let after = full_at.max(now) + step;
            (after - now <= size).then_some(after)
        });
        match taken {
            Ok(before) => Ok(self.quota(before.max(now) + step - now, step, size)),
            Err(full_at) => {
                let wait = Duration::from_nanos(full_at + step - now - size);
                Err((self.quota(full_at - now, step, size), wait))
            }
        }
    }

    fn quota(&self, missing: u64, step: u64, size: u64) -> Quota {
        let remaining = u32::try_from(size.saturating_sub(missing) / step).unwrap_or(u32::MAX);
        Quota { limit: self.limit, remaining, full_in: Duration::from_nanos(missing) }
    }

    fn bucket(&self, merchant: MerchantId) -> Arc<AtomicU64> {
        if let Some(bucket) =
            self.full_at.read().unwrap_or_else(PoisonError::into_inner).get(&merchant)
        {
            return bucket.clone();
        }
        let mut all = self.full_at.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(merchant).or_default().clone()
    }
}

impl Quota {
    /// The RateLimit fields (draft-ietf-httpapi-ratelimit-headers).
    pub fn headers(&self) -> [(&'static str, HeaderValue); 2] {
        let RateLimit { per_second, burst } = self.limit;
        let window = burst.div_ceil(per_second);
        let policy = format!("\"default\";q={burst};w={window}");
        let state = format!("\"default\";r={};t={}", self.remaining, seconds_up(self.full_in));
        [("ratelimit-policy", text(policy)), ("ratelimit", text(state))]
    }
}

/// Whole seconds, never too early.
pub(crate) fn seconds_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn text(value: String) -> HeaderValue {
    // Digits and plain words are always a good header value.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("\"default\""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn limiter() -> RateLimiter {
        RateLimiter::new(RateLimit { per_second: 10, burst: 3 })
    }

    #[test]
    fn a_burst_passes_and_then_one_per_step() {
        let (limiter, bucket) = (limiter(), AtomicU64::new(0));
        let step = NANOS / 10;
        let left: Vec<u32> =
            (0..3).map(|_| limiter.take_at(&bucket, 0).unwrap().remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let (quota, wait) = limiter.take_at(&bucket, 0).unwrap_err();
        assert_eq!((quota.remaining, wait), (0, Duration::from_nanos(step)));
        assert!(limiter.take_at(&bucket, step - 1).is_err());
        assert_eq!(limiter.take_at(&bucket, step).unwrap().remaining, 0);
        // After a rest the bucket is full, and no fuller.
        assert_eq!(limiter.take_at(&bucket, 100 * step).unwrap().remaining, 2);
    }

    #[test]
    fn merchants_do_not_share_a_bucket() {
        let limiter = limiter();
        let (one, other) = (MerchantId(1), MerchantId(2));
        for _ in 0..3 {
            limiter.take(one).unwrap();
        }
        assert!(limiter.take(one).is_err());
        assert!(limiter.take(other).is_ok());
    }

    #[test]
    fn the_quota_is_told_in_headers() {
        let quota = limiter().take_at(&AtomicU64::new(0), 0).unwrap();
        let [policy, state] =
            quota.headers().map(|(name, value)| (name, value.to_str().unwrap().to_owned()));
        assert_eq!(policy, ("ratelimit-policy", "\"default\";q=3;w=1".to_owned()));
        assert_eq!(state, ("ratelimit", "\"default\";r=2;t=1".to_owned()));
    }
}
