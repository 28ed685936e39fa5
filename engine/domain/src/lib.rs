//! What a payout *is*: values in, values out. No actor, no disk, no socket, no clock and no
//! randomness, so that the same inputs make the same payout live, at replay and in a simulation.
//!
//! Reading order: `status` → `transition` (the heart) → `entry` (what happened) → `payout` (the
//! fold) → `decide` (what happens next). The words are those of the glossary in ARCHITECTURE.md.

pub mod status;
pub mod transition;

pub mod entry;
pub mod payout;
pub mod standing;

pub mod command;
pub mod decide;
pub mod effect;
pub mod evidence;
pub mod listening;
pub mod schedule;

pub mod event;
pub mod incident;

pub mod failure;
pub mod report;
pub mod resolution;
pub mod statement;

pub mod conversion;
pub mod id;
pub mod method;
pub mod money;
pub mod recipient;
pub mod time;

mod stored;
