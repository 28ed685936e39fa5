//! The log, copied to where the configuration says. Apart from `serve.rs` because it alone knows which
//! files beside the log a gateway cannot do without.

use crate::cli::Failure;
use crate::config::Config;
use crate::dev_keys;
use engine::Gateway;
use snapshots::export::SideFiles;
use std::io;
use std::path::{Path, PathBuf};

/// What no log brings back: the secret of the payout ids, the keys and what they are hashed with, and
/// where merchants are told. Not the keys for trying things out, which stand readable in their file: where
/// they may be, a start makes others.
const SIDE_FILES: [&str; 4] = ["identity", "pepper", "keys.json", "webhook-endpoints.json"];

/// Starts to archive, if an address is configured. Whether it is reached, the metrics tell.
pub fn start(config: &Config, data_dir: &Path, gateway: &Gateway) -> Result<(), Failure> {
    let Some(options) = config.log_archive.options() else { return Ok(()) };
    let Some(store) = gateway.store() else { return Ok(()) };
    let data_dir: PathBuf = data_dir.to_owned();
    let started = store.archive_log(&options, Box::new(move || side_files(&data_dir)));
    started.map_err(|error| Failure::failed(format!("log_archive: {error}")))?;
    let log_id = format!("{:016x}", store.log_id());
    tracing::info!(url = options.url, log_id, "the log is archived");
    Ok(())
}

/// Those of the files that there are, as they are now.
fn side_files(data_dir: &Path) -> io::Result<SideFiles> {
    read(data_dir, &SIDE_FILES)
}

/// The same with the keys for trying things out, for a copy that stays with whoever has the directory.
pub fn side_files_and_trial_keys(data_dir: &Path) -> io::Result<SideFiles> {
    read(data_dir, &[&SIDE_FILES[..], &[dev_keys::FILE]].concat())
}

fn read(data_dir: &Path, names: &[&str]) -> io::Result<SideFiles> {
    let read = |name: &&str| match std::fs::read(data_dir.join(name)) {
        Ok(bytes) => Some(Ok(((*name).to_owned(), bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Err(io::Error::new(error.kind(), format!("{name}: {error}")))),
    };
    names.iter().filter_map(read).collect()
}
