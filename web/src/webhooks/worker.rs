//! The task of one enabled endpoint: it loads events, makes the attempts that the book allows, and
//! notes what came of them. All decisions are the book's; all waiting is here.

mod call;
mod keeping;

use super::attempt::Sender;
use super::book::{Book, Ended, Verdict};
use super::counters::{Counters, Share};
use super::deliveries::{Delivery, Logs};
use super::endpoint::{DisabledReason, Endpoint, EndpointId};
use super::endpoints::EndpointStore;
use super::feed::{Feed, Unavailable};
use super::replay::Replay;
use super::settings::Settings;
use call::{Called, Purpose};
use domain::id::MerchantId;
use domain::time::Timestamp;
use engine::clock::Clock;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use keeping::Keeping;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Events asked for at once.
const LOAD_AT_ONCE: usize = 256;
/// After this time whoever was not available is asked again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A clock that goes back by less is let run.
const PUT_BACK: i64 = 60_000_000;
/// At a stop, calls under way get this long to be answered.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// What all workers use.
pub struct Shared {
    pub store: Arc<EndpointStore>,
    pub sender: Sender,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub counters: Arc<Counters>,
    pub logs: Logs,
}

/// What a worker is told.
#[derive(Debug)]
pub enum Order {
    /// The endpoint was changed.
    Look,
    /// Send these again; the reply says whether there is room for them.
    Replay(Replay, oneshot::Sender<bool>),
    /// Save, and end.
    Stop,
}

/// The worker of one endpoint.
pub struct Worker {
    shared: Arc<Shared>,
    feed: Feed,
    id: EndpointId,
    merchant: MerchantId,
    book: Book,
    keeping: Keeping,
    /// There may be events that are not loaded.
    behind: bool,
    /// The source is not asked before this time.
    not_before: Timestamp,
    /// How far the clock was ahead of its running at the last look.
    ahead: i64,
}

type UnderWay = FuturesUnordered<BoxFuture<'static, Called>>;

impl Worker {
    /// Opens the book of an endpoint where it was closed, or begins one.
    ///
    /// # Errors
    /// Notes or events cannot be had now.
    pub fn open(
        shared: Arc<Shared>,
        feed: Feed,
        endpoint: &Endpoint,
    ) -> Result<Worker, Unavailable> {
        let (mut book, keeping) = Keeping::open(&shared, &feed, endpoint)?;
        let now = shared.clock.now();
        if book.is_ahead_of(now) {
            book.clock_was_put_back(now);
        }
        let Endpoint { id, merchant, .. } = *endpoint;
        let (not_before, ahead) = (Timestamp::default(), ahead(&*shared.clock));
        Ok(Worker { shared, feed, id, merchant, book, keeping, behind: true, not_before, ahead })
    }

