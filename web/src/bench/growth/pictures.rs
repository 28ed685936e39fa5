//! Which plots are made of the steps. Apart because it is the list of them and nothing else.

use super::Curves;
use super::step::Step;
use super::weight::Weight;
use crate::bench::plots::{Curve, EMPTY, Growth};

/// Thousandths of a MiB.
fn mebi(bytes: u64) -> u64 {
    u64::try_from((u128::from(bytes) * 1_000) >> 20).unwrap_or(u64::MAX)
}

/// Creates, opening, memory, disk.
pub fn of_payouts(curves: &Curves) -> Vec<Growth> {
    let of = "finished payouts in the store";
    let against = |name, title, unit, read: fn(&Weight) -> u64| {
        let floor = read(&curves.floor);
        let empty = curves.curve(EMPTY, |_| floor);
        let store = curves.curve("store", |step| read(&step.weight));
        Growth { name, title, of, unit, tenfold: true, curves: vec![empty, store] }
    };
    vec![
        creates(
            "payouts-creates",
            "growth: durable creates beside an empty store",
            of,
            "ratio to the empty store",
            curves,
        ),
        against("payouts-open", "growth: opening the store", "milliseconds", |weight| {
            weight.open_us
        }),
        against("payouts-memory", "growth: memory of the open store", "MiB", |weight| {
            mebi(weight.resident)
        }),
        against("payouts-disk", "growth: the data directory", "MiB", |weight| mebi(weight.disk)),
    ]
}

/// Creates, opening, memory.
pub fn of_merchants(curves: &Curves) -> Vec<Growth> {
    let of = "merchants, with as many payouts in all";
    let plain = |name, title, unit, read: fn(&Step) -> u64| {
        let curves = vec![curves.curve("store", read)];
        Growth { name, title, of, unit, tenfold: true, curves }
    };
    vec![
        creates(
            "merchants-creates",
            "growth: durable creates beside one merchant's",
            of,
            "ratio to one merchant",
            curves,
        ),
        plain("merchants-open", "growth: opening the store", "milliseconds", |step| {
            step.weight.open_us
        }),
        plain("merchants-memory", "growth: memory of the open store", "MiB", |step| {
            mebi(step.weight.resident)
        }),
    ]
}

fn creates(
    name: &'static str,
    title: &'static str,
    of: &'static str,
    unit: &'static str,
    curves: &Curves,
) -> Growth {
    let ratio: Vec<Curve> = vec![curves.curve("creates", |step| step.create_ratio)];
    Growth { name, title, of, unit, tenfold: false, curves: ratio }
}
