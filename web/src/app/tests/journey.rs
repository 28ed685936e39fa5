//! One payout through the real engine and the sandbox inside the process: what each address shows.

use super::rig::Answer;
use super::*;
use serde_json::Value;

impl Rig {
    async fn get(&self, path: &str) -> Answer {
        self.call(TestRequest::with_uri(path), Some(&self.merchant)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(TestRequest::post().uri(path).set_json(body), Some(&self.merchant)).await
    }

    async fn until(&self, id: &str, status: &str) -> Value {
        let path = format!("/v1/payouts/{id}");
        for _ in 0..1_000 {
            let payout = self.get(&path).await.json();
            if payout["status"] == status {
                return payout;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never got there: {:#}", self.get(&path).await.json());
    }
}

#[actix_web::test]
async fn a_payout_is_made_paid_and_shown() {
    let rig = Rig::ready().await;
    let made = rig.call(create("k"), Some(&rig.merchant)).await;
    assert_eq!((made.status, &made.json()["status"]), (201, &json!("READY")), "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("Location"), format!("/v1/payouts/{id}"));
    let paid = rig.until(&id, "PROCESSED").await;
    assert_eq!((&paid["money"], &paid["amount_processed"]), (&json!("paid"), &json!("125.40")));

    let again = rig.call(create("k"), Some(&rig.merchant)).await;
    assert_eq!((again.status, &again.text), (201, &made.text));
    assert_eq!(
        (again.header("Idempotent-Replayed"), made.header("Idempotent-Replayed")),
        ("true", "")
    );
    let mut other = payout();
    other["amount"] = json!("1.00");
    let reused = TestRequest::post().uri("/v1/payouts").insert_header(("Idempotency-Key", "k"));
    let reused = rig.call(reused.set_json(other), Some(&rig.merchant)).await;
    assert_eq!((reused.status, reused.code().as_str()), (422, "idempotency_key_reused"));

    let then = made.json()["updated_at"].as_str().unwrap().to_owned();
    let earlier = rig.get(&format!("/v1/payouts/{id}?at={then}")).await.json();
    assert_eq!(earlier["status"], "READY");
    assert_eq!(rig.get(&format!("/v1/payouts/{id}?at=2001-01-01T00:00:00Z")).await.status, 404);
    let history = rig.get(&format!("/v1/payouts/{id}/history")).await.json();
    assert_eq!(
        (&history["data"][0]["from"], &history["data"][0]["to"]),
        (&Value::Null, &json!("CREATED"))
    );
    let statements = rig.get(&format!("/v1/payouts/{id}/statements")).await.json();
    assert_eq!(statements["data"].as_array().unwrap().last().unwrap()["outcome"], "paid");

    let refused = rig.post(&format!("/v1/payouts/{id}/process"), &json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "not_allowed"));
    assert_eq!(refused.json()["payout_status"], "PROCESSED");
    let odd = rig.post(&format!("/v1/payouts/{id}/cancel"), &json!({"now": true})).await;
    assert_eq!((odd.code().as_str(), &odd.json()["field"]), ("unknown_field", &json!("now")));
    rig.engine.stop().await;
}

#[actix_web::test]
async fn pages_follow_one_another() {
    let rig = Rig::ready().await;
    let mut made = Vec::new();
    for number in 0..7 {
        let answer = rig.call(create(&format!("k{number}")), Some(&rig.merchant)).await;
        made.push(answer.json()["id"].clone());
    }
    made.reverse();
    let (mut seen, mut path) = (Vec::new(), "/v1/payouts?limit=3".to_owned());
    loop {
        let page = rig.get(&path).await.json();
        seen.extend(page["data"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        assert_eq!(page["has_more"], json!(page["next_cursor"].is_string()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/payouts?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, made);
    let list = rig.call(TestRequest::with_uri("/v1/payouts"), Some(&rig.other_merchant)).await;
    assert_eq!(list.json()["data"], json!([]));
    rig.engine.stop().await;
}

#[actix_web::test]
async fn commands_and_operators() {
    let rig = Rig::ready().await;
    let mut body = payout();
    body["autoprocess"] = json!(false);
    body["reference"] = json!("order-1");
    body["recipient"].as_object_mut().unwrap().remove("iban");
    let ask = |key: &str, body: &Value| {
        let request =
            TestRequest::post().uri("/v1/payouts").insert_header(("Idempotency-Key", key));
        request.set_json(body)
    };
    let made = rig.call(ask("k1", &body), Some(&rig.merchant)).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["status"], &made["details_required"]),
        (&json!("CREATED"), &json!(["recipient.iban"]))
    );
    let duplicate = rig.call(ask("k2", &body), Some(&rig.merchant)).await;
    assert_eq!((duplicate.status, duplicate.code().as_str()), (409, "duplicate_reference"));
    assert_eq!(duplicate.json()["payout"], id);
    body["reference"] = Value::Null;
    body["provider_account"] = json!("nobody");
    let nowhere = rig.call(ask("k3", &body), Some(&rig.merchant)).await;
    assert_eq!(
        (nowhere.code().as_str(), &nowhere.json()["field"]),
        ("no_route", &json!("provider_account"))
    );

    let path = format!("/v1/payouts/{id}/details");
    let wrong = rig.post(&path, &json!({"recipient": {"iban": "DE00"}})).await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (422, &json!("recipient.iban")));
    let given = rig.post(&path, &json!({"recipient": {"iban": "DE89370400440532013000"}})).await;
    assert_eq!(given.json()["status"], "READY", "{}", given.text);
    let path = format!("/v1/payouts/{id}/terminate");
    let stop = || TestRequest::post().uri(&path).insert_header(("Idempotency-Key", "stop"));
    let stopped = rig.call(stop(), Some(&rig.merchant)).await;
    assert_eq!((stopped.status, &stopped.json()["status"]), (200, &json!("TERMINATED")));
    let again = rig.call(stop().set_json(json!({})), Some(&rig.merchant)).await;
    assert_eq!((&again.text, again.header("Idempotent-Replayed")), (&stopped.text, "true"));

    let path = format!("/v1/ops/payouts/{id}");
    let seen = rig.call(TestRequest::with_uri(&path), Some(&rig.viewer)).await.json();
    assert_eq!(seen["id"], id);
    let decide =
        |body: Value| TestRequest::post().uri(&format!("{path}/moderation")).set_json(body);
    let release = json!({"action": "release", "reason": "looked at it"});
    assert_eq!(rig.call(decide(release.clone()), Some(&rig.viewer)).await.status, 403);
    assert_eq!(rig.call(decide(release), Some(&rig.operator)).await.status, 409);
    let odd = rig.call(decide(json!({"action": "pay"})), Some(&rig.operator)).await.json();
    let told: Vec<&Value> =
        odd["errors"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(told, [&json!("required"), &json!("invalid_action")]);
    let providers =
        rig.call(TestRequest::with_uri("/v1/ops/providers"), Some(&rig.viewer)).await.json();
    assert_eq!(providers["data"][0]["health"]["mode"], "open", "{providers:#}");
    let absent = rig.call(TestRequest::with_uri("/v1/ops/providers/none"), Some(&rig.viewer)).await;
    assert_eq!(absent.code(), "provider_account_not_found");
    rig.engine.stop().await;
}

#[actix_web::test]
async fn another_merchants_payout_is_as_absent_as_none() {
    let rig = Rig::ready().await;
    let id =
        rig.call(create("k"), Some(&rig.merchant)).await.json()["id"].as_str().unwrap().to_owned();
    for (method, path) in api::endpoints().list() {
        if !path.starts_with("/v1/payouts/{id}") {
            continue;
        }
        let mut told = Vec::new();
        for id in [id.as_str(), "po_00000000000000000000000000", "po_nonsense", "x"] {
            let uri = path.replace("{id}", id);
            let request = TestRequest::with_uri(&uri).method(method.parse().unwrap());
            let request = match path {
                path if path.ends_with("/details") => {
                    request.set_json(json!({"recipient": {"name": "A"}}))
                }
                _ => request,
            };
            let answer = rig.call(request, Some(&rig.other_merchant)).await;
            let mut problem = answer.json();
            problem["request_id"] = Value::Null;
            told.push((answer.status, problem));
        }
        assert_eq!(
            (told[0].0, &told[0].1["code"]),
            (404, &json!("payout_not_found")),
            "{method} {path}"
        );
        assert!(told.iter().all(|one| *one == told[0]), "{method} {path}: {told:?}");
    }
    rig.engine.stop().await;
}

#[actix_web::test]
async fn callbacks_learn_nothing_from_us() {
    let rig = Rig::ready().await;
    let uri = "/v1/callbacks/sandbox";
    for body in ["", "not json", "{\"reference\": \"x\"}"] {
        let answer = rig.call(TestRequest::post().uri(uri).set_payload(body), None).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{\"received\":true}"), "{body}");
    }
    let large = TestRequest::post().uri(uri).set_payload("x".repeat(64 * 1024 + 1));
    assert_eq!(rig.call(large, None).await.status, 413);
    let nowhere = rig.call(TestRequest::post().uri("/v1/callbacks/nobody"), None).await;
    assert_eq!((nowhere.status, nowhere.code().as_str()), (404, "provider_account_not_found"));
    rig.engine.stop().await;
}

#[actix_web::test]
async fn the_figures_cover_every_part() {
    let rig = Rig::ready().await;
    rig.call(create("k"), Some(&rig.merchant)).await;
    let page = rig.call(TestRequest::with_uri("/metrics"), None).await.text;
    for line in [
        "bursar_ready 1",
        "bursar_payouts_created_total 1",
        "bursar_provider_mode{account=\"sandbox\",mode=\"open\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    for name in ["bursar_journal_commits_total", "process_resident_memory_bytes"] {
        assert!(page.contains(name), "{name}");
    }
    let methods = rig.get("/v1/methods").await.json();
    assert_eq!(methods["data"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&methods["data"][0]["available"], &methods["data"][0]["currencies"]),
        (&json!(true), &Value::Null)
    );
    let ready = rig.call(TestRequest::with_uri("/readyz"), None).await;
    assert_eq!(
        (ready.status, ready.json()["journal_sequence"].is_u64()),
        (200, true),
        "{}",
        ready.text
    );
    rig.engine.stop().await;
}
