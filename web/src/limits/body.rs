//! The bytes of a request, off the wire: so many and no more. Apart from actix's own extractors,
//! whose limits are wider and whose refusals are no problems.

use crate::app::{AppState, Exchange};
use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;

/// A body that is handed on untouched, of whatever type.
pub struct RawBody(pub Bytes);

impl FromRequest for RawBody {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<RawBody, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fits = check_length(request);
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(RawBody(read_at_most(&request, payload, fits?).await?)) })
    }
}

/// Refuses by the declared length, before a byte is read. Answers the limit.
pub(crate) fn check_length(request: &HttpRequest) -> Result<usize, Problem> {
    let limit = AppState::of(request).map_or(0, |state| state.options.body_limit);
    match declared_length(request.headers()) {
        Some(length) if length > limit as u64 => Err(too_large(limit)),
        _ => Ok(limit),
    }
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_at_most(
    request: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Bytes, Problem> {
    let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken(&error, limit))?;
        if first.len() + whole.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        // Nearly every body is one chunk, and then it is not copied.
        if first.is_empty() && whole.is_empty() {
            first = chunk;
            continue;
        }
        whole.extend_from_slice(&std::mem::take(&mut first));
        whole.extend_from_slice(&chunk);
    }
    Exchange::note_body_read(request);
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Kind::BODY_TOO_LARGE, format!("at most {limit} bytes are taken"))
}

/// The connection ended, or what came was no valid transfer.
fn broken(error: &PayloadError, limit: usize) -> Problem {
    match error {
        PayloadError::Overflow => too_large(limit),
        _ => Problem::new(Kind::INVALID_REQUEST, "the body did not arrive whole"),
    }
}
