//! The data directory as this process holds it: private, locked, and with the secret that payout ids
//! are derived from. Apart from the store because a merchant's retry must make the *same* payout after
//! a restore, so this secret has to outlive everything that the store can rebuild.

use crate::self_check;
use domain::id::IdKey;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A data directory that no other gateway serves from.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Locked while it is open; the kernel unlocks it even for a killed process.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Somebody else serves from it.
    #[error("{} is in use by another bursar process", .0.display())]
    InUse(PathBuf),
    /// There are payouts, and the secret of their ids is gone.
    #[error(
        "{} is missing, but there are payouts whose ids depend on it; put it back from a backup",
        .0.display()
    )]
    IdentityMissing(PathBuf),
    /// The secret is not what was written.
    #[error(
        "{} does not hold 64 hexadecimal digits and their checksum; put it back from a backup",
        .0.display()
    )]
    IdentityDamaged(PathBuf),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl DataDirError {
    /// The data is damaged, as against in use or unreadable.
    pub fn is_damage(&self) -> bool {
        match self {
            DataDirError::IdentityMissing(_) | DataDirError::IdentityDamaged(_) => true,
            DataDirError::InUse(_) | DataDirError::NoRandomness | DataDirError::Io { .. } => false,
        }
    }
}

impl DataDir {
    /// Makes the directory if there is none, takes the lock, and closes the directory to everybody but its
    /// owner.
    ///
    /// # Errors
    /// It is in use, or the file system refuses.
    pub fn open(path: &Path) -> Result<DataDir, DataDirError> {
        let failed = |source| DataDirError::Io { path: path.to_owned(), source };
        make_private(path).map_err(failed)?;
        let name = path.join("serve.lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(name).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                close_to_others(path).map_err(failed)?;
                Ok(DataDir { path: path.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The secret that payout ids are derived from; made at the first start, and never again.
    ///
    /// # Errors
    /// It is gone although there are payouts, it is damaged, or the file system refuses.
    pub fn identity(&self) -> Result<IdKey, DataDirError> {
        let path = self.path.join("identity");
        let failed = |source| DataDirError::Io { path: path.clone(), source };
        match read_identity(&path) {
            Ok(Identity { key, checked }) => {
                if !checked {
                    // Of the time before: from now on a flipped bit is not another valid secret.
                    write_identity(&path, &key).map_err(failed)?;
                }
                Ok(IdKey(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // With another secret a merchant's retry would be a second payout.
                if self.has_journal().map_err(failed)? {
                    return Err(DataDirError::IdentityMissing(path));
                }
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|_| DataDirError::NoRandomness)?;
                write_identity(&path, &secret).map_err(failed)?;
                Ok(IdKey(secret))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(DataDirError::IdentityDamaged(path))
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn has_journal(&self) -> io::Result<bool> {
        match fs::read_dir(self.path.join("log")) {
            Ok(mut segments) => Ok(segments.next().is_some()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Looks whether the secret of a data directory is whole, and changes nothing. False: there is none.
///
/// # Errors
/// It is damaged, or the file system refuses.
pub fn check_identity(data_dir: &Path) -> Result<bool, DataDirError> {
    let path = data_dir.join("identity");
    match read_identity(&path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(DataDirError::IdentityDamaged(path))
        }
        Err(source) => Err(DataDirError::Io { path, source }),
    }
}

struct Identity {
    key: [u8; 32],
    /// The second line was there, and fits.
    checked: bool,
}

/// One line of 64 hexadecimal digits, and a second with their checksum.
fn read_identity(path: &Path) -> io::Result<Identity> {
    let text = fs::read_to_string(path)?;
    let damaged = || io::Error::from(io::ErrorKind::InvalidData);
    let (key, line) = text.trim_end().split_once('\n').unwrap_or((text.trim_end(), ""));
    let key = *blake3::Hash::from_hex(key).map_err(|_| damaged())?.as_bytes();
    let checked = !line.is_empty();
    if checked && line != self_check::digits(&key) {
        return Err(damaged());
    }
    Ok(Identity { key, checked })
}

fn write_identity(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let digits = blake3::Hash::from_bytes(*key).to_hex();
    write_private(path, format!("{digits}\n{}\n", self_check::digits(key)).as_bytes())
}

/// Makes a directory that only its owner may enter, unless there is one. Its name is on disk when this
/// returns, and so are those of the directories that had to be made for it: with its name, all that will
/// ever lie in it would be gone.
pub fn make_private(path: &Path) -> io::Result<()> {
    let missing = |one: &&Path| !one.as_os_str().is_empty() && !one.exists();
    let new: Vec<&Path> = path.ancestors().take_while(missing).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for made in &new {
        sync_parent(made)?;
    }
    if new.is_empty() {
        // Whoever made it may have been killed before this. The parent of an old one need not be ours to read.
        let _ = sync_parent(path);
    }
    Ok(())
}

/// Whatever this process makes from now on, only its owner may read: sled, fjall and the archive of logs make
/// files of their own, which hold recipients, and ask nobody for whom.
pub fn make_nothing_for_others() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Closes a directory that was made by somebody else, or by hand, to everybody but its owner. What is not ours
/// to close, or belongs to everybody as `/tmp` does, is only told.
fn close_to_others(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?;
    let mode = found.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let (named, is_ours) = (path.display(), found.uid() == rustix::process::geteuid().as_raw());
    if is_ours && mode & 0o1000 == 0 {
        // Some file systems refuse it, and others only seem to obey.
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
        if fs::metadata(path)?.mode() & 0o077 == 0 {
            tracing::warn!(path = %named, "the data directory was open to others, and is now its owner's alone");
            return Ok(());
        }
    }
    tracing::warn!(path = %named, "the data directory is open to others, who may see what it holds");
    Ok(())
}

/// Makes the name of a file or directory durable.
fn sync_parent(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Writes a file that only its owner may read: whole or not at all, and on disk when this returns.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_parent(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let first = DataDir::open(&path).unwrap().identity().unwrap();
        let second = DataDir::open(&path).unwrap().identity().unwrap();
        assert_eq!(first.0, second.0);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("identity"))), (0o700, 0o600));
    }

    #[test]
    fn a_directory_that_was_open_to_others_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        for (found, left) in [(0o755, 0o700), (0o750, 0o700), (0o700, 0o700), (0o1777, 0o1777)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(found)).unwrap();
            drop(DataDir::open(folder.path()).unwrap());
            let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, left, "{found:o}");
        }
    }

    #[test]
    fn a_lost_or_broken_identity_is_damage_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        data.identity().unwrap();
        fs::write(folder.path().join("identity"), "not a key").unwrap();
        assert!(matches!(data.identity(), Err(DataDirError::IdentityDamaged(_))));
        fs::remove_file(folder.path().join("identity")).unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        fs::write(folder.path().join("log/1.seg"), "").unwrap();
        let missing = data.identity().unwrap_err();
        assert!(missing.is_damage() && matches!(missing, DataDirError::IdentityMissing(_)));
    }

    #[test]
    fn a_flipped_bit_or_a_cut_never_makes_another_secret() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let secret = data.identity().unwrap();
        let path = folder.path().join("identity");
        let whole = fs::read(&path).unwrap();
        let flips = (0..whole.len() * 8).map(|bit| {
            let mut hurt = whole.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            hurt
        });
        let cuts = (0..whole.len()).map(|length| whole[..length].to_vec());
        let mut refused = 0;
        for hurt in flips.chain(cuts) {
            fs::write(&path, &hurt).unwrap();
            let checked = check_identity(folder.path());
            match data.identity() {
                Ok(found) => assert!(found.0 == secret.0 && checked.unwrap(), "{hurt:?}"),
                Err(error) => assert!(error.is_damage() && checked.is_err(), "{hurt:?}"),
            }
            refused += usize::from(!path.exists() || fs::read(&path).unwrap() == hurt);
        }
        assert!(refused > whole.len() * 7, "only the case of a digit and the last byte are free");
    }

    #[test]
    fn an_identity_of_the_time_before_is_kept_and_gets_its_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity");
        fs::write(&path, format!("{}\n", "1f".repeat(32))).unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        assert_eq!(data.identity().unwrap().0, [0x1f; 32]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(data.identity().unwrap().0, [0x1f; 32]);
    }

    #[test]
    fn two_gateways_do_not_share_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).unwrap();
        let refused = DataDir::open(folder.path()).unwrap_err();
        assert!(matches!(refused, DataDirError::InUse(_)) && !refused.is_damage());
        drop(first);
        assert!(DataDir::open(folder.path()).is_ok());
    }
}
