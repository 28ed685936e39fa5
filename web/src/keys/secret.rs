//! The secret parts: random keys, and the keyed hash under which they are stored. A key has 256
//! random bits, so one fast hash is enough; the pepper makes a stolen `keys.json` useless alone.

use super::KeyError;
use crate::identity::write_private;
use crate::self_check;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::Path;

/// No key is longer; longer texts are not worth hashing.
const KEY_LENGTH_MAX: usize = 136;
/// No key is shorter, so that nobody takes in a guessable one.
const KEY_LENGTH_MIN: usize = 32;

/// The keyed hash of a key; 64 hexadecimal characters in the file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct KeyHash(pub [u8; 32]);

impl Hash for KeyHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (first, _) = self.0.split_first_chunk().unwrap_or((&[0; 8], &[]));
        state.write_u64(u64::from_le_bytes(*first));
    }
}

/// The hash of what is a hash already: its first bytes.
#[derive(Default)]
pub(super) struct OwnHash(u64);

impl Hasher for OwnHash {
    fn write(&mut self, bytes: &[u8]) {
        // Only whole numbers come; others still count.
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> String {
        hex(&hash.0)
    }
}

impl TryFrom<String> for KeyHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<KeyHash, &'static str> {
        let hash =
            blake3::Hash::from_hex(&text).map_err(|_| "a hash has 64 hexadecimal characters")?;
        Ok(KeyHash(*hash.as_bytes()))
    }
}

/// The secret that keys the hashes.
pub(super) struct Pepper([u8; 32]);

impl Pepper {
    /// Reads the pepper, or makes one if `may_create`: only while no key depends on an older one.
    pub fn open(path: &Path, may_create: bool) -> Result<Pepper, KeyError> {
        let failed = |error| KeyError::File { path: path.to_owned(), error };
        match fs::read(path) {
            Ok(bytes) => {
                let read = Pepper::read(&bytes);
                read.ok_or_else(|| KeyError::PepperDamaged { path: path.to_owned() })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => {
                let pepper = Pepper(random()?);
                pepper.write(path).map_err(failed)?;
                Ok(pepper)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(KeyError::PepperMissing { path: path.to_owned() })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// 32 bytes, and the line that says whether they are whole; without it in files of the time before.
    fn read(bytes: &[u8]) -> Option<Pepper> {
        let (secret, line) = bytes.split_first_chunk::<32>()?;
        let whole = line.is_empty() || line == self_check::digits(secret).as_bytes();
        whole.then_some(Pepper(*secret))
    }

    /// Whole or not at all: half a pepper would be refused by every later start.
    fn write(&self, path: &Path) -> io::Result<()> {
        write_private(path, &[&self.0, self_check::digits(&self.0).as_bytes()].concat())
    }

    /// The hash of a key, if the text can be one at all.
    pub fn hash(&self, secret: &str) -> Option<KeyHash> {
        let length = KEY_LENGTH_MIN..=KEY_LENGTH_MAX;
        length
            .contains(&secret.len())
            .then(|| KeyHash(*blake3::keyed_hash(&self.0, secret.as_bytes()).as_bytes()))
    }
}

/// A new key: the prefix and 256 random bits.
pub(super) fn fresh(prefix: &str) -> Result<String, KeyError> {
    let bits: [u8; 32] = random()?;
    Ok(format!("{prefix}{}", hex(&bits)))
}

/// That many random bytes as text.
pub(super) fn random_hex(bytes: usize) -> Result<String, KeyError> {
    let bits: [u8; 32] = random()?;
    Ok(hex(&bits[..bytes.min(32)]))
}

fn random() -> Result<[u8; 32], KeyError> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|_| KeyError::NoRandomness)?;
    Ok(bits)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
