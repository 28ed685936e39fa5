//! What the gateway costs, measured. Nothing depends on this crate.
//!
//! With Criterion, seconds each:
//! - `transition`: the table of statuses, and deciding and applying a whole life.
//!   `cargo bench -p benches --bench transition`
//! - `codec`: sealing and opening an entry and a whole payout.
//!   `cargo bench -p benches --bench codec`
//! - `log`: one append made durable, alone and among others.
//!   `cargo bench -p benches --bench log`
//! - `engine`: a durable create and a read of a live payout, without HTTP.
//!   `cargo bench -p benches --bench engine`
//!
//! - `request`: what comes before the engine: a body, its judgement, its ids.
//!   `cargo bench -p benches --bench request`
//! - `provider_queue`: a payout's turn at its provider account.
//!   `cargo bench -p benches --bench provider_queue`
//!
//! Counted and held against `instructions.toml`, by CI too, a minute:
//! - `instructions`: what the parts and a whole life take of the processor,
//!   repeatable on a machine that does other things as well.
//!   `. benches/benches/instructions/profile`, then
//!   `cargo bench -p benches --bench instructions`
//!
//! Apart from Criterion, minutes:
//! - `archive_stores`: which store holds the archive, measured while it grows.
//!   `cargo bench -p benches --bench archive_stores -- --payouts 10000000`
//!
//! - `webhooks`: what endpoints cost the payouts, and a dead one its neighbours.
//!   `cargo bench -p benches --bench webhooks -- --payouts 20000`
//! - `recovery`: how fast the gateway is ready again, from the log and from a
//!   snapshot, against a plain read of the same bytes.
//!   `cargo bench -p benches --bench recovery -- --live 1000000`
//!
//! Throughput and latency of the running gateway are not in this crate: they
//! need its processes and a disk that nobody else uses. `bursar bench` measures
//! them without HTTP, `peers/run` with it, beside the same work on PostgreSQL and
//! on Restate.

pub mod life;
