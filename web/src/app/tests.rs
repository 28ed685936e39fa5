//! The whole server but for its socket, before recovery is through and after: who is let in, what
//! every answer carries, and what no log may hold.

mod journey;
mod logs;
mod rates;
mod rig;
mod sockets;
mod verification;
mod webhooks;

use super::*;
use crate::limits::RateLimit;
use actix_web::HttpResponse;
use actix_web::dev::Service;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service};
use rig::{Rig, create, payout, read};
use serde_json::json;

#[actix_web::test]
async fn every_door_wants_its_own_key() {
    let rig = Rig::unready();
    let id = "po_00000000000000000000000000";
    for (method, path) in api::endpoints().list() {
        let path = path.replace("{id}", id).replace("{account}", "sandbox");
        let request = || {
            let request = TestRequest::with_uri(&path).method(method.parse().unwrap());
            request.insert_header(("Idempotency-Key", "k")).set_json(json!({}))
        };
        if !path.starts_with("/v1/") || path.contains("/callbacks/") {
            continue;
        }
        let strangers =
            [None, Some("sk_test_nobody"), Some("ok_00000000000000000000000000000000000000")];
        for key in strangers {
            let answer = rig.call(request(), key).await;
            assert_eq!(
                (answer.status, answer.code()),
                (401, "unauthorized".to_owned()),
                "{method} {path}"
            );
            assert_eq!(answer.header("WWW-Authenticate"), "Bearer");
        }
        let for_operators = path.starts_with("/v1/ops/");
        let (wrong, right) = if for_operators {
            (&rig.merchant, &rig.operator)
        } else {
            (&rig.operator, &rig.merchant)
        };
        let answer = rig.call(request(), Some(wrong)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "forbidden".to_owned()),
            "{method} {path}"
        );
        let answer = rig.call(request(), Some(right)).await;
        assert!(![401, 403].contains(&answer.status), "{method} {path}: {}", answer.text);
        if for_operators {
            let answer = rig.call(request(), Some(&rig.viewer)).await;
            assert_eq!(answer.status == 403, method == "POST", "{method} {path} for a viewer");
        }
    }
}

#[actix_web::test]
async fn a_key_must_come_as_it_should() {
    let rig = Rig::unready();
    let get = || TestRequest::get().uri("/v1/methods");
    let key = &rig.merchant;
    for (header, status) in [
        (format!("Bearer {key}"), 200),
        (format!("bearer  {key}"), 200),
        (key.clone(), 401),
        (format!("Basic {key}"), 401),
        (format!("Bearer {key} "), 401),
        ("Bearer".to_owned(), 401),
    ] {
        let answer = rig.call(get().insert_header(("Authorization", header.as_str())), None).await;
        assert_eq!(answer.status, status, "{header}");
    }
    let twice = get().append_header(("Authorization", format!("Bearer {key}")));
    let twice = twice.append_header(("Authorization", "Bearer other"));
    assert_eq!(rig.call(twice, None).await.status, 401);
}

#[actix_web::test]
async fn wrong_addresses_and_methods_are_problems_too() {
    let rig = Rig::unready();
    for (method, path, status, allow) in [
        ("GET", "/v1/nothing", 404, ""),
        ("GET", "/v1/payouts/", 404, ""),
        ("DELETE", "/v1/payouts", 405, "POST, GET, HEAD"),
        ("PUT", "/v1/payouts/po_1", 405, "GET, HEAD"),
        ("PUT", "/v1/%70ayouts/po%5F1?at=/", 405, "GET, HEAD"),
        ("GET", "/v1/payouts/po_1/", 404, ""),
        ("GET", "/v1/payouts//po_1", 404, ""),
        ("GET", "/v1/payouts/po_1/nothing", 404, ""),
        ("GET", "/v1/payoutspo_1", 404, ""),
        ("GET", "/v1/payouts/po_1/cancel", 405, "POST"),
        ("POST", "/livez", 405, "GET, HEAD"),
        ("GET", "/docs/nothing.js", 404, ""),
    ] {
        let request = TestRequest::with_uri(path).method(method.parse().unwrap());
        let answer = rig.call(request, None).await;
        assert_eq!((answer.status, answer.header("Allow")), (status, allow), "{method} {path}");
        assert_eq!(answer.header("Content-Type"), "application/problem+json");
        assert_eq!(answer.json()["request_id"], answer.header("Request-Id"));
    }
}

