//! What the gateway is given to do while it is recorded: payouts of every kind, a receiver of messages, looks
//! and lists, commands. Apart from the recorder, because this is the story and that the camera.

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tests::process::merchant;
use tests::recipient::payout;
use tests::{Client, Receiver};

/// Paid, refused, failed, in part, lost on the way, late, for ever on its way.
const SUFFIXES: [&str; 10] = ["000", "000", "001", "002", "040", "010", "013", "018", "030", "000"];
const CLIENTS: u32 = 4;
const EACH: u32 = 14;

/// A life of the gateway: merchants at work, and in its end once more a burst that is not waited for.
pub async fn work(url: &str, data: &Path, life: u32, receiver: &Receiver) {
    let client = merchant(url, data);
    while client.get("/readyz").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let made = client.post("/v1/webhook-endpoints", &json!({ "url": receiver.url })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let all: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::task::spawn_local(create(client.clone(), life, number, EACH)))
        .collect();
    let mut ids = Vec::new();
    for one in all {
        ids.extend(one.await.unwrap());
    }
    for (suffix, id) in ids.iter().filter(|(suffix, _)| ["000", "001", "002"].contains(suffix)) {
        // A refusal whose answer came too late on a busy machine waits for a person.
        let over = |payout: &Value| {
            let open = payout["state"] == "pending" || payout["state"] == "processing";
            !open || payout["moderation_required"] == true
        };
        assert!(over(&client.until(id, over).await), "{suffix}");
    }
    look_around(&client).await;
    // Power goes, processes die and operators stop while there is work.
    for number in 0..CLIENTS {
        tokio::task::spawn_local(create(client.clone(), life, CLIENTS + number, 3));
    }
    create(client, life, 2 * CLIENTS + 2, 1).await;
}

/// Creates and looks, one after the other, until somebody hangs up.
async fn create(client: Client, life: u32, number: u32, count: u32) -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    for nth in 0..count {
        let place = nth + number * count;
        let suffix = SUFFIXES[place as usize % SUFFIXES.len()];
        let mut body = payout(suffix, 10_000 * life + 100 * number + nth);
        body["reference"] = json!(format!("order-{life}-{number}-{nth}"));
        let waits = place % 9 == 8;
        body["autoprocess"] = json!(!waits);
        let key = format!("power-{life}-{number}-{nth}");
        let request = client.request("POST", "/v1/payouts").header("Idempotency-Key", key);
        let Some(answer) = client.send(request.json(&body)).await else { return made };
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id = answer.id();
        let command = if place.is_multiple_of(2) { "process" } else { "terminate" };
        let path = if waits { format!("/{command}") } else { String::new() };
        let method = if waits { "POST" } else { "GET" };
        let look = client.request(method, &format!("/v1/payouts/{id}{path}"));
        let look = look.header("Idempotency-Key", format!("{command}-{life}-{number}-{nth}"));
        let look = if waits { look.json(&json!({})) } else { look };
        let Some(_) = client.send(look).await else { return made };
        if !waits {
            made.push((suffix, id));
        }
    }
    made
}

/// Whoever reads a list has been told what is in it.
async fn look_around(client: &Client) {
    client.get("/v1/payouts?limit=100").await;
    let mut after = 0;
    loop {
        let page = client.get(&format!("/v1/events?after={after}&limit=100")).await.json();
        let newest = page["next_after"].as_u64().unwrap();
        if page["has_more"] == false || newest == after {
            return;
        }
        after = newest;
    }
}
