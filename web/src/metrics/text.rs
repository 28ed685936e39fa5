//! The Prometheus text format: a family has a type and a help text, then come its samples.

use std::fmt::Write as _;

/// What a figure is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets.
    Histogram,
}

/// A page in the making. Writing to a String cannot fail, so the results are dropped.
#[derive(Default)]
pub struct Text(String);

impl Text {
    /// Begins a family.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One sample; `labels` as they stand between the braces.
    pub fn sample(&mut self, name: &str, labels: &str, value: u64) {
        self.line(name, labels, format_args!("{value}"));
    }

    /// One sample in seconds, from microseconds.
    pub fn seconds(&mut self, name: &str, labels: &str, micros: u64) {
        let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
        self.line(name, labels, format_args!("{whole}.{part:06}"));
    }

    /// One sample that is an exact decimal.
    pub fn decimal(&mut self, name: &str, labels: &str, value: rust_decimal::Decimal) {
        self.line(name, labels, format_args!("{value}"));
    }

    /// A family of one sample.
    pub fn one(&mut self, name: &str, kind: Kind, help: &str, value: u64) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    /// The page.
    pub fn finish(self) -> String {
        self.0
    }

    fn line(&mut self, name: &str, labels: &str, value: std::fmt::Arguments<'_>) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }
}
