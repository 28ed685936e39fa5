//! Webhooks: every change of a payout told to its merchant, signed, in order, at least once. Apart
//! from the engine, which never waits for any of it.
//!
//! `endpoints` says where messages go, `guard` where they may; `book` decides what is sent when,
//! `worker` sends it, `dispatcher` holds the workers. Events and notes come through two traits, `feed`.

mod attempt;
mod book;
mod counters;
mod deliveries;
mod dispatcher;
mod endpoint;
mod endpoints;
mod feed;
mod gateway_feed;
mod guard;
mod handle;
mod kinds;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) mod memory;
mod networks;
mod notes;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) mod receiver;
mod replay;
mod resolver;
mod schedule;
mod secret;
mod settings;
mod signature;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod worker;

pub use attempt::{Answer, Message, NoAnswer, Said, Sender};
pub use book::{Limits, Saved, SavedRetry};
pub use counters::Counters;
pub use deliveries::{Delivery, DeliveryPage, DeliveryQuery, ROWS_MAX};
pub use endpoint::{DisabledReason, Endpoint, EndpointId, SECRETS_MAX, Wanted};
pub use endpoints::{Changes, EndpointError, EndpointStore, PER_MERCHANT_MAX};
pub use feed::{Event, EventSource, Feed, Note, Notebook, Notes, Unavailable};
pub use gateway_feed::feed as gateway_feed;
pub use guard::{Guard, Mode, UrlFault};
pub use handle::{OpenError, Webhooks, check_endpoints};
pub use kinds::{Filter, UnknownKind, allowed as allowed_kinds};
pub use networks::{InvalidNetwork, Network, Networks};
pub use replay::Replay;
pub use resolver::{GuardedResolver, Lookup, LookupFault, SystemLookup};
pub use secret::{NoRandomness, Scheme, SigningSecret};
pub use settings::Settings;
pub use signature::Signed;
