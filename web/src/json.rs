//! JSON as strangers send it: read strictly, and never believed. Apart from serde's derives, which
//! stop at the first fault, take a field twice, and repeat what they met in their messages.
//!
//! `body` takes the bytes off the wire, `node` makes a tree of them, `fields` reads it field by
//! field and collects every fault with its path. `writer` is the other direction.

mod answer;
mod body;
mod fields;
mod node;
mod scan;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod writer;

pub use answer::{answer, answer_list};
pub use body::JsonBody;
pub use fields::{Fields, Texts, shown_name};
pub use node::Node;
pub(crate) use scan::plain_length;
pub(crate) use writer::Writer;
pub use writer::{to_json, to_json_within};

/// Deeper nesting is refused; the deepest request of ours has three levels.
pub const DEPTH_MAX: usize = 32;
