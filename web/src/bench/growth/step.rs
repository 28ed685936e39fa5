//! One step: a gateway opened on a stock of payouts and weighed, how fast it reads, and how fast it takes
//! payouts beside another with a smaller stock. Apart from which steps there are and what is to be thought
//! of them.

use super::stock::Stock;
use super::weight::{Weight, weigh};
use crate::bench::gateway::Gateway;
use crate::bench::gateway_file::Setting;
use crate::bench::latency::grouped;
use crate::bench::progress::Limit;
use crate::bench::report::ratio;
use crate::bench::requests::Requests;
use crate::bench::rounds::{Contender, rounds_of};
use crate::bench::scenario::list::walk;
use crate::bench::script::{Creates, Gets};
use crate::bench::site::Site;
use crate::bench::tally::Tally;
use crate::cli::Failure;
use serde_json::{Value, json};
use std::rc::Rc;

/// In so many turns payouts are made here and beside: the ratio in the middle counts, and short turns one
/// after another see the same machine.
const SLICES: u32 = 9;

/// What came of a step.
pub struct Step {
    /// So many payouts were there, or merchants.
    pub many: u64,
    /// What it takes.
    pub weight: Weight,
    /// Creates a second by those with the smaller stock, in thousandths.
    pub create_ratio: u64,
    creates: Tally,
    /// Memory after all of it, in bytes.
    resident_after: u64,
    reads: Option<Reads>,
    /// What was counted is what was made.
    pub sound: bool,
}

/// How fast a stock is read.
struct Reads {
    pages: Tally,
    gets: Tally,
    /// No payout was missing on the list, as far as it was walked.
    complete: bool,
}

/// Measures a stock of so `many` beside a smaller one.
pub async fn measure(
    site: &Site<'_>,
    many: u64,
    stock: &Stock,
    smaller: &Stock,
    reading: bool,
) -> Result<Step, Failure> {
    let (gateway, weight) = weigh(site, stock).await?;
    // Before there are other payouts on the list.
    let reads = if reading { Some(read(site, &gateway, stock).await?) } else { None };
    let key = smaller.merchants.first().map_or("", |merchant| merchant.key.as_str());
    let beside = Gateway::over(site, &Setting::default(), smaller.data.clone(), key).await?;
    let contender = |name, gateway: &Gateway, stock: &Stock| {
        let doors = stock.merchants.iter().map(|one| gateway.merchant.with_key(&one.key));
        let script = Creates::by_turns(doors.collect(), Requests::waiting("beside"));
        let script = Rc::new(script);
        (script.clone(), Contender { name, door: gateway.merchant.clone(), script })
    };
    let (theirs, one) = contender("smaller", &beside, smaller);
    let (ours, other) = contender("create", &gateway, stock);
    let slices = (SLICES, site.time() * 2 / SLICES);
    let outcomes = rounds_of(site, &[one, other], slices, async || Ok(())).await?;
    let known = gateway.metrics().await?.live() == ours.made().len() as u64
        && beside.metrics().await?.live() == theirs.made().len() as u64;
    let resident_after = gateway.usage().resident;
    let outcome = outcomes.into_iter().nth(1);
    let outcome = outcome.ok_or_else(|| Failure::failed("two contenders had one outcome"))?;
    let sound = known && reads.as_ref().is_none_or(|reads| reads.complete);
    let (create_ratio, creates) = (outcome.to_first, outcome.all);
    Ok(Step { many, weight, create_ratio, creates, resident_after, reads, sound })
}

async fn read(site: &Site<'_>, gateway: &Gateway, stock: &Stock) -> Result<Reads, Failure> {
    let (pages, listed) = walk(site, gateway).await?;
    // The walk may end with the time, in the middle of the list.
    let complete = listed.is_none_or(|listed| listed == stock.payouts);
    let gets = Rc::new(Gets::new(&gateway.merchant, stock.some.clone()));
    let load = site.closed("get archived", Limit::Time(site.time() / 3));
    let gets = load.run(&gateway.merchant, gets).await?;
    Ok(Reads { pages, gets, complete })
}

impl Step {
    /// For people; `than` is what its creates are held against.
    pub fn text(&self, of: &str, than: &str) -> String {
        let reads = self.reads.as_ref().map(|reads| {
            format!(
                "; page of 100 p99 {}.{:02} ms, {} archived reads/s",
                reads.pages.latency.at(99.0) / 1_000,
                reads.pages.latency.at(99.0) % 1_000 / 10,
                grouped(reads.gets.rate()),
            )
        });
        format!(
            "             {of} {:>10}: {} creates/s, {} of {than}; {} ({} MiB after all){}",
            grouped(self.many),
            grouped(self.creates.rate()),
            ratio(self.create_ratio),
            self.weight.text(),
            grouped(self.resident_after >> 20),
            reads.unwrap_or_default(),
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let mut json = self.weight.json();
        json["create_ratio_permille"] = json!(self.create_ratio);
        json["creates_per_second"] = json!(self.creates.rate());
        json["create_latency"] = self.creates.latency.json();
        json["resident_after_bytes"] = json!(self.resident_after);
        if let Some(reads) = &self.reads {
            json["pages"] = json!(reads.pages.count);
            json["page_latency"] = reads.pages.latency.json();
            json["archived_gets_per_second"] = json!(reads.gets.rate());
            json["archived_get_latency"] = reads.gets.latency.json();
        }
        json
    }
}
