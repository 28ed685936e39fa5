//! Starting and stopping: the store, the partitions on their threads, recovery, and the orderly
//! end. The composition root hands the parts in; nothing here builds a provider.

mod in_memory;

use crate::adapter_supervisor::AdapterSupervisor;
use crate::clock::{Clock, SureClock};
use crate::desk::{Desk, DeskState};
use crate::event_feed::{EventFeed, EventHub};
use crate::gateway::{Gateway, Parts};
use crate::live_index::LiveIndex;
use crate::live_table::LiveTable;
use crate::moderation_book::ModerationBook;
use crate::orphans::{self, OrphanBook};
use crate::partition::{Counters, Partition, PartitionHandle};
use crate::payout_supervisor::{Adopt, PayoutSupervisor, WakeAll};
use crate::place::Place;
use crate::recovery::{self, Contracts, Kept, Manner, Recollected, RecoveryError};
use crate::return_watch;
use crate::scrub::{self, Scrub, ScrubOptions};
use crate::snapshot_schedule::{self, Schedule};
use crate::snapshot_seen::Why;
use crate::snapshotting::{self, SnapshotError, SnapshotTaken};
use crate::timer_actor::Timer;
use crate::writing::Writing;
use actix::{Actor, Addr, Arbiter, Context};
use adapters::adapter_actor::AdapterActor;
use adapters::adapter_actor::messages::AdapterSettings;
use adapters::circuit_breaker::BreakerSettings;
use adapters::provider::Provider;
use adapters::rates::Rates;
use adapters::registry::{DeclaredTwice, Registry};
use domain::id::IdKey;
use domain::payout::Payout;
use domain::schedule::next_return_check;
use domain::status::Status;
use domain::time::Timestamp;
use futures_util::future;
use snapshots::intent_ledger;
use snapshots::log::LogError;
use snapshots::{Lane, OpenError, ReplayError, Running, Store, StoreOptions};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How the engine is set up.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Partitions, each with a thread of its own.
    pub partitions: usize,
    /// Requests that may be under way at once; more are refused before anything is created.
    pub in_flight_max: u64,
    /// Payouts that may be live at once; more are refused before anything is created.
    pub live_max: u64,
    /// A payout that will have nothing to do for longer than this gives its actor back.
    pub passivate_after: Duration,
    /// A snapshot after this many journal records; 0: only at the stop.
    pub snapshot_every: u64,
    /// A snapshot after this long, if anything was written; zero: not for that reason.
    pub snapshot_interval: Duration,
    /// How everything is read again while the gateway runs.
    pub scrub: ScrubOptions,
    /// The secret from which payout ids are derived.
    pub id_key: IdKey,
    /// Where and how things are stored.
    pub store: StoreOptions,
}

impl EngineOptions {
    /// Defaults for this data directory.
    pub fn new(data_dir: impl Into<PathBuf>, id_key: IdKey) -> EngineOptions {
        EngineOptions {
            partitions: 2,
            in_flight_max: 20_000,
            live_max: 5_000_000,
            passivate_after: Duration::from_secs(60),
            snapshot_every: 1_000_000,
            snapshot_interval: Duration::from_secs(3_600),
            scrub: ScrubOptions::default(),
            id_key,
            store: StoreOptions { data_dir: data_dir.into(), ..StoreOptions::default() },
        }
    }
}

