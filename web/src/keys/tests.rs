//! What a key store promises, against real files in a folder of their own.

use super::*;
use secrecy::ExposeSecret;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("bursar-keys-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn store(&self) -> Result<KeyStore, KeyError> {
        KeyStore::open(&self.0.join("keys.json"), &self.0.join("pepper"))
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.join("keys.json")).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn merchant_of(caller: Option<Caller>) -> (String, MerchantId, bool) {
    let Some(Caller::Merchant(merchant)) = caller else { panic!("not a merchant: {caller:?}") };
    (merchant.name.to_string(), merchant.merchant, merchant.livemode)
}

#[test]
fn a_key_is_found_until_it_is_revoked_and_after_a_restart() {
    let folder = Folder::new();
    let store = folder.store().unwrap();
    let (record, secret) = store.create_merchant_key("acme", true).unwrap();
    let secret = secret.expose_secret();
    assert!(secret.starts_with("sk_live_") && secret.len() == 72, "{}", secret.len());
    let expected = ("acme".to_owned(), MerchantId::from_name("acme"), true);
    assert_eq!(merchant_of(store.find(secret)), expected);
    assert_eq!(merchant_of(folder.store().unwrap().find(secret)), expected);
    store.revoke(&record.id).unwrap();
    assert!(store.find(secret).is_none());
    assert!(folder.store().unwrap().find(secret).is_none());
    assert!(store.list()[0].revoked_at.is_some(), "a revoked key stays in the list");
}

#[test]
fn the_files_hold_no_key_and_belong_to_their_owner_alone() {
    let folder = Folder::new();
    let store = folder.store().unwrap();
    let (_, secret) = store.create_operator_key("ann", &[Role::Viewer]).unwrap();
    let secret = secret.expose_secret();
    assert!(!folder.text().contains(&secret[8..]), "the key itself is nowhere");
    for name in ["keys.json", "pepper", "keys.lock"] {
        let mode = fs::metadata(folder.0.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn test_and_live_are_two_merchants() {
    let folder = Folder::new();
    let store = folder.store().unwrap();
    let (_, live) = store.create_merchant_key("acme", true).unwrap();
    let (_, test) = store.create_merchant_key("acme", false).unwrap();
    let live = merchant_of(store.find(live.expose_secret()));
    let test = merchant_of(store.find(test.expose_secret()));
    assert_ne!(live.1, test.1);
    assert_eq!(store.merchant_name(test.1).as_deref(), Some("acme"));
}

#[test]
fn another_process_is_noticed() {
    let folder = Folder::new();
    let (ours, theirs) = (folder.store().unwrap(), folder.store().unwrap());
    assert!(!ours.reload_if_changed().unwrap());
    let (record, secret) = theirs.create_merchant_key("acme", false).unwrap();
    assert!(ours.find(secret.expose_secret()).is_none());
    assert!(ours.reload_if_changed().unwrap());
    assert!(ours.find(secret.expose_secret()).is_some());
    // Neither forgets what the other wrote.
    ours.create_merchant_key("second", false).unwrap();
    theirs.revoke(&record.id).unwrap();
    assert_eq!(folder.store().unwrap().list().len(), 2);
}

#[test]
fn a_known_key_is_taken_in_once() {
    let folder = Folder::new();
    let store = folder.store().unwrap();
    let owner = || Owner::Merchant { name: "dev".to_owned(), livemode: false };
    let secret = format!("sk_test_{}", "5".repeat(64));
    let first = store.insert_known(&secret, owner()).unwrap();
    assert_eq!(store.insert_known(&secret, owner()).unwrap(), first);
    assert!(store.find(&secret).is_some() && store.has_merchants());
    store.revoke(&first.id).unwrap();
    store.insert_known(&secret, owner()).unwrap();
    assert!(store.find(&secret).is_none(), "revoked is revoked");
    for wrong in ["ok_5555555555555555555555555555555555", "sk_test_1", ""] {
        assert!(
            matches!(store.insert_known(wrong, owner()), Err(KeyError::NotAKey { .. })),
            "{wrong}"
        );
    }
}

#[test]
fn what_cannot_be_trusted_is_refused() {
    let folder = Folder::new();
    let store = folder.store().unwrap();
    for name in ["", "with space", "test:acme", "ä", &"x".repeat(65)] {
        assert!(
            matches!(store.create_merchant_key(name, true), Err(KeyError::InvalidName)),
            "{name}"
        );
    }
    assert!(matches!(store.create_operator_key("ann", &[]), Err(KeyError::NoRoles)));
    assert!(matches!(store.revoke("key_0"), Err(KeyError::NoSuchKey)));
    store.create_merchant_key("acme", true).unwrap();
    fs::remove_file(folder.0.join("pepper")).unwrap();
    assert!(matches!(folder.store(), Err(KeyError::PepperMissing { .. })));
    fs::write(folder.0.join("keys.json"), "{").unwrap();
    assert!(matches!(folder.store(), Err(KeyError::Damaged { .. })));
}

#[test]
fn a_file_that_does_not_read_is_not_quoted() {
    let folder = Folder::new();
    folder.store().unwrap().create_operator_key("ann", &[Role::Viewer]).unwrap();
    let hidden = "5ec2e7";
    let text = folder.text().replace("\"viewer\"", &format!("\"{hidden}\""));
    assert!(text.contains(hidden), "{text}");
    fs::write(folder.0.join("keys.json"), text).unwrap();
    let error = folder.store().err().unwrap();
    assert!(matches!(&error, KeyError::Damaged { why, .. } if why.starts_with("line ")));
    assert!(!format!("{error} {error:?}").contains(hidden), "{error}");
}

#[test]
fn who_may_do_what() {
    use Role::*;
    let table = [
        (vec![Viewer], [true, false, false, false]),
        (vec![Operator], [true, true, false, false]),
        (vec![Approver], [true, false, true, false]),
        (vec![Admin], [true, true, false, true]),
        (vec![], [false, false, false, false]),
    ];
    for (roles, expected) in table {
        assert_eq!(Role::ALL.map(|needed| Roles::of(&roles).allow(needed)), expected, "{roles:?}");
    }
}
