//! The real actors under a clock that stands still: the engine with its payout actors, supervisors, timers, adapter
//! actors and event feed, and the web application, all on one thread, over a log in memory and providers that lie
//! and keep a ledger. One seed decides everything: what merchants ask, how long every message takes at every
//! boundary, what goes wrong, and where the process dies. Each world is lived through twice, and both times must
//! be the same.
//!
//! `setting` is what a seed settles, `world` what outlives the process, `life` the process; `bank`, `disk` and
//! `merchants` are what is around it; `audit`, `rest` and `sums` are the checkers.
//!
//! ```sh
//! cargo test -p actors                                             # 300 worlds
//! ACTORS_SEEDS=20000 cargo test -p actors -- --nocapture           # more
//! ACTORS_FIRST=17 ACTORS_SEEDS=1 cargo test -p actors -- --nocapture   # one, told step by step if it fails
//! cargo test -p actors --features planted -- --nocapture planted   # the test of the test
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod audit;
mod bank;
mod disk;
mod life;
mod merchants;
mod operators;
#[cfg(feature = "planted")]
mod planted;
mod rest;
mod seeds;
mod setting;
mod sums;
mod world;
