//! The manual, executable. Each module is a chapter; each test is a story in the words of the
//! domain, told over HTTP against the real server, the real store and the real sandbox.
#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop where it stands")]

mod bad_requests;
mod commands;
mod deadlines;
mod docs;
mod events;
mod idempotency;
mod journey;
mod lists;
mod moderation;
mod outage;
mod receivers;
mod restoring;
mod secrets;
mod snapshots;
mod suffixes;
mod tenants;
mod tidy;
mod webhooks;
