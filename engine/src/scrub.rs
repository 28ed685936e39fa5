//! The same verification beside a gateway that runs: now and then at a low rate, or at once on request.
//! Apart from `verify`, which knows no actor and no clock. What it finds never stops the gateway: it is
//! told in the log, counted, and answered to whoever asked.

mod memory;
mod ordered;
mod pacing;

pub use ordered::{Stage, Verification};

use crate::clock::Clock;
use crate::partition::PartitionHandle;
use crate::verify::{CompareLive, Report, running};
use pacing::Pacing;
use snapshots::Running;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How much politer than the gateway its thread is.
const NICE: i32 = 15;

/// How often, and how fast, everything is read again while the gateway runs.
#[derive(Clone, Copy, Debug)]
pub struct ScrubOptions {
    /// From the end of one scrub to the begin of the next; zero: never.
    pub every: Duration,
    /// How much of the log, the snapshots and the archive is read in a second; zero: as much as there
    /// is.
    pub bytes_per_second: u64,
}

impl Default for ScrubOptions {
    fn default() -> ScrubOptions {
        ScrubOptions { every: Duration::from_secs(86_400), bytes_per_second: 8 << 20 }
    }
}

/// What scrubs have found since the start.
#[derive(Debug, Default)]
pub struct ScrubFigures {
    /// When the last one ended that found nothing, in seconds since 1970; 0 before.
    pub last_success: AtomicU64,
    /// Divergences, all scrubs together.
    pub divergences: AtomicU64,
    /// Bytes read.
    pub bytes: AtomicU64,
}

/// The scrub of one gateway.
#[derive(Default)]
pub(crate) struct Scrub {
    pub figures: ScrubFigures,
    stopping: AtomicBool,
    /// Held by whichever thread reads; by nobody who could be dropped while its thread reads on.
    turn: tokio::sync::Mutex<()>,
    ordered: ordered::Orders,
}

/// What a scrub looks at. Whoever waits for its turn keeps no stopped store open.
#[derive(Clone)]
pub(crate) struct Grounds {
    pub store: Weak<Running>,
    pub partitions: Vec<PartitionHandle>,
    pub clock: Arc<dyn Clock>,
}

/// For whom everything is read.
#[derive(Clone, Copy)]
pub(crate) enum For {
    /// The clock wanted it: so many bytes a second, and only while nobody else wants to.
    Clock { bytes_per_second: u64 },
    /// The program asked for it, and waits.
    Program,
    /// Somebody ordered it, and looks how far it is.
    Order,
}

/// Looks at what lies beside all that the engine keeps, and adds to the report.
pub type Beside = Box<dyn FnOnce(&mut Report) + Send>;

impl Scrub {
    /// Scrubs whenever it is time, for as long as the store is in use.
    pub fn start(self: &Arc<Self>, grounds: Grounds, options: ScrubOptions) {
        if options.every.is_zero() {
            return;
        }
        let (scrub, clock) = (self.clone(), grounds.clock.clone());
        actix_rt::spawn(async move {
            loop {
                clock.wait_until(clock.now().plus(options.every)).await;
                if grounds.store.strong_count() == 0 {
                    return;
                }
                let bytes_per_second = options.bytes_per_second;
                scrub.run(grounds.clone(), For::Clock { bytes_per_second }).await;
            }
        });
    }

    /// Verifies once. None: the gateway is stopping, or somebody else wanted it at once.
    pub async fn run(self: &Arc<Self>, grounds: Grounds, whom: For) -> Option<Report> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let then = move |report| {
            // Whoever has stopped waiting reads it in the log.
            let _ = answer.send(report);
        };
        if let Err(error) = self.begin(grounds, whom, Box::new(|_| {}), then) {
            tracing::error!(%error, "a scrub could not be started");
            return None;
        }
        answered.await.ok().flatten()
    }

    /// Verifies once on a thread of its own, when its turn comes, and hands over what it found.
    pub fn begin(
        self: &Arc<Self>,
        grounds: Grounds,
        whom: For,
        beside: Beside,
        then: impl FnOnce(Option<Report>) + Send + 'static,
    ) -> io::Result<()> {
        let (scrub, runtime) = (self.clone(), tokio::runtime::Handle::current());
        let body = move || {
            // Its own thread alone; where the system does not let it, it is as quick as the others.
            let _ = rustix::process::nice(NICE);
            let report = {
                let _turn = scrub.turn.blocking_lock();
                scrub.verify(&grounds, &runtime, whom, beside)
            };
            then(report);
        };
        thread::Builder::new().name("scrub".to_owned()).spawn(body).map(drop)
    }

    /// Ends a scrub that is under way, and keeps others from beginning.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(self.turn.lock().await);
    }

    fn verify(
        &self,
        grounds: &Grounds,
        runtime: &tokio::runtime::Handle,
        whom: For,
        beside: Beside,
    ) -> Option<Report> {
        let began = Instant::now();
        if self.is_to_end(whom) {
            return None;
        }
        let store = grounds.store.upgrade()?;
        let compare: &CompareLive<'_> = &|folding, report| {
            let is_to_end = || self.is_to_end(whom);
            memory::compare(&store, &grounds.partitions, runtime, &is_to_end, folding, report)
        };
        let mut report = running(&store, compare, &mut Pacing::new(self, whom))?;
        beside(&mut report);
        self.tell(&report, grounds, began.elapsed());
        Some(report)
    }

    /// Whether nobody wants any more what is being read.
    fn is_to_end(&self, whom: For) -> bool {
        let gives_way = matches!(whom, For::Clock { .. }) && self.ordered.is_under_way();
        gives_way || self.stopping.load(Ordering::SeqCst)
    }

    fn tell(&self, report: &Report, grounds: &Grounds, took: Duration) {
        let Report { payouts, entries, bytes, divergences, .. } = report;
        self.figures.divergences.fetch_add(*divergences, Ordering::Relaxed);
        for one in &report.told {
            let payout = one.payout.map(|id| id.to_string());
            tracing::error!(place = %one.place, payout, what = %one.what, "not as the journal says");
        }
        let seconds = took.as_secs();
        tracing::info!(payouts, entries, bytes, divergences, seconds, "everything was read again");
        if report.is_sound() {
            let now = u64::try_from(grounds.clock.now().0 / 1_000_000).unwrap_or(0);
            self.figures.last_success.store(now, Ordering::Relaxed);
        }
    }
}
