//! `keys.json` on disk: read whole, replaced whole, under a lock that other processes respect. A
//! power cut leaves the old file or the new one, never half of one.

use super::KeyError;
use super::record::KeyRecord;
use super::secret::KeyHash;
use crate::self_check;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    keys: Vec<StoredKey>,
}

/// One key in the file.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredKey {
    #[serde(flatten)]
    pub record: KeyRecord,
    pub hash: KeyHash,
}

/// By what a changed file is noticed without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

/// The lock over the file, held until dropped. A file of its own: the key file itself is replaced.
pub(super) fn lock(path: &Path) -> Result<File, KeyError> {
    let beside = path.with_extension("lock");
    let taken = || -> io::Result<File> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&beside)?;
        file.lock()?;
        Ok(file)
    };
    taken().map_err(|error| KeyError::File { path: beside.clone(), error })
}

/// What the file holds; nothing if there is none.
pub(super) fn read(path: &Path) -> Result<(Vec<StoredKey>, Option<Mark>), KeyError> {
    // The mark is taken first: a change in between is then seen as one more change.
    let mark = mark(path)?;
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), None)),
        Err(error) => return Err(KeyError::File { path: path.to_owned(), error }),
    };
    let damaged = |why: String| KeyError::Damaged { path: path.to_owned(), why };
    let document: Document = serde_json::from_slice(&bytes).map_err(|error| {
        // serde's own words may repeat what it met, and every viewer may read the problem's text.
        damaged(format!("line {}, column {}", error.line(), error.column()))
    })?;
    if document.version != VERSION {
        return Err(damaged(format!("version {} is not known here", document.version)));
    }
    if !self_check::is_whole(&bytes) {
        return Err(damaged(self_check::CHANGED.to_owned()));
    }
    Ok((document.keys, mark))
}

/// The file's mark; none if there is no file.
pub(super) fn mark(path: &Path) -> Result<Option<Mark>, KeyError> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(Mark {
            inode: found.ino(),
            length: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::File { path: path.to_owned(), error }),
    }
}

/// Replaces the file.
pub(super) fn save(path: &Path, keys: &[StoredKey]) -> Result<(), KeyError> {
    let document = Document { version: VERSION, keys: keys.to_vec() };
    let written = || -> io::Result<()> {
        let bytes = self_check::sealed_json(serde_json::to_value(&document)?)?;
        let draft = path.with_extension("json.tmp");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        // The new name is durable once its folder is.
        File::open(
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        )?
        .sync_all()
    };
    written().map_err(|error| KeyError::File { path: path.to_owned(), error })
}
