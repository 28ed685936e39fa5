//! An open loop: requests arrive when they are meant to, not when the server is ready for them. The time of
//! each counts from the moment it was meant to be sent, so a server that stalls is charged for everybody
//! who would have come meanwhile (no coordinated omission).

use super::client::{Connection, Door};
use super::progress::Progress;
use super::schedule::Schedule;
use super::script::Script;
use super::tally::Tally;
use crate::cli::Failure;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Everybody is connected and waits before the first arrival.
const HEAD_START: Duration = Duration::from_millis(5);

struct Running {
    began: Instant,
    schedule: Schedule,
    next: Cell<u64>,
    due: Arc<Semaphore>,
    tally: RefCell<Tally>,
    progress: Progress,
}

/// Runs it over so many connections. An arrival that finds all of them busy waits, and its time runs.
///
/// # Errors
/// An answer was not as wanted, or the server went away.
pub async fn open_loop(
    door: &Door,
    script: Rc<dyn Script>,
    connections: usize,
    schedule: Schedule,
    progress: Progress,
) -> Result<Tally, Failure> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(door).await.map_err(Failure::failed)?);
    }
    let (began, due) = (Instant::now() + HEAD_START, Arc::new(Semaphore::new(0)));
    let tally = RefCell::new(Tally::new()?);
    let next = Cell::new(0);
    let running = Rc::new(Running { began, schedule, next, due, tally, progress });
    let clients = open.into_iter().map(|connection| {
        let (running, script) = (running.clone(), script.clone());
        actix_rt::spawn(async move { running.client(connection, &*script).await })
    });
    let clients: Vec<_> = clients.collect();
    let pace = Pace::start(&running);
    for client in clients {
        client.await.map_err(Failure::failed)??;
    }
    drop(pace);
    running.progress.finish();
    let mut tally = running.tally.replace(Tally::new()?);
    tally.took = running.began.elapsed();
    Ok(tally)
}

impl Running {
    async fn client(&self, mut connection: Connection, script: &dyn Script) -> Result<(), Failure> {
        loop {
            // Closed once all arrivals have been.
            let Ok(arrival) = self.due.acquire().await else { return Ok(()) };
            arrival.forget();
            let turn = self.next.replace(self.next.get() + 1);
            let intended = self.began + self.schedule.at(turn);
            let number = script.write(connection.compose());
            let answer = connection.exchange().await;
            let latency = intended.elapsed();
            script.judge(number, answer.map_err(Failure::failed)?)?;
            let mut tally = self.tally.borrow_mut();
            tally.add(latency, self.began.elapsed());
            self.progress.reached(tally.count);
            if turn + 1 >= self.schedule.total() {
                self.due.close();
            }
        }
    }
}

/// Tells when arrivals are due: a thread that does nothing but sleep, because the runtime's own timers
/// know only milliseconds.
struct Pace(Arc<AtomicBool>);

impl Pace {
    fn start(running: &Running) -> Pace {
        let ended = Arc::new(AtomicBool::new(false));
        let (seen, due) = (ended.clone(), running.due.clone());
        let (began, schedule) = (running.began, running.schedule);
        std::thread::spawn(move || {
            let mut told = 0;
            while told < schedule.total() && !seen.load(Ordering::Relaxed) {
                std::thread::sleep(
                    (began + schedule.at(told)).saturating_duration_since(Instant::now()),
                );
                let now = schedule.due(began.elapsed());
                due.add_permits(usize::try_from(now.saturating_sub(told)).unwrap_or(0));
                told = now.max(told);
            }
        });
        Pace(ended)
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
