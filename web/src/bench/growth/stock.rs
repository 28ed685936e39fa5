//! A data directory with finished payouts in it. They lived their whole lives in the engine of this process,
//! without HTTP, which is several times as fast; a gateway of its own is then opened on the directory, and
//! what it takes is not what the filling left. Apart because it is before everything that is measured.

use super::keys::{self, Merchant};
use crate::bench::engine::stage::Stage;
use crate::bench::engine::workload::Workload;
use crate::bench::progress::{GLANCE, Limit, Progress};
use crate::bench::site::Site;
use crate::cli::Failure;
use crate::identity::DataDir;
use domain::id::PayoutId;
use engine::Gateway;
use engine::gateway::Created;
use std::cell::RefCell;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After so many there is another engine and another sandbox, whose ledger would fill this memory.
const TOGETHER: u64 = 500_000;

/// Payouts under way at once: more waits for the archive, and would be in memory.
const AT_ONCE: u64 = 4_096;

/// Of so many payouts the ids are kept at most, to read them.
const KEPT_MAX: u64 = 100_000;

/// How long nothing may be finished.
const PATIENCE: Duration = Duration::from_secs(120);

/// A filled directory; it goes with this.
pub struct Stock {
    /// Where it is.
    pub data: PathBuf,
    /// Who may call.
    pub merchants: Vec<Merchant>,
    /// How many payouts there are.
    pub payouts: u64,
    /// Payouts of all parts of it.
    pub some: Vec<PayoutId>,
}

impl Stock {
    /// Makes it: so many finished payouts of so many merchants in turn.
    pub async fn make(site: &Site<'_>, payouts: u64, merchants: u64) -> Result<Stock, Failure> {
        let data = site.ground.fresh();
        let held = DataDir::open(&data)?;
        let ids = held.identity()?;
        let merchants = keys::make(&data, merchants)?;
        let mut stock = Stock { data, merchants, payouts, some: Vec::new() };
        let progress = Rc::new(Progress::start("filling", Limit::Count(payouts), site.output));
        let mut from = 0;
        while from < payouts {
            let numbers = from..(from + TOGETHER).min(payouts);
            from = numbers.end;
            let stage = Stage::on(site.config, stock.data.clone(), ids.clone()).await?;
            let filled = fill(&stage, &stock, numbers, progress.clone(), site.args.concurrency);
            let filled = filled.await;
            stage.stop().await;
            stock.some.extend(filled?);
        }
        progress.finish();
        Ok(stock)
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        // Whatever stays is removed with the ground.
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

struct Filling {
    gateway: Gateway,
    workload: Workload,
    merchants: Vec<Merchant>,
    numbers: RefCell<Range<u64>>,
    every: u64,
    kept: RefCell<Vec<PayoutId>>,
    progress: Rc<Progress>,
}

/// Makes the payouts of these numbers, and waits until all are archived. Gives some of their ids.
async fn fill(
    stage: &Stage,
    stock: &Stock,
    numbers: Range<u64>,
    progress: Rc<Progress>,
    clients: u64,
) -> Result<Vec<PayoutId>, Failure> {
    let count = numbers.end - numbers.start;
    let filling = Rc::new(Filling {
        gateway: stage.gateway(),
        workload: stage.workload("growth", true)?,
        merchants: stock.merchants.clone(),
        numbers: RefCell::new(numbers),
        every: stock.payouts.div_ceil(KEPT_MAX).max(1),
        kept: RefCell::default(),
        progress,
    });
    let client = |_| {
        let filling = filling.clone();
        actix_rt::spawn(async move { filling.client().await })
    };
    for client in (0..clients).map(client).collect::<Vec<_>>() {
        client.await.map_err(Failure::failed)??;
    }
    filling.until_archived(count).await?;
    Ok(filling.kept.take())
}

impl Filling {
    async fn client(&self) -> Result<(), Failure> {
        loop {
            while self.gateway.counters().live.load(Ordering::Relaxed) > AT_ONCE {
                tokio::time::sleep(GLANCE).await;
            }
            let Some(number) = self.numbers.borrow_mut().next() else { return Ok(()) };
            let turn = number % (self.merchants.len() as u64).max(1);
            let merchant = usize::try_from(turn).ok().and_then(|turn| self.merchants.get(turn));
            let Some(merchant) = merchant else { return Ok(()) };
            let key = self.workload.key(number);
            let mut request = self.workload.request(number, &key).map_err(Failure::failed)?;
            request.merchant = merchant.id;
            let door = self.gateway.for_merchant(merchant.id);
            let created = door.create(&key, request).await.map_err(Failure::failed)?;
            let (Created::New(view) | Created::Replayed(view)) = created;
            if number.is_multiple_of(self.every) {
                self.kept.borrow_mut().push(view.payout.id());
            }
            self.progress.reached(number + 1);
        }
    }

    async fn until_archived(&self, count: u64) -> Result<(), Failure> {
        let counters = self.gateway.counters();
        let now = || {
            let load = |one: &AtomicU64| one.load(Ordering::Relaxed);
            (load(&counters.finished), load(&counters.live))
        };
        let (mut began, mut seen) = (Instant::now(), now());
        while seen.0 < count || seen.1 > 0 {
            tokio::time::sleep(GLANCE).await;
            let next = now();
            if next != seen {
                (began, seen) = (Instant::now(), next);
            } else if began.elapsed() > PATIENCE {
                return Err(Failure::failed(format!(
                    "filling: {} of {count} payouts finished, {} are not archived",
                    seen.0, seen.1
                )));
            }
        }
        Ok(())
    }
}
