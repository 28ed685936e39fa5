//! `bursar check-config`: the configuration in effect. Mistakes never get here: reading it told them.

use super::{Failure, Output};
use crate::config::Config;

/// Prints the configuration, with its secrets left out.
pub fn run(config: &Config, output: &Output) -> Result<(), Failure> {
    let text = toml::to_string_pretty(config).map_err(Failure::failed)?;
    let json = serde_json::to_value(config).map_err(Failure::failed)?;
    output.say(text.trim_end(), &json);
    Ok(())
}
