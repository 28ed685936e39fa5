//! Who may call: API keys, kept as keyed hashes in `keys.json`. Apart from `auth.rs`, which reads
//! requests: the command line makes and revokes keys without ever serving one.

mod caller;
mod file;
mod record;
mod secret;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use caller::{Caller, MerchantCaller, OperatorCaller};
pub use record::{KeyRecord, Owner, Role, Roles, merchant_id};

use domain::id::MerchantId;
use file::{Mark, StoredKey};
use secrecy::SecretString;
use secret::{KeyHash, OwnHash, Pepper};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use subtle::ConstantTimeEq;

/// The keys of one gateway. Shared by all workers; the file is the truth, and a key that another
/// process made or revoked is known here after [`KeyStore::reload_if_changed`].
pub struct KeyStore {
    path: PathBuf,
    pepper: Pepper,
    known: RwLock<Known>,
}

/// The file as it was last read.
#[derive(Default)]
struct Known {
    mark: Option<Mark>,
    keys: Vec<StoredKey>,
    /// By hash, and without the revoked ones. The hash is keyed, so nobody can aim at a bucket, and it is not
    /// hashed again.
    callers: HashMap<KeyHash, Caller, BuildHasherDefault<OwnHash>>,
}

impl KeyStore {
    /// Opens the store at `path`, with the secret at `pepper` that keys its hashes. Both are made
    /// when there is neither.
    ///
    /// # Errors
    /// The files cannot be read or made, are damaged, or there are keys without their pepper.
    pub fn open(path: &Path, pepper: &Path) -> Result<KeyStore, KeyError> {
        let _lock = file::lock(path)?;
        let (keys, mark) = file::read(path)?;
        let pepper = Pepper::open(pepper, keys.is_empty())?;
        let known = RwLock::new(Known::of(keys, mark));
        Ok(KeyStore { path: path.to_owned(), pepper, known })
    }

    /// Looks whether both files are whole, and changes nothing. False: there are none.
    ///
    /// # Errors
    /// As for [`KeyStore::open`].
    pub fn check(path: &Path, pepper: &Path) -> Result<bool, KeyError> {
        let (keys, _) = file::read(path)?;
        if keys.is_empty() && !pepper.exists() {
            return Ok(path.exists());
        }
        Pepper::open(pepper, false)?;
        Ok(true)
    }

    /// Who holds this key, unless it was revoked. The hot path: one hash and one look-up.
    pub fn find(&self, secret: &str) -> Option<Caller> {
        let hash = self.pepper.hash(secret)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (stored, caller) = known.callers.get_key_value(&hash)?;
        bool::from(stored.0.ct_eq(&hash.0)).then(|| caller.clone())
    }

    /// Makes a merchant's key. The secret is shown by the caller once and kept nowhere.
    pub fn create_merchant_key(
        &self,
        name: &str,
        livemode: bool,
    ) -> Result<(KeyRecord, SecretString), KeyError> {
        self.create(Owner::Merchant { name: name.to_owned(), livemode })
    }

    /// Makes an operator's key.
    pub fn create_operator_key(
        &self,
        name: &str,
        roles: &[Role],
    ) -> Result<(KeyRecord, SecretString), KeyError> {
        self.create(Owner::Operator { name: name.to_owned(), roles: roles.to_vec() })
    }

    /// Takes in a key that somebody else keeps. Taking it in again changes nothing, also when it was
    /// revoked meanwhile.
    pub fn insert_known(&self, secret: &str, owner: Owner) -> Result<KeyRecord, KeyError> {
        self.insert(secret, owner, false)
    }

    /// Takes in a key for trying things out, which [`KeyStore::revoke_trial_keys`] will know again.
    pub fn insert_for_trials(&self, secret: &str, owner: Owner) -> Result<KeyRecord, KeyError> {
        self.insert(secret, owner, true)
    }

    fn insert(&self, secret: &str, owner: Owner, for_trials: bool) -> Result<KeyRecord, KeyError> {
        owner.check()?;
        let hash = self.pepper.hash(secret).filter(|_| secret.starts_with(owner.prefix()));
        let hash = hash.ok_or(KeyError::NotAKey { prefix: owner.prefix() })?;
        self.change(|keys| {
            if let Some(there) = keys.iter_mut().find(|key| key.hash == hash) {
                // Those that were taken in before they were marked get their mark.
                there.record.for_trials |= for_trials;
                return Ok(there.record.clone());
            }
            let record = KeyRecord { for_trials, ..KeyRecord::new(owner, secret)? };
            keys.push(StoredKey { record: record.clone(), hash });
            Ok(record)
        })
    }

