//! The server's own pages: the ledger, the clock, the count of calls, and who is let in.

use super::*;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// A client without our account's manners.
struct Visitor {
    client: Client,
    url: String,
}

impl Visitor {
    fn of(server: &SandboxServer) -> Visitor {
        Visitor { client: Client::builder().no_proxy().build().unwrap(), url: server.url() }
    }

    async fn get(&self, path: &str) -> Value {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let response =
            self.client.post(format!("{}{path}", self.url)).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

#[actix_web::test]
async fn the_ledger_is_read_page_by_page() {
    let (server, provider) = start().await;
    let visitor = Visitor::of(&server);
    for number in 0..5 {
        provider.submit(order(number, 0)).await;
        // Refused, and so never in the ledger.
        provider.submit(order(100 + number, 1)).await;
    }
    server.advance(Duration::from_secs(1));
    let (mut rows, mut path, mut pages) = (Vec::new(), "/_sim/ledger?limit=2".to_owned(), 0);
    loop {
        let page = visitor.get(&path).await;
        pages += 1;
        rows.extend(page["data"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        assert_eq!(page["has_more"], true);
        path = format!("/_sim/ledger?limit=2&cursor={cursor}");
    }
    assert_eq!((rows.len(), pages), (5, 3));
    let expected = json!({
        "payout": payout(3).to_string(), "reference": provider_reference(payout(3), 1),
        "paid": 1, "returned": 0, "revoked": 0, "amount": "125.40", "currency": "EUR",
    });
    assert_eq!(rows[3], expected);
    let one = visitor.get(&format!("/_sim/ledger?payout={}", payout(3))).await;
    assert_eq!(one, json!({ "data": [expected], "has_more": false, "next_cursor": null }));
    let none = visitor.get(&format!("/_sim/ledger?payout={}", payout(99))).await;
    assert_eq!(none, json!({ "data": [], "has_more": false, "next_cursor": null }));
    server.stop().await;
}

#[actix_web::test]
async fn the_clock_is_turned_and_what_is_due_happens() {
    let (server, provider) = start().await;
    let visitor = Visitor::of(&server);
    let order = order(1, 6);
    provider.submit(order.clone()).await;
    until(&provider, &order, ProviderState::Held).await;
    let (status, before) = visitor.post("/_sim/advance", json!({ "seconds": 0 })).await;
    assert_eq!(status, StatusCode::OK);
    let (_, after) = visitor.post("/_sim/advance", json!({ "seconds": 61 })).await;
    assert!(after["now"].as_i64().unwrap() >= before["now"].as_i64().unwrap() + 61);
    assert_eq!(server.ledger_of(order.payout)[0].paid, 1);
    until(&provider, &order, ProviderState::Settled).await;
    let (status, _) = visitor.post("/_sim/advance", json!({ "seconds": -1 })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    server.stop().await;
}

#[actix_web::test]
async fn calls_are_counted() {
    let (server, provider) = start().await;
    let visitor = Visitor::of(&server);
    let busy = order(1, 17);
    provider.submit(busy.clone()).await;
    provider.submit(busy.clone()).await;
    provider.fetch_status(lookup(&busy)).await;
    let calls = visitor.get(&format!("/_sim/calls?payout={}", payout(1))).await;
    let expected = json!({ "payout": payout(1).to_string(), "reference": busy.reference, "submits": 2, "fetches": 1 });
    assert_eq!(calls["data"], json!([expected]));
    server.stop().await;
}

#[actix_web::test]
async fn strangers_and_nonsense_are_turned_away() {
    let (server, _) = start().await;
    let visitor = Visitor::of(&server);
    let table = [
        ("/v1/payouts", json!({}), StatusCode::UNAUTHORIZED, "invalid_credentials"),
        ("/v1/payouts/x/revoke", json!({}), StatusCode::UNAUTHORIZED, "invalid_credentials"),
        ("/v1/quotes", json!({}), StatusCode::UNAUTHORIZED, "invalid_credentials"),
        (
            "/v1/token",
            json!({ "client_id": "bursar" }),
            StatusCode::UNAUTHORIZED,
            "invalid_credentials",
        ),
        ("/v2/payouts", json!({}), StatusCode::NOT_FOUND, "no_such_address"),
    ];
    for (path, body, status, code) in table {
        assert_eq!(visitor.post(path, body).await, (status, json!({ "code": code })), "{path}");
    }
    server.stop().await;
}

#[actix_web::test]
async fn a_request_that_makes_no_sense_says_so() {
    let (server, _) = start().await;
    let visitor = Visitor::of(&server);
    let secret = json!({ "client_id": "bursar", "client_secret": "sandbox-client-secret" });
    let token =
        visitor.post("/v1/token", secret).await.1["access_token"].as_str().unwrap().to_owned();
    let good = json!({
        "reference": "r-1", "payout": payout(1).to_string(), "amount": "1.00", "currency": "EUR",
        "method": "bank_transfer", "recipient": { "type": "bank_account", "account_number": "12345000" },
    });
    let table = [
        ("reference", json!(""), "invalid_request"),
        ("payout", json!("po_1"), "invalid_request"),
        ("amount", json!("1.001"), "invalid_amount"),
        ("amount", json!(1), "invalid_request"),
        ("currency", json!("EURO"), "invalid_request"),
    ];
    for (field, value, code) in table {
        let mut body = good.clone();
        body[field] = value;
        let request = visitor
            .client
            .post(format!("{}/v1/payouts", visitor.url))
            .bearer_auth(&token)
            .json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{field}");
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "code": code }), "{field}");
    }
    let request =
        visitor.client.post(format!("{}/v1/payouts", visitor.url)).bearer_auth(&token).json(&good);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
    server.stop().await;
}
