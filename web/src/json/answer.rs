//! An answer whose body is JSON. Apart from the writer, which knows no HTTP.

use super::{to_json, to_json_within};
use actix_web::error::JsonPayloadError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;

/// Most payouts are no longer.
const PAYOUT_LENGTH: usize = 1_536;

/// What is being answered, with the value as its body.
pub fn answer<T: Serialize + ?Sized>(begun: &mut HttpResponseBuilder, value: &T) -> HttpResponse {
    with_body(begun, to_json(value))
}

/// The same with a list of so many payouts, which need not be moved when the list grows.
pub fn answer_list<T: Serialize + ?Sized>(
    begun: &mut HttpResponseBuilder,
    payouts: usize,
    list: &T,
) -> HttpResponse {
    with_body(begun, to_json_within((payouts + 1) * PAYOUT_LENGTH, list))
}

fn with_body(begun: &mut HttpResponseBuilder, json: serde_json::Result<Vec<u8>>) -> HttpResponse {
    match json {
        Ok(body) => {
            let json = HeaderValue::from_static("application/json");
            begun.insert_header((header::CONTENT_TYPE, json)).body(body)
        }
        Err(error) => HttpResponse::from_error(JsonPayloadError::Serialize(error)),
    }
}
