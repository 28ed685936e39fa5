//! How fast a scrub reads, how far it is, and whether it goes on. Apart from the scrub itself because
//! this is asked for every record, and must cost next to nothing.

use super::{For, Scrub};
use crate::verify::Pace;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// How long a scrub that waits for its rate may not notice that the gateway stops.
const NOTICE: Duration = Duration::from_millis(50);

/// The pace of one scrub.
pub(super) struct Pacing<'s> {
    scrub: &'s Scrub,
    whom: For,
    began: Instant,
    read: u64,
}

impl<'s> Pacing<'s> {
    /// From now on.
    pub fn new(scrub: &'s Scrub, whom: For) -> Pacing<'s> {
        Pacing { scrub, whom, began: Instant::now(), read: 0 }
    }
}

impl Pace for Pacing<'_> {
    fn expect(&mut self, all: u64) {
        if let For::Order = self.whom {
            self.scrub.ordered.expect(all);
        }
    }

    fn read(&mut self, count: u64, bytes: u64) -> ControlFlow<()> {
        self.read += bytes;
        self.scrub.figures.bytes.fetch_add(bytes, Ordering::Relaxed);
        let bytes_per_second = match self.whom {
            For::Clock { bytes_per_second } => bytes_per_second,
            For::Program => 0,
            For::Order => {
                self.scrub.ordered.read(count, bytes);
                0
            }
        };
        while !self.scrub.is_to_end(self.whom) {
            let due = allowed_after(self.read, bytes_per_second);
            let ahead = due.saturating_sub(self.began.elapsed());
            if ahead.is_zero() {
                return ControlFlow::Continue(());
            }
            thread::sleep(ahead.min(NOTICE));
        }
        ControlFlow::Break(())
    }
}

/// When so much may have been read.
fn allowed_after(bytes: u64, bytes_per_second: u64) -> Duration {
    match bytes.saturating_mul(1_000_000).checked_div(bytes_per_second) {
        Some(micros) => Duration::from_micros(micros),
        None => Duration::ZERO,
    }
}
