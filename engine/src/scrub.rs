//! The same verification beside a gateway that runs: now and then at a low rate, or at once on request.
//! Apart from `verify`, which knows no actor and no clock. What it finds never stops the gateway: it is
//! told in the log, counted, and answered to whoever asked.

use crate::clock::Clock;
use crate::payout_supervisor::{CopyOf, LiveIds, PayoutSupervisor};
use crate::verify::{CompareLive, Folding, Report, is_the_same, running};
use actix::Addr;
use domain::id::PayoutId;
use snapshots::Running;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Copied in one turn of a supervisor; small enough not to be felt by a create.
const COPIED_AT_ONCE: usize = 512;
/// How long a scrub that waits for its rate may not notice that the gateway stops.
const NOTICE: Duration = Duration::from_millis(50);
/// How much politer than the gateway its thread is.
const NICE: i32 = 15;

/// How often, and how fast, everything is read again while the gateway runs.
#[derive(Clone, Copy, Debug)]
pub struct ScrubOptions {
    /// From the end of one scrub to the begin of the next; zero: never.
    pub every: Duration,
    /// How much of the log and the archive is read in a second; zero: as much as there is.
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
    turn: tokio::sync::Mutex<()>,
}

/// What a scrub looks at.
#[derive(Clone)]
pub(crate) struct Grounds {
    pub store: Arc<Running>,
    pub supervisors: Vec<Addr<PayoutSupervisor>>,
    pub clock: Arc<dyn Clock>,
}

impl Scrub {
    /// Scrubs whenever it is time, for as long as the store is in use.
    pub fn start(self: &Arc<Self>, grounds: Grounds, options: ScrubOptions) {
        if options.every.is_zero() {
            return;
        }
        let Grounds { store, supervisors, clock } = grounds;
        // A task that only sleeps must not keep a stopped store open.
        let store: Weak<Running> = Arc::downgrade(&store);
        let scrub = self.clone();
        actix_rt::spawn(async move {
            loop {
                clock.wait_until(clock.now().plus(options.every)).await;
                let Some(store) = store.upgrade() else { return };
                let grounds =
                    Grounds { store, supervisors: supervisors.clone(), clock: clock.clone() };
                scrub.run(grounds, options.bytes_per_second).await;
            }
        });
    }

    /// Verifies once. None: the gateway is stopping.
    pub async fn run(self: &Arc<Self>, grounds: Grounds, bytes_per_second: u64) -> Option<Report> {
        let _turn = self.turn.lock().await;
        let (scrub, runtime) = (self.clone(), tokio::runtime::Handle::current());
        let (answer, answered) = tokio::sync::oneshot::channel();
        let body = move || {
            // Its own thread alone; where the system does not let it, it is as quick as the others.
            let _ = rustix::process::nice(NICE);
            let report = scrub.verify(&grounds, &runtime, bytes_per_second);
            // Whoever has stopped waiting reads it in the log.
            let _ = answer.send(report);
        };
        if let Err(error) = thread::Builder::new().name("scrub".to_owned()).spawn(body) {
            tracing::error!(%error, "a scrub could not be started");
            return None;
        }
        answered.await.ok().flatten()
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
        bytes_per_second: u64,
    ) -> Option<Report> {
        let (began, mut read) = (Instant::now(), 0_u64);
        let mut pace = |bytes: u64| {
            read += bytes;
            self.figures.bytes.fetch_add(bytes, Ordering::Relaxed);
            while !self.stopping.load(Ordering::SeqCst) {
                let ahead = allowed_after(read, bytes_per_second).saturating_sub(began.elapsed());
                if ahead.is_zero() {
                    return ControlFlow::Continue(());
                }
                thread::sleep(ahead.min(NOTICE));
            }
            ControlFlow::Break(())
        };
        let supervisors = &grounds.supervisors;
        let compare: &CompareLive<'_> = &|folding, report| {
            compare_live(&grounds.store, supervisors, runtime, folding, report);
        };
        let report = running(&grounds.store, compare, &mut pace)?;
        self.tell(&report, grounds, began.elapsed());
        Some(report)
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

/// When so much may have been read.
fn allowed_after(bytes: u64, bytes_per_second: u64) -> Duration {
    match bytes.saturating_mul(1_000_000).checked_div(bytes_per_second) {
        Some(micros) => Duration::from_micros(micros),
        None => Duration::ZERO,
    }
}

/// The payouts in memory against the fold; and whether any that must still live is nowhere.
fn compare_live(
    store: &Running,
    supervisors: &[Addr<PayoutSupervisor>],
    runtime: &tokio::runtime::Handle,
    folding: &Folding<'_>,
    report: &mut Report,
) {
    let mut met: HashSet<PayoutId> = HashSet::new();
    for supervisor in supervisors {
        // A supervisor that is gone ends with its gateway: nothing can be said then.
        let Ok(ids) = runtime.block_on(supervisor.send(LiveIds)) else { return };
        let ids: Vec<PayoutId> = ids.into_iter().filter(|id| folding.wants(*id)).collect();
        for some in ids.chunks(COPIED_AT_ONCE) {
            let Ok(copies) = runtime.block_on(supervisor.send(CopyOf(some.to_vec()))) else {
                return;
            };
            for copied in copies {
                let id = copied.id();
                met.insert(id);
                let payout = match copied.into_payout() {
                    Ok(payout) => payout,
                    Err(error) => {
                        report.amiss("memory", Some(id), error.to_string());
                        continue;
                    }
                };
                report.live += 1;
                let told = folding.payouts.get(&payout.id()).and_then(|one| one.payout.as_ref());
                if told.is_some_and(|told| !is_the_same(&payout, told, true)) {
                    let what = "in memory it is not the payout that the log tells";
                    report.amiss("memory", Some(payout.id()), what);
                }
            }
        }
    }
    let unmet = folding.payouts.iter().filter(|(id, one)| one.in_archive == 0 && !met.contains(id));
    for (id, _) in unmet {
        // What left memory since it was looked for is in the archive by now.
        if store.archive.contains(id.0).is_ok_and(|there| !there) {
            report.amiss("memory", Some(*id), "it is neither in memory nor in the archive");
        }
    }
}
