//! The file of counts: what each piece took when it was last looked at, and how far from that it may be.
//!
//! Apart because what is kept, what it is worth for another build, and what a difference means are one subject.

use super::pieces::{self, Piece};
use serde::Deserialize;
use std::{collections::BTreeMap, error::Error, process::Command};

/// Where the counts are kept.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.toml");

/// The profile of this build, as far as it differs from the workspace's release profile.
const PROFILE: [(&str, Option<&str>); 3] = [
    ("lto", option_env!("CARGO_PROFILE_RELEASE_LTO")),
    ("codegen-units", option_env!("CARGO_PROFILE_RELEASE_CODEGEN_UNITS")),
    ("debug", option_env!("CARGO_PROFILE_RELEASE_DEBUG")),
];

/// What the file says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Of the build that was counted.
    profile: String,
    /// The compiler of that build.
    rustc: String,
    pieces: BTreeMap<String, Kept>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    instructions: u64,
    tolerance_permille: u64,
}

/// What a count is worth beside the file's.
#[derive(Clone, Copy)]
pub enum Verdict {
    /// Within the tolerance.
    Same { kept: u64, permille: i64, allowed: u64 },
    /// More than the tolerance below: the file should follow.
    Better { kept: u64, permille: i64, allowed: u64 },
    /// More than the tolerance above.
    Worse { kept: u64, permille: i64, allowed: u64 },
    /// The file does not have this piece.
    Unknown,
}

impl Counts {
    /// Reads the file; nothing is known when there is none.
    ///
    /// # Errors
    /// It is not such a file.
    pub fn read() -> Result<Counts, Box<dyn Error>> {
        match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str(&text).map_err(|error| format!("{FILE}: {error}").into()),
            Err(_) => Ok(Counts::default()),
        }
    }

    /// Whether counts of this build may be held against those of the file; if not, why.
    pub fn fit_this_build(&self) -> Result<(), String> {
        let (profile, rustc) = (profile(), rustc());
        if self.profile != profile {
            let kept = &self.profile;
            return Err(format!("the file is of the profile {kept:?}, this build of {profile:?}"));
        }
        if self.rustc != rustc {
            let kept = &self.rustc;
            return Err(format!("the file is of rustc {kept}, this build of {rustc}: --update"));
        }
        Ok(())
    }

    /// What a count of this piece means.
    pub fn judge(&self, name: &str, found: u64) -> Verdict {
        let Some(Kept { instructions: kept, tolerance_permille: allowed }) =
            self.pieces.get(name).copied()
        else {
            return Verdict::Unknown;
        };
        let permille = permille_above(kept, found);
        if permille.unsigned_abs() <= allowed {
            Verdict::Same { kept, permille, allowed }
        } else if permille < 0 {
            Verdict::Better { kept, permille, allowed }
        } else {
            Verdict::Worse { kept, permille, allowed }
        }
    }

    /// Keeps a new count; a tolerance that somebody wrote into the file stays.
    pub fn set(&mut self, piece: &Piece, instructions: u64) {
        let kept = self.pieces.get(piece.name).map(|kept| kept.tolerance_permille);
        let tolerance_permille = kept.unwrap_or(piece.tolerance_permille);
        self.pieces.insert(piece.name.to_owned(), Kept { instructions, tolerance_permille });
    }

    /// Writes the file, as counted by this build, in the order of the pieces.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self) -> std::io::Result<()> {
        let mut text = String::from(
            "# Instructions for each piece of work, start and end of the process not counted: written and\n\
             # compared by `cargo bench -p benches --bench instructions`, which explains itself. A tolerance\n\
             # may be changed here; it stays when the counts are taken again.\n\n",
        );
        text.push_str(&format!("profile = {:?}\nrustc = {:?}\n", profile(), rustc()));
        for piece in pieces::ALL {
            if let Some(Kept { instructions, tolerance_permille }) = self.pieces.get(piece.name) {
                text.push_str(&format!(
                    "\n[pieces.{:?}]\ninstructions = {instructions}\n\
                     tolerance_permille = {tolerance_permille}\n",
                    piece.name
                ));
            }
        }
        std::fs::write(FILE, text)
    }
}

impl Verdict {
    /// A line of the table.
    pub fn line(self, name: &str, found: u64) -> String {
        let (kept, permille, allowed, word) = match self {
            Verdict::Same { kept, permille, allowed } => (kept, permille, allowed, ""),
            Verdict::Better { kept, permille, allowed } => {
                (kept, permille, allowed, "  better: take the counts again with --update")
            }
            Verdict::Worse { kept, permille, allowed } => (kept, permille, allowed, "  WORSE"),
            Verdict::Unknown => return format!("{name:<20} {:>12} {found:>12}", "-"),
        };
        format!("{name:<20} {kept:>12} {found:>12} {permille:>+8}   {allowed:>7}{word}")
    }

    /// What is wrong, for whoever reads only the end.
    pub fn sentence(self, name: &str, found: u64) -> String {
        match self {
            Verdict::Worse { kept, permille, allowed } => format!(
                "{name}: expected {kept} instructions, found {found}: {permille} permille more, and \
                 {allowed} are allowed. If it has to be so, take the counts again with --update"
            ),
            _ => format!("{name}: found {found} instructions; the file does not have it: --update"),
        }
    }
}

/// How much more `found` is than `kept`, in permille.
fn permille_above(kept: u64, found: u64) -> i64 {
    let difference = i128::from(found) - i128::from(kept);
    i64::try_from(difference * 1_000 / i128::from(kept.max(1))).unwrap_or(i64::MAX)
}

fn profile() -> String {
    let word =
        |(name, value): (&str, Option<&str>)| format!("{name}={}", value.unwrap_or("default"));
    PROFILE.map(word).join(" ")
}

/// The compiler's version, such as "1.95.0".
fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let version = said.ok().and_then(|text| text.split(' ').nth(1).map(str::to_owned));
    version.unwrap_or_else(|| "unknown".to_owned())
}
