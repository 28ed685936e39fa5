//! The gateway as a process starts on an image, beside a sandbox that knows what was submitted before the
//! power went. Apart from the judge, who starts it within this process a thousand times as fast: this is for
//! a few, so that nothing is proved that is true only of the parts.

use crate::said::Known;
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;
use tests::process::{Process, merchant};

/// How often it is looked whether a payout is where it will stay.
const LOOKS: u32 = 3_000;
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Starts it, and holds what it says and what was paid against what others know.
pub fn judge(dir: &Path, known: &Known) -> Result<(), String> {
    let lived = AssertUnwindSafe(|| actix_rt::System::new().block_on(live(dir, known)));
    let refused = |_| Err("the process does not start, or ends".to_owned());
    std::panic::catch_unwind(lived).unwrap_or_else(refused)
}

async fn live(dir: &Path, known: &Known) -> Result<(), String> {
    let sandbox = Process::start(&["sandbox", "--bind", "127.0.0.1:0"], "sandbox on ");
    submit(&sandbox.url, known).await;
    let place = dir.to_str().unwrap();
    let gateway = Process::start(&["gateway", place, &sandbox.url], "listening on ");
    let client = merchant(&gateway.url, dir);
    let mut looks = 0..LOOKS;
    while client.get("/readyz").await.status != 200 {
        looks.next().ok_or("the process is never ready")?;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let mut states = Vec::new();
    for (id, version) in &known.payouts {
        let payout = loop {
            let answer = client.get(&format!("/v1/payouts/{id}")).await;
            if answer.at("/version").as_u64().is_none_or(|now| now < u64::from(*version)) {
                return Err(format!("I-18: {id} was known at {version}: {}", answer.text));
            }
            let under_way = ["READY", "INVOKING"].contains(&answer.at("/status").as_str().unwrap());
            if !under_way || answer.at("/moderation_required") == true || waits(&answer.json()) {
                break answer.json();
            }
            looks.next().ok_or_else(|| format!("{id} stays under way: {}", answer.text))?;
            tokio::time::sleep(LOOK_AGAIN).await;
        };
        states.push((id.to_string(), payout["state"].clone()));
    }
    for (id, state) in states {
        let page = reqwest::get(format!("{}/_sim/ledger?payout={id}", sandbox.url)).await.unwrap();
        let page: Value = page.json().await.unwrap();
        let rows = page["data"].as_array().unwrap().iter();
        let paid: u64 = rows.map(|row| row["paid"].as_u64().unwrap()).sum();
        if paid > 1 || (paid > 0 && state == "failed") {
            return Err(format!("I-2, I-3: {id} is {state} and was paid {paid} times"));
        }
    }
    Ok(())
}

/// Whoever is not to be processed by itself waits for its merchant.
fn waits(payout: &Value) -> bool {
    payout["autoprocess"] == false
}

/// Tells the sandbox what it had been told.
async fn submit(sandbox: &str, known: &Known) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let secret = r#"{"client_id":"bursar","client_secret":"sandbox-client-secret"}"#;
    let json = ("content-type", "application/json");
    let token = http.post(format!("{sandbox}/v1/token")).header(json.0, json.1).body(secret);
    let token: Value = token.send().await.unwrap().json().await.unwrap();
    for order in known.orders.values() {
        let request = http.post(format!("{sandbox}/v1/payouts")).header(json.0, json.1);
        let request = request.bearer_auth(token["access_token"].as_str().unwrap());
        // Recipients that make the sandbox hang up, or silent, have made it do what it did.
        let _ = request.timeout(Duration::from_millis(300)).body(order.clone()).send().await;
    }
}
