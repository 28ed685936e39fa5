//! Inputs that nobody sent: whatever reads bytes of strangers, of other machines or of a disk is given
//! mutated examples, and held to what must be true of every answer. Apart from the tests of those
//! readers, which try what somebody thought of.
//!
//! `target` says what a target is, `driver` tries inputs on one, `mutate` makes them, `corpus` keeps
//! them; the other modules are the targets, one subject each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a promise that is broken is told by a panic, which the driver takes for one"
)]

pub mod corpus;
pub mod driver;
pub mod mutate;
pub mod target;

mod answers;
mod callbacks;
mod configuration;
mod creates;
mod exports;
mod files;
mod gateway;
mod log;
mod log_archive;
mod provider_answers;
mod records;
mod request_text;
mod requests;
mod snapshots;
mod words;

use target::Target;

/// Every target. One after the other takes about as long as its turn, so they are few and broad.
pub const TARGETS: &[Target] = &[
    requests::TARGET,
    creates::TARGET,
    callbacks::TARGET,
    provider_answers::TARGET,
    log::TARGET,
    records::TARGET,
    snapshots::TARGET,
    exports::TARGET,
    log_archive::TARGET,
    files::TARGET,
    configuration::TARGET,
    words::TARGET,
];
