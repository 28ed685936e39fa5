//! Many clients at once, each creating payouts one after another. Apart from the scenarios, which say
//! how many, for how long, and what it means.

use super::super::latency::Latency;
use super::super::progress::{Limit, Progress};
use super::stage::Stage;
use super::workload::Workload;
use crate::cli::{Failure, Output};
use domain::id::PayoutId;
use engine::MerchantDoor;
use engine::gateway::Created;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A load to be put on an engine. Its clients share a thread: they only hand over and wait.
pub struct Load {
    door: MerchantDoor,
    workload: Workload,
    limit: Limit,
    began: Instant,
    next: Cell<u64>,
    latency: RefCell<Latency>,
    acknowledged: RefCell<Vec<PayoutId>>,
    progress: Progress,
}

/// What came of a load.
pub struct Sent {
    /// From the first request to the last answer.
    pub took: Duration,
    /// Of the requests.
    pub latency: Latency,
    /// The payouts that were answered for.
    pub payouts: Vec<PayoutId>,
}

impl Sent {
    /// How many were answered for.
    pub fn acknowledged(&self) -> u64 {
        self.payouts.len() as u64
    }
}

impl Load {
    /// Nothing is sent yet.
    pub fn new(
        stage: &Stage,
        workload: Workload,
        limit: Limit,
        name: &'static str,
        output: &Output,
    ) -> Result<Rc<Load>, Failure> {
        let latency = RefCell::new(Latency::new().map_err(Failure::failed)?);
        Ok(Rc::new(Load {
            door: stage.door(),
            workload,
            limit,
            began: Instant::now(),
            next: Cell::new(0),
            latency,
            acknowledged: RefCell::default(),
            progress: Progress::start(name, limit, output),
        }))
    }

    /// Puts it on. With `permits`, each request takes one for good: whoever holds them sets the pace.
    pub async fn run(
        self: Rc<Self>,
        clients: u64,
        permits: Option<Arc<Semaphore>>,
    ) -> Result<Sent, Failure> {
        let client = |_| {
            let (load, permits) = (self.clone(), permits.clone());
            actix_rt::spawn(async move { load.client(permits).await })
        };
        let clients: Vec<_> = (0..clients).map(client).collect();
        for client in clients {
            client.await.map_err(Failure::failed)??;
        }
        let took = self.began.elapsed();
        self.progress.finish();
        // The clients are gone, so nobody else holds it.
        let load = Rc::into_inner(self).ok_or_else(|| Failure::failed("a client did not end"))?;
        let (latency, payouts) = (load.latency.into_inner(), load.acknowledged.into_inner());
        Ok(Sent { took, latency, payouts })
    }

    async fn client(&self, permits: Option<Arc<Semaphore>>) -> Result<(), Failure> {
        while let Some(number) = self.take_number() {
            if let Some(permits) = &permits {
                permits.acquire().await.map_err(Failure::failed)?.forget();
            }
            let key = self.workload.key(number);
            let request = self.workload.request(number, &key).map_err(Failure::failed)?;
            let began = Instant::now();
            let created = self.door.create(&key, request).await.map_err(Failure::failed)?;
            self.latency.borrow_mut().record(began.elapsed());
            let (Created::New(view) | Created::Replayed(view)) = created;
            let mut acknowledged = self.acknowledged.borrow_mut();
            acknowledged.push(view.payout.id());
            self.progress.reached(acknowledged.len() as u64);
        }
        Ok(())
    }

    fn take_number(&self) -> Option<u64> {
        let number = self.next.get();
        let more = match self.limit {
            Limit::Time(time) => self.began.elapsed() < time,
            Limit::Count(count) => number < count,
        };
        self.next.set(number + 1);
        more.then_some(number)
    }
}
