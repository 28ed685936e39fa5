//! Who waits: ten merchants, of whom one has made nine tenths of all payouts. Apart from the scenario, which
//! only says when they come.

use crate::bench::engine::stage::Stage;
use crate::bench::engine::workload::Workload;
use crate::bench::latency::Latency;
use crate::bench::progress::{Limit, Progress};
use crate::bench::site::Site;
use crate::cli::Failure;
use domain::id::{MerchantId, PayoutId};
use engine::Gateway;
use engine::gateway::Created;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

/// How many merchants there are.
const MERCHANTS: u64 = 10;

/// Those who come.
pub struct Crowd {
    /// Whose payouts they are; how many of them each has made stands beside it.
    pub merchants: Vec<(MerchantId, u64)>,
    clients: u64,
    coming: Rc<Coming>,
}

struct Coming {
    gateway: Gateway,
    workload: Workload,
    merchants: Vec<MerchantId>,
    next: Cell<u64>,
    until: Cell<u64>,
    latency: RefCell<Latency>,
    acknowledged: RefCell<Vec<(MerchantId, PayoutId)>>,
    progress: Progress,
}

impl Crowd {
    /// Nobody has come yet.
    pub fn new(stage: &Stage, site: &Site<'_>, count: u64) -> Result<Crowd, Failure> {
        let merchants =
            (0..MERCHANTS).map(|number| MerchantId::from_name(&format!("queue-{number}")));
        let merchants: Vec<_> = merchants.collect();
        let mut made: Vec<_> = merchants.iter().map(|merchant| (*merchant, 0)).collect();
        (0..count).for_each(|number| made[whose(number)].1 += 1);
        let coming = Coming {
            gateway: stage.gateway(),
            workload: stage.workload("queue", true)?,
            merchants,
            next: Cell::new(0),
            until: Cell::new(0),
            latency: RefCell::new(Latency::new().map_err(Failure::failed)?),
            acknowledged: RefCell::default(),
            progress: Progress::start("queue", Limit::Count(count), site.output),
        };
        let clients = site.args.concurrency;
        Ok(Crowd { merchants: made, clients, coming: Rc::new(coming) })
    }

    /// So many more come, and are answered for.
    pub async fn come(&self, more: u64) -> Result<(), Failure> {
        self.coming.until.set(self.coming.until.get() + more);
        let client = |_| {
            let coming = self.coming.clone();
            actix_rt::spawn(async move { coming.client().await })
        };
        for client in (0..self.clients).map(client).collect::<Vec<_>>() {
            client.await.map_err(Failure::failed)??;
        }
        self.coming.progress.finish();
        Ok(())
    }

    /// Whom the gateway has answered for.
    pub fn acknowledged(&self) -> Vec<(MerchantId, PayoutId)> {
        self.coming.acknowledged.take()
    }

    /// How long the creates took.
    pub fn latency(&self) -> std::cell::Ref<'_, Latency> {
        self.coming.latency.borrow()
    }
}

impl Coming {
    async fn client(&self) -> Result<(), Failure> {
        while self.next.get() < self.until.get() {
            let number = self.next.replace(self.next.get() + 1);
            let merchant = self.merchants[whose(number)];
            let key = self.workload.key(number);
            let mut request = self.workload.request(number, &key).map_err(Failure::failed)?;
            request.merchant = merchant;
            let began = Instant::now();
            let door = self.gateway.for_merchant(merchant);
            let created = door.create(&key, request).await.map_err(Failure::failed)?;
            self.latency.borrow_mut().record(began.elapsed());
            let (Created::New(view) | Created::Replayed(view)) = created;
            let mut acknowledged = self.acknowledged.borrow_mut();
            acknowledged.push((merchant, view.payout.id()));
            self.progress.reached(acknowledged.len() as u64);
        }
        Ok(())
    }
}

/// Nine of ten are the first merchant's; the others take the tenth in turn.
fn whose(number: u64) -> usize {
    let other = if number % 10 == 9 { 1 + number / 10 % (MERCHANTS - 1) } else { 0 };
    usize::try_from(other).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_ten_merchants_has_nine_tenths_of_the_queue() {
        let mut made = [0; 10];
        (0..9_000).for_each(|number| made[whose(number)] += 1);
        assert_eq!(made, [8_100, 100, 100, 100, 100, 100, 100, 100, 100, 100]);
    }
}