#[actix_web::test]
async fn a_payout_is_the_last_piece_of_its_address() {
    let rig = Rig::ready().await;
    let id = rig.call(create("k"), Some(&rig.merchant)).await.json()["id"].clone();
    let digits = id.as_str().unwrap().strip_prefix("po_").unwrap();
    for (path, status, code) in [
        (format!("/v1/payouts/po_{digits}"), 200, ""),
        (format!("/v1/payouts/%70o_{digits}"), 200, ""),
        (format!("/v1/payouts/po_{digits}%2Fhistory"), 404, "payout_not_found"),
        (format!("/v1/payouts/{digits}"), 404, "payout_not_found"),
        (format!("/v1/payouts/po_{digits}/"), 404, "not_found"),
        (format!("/v1/payouts//po_{digits}"), 404, "not_found"),
    ] {
        let answer = rig.call(TestRequest::get().uri(&path), Some(&rig.merchant)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
}

#[actix_web::test]
async fn bodies_are_of_the_right_type_and_size() {
    let rig = Rig::unready();
    let request = || TestRequest::post().uri("/v1/payouts").insert_header(("Idempotency-Key", "k"));
    let json = "application/json";
    for (kind, body, status, code) in [
        ("text/plain", "{}".to_owned(), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "a=b".to_owned(), 415, "unsupported_media_type"),
        ("application/json; charset=latin1", "{}".to_owned(), 415, "unsupported_media_type"),
        ("application/json; charset=UTF-8", "{}".to_owned(), 422, "required"),
        (json, " ".repeat(64 * 1024) + "{}", 413, "body_too_large"),
        (json, "hello".to_owned(), 400, "invalid_json"),
        (json, String::new(), 400, "invalid_json"),
    ] {
        let request = request().insert_header(("Content-Type", kind)).set_payload(body);
        let answer = rig.call(request, Some(&rig.merchant)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{kind}");
    }
    let encoded =
        request().insert_header(("Content-Type", json)).insert_header(("Content-Encoding", "gzip"));
    assert_eq!(rig.call(encoded.set_payload("{}"), Some(&rig.merchant)).await.status, 415);
}

#[actix_web::test]
async fn idempotency_keys_are_read_strictly() {
    let rig = Rig::unready();
    let long = "k".repeat(256);
    for (key, code) in [
        ("", "invalid_idempotency_key"),
        ("a b", "invalid_idempotency_key"),
        ("ä", "invalid_idempotency_key"),
        (long.as_str(), "invalid_idempotency_key"),
        ("\"quoted\"", "not_ready"),
    ] {
        let answer = rig.call(create(key), Some(&rig.merchant)).await;
        assert_eq!(answer.code(), code, "{key:?}");
    }
    let without = TestRequest::post().uri("/v1/payouts").set_json(payout());
    assert_eq!(rig.call(without, Some(&rig.merchant)).await.code(), "idempotency_key_required");
    let twice = create("a").append_header(("Idempotency-Key", "b"));
    assert_eq!(rig.call(twice, Some(&rig.merchant)).await.code(), "invalid_idempotency_key");
}

#[actix_web::test]
async fn parameters_are_read_strictly() {
    let rig = Rig::unready();
    let id = "po_00000000000000000000000000";
    for (path, code, field) in [
        ("/v1/payouts?colour=red".to_owned(), "unknown_parameter", "colour"),
        ("/v1/payouts?limit=0".to_owned(), "invalid_parameter", "limit"),
        ("/v1/payouts?limit=101".to_owned(), "invalid_parameter", "limit"),
        ("/v1/payouts?limit=5&limit=6".to_owned(), "invalid_parameter", "limit"),
        ("/v1/payouts?status=PAID".to_owned(), "invalid_parameter", "status"),
        ("/v1/payouts?state=done".to_owned(), "invalid_parameter", "state"),
        ("/v1/payouts?cursor=xyz".to_owned(), "invalid_parameter", "cursor"),
        ("/v1/payouts?currency=eur".to_owned(), "invalid_parameter", "currency"),
        (
            "/v1/payouts?moderation_required=1".to_owned(),
            "invalid_parameter",
            "moderation_required",
        ),
        ("/v1/payouts?created_after=yesterday".to_owned(), "invalid_parameter", "created_after"),
        (format!("/v1/payouts/{id}?at=now"), "invalid_parameter", "at"),
        (format!("/v1/payouts/{id}/history?at=now"), "unknown_parameter", "at"),
        ("/v1/payouts?created_after=2026-11-20T10:00:00+01:00&limit=5".to_owned(), "not_ready", ""),
    ] {
        let answer = rig.call(TestRequest::with_uri(&path), Some(&rig.merchant)).await;
        let field_told = answer.json()["field"].as_str().unwrap_or_default().to_owned();
        assert_eq!((answer.code().as_str(), field_told.as_str()), (code, field), "{path}");
    }
}

#[actix_web::test]
async fn before_recovery_nothing_is_promised() {
    let rig = Rig::unready();
    let answer = rig.call(TestRequest::with_uri("/readyz"), None).await;
    assert_eq!((answer.status, &answer.json()["ready"]), (503, &json!(false)));
    assert_eq!(rig.call(TestRequest::with_uri("/livez"), None).await.status, 200);
    let answer = rig.call(create("k"), Some(&rig.merchant)).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "not_ready"));
    assert_eq!(answer.header("Retry-After"), "1");
    let figures = rig.call(TestRequest::with_uri("/metrics"), None).await;
    assert!(figures.text.contains("bursar_ready 0"), "{}", figures.text);
    let about = rig.call(TestRequest::with_uri("/"), None).await.json();
    assert_eq!((&about["name"], &about["links"]["docs"]), (&json!("bursar"), &json!("/docs")));
    assert_eq!(
        rig.call(TestRequest::with_uri("/version"), None).await.json()["api"],
        json!(["v1"])
    );
}

#[actix_web::test]
async fn every_answer_carries_an_id_and_is_not_kept() {
    let rig = Rig::unready();
    for path in ["/livez", "/nothing", "/docs/index.html"] {
        let brought = TestRequest::with_uri(path).insert_header(("X-Request-Id", "trace-7"));
        let answer = rig.call(brought, None).await;
        assert_eq!(answer.header("Request-Id"), "trace-7");
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
        assert!(
            rig.call(TestRequest::with_uri(path), None)
                .await
                .header("Request-Id")
                .starts_with("req_")
        );
    }
}

#[actix_web::test]
async fn the_documentation_needs_nobody_else() {
    let rig = Rig::unready();
    let front = rig.call(TestRequest::with_uri("/docs"), None).await;
    assert_eq!((front.status, front.header("Location")), (308, "/docs/index.html"));
    let page = rig.call(TestRequest::with_uri("/docs/index.html"), None).await;
    assert!(page.header("Content-Security-Policy").contains("default-src 'none'"));
    assert!(page.text.contains("swagger-ui") && !page.text.contains("http"), "{}", page.text);
    let start = rig.call(TestRequest::with_uri("/docs/swagger-initializer.js"), None).await;
    assert!(
        start.text.contains("/openapi.json") && !start.text.contains("petstore"),
        "{}",
        start.text
    );
    let document = rig.call(TestRequest::with_uri("/openapi.json"), None).await;
    assert_eq!(document.json()["openapi"], "3.1.0");
}

#[actix_web::test]
async fn a_merchant_over_its_quota_is_told_when_to_come_back() {
    let rig = Rig::unready();
    let limit = RateLimit { per_second: 1, burst: 2 };
    let service = init_service(app(rig.state(|options| options.rate_limit = Some(limit)))).await;
    let ask = async |key: &str| {
        let request = TestRequest::with_uri("/v1/methods");
        let request = request.insert_header(("Authorization", format!("Bearer {key}")));
        read(service.call(request.to_request()).await).await
    };
    let first = ask(&rig.merchant).await;
    assert_eq!((first.status, first.header("RateLimit-Policy")), (200, "\"default\";q=2;w=2"));
    assert!(
        first.header("RateLimit").starts_with("\"default\";r=1;"),
        "{}",
        first.header("RateLimit")
    );
    assert_eq!(ask(&rig.merchant).await.status, 200);
    let refused = ask(&rig.merchant).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "rate_limited"));
    assert_eq!(refused.header("Retry-After"), "1");
    assert!(refused.header("RateLimit").starts_with("\"default\";r=0;"));
    assert_eq!(ask(&rig.other_merchant).await.status, 200, "the other merchant has its own quota");
}

