//! `bursar snapshot diff`: what differs between two points in time. Both sides are made again from the log,
//! here or in a portable file, so that what has finished since is compared like what still lives.

mod side;

use super::ReachArgs;
use super::reach::Reached;
use super::show;
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::render::{AmountOut, TallyRowOut, tally};
use domain::id::PayoutId;
use serde::Serialize;
use serde_json::{Value, json};
use side::{Side, Standpoint};
use std::collections::BTreeMap;

/// One payout that is not the same on both sides.
#[derive(Serialize)]
struct Difference {
    payout: String,
    /// None: it was not made yet, or is not known there.
    before: Option<StandpointOut>,
    after: Option<StandpointOut>,
}

#[derive(Serialize)]
struct StandpointOut {
    version: u32,
    status: &'static str,
    money: &'static str,
    held: bool,
    amount: AmountOut,
    amount_processed: Option<AmountOut>,
    currency: String,
}

/// Everything that is said of the two sides.
#[derive(Serialize)]
struct Compared {
    before: SideOut,
    after: SideOut,
    only_before: usize,
    only_after: usize,
    changed: usize,
    same: usize,
    /// The first of them, by id.
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct SideOut {
    name: String,
    through: u64,
    payouts: usize,
    totals: Vec<TallyRowOut>,
}

/// Compares.
pub fn run(
    config: &Config,
    reach: &ReachArgs,
    names: [&str; 2],
    limit: usize,
    output: &Output,
) -> Result<(), Failure> {
    let list = match names.iter().any(|name| side::needs_list(name)) {
        true => Reached::find(config, reach)?.list()?,
        false => json!({ "data": [] }),
    };
    let [before, after] = names;
    let before = Side::read(config, &list, before, output)?;
    let after = Side::read(config, &list, after, output)?;
    let compared = compare(&before, &after, limit);
    let json = serde_json::to_value(&compared).map_err(Failure::failed)?;
    output.say(&text(&json), &json);
    Ok(())
}

fn compare(before: &Side, after: &Side, limit: usize) -> Compared {
    let mut compared = Compared {
        before: SideOut::of(before),
        after: SideOut::of(after),
        only_before: 0,
        only_after: 0,
        changed: 0,
        same: 0,
        differences: Vec::new(),
    };
    let mut differences: BTreeMap<PayoutId, (Option<&Standpoint>, Option<&Standpoint>)> =
        BTreeMap::new();
    for (id, then) in &before.payouts {
        match after.payouts.get(id) {
            Some(now) if now == then => compared.same += 1,
            Some(now) => {
                compared.changed += 1;
                differences.insert(*id, (Some(then), Some(now)));
            }
            None => {
                compared.only_before += 1;
                differences.insert(*id, (Some(then), None));
            }
        }
    }
    for (id, now) in after.payouts.iter().filter(|(id, _)| !before.payouts.contains_key(id)) {
        compared.only_after += 1;
        differences.insert(*id, (None, Some(now)));
    }
    let row = |(id, (then, now)): (PayoutId, (Option<&Standpoint>, Option<&Standpoint>))| {
        let (before, after) = (then.map(StandpointOut::of), now.map(StandpointOut::of));
        Difference { payout: id.to_string(), before, after }
    };
    compared.differences = differences.into_iter().take(limit).map(row).collect();
    compared
}

impl SideOut {
    fn of(side: &Side) -> SideOut {
        SideOut {
            name: side.name.clone(),
            through: side.through,
            payouts: side.payouts.len(),
            totals: tally(&side.tally()),
        }
    }
}

impl StandpointOut {
    fn of(point: &Standpoint) -> StandpointOut {
        StandpointOut {
            version: point.version,
            status: point.status.code(),
            money: point.money.word(),
            held: point.held,
            amount: AmountOut(point.amount.value()),
            amount_processed: point.amount_processed.map(|paid| AmountOut(paid.value())),
            currency: point.currency.code().to_owned(),
        }
    }
}

fn text(compared: &Value) -> String {
    let side = |name: &str| {
        let side = &compared[name];
        let title = side["name"].as_str().unwrap_or_default();
        let sums = show::sums(&side["totals"]);
        format!("{title}: {} payouts through sequence {}{sums}", side["payouts"], side["through"])
    };
    let mut lines = vec![side("before"), side("after")];
    lines.push(format!(
        "{} changed, {} only after, {} only before, {} the same",
        compared["changed"], compared["only_after"], compared["only_before"], compared["same"]
    ));
    for one in compared["differences"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let stood = |side: &Value| match side["status"].as_str() {
            Some(status) => format!("{status} v{}", side["version"]),
            None => "absent".to_owned(),
        };
        let known = if one["after"].is_null() { &one["before"] } else { &one["after"] };
        lines.push(format!(
            "  {}  {} -> {}  {} {}",
            one["payout"].as_str().unwrap_or_default(),
            stood(&one["before"]),
            stood(&one["after"]),
            known["amount"].as_str().unwrap_or_default(),
            known["currency"].as_str().unwrap_or_default(),
        ));
    }
    lines.join("\n")
}
