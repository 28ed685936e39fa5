//! `kill -9` at random moments under load, a hundred times or as often as BURSAR_KILLS says, with the
//! sandbox as a process of its own whose ledger survives. At the end: everything acknowledged is there,
//! at least as far as it was acknowledged; nothing was paid twice; nothing is told failed that was paid.
//! And the merchant's receiver has heard every event, each payout's in order.
//!
//! A binary of its own, because it runs itself as the gateway and as the sandbox.
#![allow(clippy::unwrap_used, reason = "a story that cannot go on should stop where it stands")]

use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::process::{Process, merchant};
use tests::recipient::payout;
use tests::{Client, Receiver};

/// How often, if nobody says otherwise.
const KILLS: u32 = 100;
const CLIENTS: u32 = 6;
const SUFFIXES: [&str; 8] = ["000", "002", "010", "012", "013", "018", "020", "040"];

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("serve" | "sandbox") => web::cli::run(),
        // Listing and filtering, as test runners ask for them.
        Some("--list") => {
            println!("a_hundred_kills_lose_nothing: test");
            ExitCode::SUCCESS
        }
        Some(filter)
            if !filter.starts_with('-') && !"a_hundred_kills_lose_nothing".contains(filter) =>
        {
            println!(
                "\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out"
            );
            ExitCode::SUCCESS
        }
        _ => {
            println!("\nrunning 1 test");
            actix_rt::System::new().block_on(a_hundred_kills_lose_nothing());
            println!("test a_hundred_kills_lose_nothing ... ok");
            println!(
                "\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"
            );
            ExitCode::SUCCESS
        }
    }
}

/// What was acknowledged: each payout's id, and the highest version that any answer showed.
type Acknowledged = Arc<Mutex<HashMap<String, u64>>>;

async fn a_hundred_kills_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = Process::start(&["sandbox", "--bind", "127.0.0.1:0"], "sandbox on ");
    let acknowledged = Acknowledged::default();
    let mut pauses = Pauses(0x9e37_79b9_7f4a_7c15);
    let mut receiver = Receiver::start();
    let kills = kills();
    for round in 0..kills {
        let gateway = serve(dir.path(), &sandbox.url);
        match round {
            0 => subscribe(&merchant(&gateway.url, dir.path()), &receiver).await,
            // Now and then nobody listens for a while.
            _ if round % 10 == 8 => receiver.kill().await,
            _ if round % 10 == 9 => receiver.start_again().await,
            _ => {}
        }
        if round % 3 > 0 {
            // Every third is killed while it may still be reading its journal.
            ready(&merchant(&gateway.url, dir.path())).await;
        }
        let load = load(&gateway.url, dir.path(), round, &acknowledged);
        // Long enough, now and then, for snapshots to be taken in the middle of the load.
        let longer = if round % 10 == 5 { 800 } else { 0 };
        tokio::time::sleep(Duration::from_millis(pauses.next(20, 250) + longer)).await;
        gateway.kill();
        for client in load {
            client.await.unwrap();
        }
    }
    let gateway = serve(dir.path(), &sandbox.url);
    let client = merchant(&gateway.url, dir.path());
    ready(&client).await;
    let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    assert!(acknowledged.len() > kills as usize, "the load was real: {}", acknowledged.len());
    let mut told = HashMap::new();
    for (id, version) in &acknowledged {
        let settled = |payout: &Value| {
            let open = payout["state"] == "pending" || payout["state"] == "processing";
            !open || payout["moderation_required"] == true
        };
        let payout = client.until(id, settled).await;
        assert!(payout["version"].as_u64().unwrap() >= *version, "{id} went back in time");
        told.insert(id.clone(), payout);
    }
    let ledger = ledger(&sandbox.url).await;
    let mut paid_payouts = 0;
    for (id, paid) in &ledger {
        assert!(*paid <= 1, "{id} was paid {paid} times");
        paid_payouts += paid;
        // Also those whose creation was never answered.
        let payout = client.get(&format!("/v1/payouts/{id}")).await;
        assert_eq!(payout.status, 200, "{id} was sent, and nobody knows it: {}", payout.text);
        let failed = payout.at("/state") == "failed";
        assert!(!(failed && *paid > 0), "{id} is told failed and was paid: {}", payout.text);
    }
    for (id, payout) in &told {
        let paid = ledger.get(id).copied().unwrap_or(0);
        let failed = payout["state"] == "failed";
        assert!(!(failed && paid > 0), "{id} is told failed and was paid");
        assert!(!(payout["status"] == "PROCESSED" && paid != 1), "{id} is told paid and was not");
    }
    let events = every_event_was_heard(&client, &receiver).await;
    println!(
        "{} acknowledged, {paid_payouts} paid once, {events} events heard in order, {kills} kills",
        told.len()
    );
    gateway.kill();
    sandbox.kill();
}

