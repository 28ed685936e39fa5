//! After a round: the gateway starts again on the same directory with nothing in its way, and everything that was
//! acknowledged is held against what it says now, against the provider's ledger, and against what the receiver
//! heard. Says what is wrong, in words, and never panics, so that a run tells of all faults that it finds.

use crate::gateway::{DEADLINE, Gateway, SETTINGS};
use crate::ground::{Ground, Wanted, is_over, rows, subscribe};
use crate::scene::Told;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tests::receiver::Heard;
use tests::{Client, Receiver};

pub type Verdict<T = ()> = Result<T, String>;

/// Everything that must hold behind a round.
pub async fn judge(ground: &mut Ground, before: &[Heard], dir: &Path, mut told: Told) -> Verdict {
    if let Some(wrong) = told.wrong.first() {
        return Err(wrong.clone());
    }
    let mut gateway = Gateway::start(dir, &ground.sandbox.url, &[], &[]);
    if !gateway.is_ready().await {
        return Err(format!("it does not start again: {}", gateway.said()));
    }
    let client = gateway.client("merchant_key");
    if client.get("/v1/webhook-endpoints").await.at("/data/0").is_null() {
        subscribe(&client, &ground.receiver).await;
    }
    // It works as before, for a new payout too.
    let number = ground.next();
    told.wanted.push(Wanted::new(format!("probe-{number}"), "000", number));
    for one in &mut told.wanted {
        repeat(&client, one).await?;
    }
    let mut now = HashMap::new();
    for one in &told.wanted {
        let payout = over(&client, one).await?;
        now.insert(one.id.clone().unwrap_or_default(), payout);
    }
    against_the_ledger(ground, &client, &now).await?;
    if !told.may_be_sent_again {
        sent_at_most_once(ground, &now).await?;
    }
    let listed = gateway.client("operator_key").get("/v1/ops/snapshots").await.json();
    for id in &told.snapshots {
        let listed =
            listed["data"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == *id));
        if !listed {
            return Err(format!("snapshot {id} was acknowledged and is gone"));
        }
    }
    every_event_is_heard(&client, ground, before).await?;
    gateway.kill();
    verify(dir)
}

/// The merchant asks again under the same key: the same payout, however far the first request came.
async fn repeat(client: &Client, one: &mut Wanted) -> Verdict {
    let again = client.create_as(&one.key, &one.body).await;
    if !(200..300).contains(&again.status) {
        return Err(format!("{} is answered {}: {}", one.key, again.status, again.text));
    }
    let id = again.id();
    if one.id.as_ref().is_some_and(|told| *told != id) {
        return Err(format!("{} was {:?} and is {id}", one.key, one.id));
    }
    one.id = Some(id);
    Ok(())
}

