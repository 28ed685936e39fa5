//! The page says what was counted, in the form that Prometheus reads.

use super::*;
use actix_web::http::StatusCode;
use std::time::Duration;

fn metrics() -> HttpMetrics {
    HttpMetrics::new(vec!["/", "/v1/payouts", "/v1/payouts/{id}", "/v1/payouts/{id}/history"])
}

#[test]
fn paths_find_their_address_and_strangers_none() {
    let metrics = metrics();
    let table = [
        ("/", "/"),
        ("/v1/payouts", "/v1/payouts"),
        ("/v1/payouts/po_1", "/v1/payouts/{id}"),
        ("/v1/payouts/po_1/history", "/v1/payouts/{id}/history"),
        ("/v1/payouts/", "none"),
        ("/v1/payouts/po_1/secret", "none"),
        ("/v1", "none"),
        ("", "none"),
    ];
    for (path, route) in table {
        assert_eq!(metrics.name_of(metrics.route_of(path)), route, "{path}");
    }
}

#[test]
fn requests_are_counted_by_address_class_and_latency() {
    let metrics = metrics();
    let route = metrics.route_of("/v1/payouts");
    metrics.count(route, StatusCode::CREATED, Duration::from_micros(250));
    metrics.count(route, StatusCode::CREATED, Duration::from_micros(251));
    metrics.count(route, StatusCode::CONFLICT, Duration::from_secs(60));
    let mut text = Text::default();
    metrics.write(&mut text);
    let page = text.finish();
    for line in [
        "bursar_http_requests_total{route=\"/v1/payouts\",status=\"2xx\"} 2",
        "bursar_http_requests_total{route=\"/v1/payouts\",status=\"4xx\"} 1",
        "bursar_http_request_seconds_bucket{route=\"/v1/payouts\",le=\"0.000250\"} 1",
        "bursar_http_request_seconds_bucket{route=\"/v1/payouts\",le=\"0.000500\"} 2",
        "bursar_http_request_seconds_bucket{route=\"/v1/payouts\",le=\"10.000000\"} 2",
        "bursar_http_request_seconds_bucket{route=\"/v1/payouts\",le=\"+Inf\"} 3",
        "bursar_http_request_seconds_sum{route=\"/v1/payouts\"} 60.000501",
        "bursar_http_request_seconds_count{route=\"/v1/payouts\"} 3",
        "# TYPE bursar_http_request_seconds histogram",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert!(!page.contains("history"), "what nobody asked for is left out");
}

#[test]
fn the_memory_of_this_process_is_known() {
    assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
}
