//! The gateway as its users meet it: a real server on port 0, the real store, the sandbox as a
//! server of its own, and a clock that a story turns. Stories speak HTTP and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a story that cannot go on should stop where it stands"
)]

pub mod client;
pub mod process;
pub mod receiver;
pub mod recipient;
pub mod world;

pub use client::{Answer, Client};
pub use receiver::Receiver;
pub use world::World;