async fn over(client: &Client, one: &Wanted) -> Verdict<Value> {
    let (began, id) = (Instant::now(), one.id.as_deref().unwrap_or_default());
    loop {
        let payout = client.payout(id).await;
        if payout["version"].as_u64().is_none_or(|version| version < one.version) {
            return Err(format!("{id} was told with version {}, and is {payout}", one.version));
        }
        if is_over(&payout) || !one.sent {
            return Ok(payout);
        }
        if began.elapsed() > DEADLINE {
            return Err(format!("{id} never comes to an end: {payout}"));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Every payout to a sound account comes to its end without a start in between: it is paid and nobody is asked to
/// look any more, or it waits for a person because it never arrived.
pub async fn all_paid_or_lost(
    ground: &Ground,
    client: &Client,
    wanted: &[Wanted],
) -> Verdict<usize> {
    let mut lost = 0;
    for one in wanted.iter().filter(|one| one.id.is_some()) {
        let id = one.id.as_deref().unwrap_or_default();
        // Behind minutes away there is a queue, which takes its time; it may not stand still.
        let began = Instant::now();
        loop {
            let payout = client.payout(id).await;
            let held = payout["moderation_required"] == true;
            if payout["status"] == "PROCESSED" && !held {
                break;
            }
            if held && began.elapsed() > SETTLED && !is_paid(ground, id).await {
                lost += 1;
                break;
            }
            if began.elapsed() > DEADLINE {
                return Err(format!("{id} never comes to an end: {payout}"));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(lost)
}

/// After this time the provider has made of everything whatever it will.
const SETTLED: Duration = Duration::from_secs(2);

async fn is_paid(ground: &Ground, id: &str) -> bool {
    let rows = rows(&ground.sandbox.url, "ledger").await;
    rows.iter().any(|row| row["payout"] == id && row["paid"] != 0)
}

/// Nothing paid twice, nothing told failed that was paid or paid that was not, and nothing paid that is not known.
async fn against_the_ledger(
    ground: &mut Ground,
    client: &Client,
    now: &HashMap<String, Value>,
) -> Verdict {
    let mut paid: HashMap<String, u64> = HashMap::new();
    for row in rows(&ground.sandbox.url, "ledger").await {
        let (id, reference) = (text(&row, "payout"), text(&row, "reference"));
        let new = ground.looked_at.insert(reference);
        if new && !now.contains_key(&id) {
            let payout = client.payout(&id).await;
            if payout["id"] != id.as_str() && !is_another_directorys(ground, &id) {
                return Err(format!("{id} was sent, and nobody knows it: {payout}"));
            }
        }
        *paid.entry(id).or_default() += row["paid"].as_u64().unwrap_or_default();
    }
    for (id, payout) in now {
        let paid = paid.get(id).copied().unwrap_or_default();
        if paid > 1 {
            return Err(format!("{id} was paid {paid} times"));
        }
        if payout["state"] == "failed" && paid > 0 {
            return Err(format!("{id} is told failed and was paid: {payout}"));
        }
        if payout["status"] == "PROCESSED" && paid != 1 {
            return Err(format!("{id} is told paid and was not: {payout}"));
        }
    }
    Ok(())
}

/// No submission left twice, whatever the provider would have made of the second one.
async fn sent_at_most_once(ground: &Ground, now: &HashMap<String, Value>) -> Verdict {
    let old: HashSet<&String> =
        ground.crashed.made.iter().filter_map(|one| one.id.as_ref()).collect();
    for row in rows(&ground.sandbox.url, "calls").await {
        let (id, submits) = (text(&row, "payout"), row["submits"].as_u64().unwrap_or_default());
        // Those of the crashed directory begin anew in every copy of it.
        if submits > 1 && now.contains_key(&id) && !old.contains(&id) {
            return Err(format!("{id} was sent {submits} times"));
        }
    }
    Ok(())
}

/// The crashed directory is copied again and again; what is in it was looked at when it was made.
fn is_another_directorys(ground: &Ground, id: &str) -> bool {
    ground.crashed.made.iter().any(|one| one.id.as_deref() == Some(id))
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

/// The list has no gap, and the receiver has taken all of it, each payout's in order.
async fn every_event_is_heard(client: &Client, ground: &Ground, before: &[Heard]) -> Verdict {
    let began = Instant::now();
    loop {
        let heard = [before, &ground.receiver.taken()].concat();
        let missing = missing(client, &heard).await?;
        if missing.is_empty() {
            return in_order(&heard);
        }
        if began.elapsed() > DEADLINE {
            return Err(format!("{} events are never heard: {}", missing.len(), missing[0]));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The receiver has taken all that there is by now, or soon has, whatever comes meanwhile.
pub async fn heard_so_far(client: &Client, receiver: &Receiver) -> Verdict {
    let now = missing(client, &receiver.taken()).await?;
    let began = Instant::now();
    while began.elapsed() < DEADLINE {
        let taken = receiver.taken();
        if now.iter().all(|event| taken.iter().any(|one| event["id"] == *one.id)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(format!("of {} webhooks that were put off, some are never sent", now.len()))
}

async fn missing(client: &Client, heard: &[Heard]) -> Verdict<Vec<Value>> {
    let heard: HashSet<&str> = heard.iter().map(|one| one.id.as_str()).collect();
    let (mut known, mut after, mut missing) = (0_u64, 0, Vec::new());
    loop {
        let page = client.get(&format!("/v1/events?after={after}&limit=100")).await;
        let Some(events) = page.at("/data").as_array().cloned() else {
            return Err(format!("the events are answered {}: {}", page.status, page.text));
        };
        for event in events {
            known += 1;
            if event["sequence"] != known {
                return Err(format!("place {known} of the events has {}", event["sequence"]));
            }
            if !heard.contains(event["id"].as_str().unwrap_or_default()) {
                missing.push(event);
            }
        }
        after = page.at("/next_after").as_u64().unwrap_or_default();
        if page.at("/has_more") == false {
            return Ok(missing);
        }
    }
}

fn in_order(heard: &[Heard]) -> Verdict {
    let (mut known, mut last) = (HashSet::new(), HashMap::<&str, u64>::new());
    for one in heard.iter().filter(|one| known.insert(&one.id)) {
        let payout = one.event["data"]["payout"]["id"].as_str().unwrap_or_default();
        let place = one.event["payout_sequence"].as_u64().unwrap_or_default();
        let before = last.insert(payout, place).unwrap_or(0);
        if place != before + 1 {
            return Err(format!("{payout}: event {place} was heard behind event {before}"));
        }
    }
    Ok(())
}

/// `bursar verify`, as an operator calls it.
pub fn verify(dir: &Path) -> Verdict {
    let own = std::env::current_exe().unwrap();
    let ran = Command::new(own).arg("verify").arg("--data-dir").arg(dir).envs(SETTINGS).output();
    let ran = ran.unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}
