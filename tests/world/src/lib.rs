//! A world around the gateway, in which one seed decides everything: clients, lying providers with a
//! ledger of the money that really moved, receivers of webhooks, operators, the disk, the clock, and
//! crashes at every point of a turn. Thirty days of it take some milliseconds.
//!
//! # Who calls whom
//!
//! ```text
//! script   what happens from outside, drawn from a seed or read from a file
//!    │
//! world    one ordered agenda; the only clock there is. Everything else is called by it:
//!    ├── clients     merchants who ask until they are told ┐
//!    ├── lying       providers: they answer, and lie       │ all put what they cause on the
//!    │     └── bank  orders, and the money ledger: oracle  │ agenda, and never call one another
//!    ├── operators   people who look at what is held       │
//!    ├── receivers   webhooks                              │
//!    ├── troubles    kills, disks, clocks, restores        ┘
//!    └── gateway     the process under test: turns, journal, permits, timers
//!          └── audit every entry, effect, answer and movement is shown to the checkers (I-1 … I-41)
//! ```
//!
//! # What is the product's own, and what is a model of it
//!
//! The product's own code, called here and not copied: deciding and applying (`domain`), the form of
//! entries, archive bodies and snapshot states with their cards (`engine::codec`, `engine::bare`), frames,
//! their chain, the judgement of a torn tail and of a rolled-back log (`snapshots::log::image`), reading a
//! journal back from snapshot and log (`engine::bare::read_back`), planning a restore and what it carries
//! over (`engine::restore`), the ledger of intents, what events a record makes and how they are numbered,
//! the rate limiter, the call schedule and the fair queue of an adapter.
//!
//! A model, because it lives in actors, threads and files in the product: the turn of a payout's actor
//! (`gateway/turns.rs` follows `engine/src/payout_actor`), the timer, the commit loop of the log's writer,
//! the adapter actor's timeouts, the archive and snapshot store, the webhook worker. A fault in *those*
//! lines of the product is not found here; the tests of the real actors and of the real binary are for
//! that. Not here at all: conversions, lists of orphans, exposure limits, the circuit breaker, HTTP.

/// Whether this fault is planted in this world; never, in a build without the feature.
macro_rules! planted {
    ($world:expr, $which:ident) => {{
        #[cfg(feature = "planted")]
        let planted = $world.planted == Some(crate::planted::Planted::$which);
        #[cfg(not(feature = "planted"))]
        let planted = false;
        planted
    }};
}

pub mod agenda;
pub mod audit;
pub mod bank;
pub mod chance;
mod commit;
pub mod disk;
#[cfg(feature = "planted")]
pub mod planted;
pub mod script;
pub mod shrink;
pub mod small;
pub mod tally;
pub mod world;

pub use audit::Violation;
pub use commit::commit;
pub use script::Script;
pub use tally::Tally;

use chance::Trace;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether this build has faults planted in it, for tests of the tests.
pub const PLANTED: bool = cfg!(feature = "planted");

/// What became of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was seen.
    pub tally: Tally,
    /// A fingerprint of all that happened.
    pub trace: Trace,
    /// What must not be, and was.
    pub violation: Option<Violation>,
}

/// Plays a script once. Code that panics has broken something; its message stands on standard error.
pub fn play(script: &Script) -> Outcome {
    let lived = catch_unwind(AssertUnwindSafe(|| world::World::new(script).live()));
    lived.unwrap_or_else(|_| {
        let what = "something panicked".to_owned();
        let violation = Some(Violation { invariant: "panic", what, at: 0 });
        Outcome { tally: Tally::default(), trace: Trace::default(), violation }
    })
}

/// Plays the script of a seed twice: both runs must be the same.
pub fn prove(seed: u64) -> Outcome {
    let script = script::draw(seed);
    let (first, second) = (play(&script), play(&script));
    if first.trace != second.trace {
        let what = "two runs of one seed differ".to_owned();
        let violation = Some(Violation { invariant: "determinism", what, at: 0 });
        return Outcome { violation, ..first };
    }
    first
}
