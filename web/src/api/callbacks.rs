//! What providers tell us, unasked: bytes, handed whole to the engine. No key, no parsing and no
//! believing here; only the adapter knows the signature, and even a good one is only a hint to ask.
//!
//! → `engine::gateway`

use crate::app::{AppState, Endpoints, last_piece};
use crate::limits::RawBody;
use crate::problem::{Problem, ProblemOut};
use actix_web::{HttpRequest, HttpResponse, web};
use adapters::provider::RawCallback;
use serde::Serialize;
use utoipa::ToSchema;

/// What every provider is answered, whatever it said: nothing can be learned here by trying.
#[derive(Serialize, ToSchema)]
#[schema(as = Received)]
pub struct ReceivedOut {
    /// Always true.
    received: bool,
}

/// Takes a provider's callback.
#[utoipa::path(
    post, path = "/v1/callbacks/{provider_account}", tag = "callbacks", operation_id = "takeCallback",
    params(("provider_account" = String, Path, description = "The account's configured name")),
    request_body(content = String, description = "Whatever the provider sends", content_type = "*/*"),
    responses(
        (status = 200, description = "Received; never more than a hint to ask", body = ReceivedOut),
        (status = 404, description = "No provider account of this name", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn take(
    request: HttpRequest,
    body: RawBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let account = last_piece(&request, "provider_account").unwrap_or_default();
    let headers = request.headers().iter().filter_map(|(name, value)| {
        // A value that is no text cannot be part of any signature known to an adapter.
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let raw = RawCallback {
        headers: headers.collect(),
        body: body.0.to_vec(),
        received_at: state.gateway.clock().now().0.div_euclid(1_000_000),
    };
    state.gateway.callback(account, raw).await?;
    Ok(HttpResponse::Ok().json(ReceivedOut { received: true }))
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.post("/v1/callbacks/{provider_account}", take);
}
