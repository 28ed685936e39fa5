//! The log in one portable file: what a gateway needs to live on elsewhere.
//!
//! Apart from the snapshots in sled because those are a shortcut into a log that is there, and this
//! is for when it is not. Everything but the log is rebuilt from the log, so an export is the log
//! from its first frame, and beside it the few small files that cannot be derived.
//!
//! In reading order: `format` is the layout, `writer` makes the file, `file` opens it, `frames`
//! reads the log out of it; `placed` lets a file appear whole or not at all.

mod export_error;
mod file;
mod format;
mod frames;
mod placed;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod writer;

pub use export_error::ExportError;
pub use file::ExportFile;
pub use format::{ExportAbout, ExportSummary, ExportedSnapshot, SideFiles};
pub use frames::ExportFrames;
pub use writer::ExportWriter;

pub(crate) use format::is_plain_name;
