//! Keys for trying things out: two merchants and two operators that are made only while there are no others,
//! and are good only on loopback, with no merchants configured and no live keys. Apart from `keys`, which keeps
//! no secret: these stand readable in a file.

use crate::identity::write_private;
use crate::keys::{KeyError, KeyStore, Owner, Role};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The file's name in the data directory.
pub const FILE: &str = "dev-keys.json";

/// The keys as the file holds them.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct DevKeys {
    /// Of the merchant "dev".
    pub merchant_key: String,
    /// Of the merchant "dev-2", who must never see the first one's payouts.
    pub merchant_key_2: String,
    /// Of "dev-operator", who may do everything.
    pub operator_key: String,
    /// Of "dev-operator-2", for what takes two people.
    pub operator_key_2: String,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each has a sentence of its own")]
pub enum DevKeysError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is not a file of keys ({why}); remove it, and those of it are ended", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("the system gives no random bytes")]
    NoRandomness,
    #[error(transparent)]
    Store(#[from] KeyError),
}

/// The keys of this data directory, known to the store when this returns. They are kept once they were
/// made, for as long as their file lies there and `may_be` says that they may be at all: if not, they are
/// ended when this returns, and the file is gone.
///
/// # Errors
/// The file cannot be read, written or removed, or the store refuses.
pub fn open(
    data_dir: &Path,
    store: &KeyStore,
    may_be: bool,
) -> Result<Option<DevKeys>, DevKeysError> {
    let path = data_dir.join(FILE);
    let keys = match read(&path)? {
        Some(keys) if may_be => keys,
        Some(keys) => {
            end(store, &owners(&keys).map(|(secret, _)| secret))?;
            // Behind the store: whoever is killed in between is told at the next start.
            remove(&path).map_err(|source| DevKeysError::File { path, source })?;
            return Ok(None);
        }
        None => {
            end(store, &[])?;
            if !may_be || store.has_merchants() {
                return Ok(None);
            }
            make(path)?
        }
    };
    for (secret, owner) in owners(&keys) {
        store.insert_for_trials(secret, owner)?;
    }
    Ok(Some(keys))
}

/// What the file holds; nothing if there is none.
fn read(path: &Path) -> Result<Option<DevKeys>, DevKeysError> {
    let path = path.to_owned();
    match std::fs::read(&path) {
        // serde's own words may repeat what it met.
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let why = format!("line {}, column {}", error.line(), error.column());
            DevKeysError::Damaged { path, why }
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DevKeysError::File { path, source }),
    }
}

/// Ends those that are still good, and says so.
fn end(store: &KeyStore, secrets: &[&str]) -> Result<(), DevKeysError> {
    let ended = store.revoke_trial_keys(secrets)?;
    if ended > 0 {
        tracing::warn!(
            ended,
            "the keys for trying things out are ended: they are good only on loopback, with no merchants \
             configured and no live keys, and while {FILE} is there"
        );
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The file comes before the store: a crash in between leaves keys that the next start takes in.
fn make(path: PathBuf) -> Result<DevKeys, DevKeysError> {
    let keys = DevKeys {
        merchant_key: fresh("sk_test_")?,
        merchant_key_2: fresh("sk_test_")?,
        operator_key: fresh("ok_")?,
        operator_key_2: fresh("ok_")?,
    };
    let written = serde_json::to_vec_pretty(&keys).map_err(io::Error::from);
    let saved = written.and_then(|bytes| write_private(&path, &bytes));
    saved.map_err(|source| DevKeysError::File { path, source })?;
    Ok(keys)
}

fn fresh(prefix: &str) -> Result<String, DevKeysError> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|_| DevKeysError::NoRandomness)?;
    Ok(format!("{prefix}{}", blake3::Hash::from_bytes(bits).to_hex()))
}

fn owners(keys: &DevKeys) -> [(&str, Owner); 4] {
    let merchant = |name: &str| Owner::Merchant { name: name.to_owned(), livemode: false };
    let operator =
        |name: &str| Owner::Operator { name: name.to_owned(), roles: Role::ALL.to_vec() };
    [
        (&keys.merchant_key, merchant("dev")),
        (&keys.merchant_key_2, merchant("dev-2")),
        (&keys.operator_key, operator("dev-operator")),
        (&keys.operator_key_2, operator("dev-operator-2")),
    ]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::keys::Caller;
    use secrecy::ExposeSecret;

    fn store(folder: &Path) -> KeyStore {
        KeyStore::open(&folder.join("keys.json"), &folder.join("pepper")).unwrap()
    }

    #[test]
    fn keys_are_made_once_and_open_the_door() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), &store(folder.path()), true).unwrap().unwrap();
        let again = store(folder.path());
        let kept = open(folder.path(), &again, true).unwrap().unwrap();
        assert!(first == kept, "a restart changes no key");
        assert_eq!(again.list().len(), 4);
        let Some(Caller::Merchant(dev)) = again.find(&kept.merchant_key) else { panic!("unknown") };
        assert_eq!((&*dev.name, dev.livemode), ("dev", false));
        let Some(Caller::Operator(operator)) = again.find(&kept.operator_key) else {
            panic!("unknown")
        };
        assert!(Role::ALL.into_iter().all(|role| operator.roles.allow(role)));
    }

    #[test]
    fn no_keys_where_somebody_lives_or_everybody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let keys = store(folder.path());
        assert!(open(folder.path(), &keys, false).unwrap().is_none());
        keys.create_merchant_key("acme", false).unwrap();
        assert!(open(folder.path(), &keys, true).unwrap().is_none());
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn where_they_may_not_be_they_are_ended_and_gone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = store(folder.path());
        let made = open(folder.path(), &keys, true).unwrap().unwrap();
        let (acme, secret) = keys.create_merchant_key("dev", false).unwrap();
        assert!(open(folder.path(), &keys, false).unwrap().is_none());
        for (secret, owner) in owners(&made) {
            assert!(keys.find(secret).is_none(), "{owner:?}");
            assert!(store(folder.path()).find(secret).is_none(), "{owner:?} after a start");
        }
        assert!(!folder.path().join(FILE).exists());
        assert!(keys.find(secret.expose_secret()).is_some(), "{} was made by a person", acme.id);
        assert!(open(folder.path(), &keys, true).unwrap().is_none(), "a merchant lives there");
    }

    #[test]
    fn keys_of_the_time_before_the_mark_are_known_by_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let keys = store(folder.path());
        let made = make(folder.path().join(FILE)).unwrap();
        for (secret, owner) in owners(&made) {
            keys.insert_known(secret, owner).unwrap();
        }
        assert!(open(folder.path(), &keys, false).unwrap().is_none());
        assert!(owners(&made).iter().all(|(secret, _)| keys.find(secret).is_none()));
    }

    #[test]
    fn whoever_removes_the_file_ends_its_keys_and_gets_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), &store(folder.path()), true).unwrap().unwrap();
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        let keys = store(folder.path());
        let second = open(folder.path(), &keys, true).unwrap().unwrap();
        assert!(keys.find(&first.operator_key).is_none());
        assert!(keys.find(&second.operator_key).is_some());
    }
}