    /// Works until the endpoint ends or the gateway does.
    pub async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let shared = self.shared.clone();
        let mut newest = self.feed.source.subscribe(self.merchant);
        let mut share = Share::new(&shared.counters.pending);
        let mut under_way = UnderWay::new();
        while let Some(endpoint) = self.endpoint() {
            self.notice_a_clock_put_back();
            self.load(&endpoint);
            self.begin_calls(&endpoint, &mut under_way);
            self.keep_if_due();
            share.set(self.book.pending() as u64);
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Look) => {}
                    Some(Order::Replay(replay, reply)) => {
                        // Whoever asked may have gone; the replay is wanted all the same.
                        let _ = reply.send(self.keeping.replay(replay));
                    }
                    Some(Order::Stop) | None => break,
                },
                Some(called) = under_way.next(), if !under_way.is_empty() => self.finish(called),
                () = changed(&mut newest), if !self.behind => self.behind = true,
                () = wait(&*shared.clock, self.wake_at()) => {}
            }
        }
        self.end(&mut under_way).await;
        share.set(0);
    }

    fn endpoint(&self) -> Option<Arc<Endpoint>> {
        self.shared.store.find(self.id).filter(|endpoint| endpoint.enabled)
    }

    fn notice_a_clock_put_back(&mut self) {
        let before = std::mem::replace(&mut self.ahead, ahead(&*self.shared.clock));
        if before.saturating_sub(self.ahead) > PUT_BACK {
            let now = self.shared.clock.now();
            self.book.clock_was_put_back(now);
            self.keeping.clock_was_put_back(now);
            self.not_before = self.not_before.min(now);
        }
    }

    fn load(&mut self, endpoint: &Endpoint) {
        let now = self.shared.clock.now();
        let room = self.book.room().min(LOAD_AT_ONCE);
        if !self.behind || room == 0 || now < self.not_before {
            return;
        }
        match self.feed.source.after(self.merchant, self.book.loaded(), room) {
            Ok(events) => {
                self.behind = events.len() == room;
                self.book.load(events, &endpoint.events);
            }
            Err(Unavailable) => self.not_before = now.plus(LOOK_AGAIN),
        }
    }

    fn begin_calls(&mut self, endpoint: &Arc<Endpoint>, under_way: &mut UnderWay) {
        let now = self.shared.clock.now();
        while let Some(job) = self.book.take(now) {
            under_way.push(self.call(endpoint, job, Purpose::Delivery));
        }
        match self.keeping.next_replayed(&self.feed, endpoint, now) {
            Ok(Some(job)) => under_way.push(self.call(endpoint, job, Purpose::Replay)),
            Ok(None) => {}
            Err(Unavailable) => self.keeping.put_replay_off(now.plus(LOOK_AGAIN)),
        }
    }

    fn finish(&mut self, called: Called) {
        let now = self.shared.clock.now();
        let Called { job, purpose, answer } = called;
        let sequence = job.event.sequence;
        let Some(answer) = answer else {
            match purpose {
                Purpose::Delivery => drop(self.book.record(sequence, Ended::NotTried, now)),
                Purpose::Replay => self.keeping.put_replay_off(now.plus(LOOK_AGAIN)),
            }
            return;
        };
        let delivered = answer.is_delivered();
        let counters = &self.shared.counters;
        Counters::one(if delivered { &counters.delivered } else { &counters.failed });
        let verdict = match purpose {
            Purpose::Replay => {
                self.keeping.replayed(sequence);
                None
            }
            Purpose::Delivery if delivered => {
                Some(self.book.record(sequence, Ended::Delivered, now))
            }
            Purpose::Delivery => {
                let ended = Ended::Failed(answer.retry_after());
                Some(self.book.record(sequence, ended, now))
            }
        };
        if verdict == Some(Verdict::DeadLettered) {
            Counters::one(&self.shared.counters.dead_lettered);
            tracing::warn!(endpoint = %self.id, event = job.event.id, "a webhook event is given up");
        }
        self.keeping.log(&Delivery::of(&job, &answer, verdict));
        if answer.is_gone() {
            self.disable(DisabledReason::Gone);
        } else if self.has_failed_too_long(now) {
            self.disable(DisabledReason::Failing);
        }
    }

    fn has_failed_too_long(&self, now: Timestamp) -> bool {
        let longest = self.shared.settings.disable_after;
        self.book.failing_since().is_some_and(|since| now.since(since) >= longest)
    }

    fn disable(&mut self, reason: DisabledReason) {
        // Of several answers that say the same, the first is heard.
        if self.endpoint().is_none() {
            return;
        }
        match self.shared.store.disable(self.id, reason) {
            Ok(()) => {
                tracing::warn!(endpoint = %self.id, reason = reason.word(), "webhook endpoint disabled");
                Counters::one(&self.shared.counters.disabled);
                // Whoever enables it again has repaired it.
                self.book.forgive(self.shared.clock.now());
            }
            Err(error) => tracing::error!(endpoint = %self.id, %error, "cannot disable"),
        }
    }

    fn keep_if_due(&mut self) {
        let now = self.shared.clock.now();
        if self.keeping.due_at(&self.book).is_some_and(|at| at <= now) {
            self.keeping.keep(&*self.feed.notebook, &mut self.book, now);
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let load = (self.behind && self.book.room() > 0).then_some(self.not_before);
        let keep = self.keeping.due_at(&self.book);
        [load, keep, self.book.wake_at(), self.keeping.replay_at()].into_iter().flatten().min()
    }

    /// Calls under way get a moment, then everything is noted; of an endpoint that was removed,
    /// nothing stays noted.
    async fn end(mut self, under_way: &mut UnderWay) {
        let clock = self.shared.clock.clone();
        let grace = clock.wait_until(clock.now().plus(STOP_GRACE));
        tokio::pin!(grace);
        while !under_way.is_empty() {
            tokio::select! {
                Some(called) = under_way.next() => self.finish(called),
                () = &mut grace => break,
            }
        }
        let now = clock.now();
        if let Some(endpoint) = self.shared.store.find(self.id) {
            if !endpoint.enabled {
                // Whoever enables it again has repaired it.
                self.book.forgive(now);
            }
            self.keeping.keep(&*self.feed.notebook, &mut self.book, now);
        }
    }
}

fn ahead(clock: &dyn Clock) -> i64 {
    let running = i64::try_from(clock.running().as_micros()).unwrap_or(i64::MAX);
    clock.now().0.saturating_sub(running)
}

/// Resolves when there is something newer; never again if nobody says so any more.
async fn changed(newest: &mut watch::Receiver<u64>) {
    if newest.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits for this time, or for ever.
pub async fn wait(clock: &dyn Clock, until: Option<Timestamp>) {
    match until {
        Some(time) => clock.wait_until(time).await,
        None => std::future::pending().await,
    }
}
