//! What happens around every handler, in one place and in this order: an id, a span, a deadline, a
//! net for panics; then the problem's body, the headers and the counting. One layer instead of six,
//! because each layer of actix costs every request an allocation and hides the order.

use super::AppState;
use super::connections::Connection;
use super::deadline::{self, TooLate};
use crate::limits::Quota;
use crate::problem::{Kind, Problem};
use crate::request_id::{REQUEST_ID, RequestId};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use tokio::time::Instant;
use tracing::Instrument;
use tracing::field::Empty;

/// What is remembered of one request while it is under way.
pub(crate) struct Exchange {
    id: RequestId,
    /// The body was read to its end: from then on a delay is ours.
    body_read: Cell<bool>,
    /// What is left of the caller's quota.
    quota: Cell<Option<Quota>>,
}

impl Exchange {
    fn of(request: &HttpRequest) -> Option<Rc<Exchange>> {
        request.extensions().get::<Rc<Exchange>>().cloned()
    }

    /// The body of this request was read to its end.
    pub fn note_body_read(request: &HttpRequest) {
        if let Some(exchange) = Exchange::of(request) {
            exchange.body_read.set(true);
        }
    }

    /// What is left of the caller's quota after this request.
    pub fn note_quota(request: &HttpRequest, quota: Quota) {
        if let Some(exchange) = Exchange::of(request) {
            exchange.quota.set(Some(quota));
        }
    }
}

/// Wraps the handler of one request.
pub(super) async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let Some(state) = request.app_data::<web::Data<AppState>>().cloned() else {
        // Only a wrongly composed program lacks its state.
        return Err(Problem::plain(Kind::INTERNAL_ERROR).into());
    };
    let route = state.http.route_of(request.path());
    let id = RequestId::of(request.headers());
    let exchange = Rc::new(Exchange { id, body_read: Cell::new(false), quota: Cell::new(None) });
    request.extensions_mut().insert(exchange.clone());
    // Without a socket there is none.
    let mut under_way = request.conn_data::<Rc<Connection>>().map(Connection::begin);
    let span = tracing::info_span!(
        "request",
        id = exchange.id.as_str(),
        method = request.method().as_str(),
        route = state.http.name_of(route),
        status = Empty,
    );
    // The request itself must not be kept meanwhile: actix insists on being its only owner.
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind();
    let handled = deadline::until(began + state.options.request_timeout, handled);
    let handled = handled.instrument(span.clone()).await;
    // Nothing is awaited from here on, so the span can be entered for good.
    let entered = span.enter();
    let outcome = match handled {
        Ok(Ok(Ok(answer))) => Ok(finish(answer.map_into_boxed_body(), &exchange)),
        Ok(Ok(Err(error))) => Err(answer_to(&problem_of(&error), &exchange)),
        Ok(Err(_panic)) => {
            tracing::error!("a handler panicked");
            Err(answer_to(&Problem::plain(Kind::INTERNAL_ERROR), &exchange))
        }
        Err(TooLate) => Err(answer_to(&too_slow(&exchange), &exchange)),
    };
    drop(entered);
    let status = match &outcome {
        Ok(answer) => answer.status(),
        Err(answer) => answer.status(),
    };
    let streams = |answer: &ServiceResponse<BoxBody>| {
        matches!(answer.response().body().size(), BodySize::Stream)
    };
    if let (Some(under_way), true) = (&mut under_way, outcome.as_ref().is_ok_and(streams)) {
        under_way.goes_on();
    }
    span.record("status", status.as_u16());
    state.http.count(route, status, began.elapsed());
    outcome
        .map_err(|answer| InternalError::from_response("answered by the envelope", answer).into())
}

/// The same answer with what every answer has; a refusal also gets its body.
fn finish(answer: ServiceResponse<BoxBody>, exchange: &Exchange) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    let problem = match answer.response().error() {
        Some(error) => Some(problem_of(error)),
        // actix itself refused, in words of its own.
        None if status.is_client_error() && !has_own_body(answer.headers()) => {
            Some(problem_for(status))
        }
        None => None,
    };
    match problem {
        Some(problem) => answer.into_response(answer_to(&problem, exchange)),
        None => {
            let mut answer = answer;
            adorn(answer.headers_mut(), exchange);
            answer
        }
    }
}

fn has_own_body(headers: &HeaderMap) -> bool {
    let json = |value: &HeaderValue| value.as_bytes().starts_with(b"application/");
    headers.get(header::CONTENT_TYPE).is_some_and(json)
}

fn answer_to(problem: &Problem, exchange: &Exchange) -> HttpResponse {
    let mut answer = problem.answer(exchange.id.as_str());
    if answer.status().is_server_error() {
        tracing::warn!(code = problem.code(), "answered with a problem");
    }
    adorn(answer.headers_mut(), exchange);
    answer
}

/// The headers of every answer.
fn adorn(headers: &mut HeaderMap, exchange: &Exchange) {
    headers.insert(REQUEST_ID, exchange.id.header());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(quota) = exchange.quota.get() {
        for (name, value) in quota.headers() {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The problem inside an error; what actix made itself is told by its status alone, because its
/// words may repeat the request.
fn problem_of(error: &Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.copy(),
        None => problem_for(error.as_response_error().status_code()),
    }
}

fn problem_for(status: StatusCode) -> Problem {
    Problem::plain(match status {
        StatusCode::NOT_FOUND => Kind::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => Kind::METHOD_NOT_ALLOWED,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::BODY_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::REQUEST_TIMEOUT => Kind::SLOW_REQUEST,
        status if status.is_client_error() => Kind::INVALID_REQUEST,
        _ => Kind::INTERNAL_ERROR,
    })
}

fn too_slow(exchange: &Exchange) -> Problem {
    if exchange.body_read.get() {
        let detail = "it may still be done; ask again with the same Idempotency-Key";
        Problem::new(Kind::SLOW_ANSWER, detail).retry_after(1)
    } else {
        Problem::new(Kind::SLOW_REQUEST, "nothing was done; send it again")
    }
}