#[actix_web::test]
async fn a_panic_and_a_delay_are_answered() {
    let rig = Rig::unready();
    let state = rig.state(|options| options.request_timeout = Duration::from_millis(50));
    let slow = async |body: actix_web::web::Bytes| {
        drop(body);
        tokio::time::sleep(Duration::from_secs(60)).await;
        HttpResponse::new(StatusCode::OK)
    };
    let panics = async || -> HttpResponse { panic!("a bug with a SECRET in it") };
    let service = init_service(
        App::new()
            .app_data(state.clone())
            .wrap(actix_web::middleware::from_fn(envelope::envelope))
            .route("/slow", web::to(slow))
            .route("/panic", web::to(panics))
            .route("/plain", web::to(async || HttpResponse::new(StatusCode::CONFLICT))),
    )
    .await;
    for (path, status, code) in [
        ("/panic", 500, "internal_error"),
        ("/slow", 408, "request_timeout"),
        ("/plain", 409, "invalid_request"),
    ] {
        let answer = read(service.call(TestRequest::with_uri(path).to_request()).await).await;
        assert_eq!(answer.code(), code, "{path}: {}", answer.text);
        assert!(answer.status == status || path == "/plain", "{path}: {}", answer.status);
        assert!(answer.header("Request-Id").starts_with("req_") && !answer.text.contains("SECRET"));
    }
}
