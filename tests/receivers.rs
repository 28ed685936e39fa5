//! Webhooks as other people's code takes them: the receivers that merchants copy, in three languages,
//! and the official libraries of the standard.
//!
//! What an interpreter or a package is missing for is skipped, and says so; where
//! `BURSAR_MUST_NOT_SKIP` is set it fails.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::recipient::payout;
use tests::{Receiver, World};

/// Says what is missing; whether to go on without it.
fn skipped(what: &str, missing: &str) {
    println!("SKIPPED: {what}: {missing} is not installed");
    assert!(std::env::var_os("BURSAR_MUST_NOT_SKIP").is_none(), "{missing} is missing");
}

fn installed(interpreter: &str) -> bool {
    let found = Command::new(interpreter).arg("--version").stdout(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// A merchant's receiver in another language, and the lines that it printed.
struct Foreign {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Foreign {
    fn start(interpreter: &str, file: &Path, port: u16, secret: &str) -> Foreign {
        let mut child = Command::new(interpreter)
            .arg(file)
            .arg(port.to_string())
            .env("WEBHOOK_SECRET", secret)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let foreign = Foreign { child, lines: Arc::default() };
        let heard = foreign.lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                heard.lock().unwrap().push(line);
            }
        });
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return foreign;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} does not listen", file.display());
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[actix_rt::test]
async fn a_receiver_in_three_languages_takes_what_is_genuine_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/examples/webhook-receiver");
    for (interpreter, file) in
        [("python3", "receiver.py"), ("node", "receiver.mjs"), ("perl", "receiver.pl")]
    {
        if !installed(interpreter) {
            skipped(file, interpreter);
            continue;
        }
        let file = folder.join(file);
        let world = World::start().await;
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        let body = json!({ "url": format!("http://127.0.0.1:{port}/") });
        let made = world.merchant.post("/v1/webhook-endpoints", &body).await.json();
        drop(free);
        let (path, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let test = format!("/v1/webhook-endpoints/{path}/test");

        let stranger = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let deaf = Foreign::start(interpreter, &file, port, stranger);
        let refused = world.merchant.post(&test, &json!({})).await;
        assert_eq!(refused.at("/status"), 400, "{interpreter}: {}", refused.text);
        assert!(deaf.lines().is_empty());
        drop(deaf);

        let receiver = Foreign::start(interpreter, &file, port, secret);
        let taken = world.merchant.post(&test, &json!({})).await;
        assert_eq!(taken.at("/status"), 204, "{interpreter}: {}", taken.text);
        let id = world.merchant.create(&payout("000", 1)).await.id();
        world.merchant.until_status(&id, "PROCESSED").await;
        let processed = |line: &String| line.contains(" payout.processed ");
        for _ in 0..500 {
            if receiver.lines().iter().any(processed) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let lines = receiver.lines();
        let kinds: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        let story = ["payout.created", "payout.ready", "payout.invoking", "payout.processing"];
        let told: Vec<&str> =
            kinds.into_iter().filter(|kind| kind.starts_with("payout.")).take(4).collect();
        assert_eq!(told, story, "{interpreter}: {lines:?}");
        assert!(lines.iter().any(processed), "{interpreter}: {lines:?}");
        world.stop().await;
    }
}

/// Where the official libraries were put: `node_modules` and `py` in one folder.
fn libraries() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/standard-webhooks");
    std::env::var_os("STANDARD_WEBHOOKS").map_or(default, PathBuf::from)
}

/// What a verifier says of each message.
fn judged(interpreter: &str, script: &str, libraries: &Path, messages: &[Value]) -> Vec<String> {
    let mut child = Command::new(interpreter)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign").join(script))
        .env("STANDARD_WEBHOOKS", libraries)
        .env("PYTHONPATH", libraries.join("py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for message in messages {
        writeln!(input, "{message}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[actix_rt::test]
async fn the_official_libraries_take_our_signatures_and_refuse_a_changed_body() {
    let world = World::start().await;
    let mut messages = Vec::new();
    for signature in ["hmac", "ed25519"] {
        let receiver = Receiver::start();
        let body = json!({ "url": receiver.url, "signature": signature });
        let made = world.merchant.post("/v1/webhook-endpoints", &body).await.json();
        let key = [&made["secret"], &made["secrets"][0]["public_key"]]
            .into_iter()
            .find_map(Value::as_str);
        let key = key.unwrap().to_owned();
        let id = world.merchant.create(&payout("000", 1)).await.id();
        world.merchant.until_status(&id, "PROCESSED").await;
        for _ in 0..500 {
            if receiver.count() >= 5 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let heard = receiver.taken();
        assert!(heard.len() >= 5, "{signature}: {}", heard.len());
        for one in heard {
            let headers = json!({
                "webhook-id": one.id, "webhook-timestamp": one.timestamp,
                "webhook-signature": one.signature,
            });
            let body = String::from_utf8(one.body).unwrap();
            messages.push(json!({ "key": key, "headers": headers, "body": body }));
            let changed = body.replace("125.40", "925.40");
            messages.push(json!({ "key": key, "headers": headers, "body": changed }));
        }
    }
    world.stop().await;
    let libraries = libraries();
    let has = |path: &str| libraries.join(path).exists();
    for (interpreter, script, there) in [
        ("node", "verify.mjs", has("node_modules/standardwebhooks")),
        ("python3", "verify.py", has("py/standardwebhooks") && has("py/cryptography")),
    ] {
        if !installed(interpreter) || !there {
            skipped(script, "the official library standardwebhooks");
            continue;
        }
        let judged = judged(interpreter, script, &libraries, &messages);
        assert_eq!(judged.len(), messages.len(), "{interpreter}");
        for pair in judged.chunks(2) {
            assert_eq!(pair, ["taken", "refused"], "{interpreter}");
        }
    }
}
