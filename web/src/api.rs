//! The addresses of the API, one file per subject, and the one list of them all. A handler takes
//! what the wire brings, asks the engine through its one door, and renders the answer; it decides
//! nothing about payouts itself.

pub(crate) mod callbacks;
pub(crate) mod commands;
mod cursor;
pub(crate) mod docs;
pub(crate) mod events;
mod idempotency;
pub(crate) mod methods;
mod moderation_in;
pub(crate) mod operations;
pub(crate) mod operator_audit;
pub(crate) mod operator_moderation;
pub(crate) mod operator_orphans;
pub(crate) mod operator_payouts;
pub(crate) mod operator_providers;
pub(crate) mod operator_snapshots;
pub(crate) mod operator_verification;
mod parameters;
pub(crate) mod payout_in;
pub(crate) mod payouts;
pub(crate) mod rates;
pub(crate) mod records;
pub(crate) mod webhook_endpoints;

use crate::app::Endpoints;

/// Every address, in the order of the documentation.
pub fn endpoints() -> Endpoints {
    let mut endpoints = Endpoints::default();
    payouts::configure(&mut endpoints);
    commands::configure(&mut endpoints);
    records::configure(&mut endpoints);
    events::configure(&mut endpoints);
    callbacks::configure(&mut endpoints);
    methods::configure(&mut endpoints);
    rates::configure(&mut endpoints);
    operator_payouts::configure(&mut endpoints);
    operator_moderation::configure(&mut endpoints);
    operator_providers::configure(&mut endpoints);
    operator_orphans::configure(&mut endpoints);
    operator_audit::configure(&mut endpoints);
    operator_snapshots::configure(&mut endpoints);
    operator_verification::configure(&mut endpoints);
    operations::configure(&mut endpoints);
    docs::configure(&mut endpoints);
    webhook_endpoints::configure(&mut endpoints);
    endpoints
}
