//! The house rules that no compiler checks: which way imports point, how files begin, how long they
//! are, and what the core must not know.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("domain") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

const FOLDERS: [&str; 10] = [
    "engine/domain/src",
    "engine/domain/tests",
    "engine/src",
    "adapters/src",
    "snapshots/src",
    "snapshots/tests",
    "web/src",
    "web/tests",
    "tests",
    "benches",
];

#[test]
fn imports_point_one_way() {
    let forbidden: [(&str, &[&str]); 5] = [
        (
            "engine/domain/src",
            &["actix", "sled", "tokio", "adapters", "snapshots", "engine", "web"],
        ),
        ("snapshots/src", &["actix", "actix_web", "adapters", "engine", "web"]),
        ("adapters/src", &["sled", "snapshots", "engine", "web"]),
        ("engine/src", &["actix_web", "reqwest", "sled", "web"]),
        ("tests/world/src", &["actix", "actix_web", "tokio", "reqwest", "sled", "web"]),
    ];
    for (folder, crates) in forbidden {
        for (path, text) in sources(folder) {
            for line in text.lines().map(str::trim_start).filter(|line| line.starts_with("use ")) {
                for name in crates {
                    assert!(
                        !line.starts_with(&format!("use {name}::")),
                        "{}: {line}",
                        path.display()
                    );
                }
            }
        }
    }
}

#[test]
fn the_core_has_no_clock_no_chance_and_no_order_by_hash() {
    for (path, text) in sources("engine/domain/src") {
        for word in
            ["SystemTime", "Instant::now", "HashMap", "HashSet", "rand::", "std::fs", "f64", "f32"]
        {
            assert!(!text.contains(word), "{} knows {word}", path.display());
        }
    }
}

/// A world that asked the machine for anything would not repeat itself.
#[test]
fn the_simulated_world_asks_nobody_for_time_or_chance() {
    for (path, text) in sources("tests/world/src") {
        for word in ["SystemTime", "Instant", "rand::", "std::fs", "std::thread", "HashMap", "f64"]
        {
            assert!(!text.contains(word), "{} knows {word}", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    for folder in FOLDERS {
        for (path, text) in sources(folder) {
            let path = path.display();
            assert!(text.starts_with("//!"), "{path} does not say what it is");
            assert!(text.lines().count() <= 500, "{path} is too long to be about one thing");
            for drawer in ["utils.rs", "common.rs", "helpers.rs", "manager.rs"] {
                assert!(!path.to_string().ends_with(drawer), "{path} is a drawer");
            }
        }
    }
}

#[test]
fn no_dependency_is_under_a_licence_that_binds_ours() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["actix-governor", "openssl-sys"] {
        assert!(!lock.contains(&format!("name = \"{name}\"")), "{name} must stay out");
    }
    let h2 = lock.split("name = \"h2\"").nth(1).unwrap_or_default();
    assert!(!h2.starts_with("\nversion = \"0.3"), "h2 0.3 has an open advisory");
}
