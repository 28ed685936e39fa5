//! What the documents claim is true: the status table, the routes, the configuration keys, the
//! commands, the links.

use std::path::{Path, PathBuf};
use tests::World;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_readme_prints_the_table_that_the_code_has() {
    let readme = read("README.md");
    let (_, after) = readme.split_once("checked by tests/docs.rs -->\n").unwrap();
    let (printed, _) = after.split_once("<!-- end of status table -->").unwrap();
    assert_eq!(printed, domain::transition::grid());
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "docs/sandbox.md", "docs/performance.md"] {
        let base = root().join(document);
        for link in read(document).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") && !link.starts_with('#') {
                let target = base.parent().unwrap().join(link.split('#').next().unwrap());
                assert!(target.exists(), "{document} links to {link}");
            }
        }
    }
}

#[test]
fn the_code_map_names_files_that_exist() {
    for line in read("ARCHITECTURE.md").lines() {
        for path in line.split(['`', ' ', '(', ')', ',', ':']).filter(|word| word.contains("/src/"))
        {
            let path = path.trim_end_matches('.');
            let file = root().join(path);
            let found = [file.clone(), file.with_extension("rs")].iter().any(|one| one.exists());
            assert!(found, "ARCHITECTURE.md names {path}");
        }
    }
}

#[test]
fn the_sandbox_page_lists_what_the_sandbox_does() {
    let page = read("docs/sandbox.md");
    let suffixes = page.lines().filter_map(|line| line.strip_prefix("| `")).count();
    assert!(suffixes >= 36, "every magic suffix has a row");
}

#[actix_rt::test]
async fn the_routes_that_the_readme_uses_answer() {
    let world = World::start().await;
    let id = world.merchant.create(&tests::recipient::payout("000", 1)).await.id();
    world.merchant.until_status(&id, "PROCESSED").await;
    let paths = [
        format!("/v1/payouts/{id}"),
        format!("/v1/payouts/{id}/history"),
        format!("/v1/payouts/{id}/statements"),
        "/v1/payouts?status=PROCESSED&limit=10".to_owned(),
        "/v1/methods".to_owned(),
        "/openapi.json".to_owned(),
        "/livez".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
    ];
    for path in paths {
        assert_eq!(world.merchant.get(&path).await.status, 200, "{path}");
    }
    let page = world.merchant.get("/docs").await;
    assert!(page.status == 200 || page.status == 301 || page.status == 302, "{}", page.status);
    assert_eq!(world.merchant.get("/openapi.json").await.at("/openapi"), "3.1.0");
    world.stop().await;
}
