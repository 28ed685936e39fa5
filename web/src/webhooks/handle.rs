//! The one handle that the API and the composition root hold. Cheap to clone; whoever holds it
//! changes endpoints at once and leaves everything else to the dispatcher's thread.

use super::attempt::{Answer, Sender};
use super::counters::Counters;
use super::deliveries::{self, DeliveryPage, DeliveryQuery, Logs};
use super::dispatcher::{self, Order};
use super::endpoint::{Endpoint, EndpointId};
use super::endpoints::{EndpointError, EndpointStore};
use super::feed::{Feed, Unavailable};
use super::guard::Guard;
use super::networks::Networks;
use super::replay::Replay;
use super::resolver::{Lookup, SystemLookup};
use super::settings::Settings;
use super::worker::Shared;
use domain::id::MerchantId;
use engine::clock::Clock;
use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// The endpoints' file in the data directory.
const FILE: &str = "webhook-endpoints.json";

/// How long a request waits for events that are not there yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// The gateway's webhooks.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    store: Arc<EndpointStore>,
    guard: Guard,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    feed: watch::Sender<Option<Feed>>,
    orders: mpsc::UnboundedSender<Order>,
    /// Merchants with a test message under way.
    testing: Arc<Mutex<HashSet<MerchantId>>>,
}

/// Why webhooks cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The endpoints' file.
    #[error(transparent)]
    Endpoints(#[from] EndpointError),
    /// The HTTP client.
    #[error("the HTTP client for webhooks cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// The thread.
    #[error("the thread for webhooks cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// Looks whether the endpoints of this data directory are whole; how many there are.
///
/// # Errors
/// The file is damaged, or cannot be read.
pub fn check_endpoints(data_dir: &Path) -> Result<usize, EndpointError> {
    EndpointStore::count(&data_dir.join(FILE))
}

impl Webhooks {
    /// Reads the endpoints of this data directory and starts the dispatcher's thread. Nothing is sent
    /// before [`Webhooks::connect`].
    ///
    /// # Errors
    /// The endpoints' file is damaged, or the system gives no thread.
    pub fn open(
        data_dir: &Path,
        settings: Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Webhooks, OpenError> {
        Webhooks::open_with(data_dir, settings, clock, Arc::new(SystemLookup))
    }

    /// The same with another way to resolve names.
    ///
    /// # Errors
    /// The endpoints' file is damaged, or the system gives no thread.
    pub fn open_with(
        data_dir: &Path,
        settings: Settings,
        clock: Arc<dyn Clock>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Webhooks, OpenError> {
        let store = Arc::new(EndpointStore::open(&data_dir.join(FILE))?);
        let networks = Networks::new(settings.allowed_networks.clone());
        let guard = Guard::new(networks, settings.loopback_for_test);
        let sender = Sender::new(guard.clone(), lookup, clock.clone())?;
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            store: store.clone(),
            sender,
            clock: clock.clone(),
            settings,
            counters: counters.clone(),
            logs: Logs::default(),
        };
        let (orders, inbox) = mpsc::unbounded_channel();
        let feed = watch::Sender::new(None);
        dispatcher::start(Arc::new(shared), feed.subscribe(), inbox)?;
        let testing = Arc::default();
        Ok(Webhooks(Arc::new(Inner { store, guard, clock, counters, feed, orders, testing })))
    }

    /// Hands over events and notes, once the gateway has recovered.
    pub fn connect(&self, feed: Feed) {
        self.0.feed.send_replace(Some(feed));
    }

    /// Events and notes, once they are there.
    ///
    /// # Errors
    /// The gateway has not recovered yet.
    pub fn feed(&self) -> Result<Feed, Unavailable> {
        self.0.feed.borrow().clone().ok_or(Unavailable)
    }

    /// The same for a request, which may wait: a gateway takes payouts a moment before its events are
    /// there.
    ///
    /// # Errors
    /// They are not there for longer than a request should wait.
    pub async fn connected(&self) -> Result<Feed, Unavailable> {
        let mut feed = self.0.feed.subscribe();
        let there = tokio::time::timeout(PATIENCE, feed.wait_for(Option::is_some)).await;
        there.ok().and_then(Result::ok).and_then(|feed| feed.clone()).ok_or(Unavailable)
    }

    /// The endpoints. After a change, [`Webhooks::poke`].
    pub fn endpoints(&self) -> &EndpointStore {
        &self.0.store
    }

    /// Judges addresses.
    pub fn guard(&self) -> &Guard {
        &self.0.guard
    }

    /// The dispatcher's clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// What is counted.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// This endpoint was made, changed or removed.
    pub fn poke(&self, endpoint: EndpointId) {
        self.order(Order::Look(endpoint));
    }

    /// Sends a test message now, and says under which id and what the endpoint answered.
    ///
    /// # Errors
    /// The merchant has another one under way, or the gateway is stopping.
    pub async fn test(
        &self,
        endpoint: Arc<Endpoint>,
        timeout: Duration,
    ) -> Result<(String, Answer), Unavailable> {
        let turn = Turn::take(&self.0.testing, endpoint.merchant).ok_or(Unavailable)?;
        let (reply, answer) = oneshot::channel();
        self.order(Order::Test { endpoint, timeout, reply, turn });
        answer.await.map_err(|_| Unavailable)
    }

    /// Sends these events again, in order, each once. The endpoint must be enabled.
    ///
    /// # Errors
    /// Too many replays wait for this endpoint, or the gateway is stopping.
    pub async fn replay(&self, endpoint: EndpointId, replay: Replay) -> Result<(), Unavailable> {
        let (reply, taken) = oneshot::channel();
        self.order(Order::Replay(endpoint, replay, reply));
        if taken.await.unwrap_or(false) { Ok(()) } else { Err(Unavailable) }
    }

    /// Reads one page of an endpoint's log. Waits for the notebook.
    ///
    /// # Errors
    /// The notes cannot be had now.
    pub fn deliveries(
        &self,
        endpoint: EndpointId,
        query: &DeliveryQuery,
    ) -> Result<DeliveryPage, Unavailable> {
        deliveries::page(&*self.feed()?.notebook, endpoint, query)
    }

    /// Ends every worker and saves where each was. Nothing is sent afterwards.
    pub async fn stop(&self) {
        let (reply, stopped) = oneshot::channel();
        self.order(Order::Stop(reply));
        // An error means that it had ended before.
        let _ = stopped.await;
    }

    fn order(&self, order: Order) {
        // After the stop nobody listens, and nothing is to be done.
        let _ = self.0.orders.send(order);
    }
}

/// One merchant's turn: a test waits for a stranger's server, so nobody gets two at once. It ends with
/// the call, also when whoever asked has hung up.
pub struct Turn {
    taken: Arc<Mutex<HashSet<MerchantId>>>,
    merchant: MerchantId,
}

impl Turn {
    fn take(taken: &Arc<Mutex<HashSet<MerchantId>>>, merchant: MerchantId) -> Option<Turn> {
        let free = taken.lock().unwrap_or_else(PoisonError::into_inner).insert(merchant);
        free.then(|| Turn { taken: taken.clone(), merchant })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.merchant);
    }
}
