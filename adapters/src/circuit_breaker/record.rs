//! How the last calls of one side fared: one bit each. Apart from the phases, which only ask whether
//! it looks bad.

use super::BreakerSettings;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    /// The last 64 calls, the newest in the lowest bit; 1 failed.
    failed: u64,
    /// Calls counted, up to 64.
    seen: u32,
    /// Failures since the last call that did not fail.
    run: u32,
}

impl Record {
    pub(super) fn add(&mut self, failed: bool) {
        self.failed = (self.failed << 1) | u64::from(failed);
        self.seen = (self.seen + 1).min(u64::BITS);
        self.run = if failed { self.run.saturating_add(1) } else { 0 };
    }

    pub(super) fn is_bad(&self, settings: &BreakerSettings) -> bool {
        let window = settings.window.clamp(1, u64::BITS);
        let failed = (self.failed & (u64::MAX >> (u64::BITS - window))).count_ones();
        // A share of few calls says little; until there are enough, only the run counts.
        let too_many = self.seen >= window && failed * 100 > settings.failing_percent * window;
        self.run >= settings.run.max(1) || too_many
    }
}
