//! How a command ends badly: a line for a person, a code for a script. Apart from the errors
//! themselves, which say what happened and not what it means for whoever called.

use super::Output;
use crate::config::Invalid;
use crate::identity::DataDirError;
use crate::keys::KeyError;
use std::fmt::Display;
use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    lines: Vec<String>,
}

impl Failure {
    /// It did not work.
    pub fn failed(what: impl Display) -> Failure {
        Failure { code: 1, lines: vec![what.to_string()] }
    }

    /// It did not work, and a program was told already.
    pub fn silent() -> Failure {
        Failure { code: 1, lines: Vec::new() }
    }

    /// It was asked in the wrong way, or set up wrongly.
    pub fn usage(what: impl Display) -> Failure {
        Failure { code: 2, lines: vec![what.to_string()] }
    }

    /// The data is damaged, or is not what it must be.
    pub fn damaged(what: impl Display) -> Failure {
        Failure { code: 3, lines: vec![what.to_string()] }
    }

    /// What is stored is not what it must be, line by line. Without lines, a program was told already.
    pub fn diverges(lines: Vec<String>) -> Failure {
        Failure { code: 3, lines }
    }

    /// Tells it, and becomes the process's exit code. People read standard error; a program that asked
    /// for JSON reads it where the answer would have been.
    pub fn report(self, output: &Output) -> ExitCode {
        for line in &self.lines {
            eprintln!("bursar: {line}");
        }
        if !self.lines.is_empty() {
            output.json_only(
                &serde_json::json!({ "error": { "exit_code": self.code, "lines": self.lines } }),
            );
        }
        ExitCode::from(self.code)
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Failure {
        Failure { code: 2, lines: invalid.0 }
    }
}

impl From<DataDirError> for Failure {
    fn from(error: DataDirError) -> Failure {
        if error.is_damage() { Failure::damaged(error) } else { Failure::failed(error) }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Failure {
        match error {
            KeyError::Damaged { .. }
            | KeyError::PepperMissing { .. }
            | KeyError::PepperDamaged { .. } => Failure::damaged(error),
            KeyError::InvalidName | KeyError::NoRoles => Failure::usage(error),
            KeyError::File { .. }
            | KeyError::NoSuchKey
            | KeyError::NotAKey { .. }
            | KeyError::NoRandomness => Failure::failed(error),
        }
    }
}
