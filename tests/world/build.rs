//! Which commit a release build of the world was made from: a seed alone repeats nothing. Apart from the crate,
//! because only git knows. Other builds ask when they are asked (`src/commit.rs`): to have it compiled in, they
//! would be built anew for every commit, with all that stands on them.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return;
    }
    let ask = |words: &[&str]| {
        let asked = Command::new("git").args(words).output().ok()?;
        let told = String::from_utf8(asked.stdout).ok()?;
        asked.status.success().then(|| told.trim().to_owned())
    };
    if let Some(commit) = ask(&["rev-parse", "--short=12", "HEAD"]) {
        println!("cargo:rustc-env=WORLD_COMMIT={commit}");
    }
    if let Some(path) = ask(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={path}");
    }
}
