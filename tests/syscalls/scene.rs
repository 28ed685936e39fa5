//! What a gateway goes through while it is hit, and what it acknowledged meanwhile. Nothing is asserted here but
//! how it answers: it may be gone at any moment, and may refuse when its disk does.

use crate::gateway::Gateway;
use crate::ground::{Ground, Image, Wanted, is_over, place};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{Answer, Client};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scene {
    /// The first start of all, and an orderly stop.
    EmptyStart,
    /// Payouts from creation to the end and the last webhook, across the end of a segment.
    Life,
    /// A start behind a kill with payouts under way.
    Restart,
    /// A snapshot on an operator's order, then an orderly stop.
    Snapshot,
}

/// What was told while the gateway ran.
#[derive(Default)]
pub struct Told {
    pub wanted: Vec<Wanted>,
    pub snapshots: Vec<u64>,
    /// Problems with a status of 500 and more.
    pub refusals: Vec<String>,
    /// Answers that nothing excuses.
    pub wrong: Vec<String>,
    /// The provider was away for longer than its contract allows it to hide what it has: what it takes late is sent
    /// again under the same reference, which it recognises.
    pub may_be_sent_again: bool,
}

/// How long a gateway may make somebody wait that was hurt and has not ended. Whatever it owes then, it owes
/// after the next start.
const PATIENCE: Duration = Duration::from_secs(4);

impl Scene {
    pub const ALL: [Scene; 4] = [Scene::EmptyStart, Scene::Life, Scene::Restart, Scene::Snapshot];

    pub fn image(self, ground: &Ground) -> Option<&Image> {
        match self {
            Scene::EmptyStart => None,
            Scene::Life | Scene::Snapshot => Some(&ground.settled),
            Scene::Restart => Some(&ground.crashed),
        }
    }

    pub fn directory(self, ground: &Ground) -> TempDir {
        self.image(ground).map_or_else(place, Image::copy)
    }

    /// Goes through it, as far as the gateway comes.
    pub async fn play(self, gateway: &mut Gateway, ground: &mut Ground, told: &mut Told) {
        if !gateway.is_ready().await {
            return;
        }
        let client = gateway.client("merchant_key");
        match self {
            Scene::EmptyStart => drop(ask(&client, "/v1/events", told).await),
            Scene::Life => {
                let first = told.wanted.len();
                for suffix in ["000", "002", "010", "040"] {
                    let number = ground.next();
                    let one = Wanted::new(format!("round-{number}"), suffix, number);
                    told.wanted.push(if suffix == "000" { one } else { one.large() });
                    create(&client, told).await;
                }
                until_over(&client, told, first).await;
                // What is told of them is written down, too.
                heard(&client, ground, told).await;
            }
            Scene::Restart => {
                told.wanted = ground.crashed.made.clone();
                until_over(&client, told, 0).await;
                heard(&client, ground, told).await;
            }
            Scene::Snapshot => {
                let (first, number) = (told.wanted.len(), ground.next());
                told.wanted.push(Wanted::new(format!("round-{number}"), "000", number));
                create(&client, told).await;
                until_over(&client, told, first).await;
                snapshot(&gateway.client("operator_key"), told).await;
            }
        }
        if matches!(self, Scene::EmptyStart | Scene::Snapshot) {
            gateway.signal(Signal::TERM);
            if gateway.ends().await.is_none() {
                told.wrong.push("it does not stop when it is asked to".to_owned());
            }
        }
    }
}

async fn create(client: &Client, told: &mut Told) {
    let Some(one) = told.wanted.last_mut() else { return };
    let request = client.request("POST", "/v1/payouts").header("Idempotency-Key", &one.key);
    let Some(answer) = client.send(request.json(&one.body)).await else { return };
    match answer.status {
        200 | 201 => one.note(&answer.json()),
        _ => judge(&answer, told),
    }
}

/// A refusal may be the disk's fault; anything else is ours.
fn judge(answer: &Answer, told: &mut Told) {
    let problem = answer.code();
    if answer.status >= 500 && !problem.is_empty() {
        told.refusals.push(format!("{} {problem}", answer.status));
    } else {
        told.wrong.push(format!("answered {}: {}", answer.status, answer.text));
    }
}

async fn ask(client: &Client, path: &str, told: &mut Told) -> Option<Value> {
    let answer = client.send(client.request("GET", path)).await?;
    if answer.status == 200 {
        return Some(answer.json());
    }
    judge(&answer, told);
    None
}

async fn until_over(client: &Client, told: &mut Told, first: usize) {
    let began = Instant::now();
    for place in first..told.wanted.len() {
        let Some(id) = told.wanted[place].id.clone() else { continue };
        while began.elapsed() < PATIENCE {
            let Some(payout) = ask(client, &format!("/v1/payouts/{id}"), told).await else {
                return;
            };
            told.wanted[place].note(&payout);
            if is_over(&payout) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Until the receiver has the last event that there is, and the books of the webhooks are written.
async fn heard(client: &Client, ground: &Ground, told: &mut Told) {
    let began = Instant::now();
    let known = Scene::Life.image(ground).map_or(0, |image| image.heard.len());
    while began.elapsed() < PATIENCE {
        let Some(page) = ask(client, &format!("/v1/events?after={known}&limit=100"), told).await
        else {
            return;
        };
        let events = page["data"].as_array().unwrap();
        let taken = ground.receiver.taken();
        if events.iter().all(|event| taken.iter().any(|one| event["id"] == *one.id)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn snapshot(operator: &Client, told: &mut Told) {
    let request = operator.request("POST", "/v1/ops/snapshots").json(&json!({"reason": "a story"}));
    let Some(answer) = operator.send(request).await else { return };
    match answer.status {
        201 => told.snapshots.extend(answer.at("/id").as_u64()),
        _ => judge(&answer, told),
    }
}
