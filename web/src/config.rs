//! The configuration: one struct, filled from the defaults, then a file, then the environment, then
//! flags. Everything below is handed what it needs and reads no file and no variable itself.

mod check;
mod duration;
mod faults;
mod layers;
mod log_archive;
mod rates;
mod secret;
mod sections;
mod sources;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use log_archive::LogArchiveSection;
pub use rates::{RatesFrom, RatesSection};
pub use sections::{
    Config, Durability, EngineSection, LogFormat, LogSection, MerchantSection, PayoutsSection,
    SandboxSection, ScrubSection, ServerSection, SnapshotsSection, StoreSection, Transport,
    WebhooksSection,
};

use layers::Tree;
use serde::Deserialize;
use sources::{Origin, Sources};
use std::fmt;
use std::path::PathBuf;
use toml::Spanned;

/// The defaults, with a sentence on every key.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// The beginning of every variable that is ours.
const PREFIX: &str = "BURSAR__";

/// Where a configuration is read from, beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// A file.
    pub file: Option<PathBuf>,
    /// The environment: names and values.
    pub variables: Vec<(String, String)>,
    /// Flags: the flag as it is written, the key it sets, the value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// Mistakes in a configuration, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub Vec<String>);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Inputs {
    /// A file, if there is one, and this process's environment.
    pub fn of_process(file: Option<PathBuf>) -> Inputs {
        // A variable that is no text cannot be one of ours.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Inputs { file, variables, flags: Vec::new() }
    }
}

/// Reads everything and puts it together.
///
/// # Errors
/// Every mistake that was found, not only the first.
pub fn load(inputs: &Inputs) -> Result<Config, Invalid> {
    let mut errors = Vec::new();
    let sources = gather(inputs, &mut errors);
    let (mut tree, unreadable) = layers::merge(&sources);
    errors.extend(unreadable);
    let config = read(&sources, &mut tree, &mut errors);
    if let Some(config) = &config {
        errors.extend(check::mistakes(config).into_iter().map(|(key, what)| {
            let key: Vec<String> = key.split('.').map(str::to_owned).collect();
            let at = layers::value_at(&tree, &key).map_or(0, |value| value.span().start);
            format!("{}: {}: {what}", sources.place(at), key.join("."))
        }));
    }
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(Invalid(errors)),
    }
}

/// The typed configuration. Each mistake is reported, put back to its default, and the rest read again,
/// so that one start tells all of them.
fn read<'s>(sources: &'s Sources, tree: &mut Tree<'s>, errors: &mut Vec<String>) -> Option<Config> {
    let mut only_defaults = Sources::default();
    only_defaults.add_document(Origin::Defaults, DEFAULTS.to_owned());
    let (defaults, _) = layers::merge(&only_defaults);
    // The defaults come first among all sources, so their offsets are the same here and there.
    let mut trial = tree.clone();
    loop {
        let document = Spanned::new(0..0, trial.clone());
        let error = match Config::deserialize(toml::Deserializer::from(document)) {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let place = sources.place(span.start);
        let Some(key) = layers::key_at(&trial, &span) else {
            errors.push(format!("{place}: {}", plain(error.message())));
            return None;
        };
        errors.push(format!("{place}: {}: {}", key.join("."), plain(error.message())));
        if layers::value_at(&defaults, &key).is_some_and(|value| value.span() == span) {
            // A default that does not fit its own type would be put back for ever.
            return None;
        }
        layers::restore(&mut trial, &defaults, &key);
    }
}

fn gather(inputs: &Inputs, errors: &mut Vec<String>) -> Sources {
    let mut sources = Sources::default();
    sources.add_document(Origin::Defaults, DEFAULTS.to_owned());
    if let Some(path) = &inputs.file {
        match std::fs::read_to_string(path) {
            Ok(text) => sources.add_document(Origin::File(path.clone()), text),
            Err(error) => errors.push(format!("{}: {error}", path.display())),
        }
    }
    for (name, value) in &inputs.variables {
        if let Some(rest) = name.strip_prefix(PREFIX) {
            add_variable(&mut sources, inputs, name, rest, value, errors);
        }
    }
    for (flag, key, value) in &inputs.flags {
        sources.add_value(Origin::Flag(flag), key, value.clone());
    }
    sources
}

/// `SECTION__KEY` holds a value; `SECTION__KEY_FILE` names a file that does.
fn add_variable(
    sources: &mut Sources,
    inputs: &Inputs,
    name: &str,
    rest: &str,
    value: &str,
    errors: &mut Vec<String>,
) {
    let key = |text: &str| text.to_lowercase().replace("__", ".");
    let Some(plain) = rest.strip_suffix("_FILE") else {
        return sources.add_value(Origin::Variable(name.to_owned()), &key(rest), value.to_owned());
    };
    if inputs.variables.iter().any(|(other, _)| *other == format!("{PREFIX}{plain}")) {
        return errors
            .push(format!("{name}: {PREFIX}{plain} is set as well; only one of them may be"));
    }
    match std::fs::read_to_string(value) {
        // Whoever writes a file ends it with a newline; it is no part of the secret.
        Ok(text) => {
            let text = text.trim_end_matches(['\n', '\r']).to_owned();
            sources.add_value(Origin::Variable(name.to_owned()), &key(plain), text);
        }
        Err(error) => errors.push(format!("{name}: {value}: {error}")),
    }
}

/// An operator need not know the names of our types, nor read more than one line.
fn plain(message: &str) -> String {
    let words = [
        ("expected usize", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected u8", "expected a whole number up to 255"),
        ("expected a boolean", "expected true or false"),
        ("expected a string", "expected text in quotes"),
        ("expected socket address", "expected ADDR:PORT such as 127.0.0.1:8080"),
        ("invalid socket address syntax", "expected ADDR:PORT such as 127.0.0.1:8080"),
    ];
    let one_line = message.trim().replace('\n', " ");
    words.into_iter().fold(one_line, |text, (ours, theirs)| text.replace(ours, theirs))
}
