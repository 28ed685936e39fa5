//! A verification over HTTP: ordered, seen by whoever may only look, refused while one is under way, on
//! the record, and with what lies beside the store.

use super::rig::{Answer, Rig};
use super::*;
use engine::desk::Signature;
use serde_json::Value;
use std::sync::mpsc;
use std::time::Duration;

const PATH: &str = "/v1/ops/verify";

fn order(reason: &str) -> TestRequest {
    TestRequest::post().uri(PATH).set_json(json!({ "reason": reason }))
}

/// What somebody sees who may only look, once it is so.
async fn seen(rig: &Rig, state: &str) -> Answer {
    for _ in 0..1_000 {
        let answer = rig.call(TestRequest::with_uri(PATH), Some(&rig.viewer)).await;
        if answer.json()["state"] == state {
            return answer;
        }
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never was {state}");
}

#[actix_web::test]
async fn one_is_ordered_at_a_time_and_everybody_may_look() {
    let rig = Rig::ready().await;
    let made = rig.call(create("k"), Some(&rig.merchant)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let none = rig.call(TestRequest::with_uri(PATH), Some(&rig.viewer)).await;
    assert_eq!((none.status, none.code().as_str()), (404, "verification_not_found"));
    // Somebody's own goes on until this test lets it end.
    let (go_on, held) = mpsc::channel::<()>();
    let signed = Signature { by: "bob".into(), reason: "first".into(), from: "here".into() };
    let beside = Box::new(move |_: &mut _| held.recv().unwrap());
    rig.engine.gateway().start_verification(signed, beside).await.unwrap();
    let second = rig.call(order("second"), Some(&rig.operator)).await;
    assert_eq!((second.status, second.code().as_str()), (409, "verification_under_way"));
    let running = seen(&rig, "running").await.json();
    assert_eq!((&running["by"], &running["finished_at"]), (&json!("bob"), &Value::Null));
    assert!(running["progress"]["read"].is_u64() && running["good"].is_null(), "{running:#}");
    go_on.send(()).unwrap();
    let done = seen(&rig, "done").await.json();
    assert_eq!((&done["good"], &done["report"]["checked"]["payouts"]), (&json!(true), &json!(1)));
    assert_eq!((&done["progress"], &done["reason"]), (&Value::Null, &json!("first")));

    assert_eq!(rig.call(order("mine"), Some(&rig.viewer)).await.status, 403);
    let begun = rig.call(order("mine"), Some(&rig.operator)).await;
    assert_eq!((begun.status, begun.header("Location")), (202, PATH), "{}", begun.text);
    assert_eq!((&begun.json()["by"], &begun.json()["reason"]), (&json!("ann"), &json!("mine")));
    seen(&rig, "done").await;
    assert_eq!(on_record(&rig, 2).await, [("ann", "mine"), ("bob", "first")].map(owned));
    rig.engine.stop().await;
    let stopped = rig.call(order("late"), Some(&rig.operator)).await;
    assert_eq!((stopped.status, stopped.code().as_str()), (503, "not_ready"));
}

fn owned((by, reason): (&str, &str)) -> (String, String) {
    (by.to_owned(), reason.to_owned())
}

/// Who ordered a verification and why, the newest first; the one that was refused is not among them.
async fn on_record(rig: &Rig, count: usize) -> Vec<(String, String)> {
    for _ in 0..1_000 {
        let audit =
            rig.call(TestRequest::with_uri("/v1/ops/audit"), Some(&rig.viewer)).await.json();
        let rows = audit["data"].as_array().unwrap();
        let mine = rows.iter().filter(|row| row["action"] == "verify");
        let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let found: Vec<_> = mine.map(|row| (word(row, "by"), word(row, "reason"))).collect();
        if found.len() >= count {
            return found;
        }
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the orders are not on the record");
}

#[actix_web::test]
async fn what_lies_beside_the_store_is_looked_at_too_and_a_reason_is_needed() {
    let rig = Rig::ready().await;
    let nowhere = rig.folder.path().join("data");
    let begun = rig.call_with(order("mine"), Some(&rig.operator), |options| {
        options.data_dir = Some(nowhere.clone());
    });
    assert_eq!(begun.await.status, 202);
    let done = seen(&rig, "done").await.json();
    assert_eq!((&done["good"], &done["report"]["divergences"]), (&json!(false), &json!(1)));
    let told = &done["report"]["told"][0];
    assert_eq!(told["place"], nowhere.join("identity").to_str().unwrap(), "{done:#}");
    for (body, field) in [
        (json!({}), "reason"),
        (json!({"reason": " "}), "reason"),
        (json!({"reason": 1}), "reason"),
        (json!({"reason": "x", "fast": true}), "fast"),
    ] {
        let request = TestRequest::post().uri(PATH).set_json(&body);
        let refused = rig.call(request, Some(&rig.operator)).await;
        assert_eq!((refused.status, &refused.json()["field"]), (422, &json!(field)), "{body}");
    }
    rig.engine.stop().await;
}
