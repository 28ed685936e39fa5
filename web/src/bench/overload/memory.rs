//! The memory of a gateway while it is under a load: looked at ten times a second. Apart from the load because
//! whether it stays is a judgement of its own.

use crate::bench::gateway::Gateway;
use crate::bench::progress::GLANCE;
use crate::bench::report::permille;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// More than this by what it was in the middle, and it grows: caches fill while a load begins.
const GROWN_PERMILLE: u64 = 1_250;

/// Memory over time, in bytes.
pub struct Memory {
    seen: Vec<u64>,
}

/// Somebody who looks.
pub struct Watching {
    seen: Rc<RefCell<Vec<u64>>>,
    task: actix_rt::task::JoinHandle<()>,
}

impl Memory {
    /// Looks until it is ended.
    pub fn watch(gateway: &Rc<Gateway>) -> Watching {
        let seen: Rc<RefCell<Vec<u64>>> = Rc::default();
        let (gateway, told) = (gateway.clone(), seen.clone());
        let task = actix_rt::spawn(async move {
            loop {
                told.borrow_mut().push(gateway.usage().resident);
                tokio::time::sleep(10 * GLANCE).await;
            }
        });
        Watching { seen, task }
    }

    /// The most in the middle third, and in the last.
    fn thirds(&self) -> (u64, u64) {
        let third = self.seen.len() / 3;
        let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
        (most(&self.seen[third..2 * third]), most(&self.seen[2 * third..]))
    }

    /// The most in the last third of the time by the most in the third before it, in thousandths.
    pub fn growth_permille(&self) -> u64 {
        let (middle, last) = self.thirds();
        permille(last, middle)
    }

    /// Whether it had not come to rest. A few looks say nothing about that.
    pub fn grew(&self) -> bool {
        self.seen.len() >= 30 && self.growth_permille() > GROWN_PERMILLE
    }

    /// For people.
    pub fn text(&self) -> String {
        let (middle, last) = self.thirds();
        let begin = self.seen.first().copied().unwrap_or(0);
        format!(
            "{} MiB at the begin, at most {} in the middle third of the time, {} in the last",
            begin >> 20,
            middle >> 20,
            last >> 20,
        )
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let (middle, last) = self.thirds();
        json!({
            "begin_bytes": self.seen.first().copied().unwrap_or(0),
            "middle_bytes": middle,
            "last_bytes": last,
            "growth_permille": self.growth_permille(),
        })
    }
}

impl Watching {
    /// What was seen.
    pub fn end(self) -> Memory {
        self.task.abort();
        Memory { seen: self.seen.take() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_to_rest_is_told_from_what_grows() {
        let rests = Memory { seen: (0..90).map(|look: u64| look.min(30) + 100).collect() };
        let grows = Memory { seen: (0..90).map(|look| look * look + 100).collect() };
        assert!(!rests.grew() && grows.grew());
        let short = Memory { seen: (0..9).map(|look| look * look + 100).collect() };
        assert!(!short.grew(), "too short to say");
    }
}
