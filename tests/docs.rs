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
    let documents = [
        "README.md",
        "ARCHITECTURE.md",
        "docs/sandbox.md",
        "docs/performance.md",
        "docs/webhooks.md",
        "docs/operating.md",
        "docs/correctness.md",
        "web/examples/webhook-receiver/README.md",
    ];
    for document in documents {
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

/// Every address that the pages name is served, and every one that is served for merchants or
/// operators is named on one of them.
#[test]
fn the_pages_name_the_addresses_that_there_are() {
    let served: Vec<String> = read("web/tests/golden/routes.txt")
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned))
        .collect();
    for page in ["docs/webhooks.md", "docs/operating.md", "README.md"] {
        for word in read(page).split(['`', ' ', '"', '\n', '?', ',', ';']) {
            let path =
                word.trim_start_matches("http://127.0.0.1:8080").trim_end_matches(['.', ':']);
            let named = path.starts_with("/v1/") && !path.contains("$ID") && !path.contains('…');
            assert!(!named || served.iter().any(|one| one == path), "{page} names {path}");
        }
    }
    for path in [
        "/v1/ops/moderation",
        "/v1/ops/exposure",
        "/v1/ops/audit",
        "/v1/ops/orphans",
        "/v1/ops/snapshots",
        "/v1/ops/verify",
        "?at=",
    ] {
        assert!(read("docs/operating.md").contains(path), "{path} is not described");
    }
}

/// The words that the operators' page puts in its tables are the words of the code.
#[test]
fn the_operators_page_has_the_words_of_the_code() {
    let page = read("docs/operating.md");
    for word in ["release", "resubmit", "pause", "statement", "approve", "reject"] {
        assert!(page.contains(&format!("| `{word}` |")), "{word}");
    }
    for outcome in domain::entry::ManualOutcome::ALL {
        assert!(page.contains(&format!("`{}`", outcome.word())), "{}", outcome.word());
    }
    for mode in adapters::adapter_actor::messages::Mode::ALL {
        assert!(page.contains(&format!("| `{}` |", mode.word())), "{}", mode.word());
    }
    let config = read("web/config.default.toml");
    for key in [
        "verify_share",
        "poll_first",
        "poll_give_up",
        "return_window",
        "in_doubt_max",
        "snapshot_every",
        "keep_hourly",
        "keep_daily",
    ] {
        assert!(page.contains(key) && config.contains(key), "{key}");
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
        "/v1/events?after=0".to_owned(),
        "/v1/rates?from=EUR&to=BTC".to_owned(),
        "/v1/webhook-endpoints".to_owned(),
        "/openapi.json".to_owned(),
        "/livez".to_owned(),
        "/readyz".to_owned(),
        "/metrics".to_owned(),
    ];
    for path in paths {
        assert_eq!(world.merchant.get(&path).await.status, 200, "{path}");
    }
    for path in [
        "moderation",
        "exposure",
        "audit",
        "orphans",
        "providers",
        "providers/sandbox",
        "snapshots",
    ] {
        assert_eq!(world.operator.get(&format!("/v1/ops/{path}")).await.status, 200, "{path}");
    }
    let page = world.merchant.get("/docs").await;
    assert!(page.status == 200 || page.status == 301 || page.status == 302, "{}", page.status);
    assert_eq!(world.merchant.get("/openapi.json").await.at("/openapi"), "3.1.0");
    world.stop().await;
}
