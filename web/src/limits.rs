//! What one caller may take from the gateway: bytes of a body, and requests in a time. Apart from
//! the handlers so that none of them can forget it.

mod body;
mod rate;
mod streams;

pub use body::RawBody;
pub(crate) use body::{check_length, read_at_most};
pub(crate) use rate::seconds_up;
pub use rate::{Quota, RateLimit, RateLimiter};
pub use streams::{StreamPlace, Streams};
