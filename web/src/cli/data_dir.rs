//! Whether a directory is a gateway's at all. Apart because every command that only looks asks it first, and in
//! the same words: what is not there must neither be made nor be taken for damage.

use super::Failure;
use std::path::Path;

/// Refuses a directory that no gateway has served from.
///
/// # Errors
/// There is no journal in it.
pub fn must_be_one(path: &Path) -> Result<(), Failure> {
    if path.join("log").is_dir() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} is no data directory of a gateway", path.display())))
}
