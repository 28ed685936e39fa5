//! What both peers share: the request as merchants send it, judged, and a provider that answers at once.
//!
//! Apart from them so that neither is given less work than the other.

pub mod request;
pub mod sandbox;

pub use request::{Asked, Fault, Judged};
pub use sandbox::Sandbox;
