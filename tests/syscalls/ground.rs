//! What stays while gateways are killed: the sandbox with its ledger, the merchant's receiver, and two data
//! directories to begin rounds with. Apart because a round may change only copies of it.

use crate::gateway::{DEADLINE, Gateway, SETTINGS};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;
use tests::process::Process;
use tests::receiver::Heard;
use tests::recipient::payout;
use tests::{Client, Receiver};

/// A payout that a merchant wants, and what it was told of it.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub key: String,
    pub body: Value,
    /// Whether anything is to be sent; else it is only there.
    pub sent: bool,
    pub id: Option<String>,
    pub version: u64,
}

impl Wanted {
    pub fn new(key: String, suffix: &str, number: u32) -> Wanted {
        Wanted { key, body: payout(suffix, number), sent: true, id: None, version: 0 }
    }

    /// One that fills the journal.
    pub fn large(mut self) -> Wanted {
        let texts = (0..40).map(|number| (format!("field_{number}"), json!("x".repeat(400))));
        self.body["metadata"] = Value::Object(texts.collect());
        self
    }

    pub fn not_sent(mut self) -> Wanted {
        self.body["autoprocess"] = json!(false);
        self.sent = false;
        self
    }

    /// Notes what an answer showed.
    pub fn note(&mut self, payout: &Value) {
        if let (Some(id), Some(version)) = (payout["id"].as_str(), payout["version"].as_u64()) {
            self.id = Some(id.to_owned());
            self.version = self.version.max(version);
        }
    }
}

/// Whether nothing happens to a payout any more unless a person does something.
pub fn is_over(payout: &Value) -> bool {
    let open = payout["state"] == "pending" || payout["state"] == "processing";
    payout["moderation_required"] == true || (payout["state"].is_string() && !open)
}

/// A data directory to copy, and what was told while it was made.
pub struct Image {
    dir: TempDir,
    pub made: Vec<Wanted>,
    pub heard: Vec<Heard>,
}

/// One worker's surroundings.
pub struct Ground {
    pub sandbox: Process,
    pub receiver: Receiver,
    pub settled: Image,
    pub crashed: Image,
    /// References of the ledger that earlier rounds have looked at.
    pub looked_at: HashSet<String>,
    /// Makes keys and recipients that no other round has.
    pub number: u32,
}

/// In memory, where there is such a place: kills do not empty it.
pub fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

impl Ground {
    pub async fn prepare(worker: u32) -> Ground {
        let mut ground = Ground::bare(worker);
        let url = ground.sandbox.url.clone();
        ground.settled = settled(&url, &ground.receiver, worker).await;
        ground.crashed = crashed(&url, &ground.receiver, &ground.settled, worker).await;
        ground
    }

    /// Without the directories.
    pub fn bare(worker: u32) -> Ground {
        // The sandbox is told the same as the gateway.
        let sandbox =
            Process::start_with(&["sandbox", "--bind", "127.0.0.1:0"], "sandbox on ", &SETTINGS);
        Ground {
            sandbox,
            receiver: Receiver::start(),
            settled: Image::empty(),
            crashed: Image::empty(),
            looked_at: HashSet::new(),
            number: 1_000_000 * (worker + 1),
        }
    }

    /// Begins anew: what was heard and sent before is nothing of this round's.
    pub async fn clear(&mut self) {
        self.receiver.take();
        for row in rows(&self.sandbox.url, "ledger").await {
            self.looked_at.insert(row["reference"].as_str().unwrap_or_default().to_owned());
        }
    }

    /// A number that no payout of this worker has had.
    pub fn next(&mut self) -> u32 {
        self.number += 1;
        self.number
    }
}

impl Image {
    fn empty() -> Image {
        Image { dir: place(), made: Vec::new(), heard: Vec::new() }
    }

    pub fn copy(&self) -> TempDir {
        let copy = place();
        copy_into(self.dir.path(), copy.path());
        copy
    }
}

pub fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_into(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}

/// Every row of the sandbox's ledger, or of its calls.
pub async fn rows(url: &str, which: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = reqwest::get(format!("{url}/_sim/{which}?limit=1000{cursor}")).await.unwrap();
        let page: Value = page.json().await.unwrap();
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Everything over, everything told, stopped in order; the first segment nearly full.
async fn settled(sandbox: &str, receiver: &Receiver, worker: u32) -> Image {
    let dir = place();
    let mut gateway = Gateway::start(dir.path(), sandbox, &[], &[]);
    assert!(gateway.is_ready().await, "{}", gateway.said());
    let client = gateway.client("merchant_key");
    subscribe(&client, receiver).await;
    let mut made = Vec::new();
    for (number, suffix) in (0..).zip(["000", "002", "040", "001"]) {
        let mut one =
            Wanted::new(format!("settled-{worker}-{number}"), suffix, 100 * worker + number);
        one.note(&client.create_as(&one.key, &one.body).await.json());
        one.note(&client.until(one.id.as_ref().unwrap(), is_over).await);
        made.push(one);
    }
    let segment = dir.path().join("log/00000000000000000001.seg");
    for number in 10.. {
        let bytes = fs::read(&segment).unwrap();
        if bytes.iter().rposition(|byte| *byte != 0).unwrap() > 930_000 {
            break;
        }
        let one = Wanted::new(format!("settled-{worker}-{number}"), "000", 100 * worker + number);
        let one = one.large().not_sent();
        let id = client.create_as(&one.key, &one.body).await.id();
        client.command(&id, "terminate", &json!({})).await;
    }
    everything_is_heard(&client, receiver).await;
    gateway.signal(rustix::process::Signal::TERM);
    assert!(gateway.ends().await.is_some_and(|status| status.success()), "{}", gateway.said());
    Image { dir, made, heard: receiver.take() }
}

/// The same directory, killed with payouts in every state of being under way.
async fn crashed(sandbox: &str, receiver: &Receiver, from: &Image, worker: u32) -> Image {
    let dir = from.copy();
    let mut gateway = Gateway::start(dir.path(), sandbox, &[], &[]);
    assert!(gateway.is_ready().await, "{}", gateway.said());
    let client = gateway.client("merchant_key");
    let mut made = from.made.clone();
    let suffixes = ["010", "012", "013", "020", "000", "000", "000"];
    for (number, suffix) in (50..).zip(suffixes) {
        let mut one =
            Wanted::new(format!("crashed-{worker}-{number}"), suffix, 100 * worker + number);
        one.note(&client.create_as(&one.key, &one.body).await.json());
        made.push(one);
    }
    gateway.kill();
    let heard = [from.heard.clone(), receiver.take()].concat();
    Image { dir, made, heard }
}

pub async fn subscribe(client: &Client, receiver: &Receiver) {
    let made = client.post("/v1/webhook-endpoints", &json!({ "url": receiver.url })).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

async fn everything_is_heard(client: &Client, receiver: &Receiver) {
    let began = Instant::now();
    loop {
        let (mut known, mut after) = (0, 0);
        loop {
            let page = client.get(&format!("/v1/events?after={after}&limit=100")).await.json();
            known += page["data"].as_array().unwrap().len();
            after = page["next_after"].as_u64().unwrap();
            if page["has_more"] == false {
                break;
            }
        }
        if receiver.count() == known {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{} of {known} events were heard", receiver.count());
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
