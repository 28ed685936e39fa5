//! Keys for many merchants. Apart because they are not made one by one: the key store writes its whole file
//! for each, which for a hundred thousand of them would be days. The file is written once instead, after the
//! pattern of a key that the store made, and the store then has to know the last of them.

use crate::cli::Failure;
use crate::identity::write_private;
use crate::keys::{KeyStore, merchant_id};
use crate::self_check;
use domain::id::MerchantId;
use serde_json::{Value, json};
use std::path::Path;

/// How keys of test mode begin.
const PREFIX: &str = "sk_test_";

/// Somebody who makes payouts.
#[derive(Clone)]
pub struct Merchant {
    /// As the engine knows it.
    pub id: MerchantId,
    /// As it shows itself.
    pub key: String,
}

/// Gives so many merchants a key each, in a data directory that has none.
pub fn make(data: &Path, count: u64) -> Result<Vec<Merchant>, Failure> {
    let (file, pepper) = (data.join("keys.json"), data.join("pepper"));
    KeyStore::open(&file, &pepper)?.create_merchant_key("pattern", false)?;
    let read = std::fs::read(&file).map_err(Failure::failed)?;
    let mut document: Value = serde_json::from_slice(&read).map_err(Failure::failed)?;
    let pattern = document["keys"][0].take();
    let secret = std::fs::read(&pepper).map_err(Failure::failed)?;
    let secret = secret.first_chunk::<32>().ok_or_else(|| Failure::failed("no pepper"))?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Failure::failed("the system gives no random bytes"))?;
    let (mut merchants, mut keys) = (Vec::new(), Vec::new());
    for number in 0..count {
        let name = format!("merchant-{number}");
        let key = format!("{PREFIX}{}", blake3::keyed_hash(&seed, name.as_bytes()).to_hex());
        let mut entry = pattern.clone();
        entry["id"] = json!(format!("key_{number:016x}"));
        entry["name"] = json!(name);
        entry["hash"] = json!(blake3::keyed_hash(secret, key.as_bytes()).to_hex().as_str());
        keys.push(entry);
        merchants.push(Merchant { id: merchant_id(&name, false), key });
    }
    document["keys"] = Value::Array(keys);
    if let Value::Object(fields) = &mut document {
        fields.remove("checksum");
    }
    let sealed = self_check::sealed_json(document).map_err(Failure::failed)?;
    write_private(&file, &sealed).map_err(Failure::failed)?;
    let known = KeyStore::open(&file, &pepper)?;
    let found = merchants.last().is_some_and(|last| known.find(&last.key).is_some());
    if found { Ok(merchants) } else { Err(Failure::failed("the merchants' keys are not known")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::keys::Caller;

    #[test]
    fn every_merchant_has_a_key_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let merchants = make(folder.path(), 12).unwrap();
        let store = KeyStore::open(&folder.path().join("keys.json"), &folder.path().join("pepper"));
        let store = store.unwrap();
        assert_eq!(store.list().len(), 12);
        for (number, merchant) in merchants.iter().enumerate() {
            let Some(Caller::Merchant(caller)) = store.find(&merchant.key) else { panic!() };
            assert_eq!(*caller.name, format!("merchant-{number}"));
        }
    }
}
