//! A merchant's webhook endpoints: made, read, changed and removed. What is sent to them, and what came
//! of it, is in the files beside.

pub(crate) mod deliveries;
mod input;
mod output;
mod path;
pub(crate) mod requests;

use super::parameters::NoParameters;
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::json::JsonBody;
use crate::problem::{Kind, Problem, ProblemOut};
use crate::webhooks::{Endpoint, EndpointError, Mode, Unavailable, Webhooks};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, web};
use input::{ChangesIn, EndpointIn};
use output::{EndpointOut, EndpointsOut};
use path::EndpointPath;
use std::sync::Arc;

/// Makes an endpoint. It is sent what happens from now on; its secret is shown in this answer only.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints", tag = "webhooks", operation_id = "createWebhookEndpoint",
    request_body = EndpointIn,
    responses(
        (status = 201, description = "The endpoint, with its secret", body = EndpointOut),
        (status = 409, description = "There are 16 already", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 422, description = "Invalid fields", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn create(
    merchant: Merchant,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let mode = Mode::of(merchant.livemode);
    let wanted = EndpointIn::read(&body.read()?, webhooks.guard(), mode)?;
    let owner = (merchant.door.merchant(), merchant.livemode);
    webhooks.connected().await?;
    let made = blocking(webhooks, move |webhooks| {
        let starts_after = webhooks.feed().and_then(|feed| feed.source.last(owner.0))?;
        let now = webhooks.clock().now();
        Ok(webhooks.endpoints().create(owner, wanted, starts_after, now)?)
    })
    .await?;
    webhooks.poke(made.id);
    let mut answer = HttpResponse::Created();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/webhook-endpoints/{}", made.id)) {
        answer.insert_header((header::LOCATION, location));
    }
    Ok(answer.json(EndpointOut::with_secret(&made)))
}

/// The merchant's endpoints, oldest first.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints", tag = "webhooks", operation_id = "listWebhookEndpoints",
    responses((status = 200, description = "All of them", body = EndpointsOut)),
    security(("merchant_key" = [])),
)]
pub(crate) async fn list(
    merchant: Merchant,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let all = webhooks(&state)?.endpoints().of(merchant.door.merchant());
    let data = all.iter().map(|endpoint| EndpointOut::of(endpoint)).collect();
    Ok(HttpResponse::Ok().json(EndpointsOut { data }))
}

/// One endpoint.
#[utoipa::path(
    get, path = "/v1/webhook-endpoints/{id}", tag = "webhooks", operation_id = "getWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The endpoint", body = EndpointOut),
        (status = 404, description = "No such endpoint", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn get(
    merchant: Merchant,
    path: EndpointPath,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let found = path.find(&merchant, webhooks(&state)?)?;
    Ok(HttpResponse::Ok().json(EndpointOut::of(&found)))
}

/// Changes an endpoint. Enabled again, it is sent everything that it missed.
#[utoipa::path(
    patch, path = "/v1/webhook-endpoints/{id}", tag = "webhooks", operation_id = "changeWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    request_body = ChangesIn,
    responses(
        (status = 200, description = "The endpoint after the change", body = EndpointOut),
        (status = 404, description = "No such endpoint", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 422, description = "Invalid fields", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn change(
    merchant: Merchant,
    path: EndpointPath,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let found = path.find(&merchant, webhooks)?;
    let changes = ChangesIn::read(&body.read()?, webhooks.guard(), Mode::of(found.livemode))?;
    let (owner, id) = (found.merchant, found.id);
    let changed =
        blocking(webhooks, move |webhooks| Ok(webhooks.endpoints().change(owner, id, changes)?))
            .await?;
    webhooks.poke(id);
    Ok(HttpResponse::Ok().json(EndpointOut::of(&changed)))
}

/// Removes an endpoint, and what is known of its deliveries.
#[utoipa::path(
    delete, path = "/v1/webhook-endpoints/{id}", tag = "webhooks", operation_id = "deleteWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such endpoint", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn delete(
    merchant: Merchant,
    path: EndpointPath,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let found = path.find(&merchant, webhooks)?;
    let (owner, id) = (found.merchant, found.id);
    blocking(webhooks, move |webhooks| Ok(webhooks.endpoints().delete(owner, id)?)).await?;
    webhooks.poke(id);
    Ok(HttpResponse::NoContent().finish())
}

/// The webhooks of this gateway, if it has any.
fn webhooks(state: &AppState) -> Result<&Webhooks, Problem> {
    state.webhooks.as_ref().ok_or_else(|| Problem::plain(Kind::WEBHOOKS_OFF))
}

/// Does what waits for a disk, away from the threads that serve payouts.
async fn blocking<T: Send + 'static>(
    webhooks: &Webhooks,
    work: impl FnOnce(&Webhooks) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let webhooks = webhooks.clone();
    let done = web::block(move || work(&webhooks)).await;
    done.unwrap_or_else(|_| Err(Problem::plain(Kind::INTERNAL_ERROR)))
}

/// Sent to, or being sent to: an endpoint that is off takes no replay.
fn expect_enabled(endpoint: &Arc<Endpoint>) -> Result<(), Problem> {
    if endpoint.enabled { Ok(()) } else { Err(Problem::plain(Kind::WEBHOOK_ENDPOINT_DISABLED)) }
}

impl From<EndpointError> for Problem {
    fn from(error: EndpointError) -> Problem {
        match error {
            EndpointError::NotFound => Problem::plain(Kind::WEBHOOK_ENDPOINT_NOT_FOUND),
            EndpointError::TooMany => {
                Problem::new(Kind::TOO_MANY_WEBHOOK_ENDPOINTS, EndpointError::TooMany.to_string())
            }
            EndpointError::File { .. }
            | EndpointError::Damaged { .. }
            | EndpointError::NoRandomness(_) => {
                tracing::error!(%error, "the webhook endpoints cannot be changed");
                Problem::plain(Kind::INTERNAL_ERROR)
            }
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(_: Unavailable) -> Problem {
        let detail = "the gateway is starting, stopping or at its limit; nothing was done";
        Problem::new(Kind::NOT_READY, detail).retry_after(1)
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .post("/v1/webhook-endpoints", create)
        .get("/v1/webhook-endpoints", list)
        .get("/v1/webhook-endpoints/{id}", get)
        .patch("/v1/webhook-endpoints/{id}", change)
        .delete("/v1/webhook-endpoints/{id}", delete);
    requests::configure(endpoints);
    deliveries::configure(endpoints);
}
