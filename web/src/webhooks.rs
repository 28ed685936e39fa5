//! Webhooks: every change of a payout told to its merchant, signed, in order, at least once. Apart
//! from the engine, which never waits for any of it.

mod endpoint;
mod endpoints;
mod feed;
mod guard;
mod kinds;
mod networks;
mod resolver;
mod secret;
mod signature;

pub use endpoint::{DisabledReason, Endpoint, EndpointId, SECRETS_MAX, Wanted};
pub use endpoints::{Changes, EndpointError, EndpointStore, PER_MERCHANT_MAX};
pub use feed::{Event, EventSource, Feed, Note, Notebook, Notes, Unavailable};
pub use guard::{Guard, Mode, UrlFault};
pub use kinds::{Filter, UnknownKind, allowed as allowed_kinds, of_status as kind_of_status};
pub use networks::{InvalidNetwork, Network, Networks};
pub use resolver::{GuardedResolver, Lookup, LookupFault, SystemLookup};
pub use secret::{NoRandomness, Scheme, SigningSecret};
pub use signature::Signed;
