//! The kept examples, a folder for each target: real ones that the product wrote, and every input that once
//! broke something. Apart from the driver because people put files here too.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of a target's examples.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(target)
}

/// The examples of a target, by their names.
pub fn read(target: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder(target)) else { return Vec::new() };
    let file = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, fs::read(&path).ok()?))
    };
    let mut all: Vec<_> = entries.filter_map(|entry| file(entry.ok()?.path())).collect();
    all.sort();
    all
}

/// Keeps an input under the beginning of this name and its hash; where it lies.
pub fn keep(target: &str, kind: &str, input: &[u8]) -> PathBuf {
    let hash = blake3::hash(input).to_hex();
    let path = folder(target).join(format!("{kind}-{}", &hash[..10]));
    let written = fs::create_dir_all(folder(target)).and_then(|()| fs::write(&path, input));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}
