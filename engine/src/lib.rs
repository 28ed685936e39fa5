//! Where payouts live. One actor per live payout, found by its partition's supervisor; every turn
//! of an actor follows the write rule: **decide, write, believe, act.**
//!
//! Reading order, which is the journey of a payout: `gateway` → `payout_supervisor` →
//! `payout_actor` (the spine) → `adapter_supervisor`, and back by `timer_actor` or a callback.

pub mod bare;
pub mod clock;
pub mod codec;
pub mod desk;
pub mod engine;
pub mod gateway;
pub mod ledger;
pub mod offline;
pub mod refusal;

pub mod adapter_supervisor;
mod audit;
mod card;
mod event_feed;
mod events;
mod finding;
mod glance;
pub mod inspect;
mod lean_context;
mod listing;
mod live_index;
mod live_table;
pub mod moderation_book;
mod operating;
pub mod orphans;
mod partition;
mod payout_actor;
mod payout_supervisor;
mod place;
pub mod quarantine;
mod recovery;
pub mod restore;
mod retire;
mod return_watch;
pub mod scrub;
mod sleeper;
mod slot;
mod snapshot_desk;
mod snapshot_schedule;
mod snapshot_seen;
mod snapshotting;
mod spread_map;
pub mod tally;
mod timer_actor;
mod verification_desk;
pub mod verify;
mod writing;

pub use audit::Audited;
pub use engine::{Engine, EngineOptions};
pub use event_feed::Event;
pub use gateway::{Gateway, MerchantDoor, View};
pub use listing::{ListQuery, Page, Place};
pub use operating::CallbackTaken;
pub use partition::Counters;
pub use recovery::RecoveryError;
pub use refusal::Refusal;
pub use snapshot_seen::{SnapshotSeen, Why};
pub use snapshotting::{SnapshotError, SnapshotTaken};
pub use verification_desk::VerificationRefused;

#[cfg(test)]
mod tests;
