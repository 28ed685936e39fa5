//! The commit that a world was built from, for whoever wants to live through it again. Apart because a release
//! knows, and any other build has to ask.

use std::process::Command;

/// Its first twelve digits; "unknown" where there is neither.
pub fn commit() -> String {
    option_env!("WORLD_COMMIT")
        .map(str::to_owned)
        .or_else(asked)
        .unwrap_or_else(|| "unknown".to_owned())
}

/// What the directory is at in which a build that is no release was started: usually where it was made.
fn asked() -> Option<String> {
    let told = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let digits = String::from_utf8(told.stdout).ok()?;
    told.status.success().then(|| digits.trim().to_owned())
}
