//! The list of events and the stream over it: one gapless sequence, to be taken up again anywhere.

use serde_json::Value;
use std::time::Duration;
use tests::recipient::payout;
use tests::{Client, World};

/// The events of a stream until there are so many, or the stream says no more.
async fn streamed(client: &Client, last: Option<u64>, wanted: usize) -> Vec<Value> {
    let mut request = client.request("GET", "/v1/events/stream?after=0");
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/event-stream"), "{kind}");
    let (mut text, mut events) = (String::new(), Vec::new());
    while events.len() < wanted {
        let chunk = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await;
        // It says something in time, is not broken off, and goes on.
        let chunk = chunk.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some(end) = text.find("\n\n") {
            let message: String = text.drain(..end + 2).collect();
            events.extend(read(&message));
        }
    }
    events
}

fn read(message: &str) -> Option<Value> {
    let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
    let event: Value = serde_json::from_str(field("data: ")?).unwrap();
    assert_eq!(field("id: ").unwrap(), event["sequence"].to_string());
    assert_eq!(field("event: ").unwrap(), event["type"].as_str().unwrap());
    Some(event)
}

#[actix_rt::test]
async fn a_stream_goes_on_where_it_was_cut_off_and_tells_what_the_list_tells() {
    let world = World::start().await;
    let first = world.merchant.create(&payout("000", 1)).await.id();
    let head = streamed(&world.merchant, None, 3).await;
    let second = world.merchant.create(&payout("000", 2)).await.id();
    let last = head.last().unwrap()["sequence"].as_u64();
    for id in [&first, &second] {
        world.merchant.until_status(id, "PROCESSED").await;
    }
    let mut all = head;
    all.extend(streamed(&world.merchant, last, 10 - all.len()).await);
    let listed = world.merchant.get("/v1/events?limit=100").await.json();
    assert_eq!(listed["has_more"], false);
    assert_eq!(&all, listed["data"].as_array().unwrap());
    for (place, event) in all.iter().enumerate() {
        assert_eq!(event["sequence"], place + 1);
        assert_eq!(event["object"], "event");
    }
    let nobody = world.other_merchant.get("/v1/events").await.json();
    assert_eq!(nobody["data"], Value::Array(Vec::new()), "another merchant's events are not ours");
    world.stop().await;
}

#[actix_rt::test]
async fn events_outlive_a_restart_with_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let settings = adapters::sandbox::SandboxSettings::default();
    let start = async || {
        let options = adapters::sandbox::SandboxOptions {
            settings: settings.clone(),
            ..adapters::sandbox::SandboxOptions::default()
        };
        let sandbox = adapters::sandbox::serve(options).await.unwrap();
        World::join(dir.path(), sandbox, &settings).await
    };
    let world = start().await;
    let id = world.merchant.create(&payout("000", 1)).await.id();
    world.merchant.until_status(&id, "PROCESSED").await;
    let before = streamed(&world.merchant, None, 5).await;
    world.stop().await;

    let world = start().await;
    let after = world.merchant.get("/v1/events?limit=100").await.json();
    assert_eq!(&before, after["data"].as_array().unwrap());
    let id = world.merchant.create(&payout("000", 2)).await.id();
    world.merchant.until_status(&id, "PROCESSED").await;
    let more = streamed(&world.merchant, Some(5), 5).await;
    assert_eq!(more[0]["sequence"], 6);
    world.stop().await;
}

#[actix_rt::test]
async fn what_cannot_be_read_from_is_refused() {
    let world = World::start().await;
    for (path, field) in [
        ("/v1/events?after=x", "after"),
        ("/v1/events?after=-1", "after"),
        ("/v1/events?limit=0", "limit"),
        ("/v1/events?limit=101", "limit"),
        ("/v1/events/stream?after=x", "after"),
    ] {
        let answer = world.merchant.get(path).await;
        assert_eq!((answer.status, answer.at("/field")), (400, Value::from(field)), "{path}");
    }
    let request = world.merchant.request("GET", "/v1/events/stream").header("Last-Event-ID", "x");
    assert_eq!(world.merchant.send(request).await.unwrap().status, 400);
    assert_eq!(world.operator.get("/v1/events").await.status, 403);
    world.stop().await;
}
