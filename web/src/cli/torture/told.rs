//! What is told of simulated worlds: lines for people, JSON for programs. Apart from living through them.

use serde_json::{Value, json};
use std::time::Duration;
use world::tally::{EDGES, Edge, Point};
use world::{Script, Tally, Violation};

/// Cells that are named in a summary for people; JSON has all of them.
const NAMED: usize = 12;

/// What was lived through, and in what time.
pub(super) struct Told {
    pub tally: Tally,
    pub worlds: u64,
    /// How often each was lived through.
    pub times: u8,
    pub threads: usize,
    pub took: Duration,
}

impl Told {
    fn days_per_second_and_thread(&self) -> u128 {
        let spent = self.took.as_micros().max(1) * self.threads.max(1) as u128;
        u128::from(self.tally.days) * 1_000_000 / spent
    }

    pub fn lines(&self) -> Vec<String> {
        let Told { tally, worlds, times, threads, took } = self;
        let missed = tally.cells_missed();
        let cells = Tally::cell_count();
        let mut lines = vec![
            format!(
                "{}{}, on {} in {} s: {} simulated days, {} a second and thread",
                counted(*worlds, "world"),
                if *times == 2 { ", each twice" } else { "" },
                counted(*threads as u64, "thread"),
                took.as_secs(),
                tally.days,
                self.days_per_second_and_thread()
            ),
            format!(
                "{} events, {} payouts, {} submissions, {} questions, {} webhooks",
                tally.events, tally.payouts, tally.submissions, tally.questions, tally.webhooks
            ),
            format!(
                "{} crashes, {} more while starting, {} restores, {} snapshots, {} lies and refusals",
                tally.crashes,
                tally.crashes_reading,
                tally.restores,
                tally.snapshots,
                tally.lies()
            ),
            format!(
                "of {} payouts a person or a contradiction had the last word: their money was not judged",
                tally.unjudged
            ),
            format!(
                "{} of {} steps of the status table taken; died at {} of {cells} points of steps",
                EDGES.len() - tally.steps_missed().len(),
                EDGES.len(),
                cells - missed.len()
            ),
        ];
        lines
            .extend(tally.steps_missed().iter().map(|edge| format!("never taken: {}", step(edge))));
        lines.extend(tally.lies_missed().iter().map(|lie| format!("never told: {lie}")));
        let named = missed.iter().take(NAMED);
        lines.extend(named.map(|(edge, point)| format!("never died at: {}", cell(edge, *point))));
        if missed.len() > NAMED {
            lines.push(format!("and {} more points; --json names them", missed.len() - NAMED));
        }
        lines
    }

    /// How many steps, points of steps and lies never came.
    pub fn missed(&self) -> usize {
        let Told { tally, .. } = self;
        tally.steps_missed().len() + tally.cells_missed().len() + tally.lies_missed().len()
    }

    pub fn json(&self, broken: Option<(u64, &Script, &Violation)>) -> Value {
        let Told { tally, worlds, times, threads, took } = self;
        let missed = tally.cells_missed();
        let violation = broken.map(|(seed, script, violation)| {
            json!({
                "seed": seed,
                "invariant": violation.invariant,
                "what": violation.what,
                "at_micros": violation.at,
                "script": script.to_text(&[]).unwrap_or_default(),
            })
        });
        json!({
            "commit": world::commit(),
            "worlds": worlds,
            "times_each": times,
            "threads": threads,
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "simulated_days": tally.days,
            "days_per_second_and_thread":
                u64::try_from(self.days_per_second_and_thread()).unwrap_or(u64::MAX),
            "events": tally.events,
            "turns": tally.turns,
            "payouts": tally.payouts,
            "submissions": tally.submissions,
            "questions": tally.questions,
            "webhooks": tally.webhooks,
            "unjudged": tally.unjudged,
            "crashes": tally.crashes,
            "crashes_reading": tally.crashes_reading,
            "restores": tally.restores,
            "snapshots": tally.snapshots,
            "lies": tally.lies(),
            "struck": tally.struck,
            "steps": EDGES.len(),
            "steps_missed": tally.steps_missed().iter().map(step).collect::<Vec<_>>(),
            "cells": Tally::cell_count(),
            "cells_missed":
                missed.iter().map(|(edge, point)| cell(edge, *point)).collect::<Vec<_>>(),
            "lies_missed": tally.lies_missed(),
            "violations": usize::from(violation.is_some()),
            "violation": violation,
        })
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn step((from, on, to): &Edge) -> String {
    format!("{from} on {} to {to}", on.word())
}

fn cell(edge: &Edge, point: Point) -> String {
    format!("{}, {}", step(edge), point.word())
}
