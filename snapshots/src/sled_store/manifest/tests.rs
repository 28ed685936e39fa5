//! Manifests as they were stored by earlier builds, as bytes: they load for ever.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// A manifest of version 1, as the build of that time wrote it.
const VERSION_1: &str = include_str!("version-1.hex");

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.trim();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn tree() -> (sled::Db, Tree) {
    let db = sled::Config::new().temporary(true).open().unwrap();
    let tree = db.open_tree("manifests").unwrap();
    (db, tree)
}

fn of_today() -> Manifest {
    Manifest {
        version: VERSION,
        id: 7,
        log_id: 9,
        base_sequence: 300,
        base_chain: [1; 32],
        sealed_at: 310,
        payouts: 2,
        bytes: 77,
        chunks: vec![[2; 32], [3; 32]],
        content: [4; 32],
        taken_at: Some(1_790_000_000_000_000),
        took_micros: 1_500,
        note: b"why".to_vec(),
    }
}

#[test]
fn a_manifest_of_version_1_loads() {
    let (_db, tree) = tree();
    pieces::put(&tree, &7_u64.to_be_bytes(), &bytes(VERSION_1)).unwrap();
    let expected = Manifest { taken_at: None, took_micros: 0, note: Vec::new(), ..of_today() };
    assert_eq!(Manifest::load(&tree, 7).unwrap(), expected);
}

#[test]
fn a_manifest_of_today_reads_back_whole() {
    let (_db, tree) = tree();
    of_today().store(&tree).unwrap();
    let loaded = Manifest::load(&tree, 7).unwrap();
    assert_eq!(loaded, of_today());
    assert_eq!(loaded.info().took, Duration::from_micros(1_500));
}

#[test]
fn what_is_neither_is_refused() {
    let (_db, tree) = tree();
    assert!(matches!(Manifest::load(&tree, 7), Err(ManifestError::Absent)));
    // Under another id, of a later version, and cut.
    pieces::put(&tree, &8_u64.to_be_bytes(), &bytes(VERSION_1)).unwrap();
    assert!(matches!(Manifest::load(&tree, 8), Err(ManifestError::Foreign)));
    let later = Manifest { version: VERSION + 1, ..of_today() };
    later.store(&tree).unwrap();
    assert!(matches!(Manifest::load(&tree, 7), Err(ManifestError::Foreign)));
    let whole = bytes(VERSION_1);
    for length in [1, 11, 12, whole.len() - 1] {
        pieces::remove(&tree, &9_u64.to_be_bytes()).unwrap();
        pieces::put(&tree, &9_u64.to_be_bytes(), &whole[..length]).unwrap();
        assert!(Manifest::load(&tree, 9).is_err(), "{length}");
    }
}
