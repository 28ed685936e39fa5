//! Requests by address and class of status, with their latencies. Addresses are those of the list,
//! never those of a request: a stranger must not be able to make the page grow.

use super::text::{Kind, Text};
use actix_web::http::StatusCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the latency buckets, in microseconds.
const BUCKETS: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// What requests for no address of the list count as.
const ELSEWHERE: &str = "none";

/// The figures of every address.
pub struct HttpMetrics {
    rows: Vec<Row>,
}

struct Row {
    path: &'static str,
    /// How the path begins, before anything variable.
    fixed: &'static str,
    by_class: [AtomicU64; CLASSES.len()],
    /// One more than there are ends: the last is for what took longer.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

impl HttpMetrics {
    /// Zeros for these addresses.
    pub fn new(paths: Vec<&'static str>) -> HttpMetrics {
        HttpMetrics { rows: paths.into_iter().chain([ELSEWHERE]).map(Row::new).collect() }
    }

    /// The place in the list of the address that this path belongs to.
    pub fn route_of(&self, path: &str) -> usize {
        let elsewhere = self.rows.len() - 1;
        let known = &self.rows[..elsewhere];
        known.iter().position(|row| row.takes(path)).unwrap_or(elsewhere)
    }

    /// The address at a place.
    pub fn name_of(&self, route: usize) -> &'static str {
        self.rows[route].path
    }

    /// One request was answered.
    pub fn count(&self, route: usize, status: StatusCode, took: Duration) {
        let row = &self.rows[route];
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        row.by_class[class].fetch_add(1, Ordering::Relaxed);
        row.buckets[BUCKETS.partition_point(|end| *end < micros)].fetch_add(1, Ordering::Relaxed);
        row.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn write(&self, text: &mut Text) {
        let name = "bursar_http_requests_total";
        text.family(name, Kind::Counter, "requests answered");
        for row in &self.rows {
            for (class, count) in CLASSES.into_iter().zip(&row.by_class) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    text.sample(name, &format!("route=\"{}\",status=\"{class}\"", row.path), count);
                }
            }
        }
        text.family("bursar_http_request_seconds", Kind::Histogram, "time from head to answer");
        self.rows.iter().for_each(|row| row.write_latency(text));
    }
}

impl Row {
    fn new(path: &'static str) -> Row {
        Row {
            path,
            fixed: path.split('{').next().unwrap_or(path),
            by_class: Default::default(),
            buckets: Default::default(),
            micros: AtomicU64::new(0),
        }
    }

    fn takes(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(self.fixed) else { return false };
        let wanted = &self.path[self.fixed.len()..];
        match (wanted.is_empty(), wanted.contains('/')) {
            (true, _) => rest.is_empty(),
            (_, true) => matches(wanted, rest),
            // One piece, whatever it is.
            _ => !rest.is_empty() && !rest.contains('/'),
        }
    }

    /// Addresses that nobody asked for are left out: most of a page would be zeros.
    fn write_latency(&self, text: &mut Text) {
        let counts: Vec<u64> =
            self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return;
        }
        let route = format!("route=\"{}\"", self.path);
        let mut so_far = 0;
        for (end, count) in BUCKETS.into_iter().zip(&counts) {
            so_far += count;
            let (whole, part) = (end / 1_000_000, end % 1_000_000);
            let labels = format!("{route},le=\"{whole}.{part:06}\"");
            text.sample("bursar_http_request_seconds_bucket", &labels, so_far);
        }
        text.sample("bursar_http_request_seconds_bucket", &format!("{route},le=\"+Inf\""), total);
        text.seconds(
            "bursar_http_request_seconds_sum",
            &route,
            self.micros.load(Ordering::Relaxed),
        );
        text.sample("bursar_http_request_seconds_count", &route, total);
    }
}

/// Whether a path belongs to a pattern: `{…}` stands for one piece of it.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(piece), Some(one)) if piece == one => {}
            (Some(piece), Some(one)) if piece.starts_with('{') && !one.is_empty() => {}
            _ => return false,
        }
    }
}
