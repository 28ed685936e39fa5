//! A closed loop: so many connections, each with one request under way, as fast as answers come. It shows
//! how much a server can do; what a caller has to wait for, only an open loop shows.

use super::client::{Connection, Door};
use super::progress::{Limit, Progress};
use super::script::Script;
use super::tally::Tally;
use crate::cli::Failure;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;

/// A loop that has not begun.
pub struct Closed {
    connections: usize,
    limit: Limit,
    progress: Progress,
    permits: Option<Arc<Semaphore>>,
    until_end: bool,
}

impl Closed {
    /// Over so many connections, for so long.
    pub fn new(connections: usize, limit: Limit, progress: Progress) -> Closed {
        Closed { connections, limit, progress, permits: None, until_end: false }
    }

    /// Each request takes a permit for good: whoever gives them sets the pace.
    pub fn paced(mut self, permits: Arc<Semaphore>) -> Closed {
        self.permits = Some(permits);
        self
    }

    /// A server that goes away ends it, and is no failure.
    pub fn until_the_server_ends(mut self) -> Closed {
        self.until_end = true;
        self
    }

    /// Runs it. All connections are open before the first request.
    ///
    /// # Errors
    /// An answer was not as wanted, or the server went away.
    pub async fn run(self, door: &Door, script: Rc<dyn Script>) -> Result<Tally, Failure> {
        let mut open = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            open.push(Connection::open(door).await.map_err(Failure::failed)?);
        }
        let tally = RefCell::new(Tally::new()?);
        let running = Running { began: Instant::now(), sent: Cell::new(0), tally, with: self };
        let running = Rc::new(running);
        let clients = open.into_iter().map(|connection| {
            let (running, script) = (running.clone(), script.clone());
            actix_rt::spawn(async move { running.client(connection, &*script).await })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.map_err(Failure::failed)??;
        }
        running.with.progress.finish();
        let mut tally = running.tally.replace(Tally::new()?);
        tally.took = running.began.elapsed();
        Ok(tally)
    }
}

struct Running {
    began: Instant,
    sent: Cell<u64>,
    tally: RefCell<Tally>,
    with: Closed,
}

impl Running {
    async fn client(&self, mut connection: Connection, script: &dyn Script) -> Result<(), Failure> {
        while self.more() {
            if let Some(permits) = &self.with.permits {
                // Whoever sets the pace may also end it.
                let Ok(permit) = permits.acquire().await else { return Ok(()) };
                permit.forget();
            }
            let number = script.write(connection.compose());
            let began = Instant::now();
            match connection.exchange().await {
                Ok(answer) => {
                    let latency = began.elapsed();
                    script.judge(number, answer)?;
                    let mut tally = self.tally.borrow_mut();
                    tally.add(latency, self.began.elapsed());
                    self.with.progress.reached(tally.count);
                }
                Err(_) if self.with.until_end => return Ok(()),
                Err(error) => return Err(Failure::failed(format!("the server: {error}"))),
            }
        }
        Ok(())
    }

    fn more(&self) -> bool {
        let sent = self.sent.replace(self.sent.get() + 1);
        match self.with.limit {
            Limit::Time(time) => self.began.elapsed() < time,
            Limit::Count(count) => sent < count,
        }
    }
}