/// What recovery found.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Payouts that live.
    pub live: u64,
    /// Payouts that were finished when they were met.
    pub finished: u64,
    /// Live payouts whose submission has no outcome: asked for, not sent again.
    pub in_doubt: u64,
    /// Journal records read.
    pub records: u64,
    /// How long it took.
    pub took: Duration,
    /// What an operator should know: rebuilt stores, torn tails.
    pub notes: Vec<String>,
}

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal does not make payouts.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The log or a snapshot could not be read to its end.
    #[error("{0}")]
    Replay(String),
    /// Two provider accounts have one name.
    #[error(transparent)]
    Accounts(#[from] DeclaredTwice),
    /// The store's threads did not start.
    #[error("the store did not start: {0}")]
    Store(#[from] std::io::Error),
    /// A thread could not be started, or died at once.
    #[error("the engine's threads did not start")]
    Threads,
}

impl StartError {
    /// The data is damaged, as against in use, missing or unreadable.
    pub fn is_damage(&self) -> bool {
        match self {
            StartError::Open(error) => is_damage(error),
            StartError::Recovery(_) | StartError::Replay(_) => true,
            StartError::Accounts(_) | StartError::Store(_) | StartError::Threads => false,
        }
    }
}

/// What was stored is not what was written; as against in use, or refused by the file system.
pub(crate) fn is_damage(error: &OpenError) -> bool {
    if let OpenError::Anchor { source, .. } = error {
        return source.kind() == std::io::ErrorKind::InvalidData;
    }
    matches!(
        error,
        OpenError::Log(LogError::Damaged(_) | LogError::Missing { .. })
            | OpenError::RolledBack { .. }
            | OpenError::AnchorMissing(_)
            | OpenError::Mirror(_)
            | OpenError::ArchiveRead(_)
    )
}

/// The engine: prepared, then recovered, then stopped.
pub struct Engine {
    options: EngineOptions,
    clock: Arc<SureClock>,
    gateway: Gateway,
    arbiters: Mutex<Vec<Arbiter>>,
    running: Mutex<Option<RunningParts>>,
    scrub: Arc<Scrub>,
}

#[derive(Clone)]
struct RunningParts {
    partitions: Vec<PartitionHandle>,
    store: Arc<Running>,
    desk: Arc<Desk>,
}

impl Engine {
    /// Nothing is opened yet; the gateway answers `NotReady`.
    pub fn prepare(options: EngineOptions, clock: Arc<dyn Clock>) -> Engine {
        let counters = Arc::new(Counters::default());
        let clock = Arc::new(SureClock::new(clock));
        let gateway =
            Gateway::new(clock.clone(), counters, options.in_flight_max, options.live_max);
        let (arbiters, running) = (Mutex::new(Vec::new()), Mutex::new(None));
        let scrub = Arc::default();
        Engine { options, clock, gateway, arbiters, running, scrub }
    }

    /// Whose rates payouts are converted by; to be said before recovery. Unsaid, the provider accounts'
    /// own offers convert them, and nobody can be asked for a rate.
    pub fn convert_by(&self, rates: Rates) {
        self.gateway.convert_by(rates);
    }

    /// The one door in.
    pub fn gateway(&self) -> Gateway {
        self.gateway.clone()
    }

    /// Opens the store, replays it, starts the actors and opens the gateway.
    pub async fn recover(
        &self,
        providers: Vec<Arc<dyn Provider>>,
    ) -> Result<Recovered, StartError> {
        let began = Instant::now();
        let options = self.options.store.clone();
        let adapters = Arc::new(AdapterSupervisor::new(self.registry(providers, Place::Threads)?));
        let (known, now) = (adapters.clone(), self.clock.now());
        let partitions = self.options.partitions.max(1);
        let opened = Place::Threads.blocking(move || open(options, partitions, &known, now)).await;
        let opened = opened.ok_or(StartError::Threads)??;
        self.begin(opened, adapters, Place::Threads, began).await
    }

    /// Starts the actors over what was opened, and opens the gateway.
    async fn begin(
        &self,
        opened: Opened,
        adapters: Arc<AdapterSupervisor>,
        place: Place,
        began: Instant,
    ) -> Result<Recovered, StartError> {
        let Opened { store, shares, desk, mut found } = opened;
        adapters.set_modes(&desk).await;
        let index = Arc::new(LiveIndex::default());
        let book = Arc::new(ModerationBook::new(adapters.exposure_limits()));
        let hub = Arc::new(EventHub::default());
        let orphans = Arc::new(OrphanBook::default());
        let lists = Lists { index: index.clone(), book: book.clone(), orphans: orphans.clone() };
        let partitions = self.start_partitions(&store, &adapters, &lists, place).await?;
        let live = shares.iter().flat_map(Kept::rows).map(|row| row.id);
        orphans.begin(&desk, live, |id| store.archive.contains(id.0));
        adopt(&partitions, shares).await?;
        // On a thread of its own, and not before: the payouts are ready first.
        let tables = partitions.iter().map(|one| one.slots.clone()).collect();
        EventFeed::start(&store, hub.clone(), tables, desk.clone())?;
        let desk = Arc::new(Desk::new(desk));
        let running = RunningParts {
            partitions: partitions.clone(),
            store: store.clone(),
            desk: desk.clone(),
        };
        *self.running() = Some(running);
        orphans::expect(&orphans, &adapters, &desk);
        let id_key = self.options.id_key.clone();
        self.gateway.open(Parts {
            id_key,
            partitions: partitions.clone(),
            store: store.clone(),
            index,
            adapters,
            book,
            desk: desk.clone(),
            orphans,
            hub,
            recovered: store.journal.durable_sequence(),
            scrub: self.scrub.clone(),
        });
        let grounds = scrub::Grounds {
            store: Arc::downgrade(&store),
            partitions: partitions.clone(),
            clock: self.clock.clone(),
        };
        self.scrub.start(grounds, self.options.scrub);
        orphans::search(&self.gateway);
        return_watch::start(&store, &partitions, self.clock.clone());
        let schedule = Schedule {
            records: self.options.snapshot_every,
            interval: self.options.snapshot_interval,
        };
        snapshot_schedule::start(schedule, &store, partitions.clone(), desk, self.clock.clone());
        for PartitionHandle { supervisor, .. } in partitions {
            // Whoever has something to do is called while the gateway already answers.
            actix_rt::spawn(async move { supervisor.send(WakeAll).await });
        }
        found.took = began.elapsed();
        Ok(found)
    }

    /// Takes a snapshot while everything goes on.
    pub async fn snapshot(&self) -> Result<SnapshotTaken, SnapshotError> {
        let running = self.running().clone().ok_or(SnapshotError::NotRunning)?;
        self.take_snapshot(&running, Why::Program).await
    }

    async fn take_snapshot(
        &self,
        running: &RunningParts,
        why: Why,
    ) -> Result<SnapshotTaken, SnapshotError> {
        let RunningParts { partitions, store, desk } = running;
        snapshotting::take(store, partitions, desk, self.clock.now(), why).await
    }

    /// The orderly end: no new requests, a snapshot, everything on disk.
    pub async fn stop(&self) {
        self.gateway.close();
        let Some(running) = self.running().take() else { return };
        // It reads the store, and keeps it open.
        self.scrub.stop().await;
        if let Err(error) = self.take_snapshot(&running, Why::Stop).await {
            tracing::warn!(%error, "no snapshot at the stop; the next start reads the log");
        }
        let (store, place) = (running.store.clone(), Place::of(&running.store));
        if place.blocking(move || store.close()).await.is_none() {
            tracing::error!("the store did not close in order");
        }
        let arbiters =
            std::mem::take(&mut *self.arbiters.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = place.blocking(move || {
            for arbiter in arbiters {
                arbiter.stop();
                // Its actors hold the store open until its thread has ended.
                let _ = arbiter.join();
            }
        });
        let _ = ended.await;
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<RunningParts>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every provider account as an actor, on a thread shared by all of them.
    fn registry(
        &self,
        providers: Vec<Arc<dyn Provider>>,
        place: Place,
    ) -> Result<Registry, StartError> {
        // A provider that loses every second answer still pays: only one that hardly answers at all
        // is left alone for a while.
        let breaker = BreakerSettings {
            run: 100,
            window: 200,
            failing_percent: 80,
            ..BreakerSettings::default()
        };
        let rates = self.gateway.rates_at_execution();
        let settings = AdapterSettings { breaker, rates, ..AdapterSettings::default() };
        let providers = providers.into_iter();
        if place == Place::Here {
            let here = providers.map(|one| AdapterActor::start_here(one, settings.clone()));
            return Ok(Registry::new(here)?);
        }
        let arbiter = Arbiter::new();
        let handles = providers
            .map(|one| AdapterActor::start_on_with(&arbiter.handle(), one, settings.clone()));
        let registry = Registry::new(handles);
        self.keep(arbiter);
        Ok(registry?)
    }

    fn keep(&self, arbiter: Arbiter) {
        self.arbiters.lock().unwrap_or_else(PoisonError::into_inner).push(arbiter);
    }

    async fn start_partitions(
        &self,
        store: &Arc<Running>,
        adapters: &Arc<AdapterSupervisor>,
        lists: &Lists,
        place: Place,
    ) -> Result<Vec<PartitionHandle>, StartError> {
        let mut partitions = Vec::new();
        for _ in 0..self.options.partitions.max(1) {
            let slots = Arc::new(LiveTable::default());
            let start = self.partition(store.clone(), adapters.clone(), lists, slots.clone());
            let supervisor = match place {
                Place::Here => start(),
                Place::Threads => {
                    let arbiter = Arbiter::new();
                    let (tell, told) = oneshot::channel();
                    arbiter.spawn_fn(move || {
                        // The receiver waits below; if it is gone, so is the engine.
                        let _ = tell.send(start());
                    });
                    self.keep(arbiter);
                    told.await.map_err(|_| StartError::Threads)?
                }
            };
            partitions.push(PartitionHandle { supervisor, slots });
        }
        Ok(partitions)
    }

    /// Starts a partition on whatever thread this is called.
    fn partition(
        &self,
        store: Arc<Running>,
        adapters: Arc<AdapterSupervisor>,
        lists: &Lists,
        slots: Arc<LiveTable>,
    ) -> impl FnOnce() -> Addr<PayoutSupervisor> + Send + 'static {
        let (clock, counters) = (self.clock.clone(), self.gateway.shared_counters());
        let (lists, passivate_after) = (lists.clone(), self.options.passivate_after);
        move || {
            PayoutSupervisor::create(|context: &mut Context<_>| {
                let supervisor = actix::AsyncContext::address(context);
                let timer = Timer::start(clock.clone(), supervisor.clone());
                let lane = Lane::new(&store.journal);
                actix_rt::spawn(lane.clone().tell());
                PayoutSupervisor::new(Rc::new(Partition {
                    slots,
                    store,
                    clock,
                    adapters,
                    index: lists.index,
                    book: lists.book,
                    orphans: lists.orphans,
                    lane,
                    writing: Writing::default(),
                    counters,
                    supervisor,
                    timer,
                    passivate_after,
                }))
            })
        }
    }
}

/// What all partitions look things up in, and write into.
#[derive(Clone)]
struct Lists {
    index: Arc<LiveIndex>,
    book: Arc<ModerationBook>,
    orphans: Arc<OrphanBook>,
}

/// A store that runs, and what was in it.
struct Opened {
    store: Arc<Running>,
    /// The live payouts of each partition.
    shares: Vec<Kept>,
    desk: DeskState,
    found: Recovered,
}

/// Opens the store and folds what it holds. Blocking: runs beside the actors.
fn open(
    options: StoreOptions,
    partitions: usize,
    adapters: &AdapterSupervisor,
    now: Timestamp,
) -> Result<Opened, StartError> {
    let (ledger, data_dir) = (options.intent_ledger.is_some(), options.data_dir.clone());
    let store = Store::open(options)?;
    if !ledger {
        intent_ledger::do_without(&data_dir).map_err(StartError::Store)?;
    }
    let watch_for = |payout: &Payout| next_return_check(payout, now, adapters.policy_of(payout));
    let first_pause = |account: &str| adapters.policy_at(account).poll.pause(0);
    let contracts = Contracts { watch_for: &watch_for, first_pause: &first_pause, now };
    let held =
        recovery::recollect(&store, partitions, &contracts, Manner::Serving).map_err(|error| {
            match error {
                ReplayError::Visitor(error) => StartError::Recovery(error),
                other => StartError::Replay(other.to_string()),
            }
        })?;
    let mut notes = Vec::new();
    if store.archive_rebuilt() {
        notes.push("the archive was missing or damaged: rebuilt from the log".to_owned());
    }
    if store.sled_rebuilt() {
        notes.push("sled was missing or damaged: rebuilt from the log".to_owned());
    }
    Ok(Opened::of(Arc::new(store.start()?), held, notes))
}

impl Opened {
    fn of(store: Arc<Running>, held: Recollected, notes: Vec<String>) -> Opened {
        let Recollected { shares, desk, records, finished } = held;
        let awake = shares.iter().flat_map(|kept| &kept.awake);
        let in_doubt = awake.filter(|payout| payout.status() == Status::Invoking).count();
        let found = Recovered {
            live: shares.iter().map(Kept::len).sum::<usize>() as u64,
            finished,
            in_doubt: in_doubt as u64,
            records,
            took: Duration::ZERO,
            notes,
        };
        Opened { store, shares, desk, found }
    }
}

/// Hands each partition its payouts; all take them in at the same time.
async fn adopt(partitions: &[PartitionHandle], shares: Vec<Kept>) -> Result<(), StartError> {
    let adopting =
        partitions.iter().zip(shares).map(|(one, share)| one.supervisor.send(Adopt(share)));
    let adopted = future::join_all(adopting).await;
    adopted.into_iter().try_for_each(|one| one.map_err(|_| StartError::Threads))
}
