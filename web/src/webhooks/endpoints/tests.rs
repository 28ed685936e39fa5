//! The store over a real file: what survives, what stays apart, and what is refused.

use super::*;
use crate::webhooks::secret::Scheme;
use std::os::unix::fs::PermissionsExt;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);
const OURS: (MerchantId, bool) = (MerchantId(1), false);
const THEIRS: (MerchantId, bool) = (MerchantId(2), true);

fn wanted(url: &str) -> Wanted {
    Wanted {
        url: url.to_owned(),
        description: None,
        events: Filter::default(),
        signature: Scheme::Hmac,
        enabled: true,
    }
}

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

#[test]
fn endpoints_survive_and_the_file_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("webhook-endpoints.json");
    let store = EndpointStore::open(&path).unwrap();
    let made = store.create(OURS, wanted("https://a.example.com/"), 7, NOW).unwrap();
    store.create(THEIRS, wanted("https://b.example.com/"), 0, NOW).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(made.id.to_string().parse(), Ok(made.id));
    let again = EndpointStore::open(&path).unwrap();
    let found = again.get(OURS.0, made.id).unwrap();
    assert_eq!((found.url.as_str(), found.starts_after), ("https://a.example.com/", 7));
    assert_eq!(found.secrets[0].shown_once(), made.secrets[0].shown_once());
    assert_eq!(again.all().len(), 2);
    again.delete(OURS.0, made.id).unwrap();
    assert_eq!(EndpointStore::open(&path).unwrap().all().len(), 1);
}

#[test]
fn another_merchants_endpoint_is_as_absent_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = EndpointStore::open(&folder.path().join("e.json")).unwrap();
    let made = store.create(OURS, wanted("https://a.example.com/"), 0, NOW).unwrap();
    let hour = Duration::from_secs(3_600);
    let absent = |done: Result<(), EndpointError>| matches!(done, Err(EndpointError::NotFound));
    assert!(absent(store.get(THEIRS.0, made.id).map(drop)));
    assert!(absent(store.change(THEIRS.0, made.id, Changes::default()).map(drop)));
    assert!(absent(store.rotate(THEIRS.0, made.id, hour, NOW).map(drop)));
    assert!(absent(store.delete(THEIRS.0, made.id)));
    assert!(store.of(THEIRS.0).is_empty() && store.of(OURS.0).len() == 1);
    for _ in 1..PER_MERCHANT_MAX {
        store.create(OURS, wanted("https://a.example.com/"), 0, NOW).unwrap();
    }
    let one_more = store.create(OURS, wanted("https://a.example.com/"), 0, NOW);
    assert!(matches!(one_more, Err(EndpointError::TooMany)));
    assert!(store.create(THEIRS, wanted("https://a.example.com/"), 0, NOW).is_ok());
}

#[test]
fn a_rotated_secret_signs_until_its_overlap_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = EndpointStore::open(&folder.path().join("e.json")).unwrap();
    let made = store.create(OURS, wanted("https://a.example.com/"), 0, NOW).unwrap();
    let first = made.secrets[0].shown_once().unwrap().to_owned();
    let rotate = |at, seconds| store.rotate(OURS.0, made.id, Duration::from_secs(seconds), at);
    let after = rotate(NOW, 60).unwrap();
    assert_eq!(after.secrets.len(), 2);
    assert_ne!(after.secrets[0].shown_once(), Some(first.as_str()));
    assert_eq!(after.secrets[1].expires_at, Some(later(60)));
    // A second rotation lengthens nothing, and what has ended is forgotten.
    let after = rotate(later(30), 600).unwrap();
    let ends: Vec<_> = after.secrets.iter().map(|secret| secret.expires_at).collect();
    assert_eq!(ends, [None, Some(later(630)), Some(later(60))]);
    assert_eq!(rotate(later(100), 0).unwrap().secrets.len(), 1);
    for _ in 0..SECRETS_AND_MORE {
        rotate(later(100), 600).unwrap();
    }
    assert_eq!(store.get(OURS.0, made.id).unwrap().secrets.len(), 4);
}

const SECRETS_AND_MORE: usize = 9;

#[test]
fn a_disabled_endpoint_says_why_until_it_is_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let store = EndpointStore::open(&folder.path().join("e.json")).unwrap();
    let made = store.create(OURS, wanted("https://a.example.com/"), 0, NOW).unwrap();
    let set = |enabled| {
        let changes = Changes { enabled: Some(enabled), ..Changes::default() };
        store.change(OURS.0, made.id, changes).unwrap().disabled_reason
    };
    store.disable(made.id, DisabledReason::Gone).unwrap();
    assert_eq!(set(false), Some(DisabledReason::Gone), "it was disabled before the merchant did");
    assert_eq!(set(true), None);
    assert_eq!(set(false), Some(DisabledReason::Merchant));
}

#[test]
fn a_damaged_file_is_told_by_its_place_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("webhook-endpoints.json");
    let store = EndpointStore::open(&path).unwrap();
    store.create(OURS, wanted("https://a.example.com/"), 0, NOW).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for damaged in
        [text.replace("whsec_", "SECRET_"), text[..text.len() / 2].to_owned(), "{}".into()]
    {
        std::fs::write(&path, damaged).unwrap();
        let error = EndpointStore::open(&path).err().unwrap().to_string();
        assert!(error.contains("is not a file of webhook endpoints"), "{error}");
        assert!(!error.contains("SECRET_"), "{error}");
    }
}
