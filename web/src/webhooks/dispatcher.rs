//! The thread of all workers: one worker for each enabled endpoint, started, told and ended here.
//! Apart from the threads that serve HTTP and those that own payouts, so that neither ever waits for
//! a merchant's server.

mod testing;

use super::attempt::Answer;
use super::endpoint::{Endpoint, EndpointId};
use super::feed::Feed;
use super::handle::Turn;
use super::notes;
use super::replay::Replay;
use super::worker::{self, Shared, Worker, wait};
use domain::time::Timestamp;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};

/// After this time a worker is started again that could not open its book, or panicked.
const START_AGAIN: Duration = Duration::from_secs(1);

/// What the dispatcher is told.
pub enum Order {
    /// This endpoint was made, changed or removed.
    Look(EndpointId),
    /// Send these again.
    Replay(EndpointId, Replay, oneshot::Sender<bool>),
    /// Send a test message now, and say what the endpoint answered.
    Test {
        endpoint: Arc<Endpoint>,
        timeout: Duration,
        reply: oneshot::Sender<(String, Answer)>,
        turn: Turn,
    },
    /// Save everything and end.
    Stop(oneshot::Sender<()>),
}

/// Starts the thread.
///
/// # Errors
/// The system gives no thread, or no way to wait for sockets.
pub fn start(
    shared: Arc<Shared>,
    feed: watch::Receiver<Option<Feed>>,
    orders: mpsc::UnboundedReceiver<Order>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dispatcher = Dispatcher::new(shared, feed);
    let work = move || runtime.block_on(dispatcher.run(orders));
    std::thread::Builder::new().name("webhooks".to_owned()).spawn(work).map(drop)
}

struct Dispatcher {
    shared: Arc<Shared>,
    feed: watch::Receiver<Option<Feed>>,
    workers: HashMap<EndpointId, mpsc::UnboundedSender<worker::Order>>,
    tasks: JoinSet<()>,
    names: HashMap<Id, EndpointId>,
    tests: JoinSet<()>,
    start_again_at: Option<Timestamp>,
}

impl Dispatcher {
    fn new(shared: Arc<Shared>, feed: watch::Receiver<Option<Feed>>) -> Dispatcher {
        Dispatcher {
            shared,
            feed,
            workers: HashMap::new(),
            tasks: JoinSet::new(),
            names: HashMap::new(),
            tests: JoinSet::new(),
            start_again_at: None,
        }
    }

    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let clock = self.shared.clock.clone();
        let mut feed = self.feed.clone();
        self.start_missing();
        let stopped = loop {
            let start_again = wait(&*clock, self.start_again_at);
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Stop(reply)) => break Some(reply),
                    None => break None,
                    Some(order) => self.obey(order),
                },
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                Some(_) = self.tests.join_next() => {}
                Ok(()) = feed.changed() => self.start_missing(),
                () = start_again => {
                    self.start_again_at = None;
                    self.start_missing();
                }
            }
        };
        self.stop().await;
        if let Some(reply) = stopped {
            // Whoever asked may have stopped waiting.
            let _ = reply.send(());
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Look(id) => self.look(id),
            Order::Replay(id, replay, reply) => {
                if let Some(worker) = self.workers.get(&id) {
                    // A worker that is ending drops the reply, and so it is refused.
                    let _ = worker.send(worker::Order::Replay(replay, reply));
                }
            }
            Order::Test { endpoint, timeout, reply, turn } => {
                let (shared, feed) = (self.shared.clone(), self.feed.borrow().clone());
                self.tests.spawn(async move {
                    let told = testing::send(&shared, feed.as_ref(), &endpoint, timeout).await;
                    drop(turn);
                    let _ = reply.send(told);
                });
            }
            // Taken by the loop itself.
            Order::Stop(_) => {}
        }
    }

    fn look(&mut self, id: EndpointId) {
        if let Some(worker) = self.workers.get(&id) {
            let _ = worker.send(worker::Order::Look);
            return;
        }
        match self.shared.store.find(id) {
            Some(endpoint) => self.start(&endpoint),
            None => self.erase(id),
        }
    }

    fn start_missing(&mut self) {
        for endpoint in self.shared.store.all() {
            if !self.workers.contains_key(&endpoint.id) {
                self.start(&endpoint);
            }
        }
    }

    /// Before recovery there is nothing to work with; the feed starts everybody when it comes.
    fn start(&mut self, endpoint: &Endpoint) {
        let Some(feed) = self.feed.borrow().clone().filter(|_| endpoint.enabled) else { return };
        match Worker::open(self.shared.clone(), feed, endpoint) {
            Ok(worker) => {
                let (orders, inbox) = mpsc::unbounded_channel();
                let task = self.tasks.spawn(worker.run(inbox));
                self.names.insert(task.id(), endpoint.id);
                self.workers.insert(endpoint.id, orders);
            }
            Err(error) => {
                tracing::warn!(endpoint = %endpoint.id, %error, "webhooks wait");
                self.start_again_soon();
            }
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (task, panicked) = match ended {
            Ok((task, ())) => (task, false),
            Err(error) => (error.id(), true),
        };
        let Some(id) = self.names.remove(&task) else { return };
        self.workers.remove(&id);
        if panicked {
            tracing::error!(endpoint = %id, "the worker of a webhook endpoint panicked");
            self.start_again_soon();
        } else {
            // It may have been enabled again while its worker was ending, or removed.
            self.look(id);
        }
    }

    fn start_again_soon(&mut self) {
        self.start_again_at.get_or_insert(self.shared.clock.now().plus(START_AGAIN));
    }

    fn erase(&mut self, id: EndpointId) {
        self.shared.logs.forget(id);
        let feed = self.feed.borrow().clone();
        if let Some(Err(error)) = feed.map(|feed| notes::erase(&*feed.notebook, id)) {
            // Notes of an endpoint that is gone are read by nobody; they only take room.
            tracing::warn!(endpoint = %id, %error, "the notes of a removed endpoint stay");
        }
    }

    async fn stop(&mut self) {
        for worker in self.workers.values() {
            let _ = worker.send(worker::Order::Stop);
        }
        while self.tasks.join_next().await.is_some() {}
    }
}
