//! Time as a value: the system's clock, or one that a test turns. Everything in the engine that
//! waits for a point in time waits through this trait, so a test can live two days in a moment.

mod sure_time;

pub(crate) use sure_time::SureClock;
pub use sure_time::SureTime;

use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Where the engine's time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;

    /// How long it is since some moment, by a clock that nobody can put forward or back.
    fn running(&self) -> Duration;

    /// Resolves once `now` has reached this time, or as much time has passed as it was away when this was
    /// called: a clock that is put back keeps nobody waiting for longer. Whoever cannot do with that, or waits
    /// for more than a day, looks again.
    fn wait_until(&self, time: Timestamp) -> BoxFuture<'static, ()>;
}

/// The moment that the system's clock counts its running from.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn running(&self) -> Duration {
        BEGAN.elapsed()
    }

    fn wait_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        // A timer wheel has a horizon; whoever waits longer looks again after a day.
        let pause = time.since(self.now()).min(Duration::from_secs(86_400));
        Box::pin(tokio::time::sleep(pause))
    }
}

/// A clock that runs like the system's and can be turned forward by hand, or put wrong.
#[derive(Clone, Debug)]
pub struct TurnedClock {
    offset_micros: Arc<AtomicI64>,
    /// What of it let no time pass.
    wrong_micros: Arc<AtomicI64>,
    turned: watch::Sender<()>,
}

impl Default for TurnedClock {
    fn default() -> Self {
        let (offset_micros, wrong_micros) = Default::default();
        TurnedClock { offset_micros, wrong_micros, turned: watch::Sender::new(()) }
    }
}

impl TurnedClock {
    /// Turns the clock forward and wakes whoever waits.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.offset_micros.fetch_add(micros, Ordering::SeqCst);
        self.turned.send_replace(());
    }

    /// Puts the clock forward, or back, while no time passes. Nobody is woken.
    pub fn put(&self, by_micros: i64) {
        self.wrong_micros.fetch_add(by_micros, Ordering::SeqCst);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        let offset = self.offset_micros.load(Ordering::SeqCst);
        let wrong = self.wrong_micros.load(Ordering::SeqCst);
        Timestamp(SystemClock.now().0.saturating_add(offset).saturating_add(wrong))
    }

    /// Whoever turns it lets the time pass, too.
    fn running(&self) -> Duration {
        let turned = self.offset_micros.load(Ordering::SeqCst).unsigned_abs();
        SystemClock.running() + Duration::from_micros(turned)
    }

    fn wait_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        let mut turned = self.turned.subscribe();
        Box::pin(async move {
            let waited = clock.running() + time.since(clock.now());
            loop {
                let left = waited.saturating_sub(clock.running()).min(Duration::from_secs(86_400));
                let pause = time.since(clock.now()).min(left);
                if pause.is_zero() {
                    return;
                }
                tokio::select! {
                    biased;
                    _ = turned.changed() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        })
    }
}