fn kills() -> u32 {
    std::env::var("BURSAR_KILLS").map_or(KILLS, |text| text.parse().unwrap())
}

async fn subscribe(client: &Client, receiver: &Receiver) {
    ready(client).await;
    let made = client.post("/v1/webhook-endpoints", &json!({ "url": receiver.url })).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

/// The list of events has no gap, and the receiver has taken every one of them, each payout's in
/// order.
async fn every_event_was_heard(client: &Client, receiver: &Receiver) -> usize {
    let (mut known, mut after) = (0_u64, 0);
    for _ in 0..12_000 {
        let page = client.get(&format!("/v1/events?after={after}&limit=100")).await.json();
        for event in page["data"].as_array().unwrap() {
            known += 1;
            assert_eq!(event["sequence"], known, "the sequence has a gap");
        }
        after = page["next_after"].as_u64().unwrap();
        if page["has_more"] == false {
            if receiver.count() as u64 == known {
                receiver.in_order();
                return receiver.count();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    panic!("{} of {known} events were heard", receiver.count());
}

fn serve(dir: &Path, sandbox: &str) -> Process {
    let dir = dir.to_str().unwrap();
    Process::start(
        &["serve", "--bind", "127.0.0.1:0", "--data-dir", dir, "--sandbox", sandbox],
        "listening on ",
    )
}

/// Recovery is through.
async fn ready(client: &Client) {
    while client.get("/readyz").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Clients that create, look, and stop when the gateway is gone.
fn load(
    url: &str,
    dir: &Path,
    round: u32,
    seen: &Acknowledged,
) -> Vec<tokio::task::JoinHandle<()>> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    // The keys are there before the gateway listens.
    let client = merchant(url, dir);
    (0..CLIENTS)
        .map(|_| {
            let (client, seen) = (client.clone(), seen.clone());
            tokio::task::spawn_local(async move {
                loop {
                    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                    let suffix = SUFFIXES[number as usize % SUFFIXES.len()];
                    let key = format!("kill-{round}-{number}");
                    let request =
                        client.request("POST", "/v1/payouts").header("Idempotency-Key", key);
                    let Some(made) = client.send(request.json(&payout(suffix, number))).await
                    else {
                        return;
                    };
                    if made.status == 503 {
                        // Still reading its journal.
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    }
                    assert_eq!(made.status, 201, "{}", made.text);
                    let id = made.id();
                    note(&seen, &made.json());
                    let look = client.request("GET", &format!("/v1/payouts/{id}"));
                    let Some(looked) = client.send(look).await else { return };
                    if looked.status == 200 {
                        note(&seen, &looked.json());
                    }
                }
            })
        })
        .collect()
}

fn note(seen: &Acknowledged, payout: &Value) {
    let (Some(id), Some(version)) = (payout["id"].as_str(), payout["version"].as_u64()) else {
        return;
    };
    let mut seen = seen.lock().unwrap();
    let highest = seen.entry(id.to_owned()).or_default();
    *highest = version.max(*highest);
}

/// How often the provider paid, by payout.
async fn ledger(url: &str) -> HashMap<String, u64> {
    let (mut paid, mut cursor) = (HashMap::new(), String::new());
    loop {
        let page = reqwest::get(format!("{url}/_sim/ledger?limit=1000{cursor}")).await.unwrap();
        let page: Value = page.json().await.unwrap();
        for row in page["data"].as_array().unwrap() {
            let id = row["payout"].as_str().unwrap().to_owned();
            *paid.entry(id).or_default() += row["paid"].as_u64().unwrap();
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return paid,
        }
    }
}

/// Pauses that differ from round to round and are the same in every run.
struct Pauses(u64);

impl Pauses {
    fn next(&mut self, from: u64, until: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + self.0 % (until - from)
    }
}
