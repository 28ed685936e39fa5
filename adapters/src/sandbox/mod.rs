//! The sandbox: a provider without a bank behind it, and the worked example of a provider's folder.
//!
//! Its far side is a server of its own (`server.rs`, `callbacks.rs`) around a world without I/O
//! (`world.rs`), which decides by the last digits of the recipient what happens, on a clock of its
//! own, and keeps the ledger of what truly happened to the money. Our side is a [`Provider`] like
//! any other: `client.rs` speaks `wire.rs`, `map.rs` says what it means, `callback.rs` judges what
//! comes unasked. `inline.rs` is both sides without HTTP, for benchmarks and simulations.
//!
//! Reading order: `world/behaviour.rs` and `world/suffix.rs` (what it can do) → `world/submission.rs`
//! → `world/life.rs` → `map.rs` → `client.rs`.
//!
//! [`Provider`]: crate::provider::Provider

mod callback;
mod callbacks;
mod client;
mod clock;
mod inline;
mod map;
mod server;
mod settings;
mod signature;
#[cfg(test)]
mod tests;
pub mod wire;
pub mod world;

pub use client::{InvalidSandbox, SandboxProvider};
pub use clock::VirtualClock;
pub use inline::{CallbackSink, InlineSandbox};
pub(crate) use map::RATE_SOURCE;
pub use server::{SandboxOptions, SandboxServer, serve};
pub use settings::SandboxSettings;
pub use signature::CallbackKey;
pub use world::faults::{CallbackFaults, Chance, Faults, Outage, OutageKind, Span, Spread};
pub use world::rate;
