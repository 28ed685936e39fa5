//! The scenarios that play over HTTP, one file each. Apart from what they are made of, so that each reads
//! as the story that it is.

pub mod crash;
pub mod create;
pub mod get;
pub mod life;
pub mod list;
pub mod live;
pub mod mixed;
pub mod recovery;
pub mod snapshot;
pub mod start;
