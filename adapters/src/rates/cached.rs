//! A source that is not asked more often than it must be, and whose old rates are refused. Apart from
//! the sources, so that one rule on age holds for all of them.
//!
//! No rate is given that is older than the maximum age, by its own date and by ours. It is asked for
//! anew after half of that age: a source that is away for less than the other half is not missed.

use super::{NoRate, Now, RateSource};
use domain::conversion::Rate;
use domain::money::{Asset, Currency};
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A source that has just failed is left alone for this long.
const PAUSE: Duration = Duration::from_secs(1);

/// A source with a memory.
#[derive(Clone)]
pub struct CachedRates {
    cache: Arc<Cache>,
}

struct Cache {
    source: Arc<dyn RateSource>,
    max_age: Duration,
    now: Now,
    /// As many as there are currencies and assets at most.
    pairs: Mutex<BTreeMap<(Currency, Asset), Arc<Pair>>>,
}

/// One pair.
#[derive(Default)]
struct Pair {
    known: Mutex<Known>,
    /// Held while the source is asked; whoever waits for it takes what came of it.
    asking: Arc<tokio::sync::Mutex<()>>,
}

/// What is known of a pair, each with the time at which the source was asked.
#[derive(Default)]
struct Known {
    rate: Option<(Timestamp, Rate)>,
    failed: Option<(Timestamp, NoRate)>,
}

impl CachedRates {
    /// The source's rates, none of them older than `max_age`.
    pub fn new(source: Arc<dyn RateSource>, max_age: Duration, now: Now) -> CachedRates {
        CachedRates { cache: Arc::new(Cache { source, max_age, now, pairs: Mutex::default() }) }
    }
}

impl RateSource for CachedRates {
    fn name(&self) -> &str {
        self.cache.source.name()
    }

    fn rate(&self, from: Currency, to: Asset) -> BoxFuture<'static, Result<Rate, NoRate>> {
        let cache = self.cache.clone();
        Box::pin(async move { cache.rate(from, to).await })
    }

    fn max_age(&self) -> Option<Duration> {
        Some(self.cache.max_age)
    }
}

impl Cache {
    async fn rate(self: Arc<Cache>, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        let pair = self.pair(from, to);
        if let Some(answer) = self.known(&pair) {
            return answer;
        }
        let asking = match pair.asking.clone().try_lock_owned() {
            Ok(asking) => asking,
            // Somebody asks already; nobody waits for that who can do without.
            Err(_) => match self.still_good(&pair) {
                Some(rate) => return Ok(rate),
                None => pair.asking.clone().lock_owned().await,
            },
        };
        if let Some(answer) = self.known(&pair) {
            return answer;
        }
        // Carried to its end even when the caller gives up: others want the answer as well.
        let question = tokio::spawn(async move {
            let _asking = asking;
            self.ask(&pair, from, to).await
        });
        question.await.unwrap_or_else(|error| {
            tracing::error!(%from, %to, panicked = error.is_panic(), "a question for a rate broke off");
            Err(NoRate::Unreachable)
        })
    }

    /// Asks the source. Dated by when it was asked and not by when it answered: a rate may be as old
    /// as the question.
    async fn ask(&self, pair: &Pair, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        let asked_at = (self.now)();
        let answer = self.source.rate(from, to).await;
        match answer.and_then(|rate| self.judged(rate, from, to)) {
            Ok(rate) => {
                *lock(&pair.known) = Known { rate: Some((asked_at, rate.clone())), failed: None };
                Ok(rate)
            }
            Err(why) => {
                let source = self.source.name();
                tracing::warn!(source, %from, %to, %why, "no new rate");
                lock(&pair.known).failed = Some(((self.now)(), why));
                self.still_good(pair).ok_or(why)
            }
        }
    }

    fn judged(&self, rate: Rate, from: Currency, to: Asset) -> Result<Rate, NoRate> {
        if rate.from != from || rate.to != to || rate.value <= Decimal::ZERO {
            Err(NoRate::Invalid)
        } else if (self.now)().since(rate.at) >= self.max_age {
            Err(NoRate::Stale)
        } else {
            Ok(rate)
        }
    }

    /// What can be answered without asking: a young rate, or what came of a question a moment ago.
    fn known(&self, pair: &Pair) -> Option<Result<Rate, NoRate>> {
        let now = (self.now)();
        let (young, failed) = {
            let known = lock(&pair.known);
            let young = known.rate.as_ref().is_some_and(|(asked, _)| self.is_young(*asked, now));
            (young, known.failed.filter(|(at, _)| now.since(*at) < PAUSE))
        };
        let good = self.still_good(pair);
        match (young, failed) {
            (true, _) if good.is_some() => good.map(Ok),
            (_, Some((_, why))) => Some(good.ok_or(why)),
            _ => None,
        }
    }

    fn is_young(&self, asked: Timestamp, now: Timestamp) -> bool {
        now.since(asked) < self.max_age / 2
    }

    /// The rate that is known, if it is not too old. By its own date, which may be older than our
    /// question, and by the question, because a date may be in the future.
    fn still_good(&self, pair: &Pair) -> Option<Rate> {
        let now = (self.now)();
        let known = lock(&pair.known);
        let (asked, rate) = known.rate.as_ref()?;
        let age = now.since(*asked).max(now.since(rate.at));
        (age < self.max_age).then(|| rate.clone())
    }

    fn pair(&self, from: Currency, to: Asset) -> Arc<Pair> {
        lock(&self.pairs).entry((from, to)).or_default().clone()
    }
}

/// Nothing panics while it holds one of these locks, and what they guard would be whole if it did.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
