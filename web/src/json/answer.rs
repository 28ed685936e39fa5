//! An answer whose body is JSON. Apart from the writer, which knows no HTTP.

use super::to_json;
use actix_web::HttpResponse;
use actix_web::HttpResponseBuilder;
use actix_web::error::JsonPayloadError;
use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;

/// What is being answered, with the value as its body.
pub fn answer<T: Serialize + ?Sized>(begun: &mut HttpResponseBuilder, value: &T) -> HttpResponse {
    match to_json(value) {
        Ok(body) => {
            let json = HeaderValue::from_static("application/json");
            begun.insert_header((header::CONTENT_TYPE, json)).body(body)
        }
        Err(error) => HttpResponse::from_error(JsonPayloadError::Serialize(error)),
    }
}
