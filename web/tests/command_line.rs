//! The binary as a shell sees it: what it prints, and how it exits. That this file exists also makes
//! `cargo test --workspace` build the binary.

mod process;

use process::{Running, bursar, stderr, stdout};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn help_names_every_command() {
    let help = bursar(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["serve", "sandbox", "check-config", "bench", "keys", "snapshot"] {
        assert!(stdout(&help).contains(&format!("\n  {command} ")), "{command} is missing");
    }
    assert!(stdout(&bursar(&["--version"])).starts_with("bursar "));
}

#[test]
fn wrong_usage_is_2() {
    let table: [&[&str]; 11] = [
        &["no-such-command"],
        &["serve", "--bind", "localhost"],
        &["bench", "--seconds", "0"],
        &["bench", "sleep"],
        &["bench", "compare", "only-one.json"],
        &["--sandbox", "http://127.0.0.1:1", "check-config"],
        &["keys", "create"],
        &["snapshot"],
        &["snapshot", "export", "1"],
        &["snapshot", "diff", "1"],
        &["keys", "create", "--operator", "ann", "--role", "king"],
    ];
    for args in table {
        let ended = bursar(args);
        assert_eq!(ended.status.code(), Some(2), "{args:?}: {}", stderr(&ended));
        assert!(stdout(&ended).is_empty() && !stderr(&ended).is_empty(), "{args:?}");
    }
}

#[test]
fn check_config_prints_what_is_in_effect_or_every_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bursar.toml");
    let config = file.to_str().unwrap();
    fs::write(&file, "[server]\nworkers = 3\n").unwrap();
    let good = bursar(&["check-config", "--config", config, "--bind", "127.0.0.1:9"]);
    assert_eq!(good.status.code(), Some(0), "{}", stderr(&good));
    let shown: toml::Table = stdout(&good).parse().unwrap();
    assert_eq!(shown["server"]["workers"].as_integer(), Some(3));
    assert_eq!(shown["server"]["bind"].as_str(), Some("127.0.0.1:9"));
    assert_eq!(shown["sandbox"]["client_secret"].as_str(), Some("[redacted]"));
    fs::write(&file, "[server]\nworkers = \"3\"\n\n[log]\nformat = \"xml\"\n").unwrap();
    let bad = bursar(&["--config", config, "check-config"]);
    assert_eq!((bad.status.code(), stdout(&bad).as_str()), (Some(2), ""));
    let lines: Vec<_> = stderr(&bad).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    // In the order in which they were found; each with its place.
    for place in [format!("{config}:2: server.workers: "), format!("{config}:5: log.format: ")] {
        assert!(
            lines.iter().any(|line| line.starts_with(&format!("bursar: {place}"))),
            "{lines:?}"
        );
    }
    let json = bursar(&["check-config", "--config", config, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(told["error"]["exit_code"], 2);
    assert_eq!(told["error"]["lines"].as_array().map(Vec::len), Some(2));
}

#[test]
fn keys_are_made_listed_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let keys =
        |args: &[&str]| bursar(&[&["keys", "--data-dir", data.to_str().unwrap()], args].concat());
    let made = keys(&["create", "--merchant", "acme", "--live"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    assert!(stdout(&made).starts_with("sk_live_") && stdout(&made).lines().count() == 1);
    let made =
        keys(&["create", "--operator", "ann", "--role", "viewer", "--role", "approver", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&stdout(&made)).unwrap();
    assert!(made["key"].as_str().is_some_and(|key| key.starts_with("ok_")), "{made}");
    let id = made["id"].as_str().unwrap();
    let listed = keys(&["list"]);
    assert!(stdout(&listed).contains("merchant acme (live)"), "{}", stdout(&listed));
    assert!(stdout(&listed).contains("operator ann (viewer, approver)"));
    assert_eq!(keys(&["revoke", id]).status.code(), Some(0));
    assert!(stdout(&keys(&["list"])).contains("ended"));
    assert_eq!(keys(&["revoke", "key_none"]).status.code(), Some(1));
}

#[test]
fn only_configured_merchants_get_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bursar.toml");
    fs::write(&file, "[merchants.acme]\nlivemode = false\n").unwrap();
    let (config, data) = (file.to_str().unwrap(), folder.path().join("data"));
    let create = |args: &[&str]| {
        let fixed = ["keys", "create", "--config", config, "--data-dir", data.to_str().unwrap()];
        bursar(&[&fixed, args].concat()).status.code()
    };
    assert_eq!(create(&["--merchant", "acme"]), Some(0));
    assert_eq!(create(&["--merchant", "acme", "--live"]), Some(2));
    assert_eq!(create(&["--merchant", "amce"]), Some(2));
}

#[test]
fn damaged_data_is_3_and_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(folder.path().join("identity"), "gone\n").unwrap();
    let data = folder.path().to_str().unwrap();
    let ended = bursar(&["serve", "--bind", "127.0.0.1:0", "--data-dir", data]);
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(stderr(&ended).lines().count(), 1, "{}", stderr(&ended));
    assert!(stderr(&ended).contains("identity"));
}

#[test]
fn a_gateway_serves_alone_and_stops_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let args = ["--bind", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
    let mut gateway = Running::start(&args);
    let sandbox = gateway.line("sandbox on http://");
    let address = gateway.line("listening on http://");
    let curl = gateway.line("curl -s ");
    assert!(curl.contains(&format!("{address}/v1/payouts")), "{curl}");
    assert!(process::get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(process::get(&sandbox, "/_sim/ledger").contains("\"data\":[]"));
    for name in ["identity", "dev-keys.json", "keys.json"] {
        let mode = fs::metadata(data.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let second = bursar(&args);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use") && stderr(&second).lines().count() == 1);
    assert_eq!(gateway.stop("TERM"), Some(0));
    let keys = fs::read(data.join("dev-keys.json")).unwrap();
    let mut again = Running::start(&args);
    again.line("listening on http://");
    assert_eq!(again.stop("INT"), Some(0));
    assert_eq!(fs::read(data.join("dev-keys.json")).unwrap(), keys, "keys survive a restart");
}

#[test]
fn the_log_is_archived_while_it_is_served_from() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backups) = (folder.path().join("data"), folder.path().join("backups"));
    fs::create_dir(&backups).unwrap();
    let file = folder.path().join("bursar.toml");
    let url = format!("[log_archive]\nurl = \"file://{}\"\n", backups.display());
    fs::write(&file, url).unwrap();
    let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
    let args = ["--bind", "127.0.0.1:0", "--data-dir", data, "--config", file];
    let mut gateway = Running::start(&args);
    let address = gateway.line("listening on http://");
    gateway.line("curl -s ");
    let figures = loop {
        let page = process::get(&address, "/metrics");
        if page.contains("bursar_log_archive_objects") && log_folders(&backups) == 1 {
            break page;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    for name in ["through", "lag_records", "lag_seconds", "errors_total", "stopped"] {
        assert!(figures.contains(&format!("\nbursar_log_archive_{name} 0")), "{name}\n{figures}");
    }
    assert_eq!(gateway.stop("TERM"), Some(0));
    let log = fs::read_dir(&backups).unwrap().next().unwrap().unwrap().path();
    let manifest = fs::read_to_string(log.join("manifest.json")).unwrap();
    for name in ["identity", "keys.json", "pepper"] {
        assert!(manifest.contains(&format!("\"name\": \"{name}\"")), "{name}: {manifest}");
    }
}

fn log_folders(backups: &std::path::Path) -> usize {
    fs::read_dir(backups).map_or(0, Iterator::count)
}

#[test]
fn an_empty_gateway_that_was_stopped_in_order_starts_without_a_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("stderr"));
    let args = ["--bind", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
    for start in 1..=3 {
        let mut gateway = Running::heard_in(&log, &args);
        gateway.line("curl -s ");
        assert_eq!(gateway.stop("TERM"), Some(0));
        let said = fs::read_to_string(&log).unwrap();
        // How many files a process may open is the machine's affair.
        let warned = |line: &str| line.contains("WARN") && !line.contains("web::serve::open_files");
        assert!(!said.lines().any(warned) && !said.contains("missing"), "start {start}: {said}");
    }
}

#[test]
fn whoever_only_looks_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (nope, into) = (folder.path().join("nope"), folder.path().join("into"));
    let into = into.to_str().unwrap();
    let table: [&[&str]; 9] = [
        &["keys", "list"],
        &["keys", "revoke", "key_0123456789abcdef"],
        &["verify"],
        &["inspect", "po_00000000000000000000000001"],
        &["replay", "--all"],
        &["snapshot", "list"],
        &["restore", "--into", into],
        &["restore", "--snapshot", "now", "--into", into, "--yes"],
        &["restore", "--drill"],
    ];
    for args in table {
        let ended = bursar(&[args, &["--data-dir", nope.to_str().unwrap()]].concat());
        assert_eq!(ended.status.code(), Some(1), "{args:?}: {}", stderr(&ended));
        let told = format!("bursar: {} is no data directory of a gateway\n", nope.display());
        assert_eq!(stderr(&ended), told, "{args:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?}");
    }
}

#[test]
fn a_restore_from_a_file_that_is_not_there_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (data, into) = (folder.path().join("data"), folder.path().join("into"));
    for name in ["nothere.export", "archive-2026.export", "later"] {
        let args = ["restore", "--snapshot", name, "--into", into.to_str().unwrap()];
        let ended = bursar(&[&args[..], &["--data-dir", data.to_str().unwrap()]].concat());
        assert_eq!(ended.status.code(), Some(2), "{name}: {}", stderr(&ended));
        let said = stderr(&ended);
        assert!(said.contains(&format!("there is no file {name}")), "{said}");
        for way in ["latest", "now", "archive or archive:LOG"] {
            assert!(said.contains(way), "{said}");
        }
    }
}

#[test]
fn the_sandbox_runs_alone() {
    let mut sandbox = Running::start(&["sandbox", "--bind", "127.0.0.1:0"]);
    let address = sandbox.line("sandbox on http://");
    assert!(process::get(&address, "/_sim/ledger").starts_with("HTTP/1.1 200"));
    assert_eq!(sandbox.stop("TERM"), Some(0));
}
