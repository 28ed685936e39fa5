//! What was seen: how much was simulated, how often each fault struck, and which cells of the table of
//! steps × crash points were hit. Apart from the checkers, which only ever say no: here one sees what
//! their silence is worth.

use domain::status::Status;
use domain::transition::{Trigger, next};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where in a turn the process can die.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Point {
    /// Decided; nothing was handed to the disk.
    Decided,
    /// Handed to the disk, which has not synced it: it may be there, or in part, or not.
    Written,
    /// Durable, and believed by nobody.
    Durable,
    /// Believed, and not acted on.
    Believed,
    /// Acted on, and nobody was answered.
    Acted,
    /// The answer is out.
    Answered,
}

impl Point {
    /// All of them, in the order of a turn.
    pub const ALL: [Point; 6] = [
        Point::Decided,
        Point::Written,
        Point::Durable,
        Point::Believed,
        Point::Acted,
        Point::Answered,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Point::Decided => "decided",
            Point::Written => "written",
            Point::Durable => "durable",
            Point::Believed => "believed",
            Point::Acted => "acted",
            Point::Answered => "answered",
        }
    }
}

/// One step of the status table: from, on what, to.
pub type Edge = (Status, Trigger, Status);

/// How many steps the table has.
const EDGE_COUNT: usize = {
    let (mut count, mut s) = (0, 0);
    while s < Status::ALL.len() {
        let mut t = 0;
        while t < Trigger::ALL.len() {
            if next(Status::ALL[s], Trigger::ALL[t]).is_some() {
                count += 1;
            }
            t += 1;
        }
        s += 1;
    }
    count
};

/// Every step of the status table, in its order.
pub const EDGES: [Edge; EDGE_COUNT] = {
    let mut edges = [(Status::Created, Trigger::DetailsAccepted, Status::Ready); EDGE_COUNT];
    let (mut count, mut s) = (0, 0);
    while s < Status::ALL.len() {
        let mut t = 0;
        while t < Trigger::ALL.len() {
            if let Some(to) = next(Status::ALL[s], Trigger::ALL[t]) {
                edges[count] = (Status::ALL[s], Trigger::ALL[t], to);
                count += 1;
            }
            t += 1;
        }
        s += 1;
    }
    edges
};

/// The number of a step in the table.
pub fn edge_number(from: Status, on: Trigger) -> Option<usize> {
    EDGES.iter().position(|edge| (edge.0, edge.1) == (from, on))
}

/// Counts of one run, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Simulated days.
    pub days: u64,
    /// Things that happened.
    pub events: u64,
    /// Payouts made.
    pub payouts: u64,
    /// Turns of payouts.
    pub turns: u64,
    /// Orders that reached a provider.
    pub submissions: u64,
    /// Questions that reached a provider.
    pub questions: u64,
    /// Deaths of the process, of whatever kind.
    pub crashes: u64,
    /// Times a start died while it read.
    pub crashes_reading: u64,
    /// Restores.
    pub restores: u64,
    /// Snapshots that were finished.
    pub snapshots: u64,
    /// Webhooks delivered.
    pub webhooks: u64,
    /// Payouts at whose end the last word was a person's, or against what was believed: their money is not judged.
    pub unjudged: u64,
    /// What was done by whom, by its word: lies of providers, troubles of the disk, deeds of operators.
    pub struck: BTreeMap<&'static str, u64>,
    /// How often each step was taken.
    pub steps: BTreeMap<usize, u64>,
    /// How often the process died at a point of a step.
    pub cells: BTreeMap<(usize, Point), u64>,
}

/// Every lie there is a word for; what is not among the things that struck was never told.
pub const LIES: [&str; 24] = [
    "swallows",
    "arrives_late",
    "refuses_connection",
    "turns_away",
    "refuses",
    "errs_after_taking",
    "answer_lost",
    "garbage",
    "duplicate",
    "asked_in_vain",
    "hides",
    "flaps",
    "unmapped",
    "wrong_amount",
    "defers",
    "false_failure",
    "false_recall",
    "calls_twice",
    "calls_late",
    "forged",
    "mistaken",
    "stuck",
    "holds",
    "returns",
];

impl Tally {
    /// Counts a thing.
    pub fn strike(&mut self, what: &'static str) {
        *self.struck.entry(what).or_default() += 1;
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Tally) {
        self.days += other.days;
        self.events += other.events;
        self.payouts += other.payouts;
        self.turns += other.turns;
        self.submissions += other.submissions;
        self.questions += other.questions;
        self.crashes += other.crashes;
        self.crashes_reading += other.crashes_reading;
        self.restores += other.restores;
        self.snapshots += other.snapshots;
        self.webhooks += other.webhooks;
        self.unjudged += other.unjudged;
        for (what, count) in &other.struck {
            *self.struck.entry(what).or_default() += count;
        }
        for (step, count) in &other.steps {
            *self.steps.entry(*step).or_default() += count;
        }
        for (cell, count) in &other.cells {
            *self.cells.entry(*cell).or_default() += count;
        }
    }

    /// Lies told, of all kinds.
    pub fn lies(&self) -> u64 {
        LIES.iter().filter_map(|lie| self.struck.get(lie)).sum()
    }

    /// Steps × crash points: how many there are.
    pub fn cell_count() -> usize {
        EDGES.len() * Point::ALL.len()
    }

    /// Steps of the table that were never taken.
    pub fn steps_missed(&self) -> Vec<Edge> {
        let missed = |number: &usize| !self.steps.contains_key(number);
        (0..EDGES.len()).filter(missed).map(|number| EDGES[number]).collect()
    }

    /// Cells that were never hit.
    pub fn cells_missed(&self) -> Vec<(Edge, Point)> {
        let all = (0..EDGES.len()).flat_map(|edge| Point::ALL.map(|point| (edge, point)));
        let missed = all.filter(|cell| !self.cells.contains_key(cell));
        missed.map(|(edge, point)| (EDGES[edge], point)).collect()
    }

    /// Lies that were never told.
    pub fn lies_missed(&self) -> Vec<&'static str> {
        LIES.into_iter().filter(|lie| !self.struck.contains_key(lie)).collect()
    }
}