    /// Every key ever made, revoked ones too, oldest first.
    pub fn list(&self) -> Vec<KeyRecord> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.keys.iter().map(|key| key.record.clone()).collect()
    }

    /// Ends a key, for this process at once and for others when they next look.
    pub fn revoke(&self, id: &str) -> Result<KeyRecord, KeyError> {
        self.change(|keys| {
            let key = keys.iter_mut().find(|key| key.record.id == id).ok_or(KeyError::NoSuchKey)?;
            let now = jiff::Timestamp::now();
            key.record.revoked_at.get_or_insert(now);
            Ok(key.record.clone())
        })
    }

    /// Ends every key for trying things out, by its mark or because it is one of these. How many there were
    /// to end.
    pub fn revoke_trial_keys(&self, secrets: &[&str]) -> Result<usize, KeyError> {
        let hashes: Vec<_> = secrets.iter().filter_map(|secret| self.pepper.hash(secret)).collect();
        let ends = |key: &StoredKey| {
            let is_one = key.record.for_trials || hashes.contains(&key.hash);
            is_one && key.record.revoked_at.is_none()
        };
        if !self.known.read().unwrap_or_else(PoisonError::into_inner).keys.iter().any(ends) {
            return Ok(0);
        }
        self.change(|keys| {
            let now = jiff::Timestamp::now();
            let ended = keys.iter_mut().filter(|key| ends(key));
            Ok(ended.map(|key| key.record.revoked_at = Some(now)).count())
        })
    }

    /// Whether any merchant has a key, revoked ones counted and those for trying things out not: then the
    /// gateway is not new.
    pub fn has_merchants(&self) -> bool {
        let is_merchants = |record: &KeyRecord| matches!(record.owner, Owner::Merchant { .. });
        self.list().iter().any(|record| is_merchants(record) && !record.for_trials)
    }

    /// Whether a merchant has a key that is meant to move real money.
    pub fn has_live_keys(&self) -> bool {
        self.list().iter().any(|record| {
            let is_live = matches!(record.owner, Owner::Merchant { livemode: true, .. });
            is_live && record.revoked_at.is_none()
        })
    }

    /// The configured name of a merchant that has a key.
    pub fn merchant_name(&self, merchant: MerchantId) -> Option<String> {
        self.list().into_iter().find_map(|record| match record.owner {
            Owner::Merchant { name, livemode } if merchant_id(&name, livemode) == merchant => {
                Some(name)
            }
            _ => None,
        })
    }

    /// Reads the file again if another process changed it. Cheap when it did not.
    pub fn reload_if_changed(&self) -> Result<bool, KeyError> {
        let seen = self.known.read().unwrap_or_else(PoisonError::into_inner).mark;
        if file::mark(&self.path)? == seen {
            return Ok(false);
        }
        let (keys, mark) = file::read(&self.path)?;
        self.learn(keys, mark);
        Ok(true)
    }

    fn create(&self, owner: Owner) -> Result<(KeyRecord, SecretString), KeyError> {
        owner.check()?;
        let secret = secret::fresh(owner.prefix())?;
        let record = self.insert_known(&secret, owner)?;
        Ok((record, SecretString::from(secret)))
    }

    /// Changes the file under its lock, starting from what it holds now and not from what this
    /// process remembers.
    fn change<T>(
        &self,
        edit: impl FnOnce(&mut Vec<StoredKey>) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        let _lock = file::lock(&self.path)?;
        let (mut keys, _) = file::read(&self.path)?;
        let done = edit(&mut keys)?;
        file::save(&self.path, &keys)?;
        let mark = file::mark(&self.path)?;
        self.learn(keys, mark);
        Ok(done)
    }

    fn learn(&self, keys: Vec<StoredKey>, mark: Option<Mark>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known::of(keys, mark);
    }
}

impl Known {
    fn of(keys: Vec<StoredKey>, mark: Option<Mark>) -> Known {
        let valid = keys.iter().filter(|key| key.record.revoked_at.is_none());
        let callers = valid.map(|key| (key.hash, Caller::of(&key.record))).collect();
        Known { mark, keys, callers }
    }
}

/// Why the key store did not do what it was asked. Names files and rules, never a secret.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each has a sentence of its own")]
pub enum KeyError {
    #[error("{path}: {error}", path = path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{path} is not a key file: {why}", path = path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{path} is missing, and without it none of the keys can be recognised", path = path.display())]
    PepperMissing { path: PathBuf },
    #[error("{path} does not hold exactly 32 bytes", path = path.display())]
    PepperDamaged { path: PathBuf },
    #[error("a name has 1 to 64 letters, digits, dots, underscores and hyphens")]
    InvalidName,
    #[error("an operator has at least one of the roles viewer, operator, approver, admin")]
    NoRoles,
    #[error("there is no key with this id")]
    NoSuchKey,
    #[error("a key of this kind begins with {prefix} and has 32 to 136 characters in all")]
    NotAKey { prefix: &'static str },
    #[error("the system gives no random bytes")]
    NoRandomness,
}
