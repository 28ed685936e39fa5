//! The small files of a data directory: keys, webhook endpoints, the ledger of intents. Apart from `log`: these
//! are written by people as well, or by a disk that lost its power in the middle of a line.

use crate::target::{Check, Target, Trace, about};
use domain::id::MerchantId;
use domain::time::Timestamp;
use serde_json::Value;
use snapshots::intent_ledger;
use std::fs;
use std::path::Path;
use web::keys::{KeyStore, Role};
use web::webhooks::{EndpointStore, Filter, Scheme, Wanted};

pub const TARGET: Target =
    Target { name: "files", text: false, longest: 16_384, usual: 600, examples, open };

/// What an input is stands in its first byte, as a letter.
const KEYS: u8 = b'k';
const ENDPOINTS: u8 = b'e';
const LEDGER: u8 = b'l';

/// As the format has it, written down a second time.
const HEADER: usize = 32;
const LOG_ID: u64 = 77;

fn examples() -> Vec<Vec<u8>> {
    let mut ledger = b"BuIntent\x01\x00\x00\x00".to_vec();
    ledger.extend(LOG_ID.to_le_bytes());
    ledger.extend(5_u64.to_le_bytes());
    ledger.extend([0; 4]);
    for line in [&b"the first line"[..], b"another", &[9; 200]] {
        ledger.extend((line.len() as u32).to_le_bytes());
        ledger.extend([0; 4]);
        ledger.extend(line);
    }
    let torn = [&ledger[..], &[7, 0, 0, 0, 1, 2, 3, 4, 5]].concat();
    let zeros = [&ledger[..], &[0; 100]].concat();
    let with = |what: u8, bytes: &[u8]| [&[what], bytes].concat();
    let dir = tempfile::tempdir().expect("a directory");
    vec![
        with(LEDGER, &ledger),
        with(LEDGER, &torn),
        with(LEDGER, &zeros),
        with(KEYS, &some_keys(dir.path())),
        with(ENDPOINTS, &some_endpoints(dir.path())),
    ]
}

/// As the product writes them, but for the checksum: files of the time before had none, and are believed.
fn some_keys(dir: &Path) -> Vec<u8> {
    let path = dir.join("keys.json");
    let store = KeyStore::open(&path, &dir.join("pepper")).expect("an empty one");
    store.create_merchant_key("acme", false).expect("a key");
    store.create_operator_key("ann", &[Role::Operator, Role::Admin]).expect("a key");
    let (first, _) = store.create_merchant_key("globex", true).expect("a key");
    store.revoke(&first.id).expect("it is there");
    without_checksum(&path)
}

fn some_endpoints(dir: &Path) -> Vec<u8> {
    let path = dir.join("endpoints.json");
    let store = EndpointStore::open(&path).expect("an empty one");
    for (signature, enabled) in [(Scheme::Hmac, true), (Scheme::Ed25519, false)] {
        let wanted = Wanted {
            url: "https://shop.example.com/hooks".to_owned(),
            description: Some("the shop".to_owned()),
            events: Filter::default(),
            signature,
            enabled,
        };
        store.create((MerchantId(7), false), wanted, 5, Timestamp(9)).expect("an endpoint");
    }
    without_checksum(&path)
}

fn without_checksum(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("it was written");
    let mut value: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    value.as_object_mut().expect("an object").remove("checksum").expect("it has one");
    value.to_string().into_bytes()
}

fn open() -> Check {
    let dir = tempfile::tempdir().expect("a directory");
    let pepper = dir.path().join("pepper");
    KeyStore::open(&dir.path().join("none.json"), &pepper).expect("a pepper is made");
    Box::new(move |input| {
        let Some((what, bytes)) = input.split_first() else { return Trace::of(()) };
        match *what {
            KEYS => keys(dir.path(), &pepper, bytes),
            ENDPOINTS => endpoints(dir.path(), bytes),
            _ => ledger(dir.path(), bytes, false).and(ledger(dir.path(), &mend(bytes), true)),
        }
    })
}

/// What opens says the same when it is opened again, and finds no key for what is none.
fn keys(dir: &Path, pepper: &Path, bytes: &[u8]) -> Trace {
    let path = dir.join("keys.json");
    fs::write(&path, bytes).expect("written");
    match KeyStore::open(&path, pepper) {
        Ok(store) => {
            let keys = store.list();
            assert!(store.find("sk_test_0000_nobody").is_none(), "a key that nobody was given");
            assert_eq!(fs::read(&path).expect("it is there"), bytes, "reading has changed it");
            Trace::of(("keys", about(keys.len())))
        }
        Err(error) => Trace::told(error.to_string().replace(&path.display().to_string(), "")),
    }
}

fn endpoints(dir: &Path, bytes: &[u8]) -> Trace {
    let path = dir.join("endpoints.json");
    fs::write(&path, bytes).expect("written");
    match EndpointStore::open(&path) {
        Ok(store) => {
            assert_eq!(fs::read(&path).expect("it is there"), bytes, "reading has changed it");
            Trace::of(("endpoints", about(store.all().len())))
        }
        Err(error) => Trace::told(error.to_string().replace(&path.display().to_string(), "")),
    }
}

/// What is read is what stands there, line by line from the first, and no line is nothing.
fn ledger(dir: &Path, bytes: &[u8], mended: bool) -> Trace {
    let folder = dir.join("ledger");
    fs::create_dir_all(&folder).expect("a directory");
    fs::write(folder.join("intents-0000000001.ledger"), bytes).expect("written");
    match intent_ledger::read(&folder, LOG_ID) {
        Ok(Some(kept)) => {
            let mut at = HEADER;
            for line in &kept.lines {
                assert!(!line.is_empty(), "a line of nothing");
                at += 8;
                assert_eq!(bytes.get(at..at + line.len()), Some(&line[..]));
                at += line.len();
            }
            Trace::of(("ledger", about(kept.lines.len()), at == bytes.len(), mended))
        }
        Ok(None) => Trace::of(("no ledger", mended)),
        Err(error) => Trace::told(error.to_string().replace(&dir.display().to_string(), ""))
            .and(Trace::of(mended)),
    }
}

/// With the checksums of the header and of every line made right, as far as lengths lead.
fn mend(input: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    if bytes.len() < HEADER {
        return bytes;
    }
    let sum = crc32c::crc32c(&bytes[..28]);
    bytes[28..HEADER].copy_from_slice(&sum.to_le_bytes());
    let mut rest = &mut bytes[HEADER..];
    while rest.len() > 8 {
        let length = u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        let Some((line, behind)) = rest.split_at_mut_checked(8 + length) else { break };
        let sum = crc32c::crc32c(&line[8..]);
        // What is all zeros is what a disk leaves that never got the bytes.
        if length > 0 {
            line[4..8].copy_from_slice(&sum.to_le_bytes());
        }
        rest = behind;
    }
    bytes
}
