//! One side of a comparison: where every payout stood at a point of a log. Apart from comparing, because a
//! side may lie in the data directory or in a portable file.

use crate::cli::snapshot::export::{self, of_export, of_log};
use crate::cli::snapshot::points;
use crate::cli::snapshot::progress::Progress;
use crate::cli::{Failure, Output};
use crate::config::Config;
use domain::id::PayoutId;
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::standing::Money;
use domain::status::Status;
use engine::codec;
use engine::desk::DESK;
use engine::tally::Tally;
use serde_json::Value;
use snapshots::RecordRef;
use snapshots::export::ExportFile;
use snapshots::log::FrameSource;
use std::collections::HashMap;
use std::path::Path;

/// Where every payout stood.
pub struct Side {
    /// As it was asked for.
    pub name: String,
    /// The last sequence that was read.
    pub through: u64,
    /// By id.
    pub payouts: HashMap<PayoutId, Standpoint>,
}

/// Where one payout stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standpoint {
    pub version: u32,
    pub status: Status,
    pub money: Money,
    pub held: bool,
    pub amount: Amount,
    pub amount_processed: Option<Amount>,
    pub currency: Currency,
}

/// Whether a name can only be understood with the list of snapshots.
pub fn needs_list(name: &str) -> bool {
    name == "latest" || name.parse::<u64>().is_ok()
}

impl Side {
    /// Reads what is meant by the name: a snapshot's id, `latest`, `now`, or a file. A snapshot stands for
    /// the log up to its base, which all of its payouts have reached.
    pub fn read(
        config: &Config,
        list: &Value,
        name: &str,
        output: &Output,
    ) -> Result<Side, Failure> {
        if name == "now" || needs_list(name) {
            let (mut source, end) = export::open(config, list, name)?;
            let through = end.snapshot.map_or(end.through, |point| point.base_sequence);
            return Side::fold(name, &mut source, through, output);
        }
        if !Path::new(name).exists() {
            points::find(list, name)?;
        }
        let file = ExportFile::open(Path::new(name)).map_err(of_export)?;
        let mut frames = file.frames().map_err(of_export)?;
        // To the very end: only there the file has proved to be whole.
        Side::fold(name, &mut frames, u64::MAX, output)
    }

    fn fold(
        name: &str,
        source: &mut dyn FrameSource,
        through: u64,
        output: &Output,
    ) -> Result<Side, Failure> {
        let progress = Progress::start("read", (through < u64::MAX).then_some(through), output);
        let mut payouts: HashMap<PayoutId, Payout> = HashMap::new();
        let mut last = 0;
        while last < through {
            let Some(frame) = source.next_frame().map_err(of_log)? else { break };
            for record in frame.records().filter(|record| record.sequence <= through) {
                last = record.sequence;
                take(&mut payouts, record)?;
            }
            progress.reached(last);
        }
        progress.finish();
        let payouts = payouts.into_iter().map(|(id, payout)| (id, Standpoint::of(&payout)));
        Ok(Side { name: name.to_owned(), through: last, payouts: payouts.collect() })
    }

    /// Counts and sums.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for point in self.payouts.values() {
            tally.add_amount(point.status, point.currency, point.amount.value());
        }
        tally
    }
}

fn take(payouts: &mut HashMap<PayoutId, Payout>, record: RecordRef<'_>) -> Result<(), Failure> {
    if record.payout == DESK {
        return Ok(());
    }
    let (id, sequence) = (PayoutId(record.payout), record.sequence);
    let bad = |why: &dyn std::fmt::Display| {
        Failure::damaged(format!("the journal's record {sequence} of {id} cannot be read: {why}"))
    };
    let entry = codec::entry(record.body).map_err(|error| bad(&error))?;
    match payouts.get_mut(&id) {
        Some(payout) => payout.apply(entry).map_err(|error| bad(&error)),
        None => {
            let payout = Payout::begin(id, entry).map_err(|error| bad(&error))?;
            payouts.insert(id, payout);
            Ok(())
        }
    }
}

impl Standpoint {
    fn of(payout: &Payout) -> Standpoint {
        let (request, standing) = (payout.request(), payout.standing());
        Standpoint {
            version: payout.version(),
            status: payout.status(),
            money: standing.money,
            held: standing.hold.is_some(),
            amount: request.amount,
            amount_processed: standing.amount_processed,
            currency: request.currency,
        }
    }
}
