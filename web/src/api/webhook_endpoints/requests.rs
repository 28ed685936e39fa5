//! What can be asked of an endpoint: another secret, a test message, events sent again.

use super::input::{ReplayIn, ReplayWanted, RotateIn};
use super::output::{EndpointOut, ReplayOut, TestOut};
use super::path::EndpointPath;
use super::{blocking, expect_enabled, webhooks};
use crate::api::commands::expect_empty;
use crate::api::parameters::NoParameters;
use crate::app::{AppState, Endpoints};
use crate::auth::Merchant;
use crate::json::JsonBody;
use crate::problem::{Kind, Problem, ProblemOut};
use crate::webhooks::{Endpoint, Replay, Webhooks};
use actix_web::{HttpResponse, web};
use std::time::Duration;

/// A test message is waited for within the request, so it gets less time than others.
const TEST_TIMEOUT: Duration = Duration::from_secs(8);

/// Makes a new secret. The old one signs too for a while; the new one is shown in this answer only.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints/{id}/rotate-secret", tag = "webhooks",
    operation_id = "rotateWebhookSecret",
    params(("id" = String, Path, description = "The endpoint's id")),
    request_body = RotateIn,
    responses(
        (status = 200, description = "The endpoint with its new secret", body = EndpointOut),
        (status = 404, description = "No such endpoint", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 422, description = "Invalid fields", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn rotate(
    merchant: Merchant,
    path: EndpointPath,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let found = path.find(&merchant, webhooks)?;
    let overlap = RotateIn::read(&body.read_or_empty()?)?;
    let (owner, id) = (found.merchant, found.id);
    let rotated = blocking(webhooks, move |webhooks| {
        let now = webhooks.clock().now();
        Ok(webhooks.endpoints().rotate(owner, id, overlap, now)?)
    })
    .await?;
    webhooks.poke(id);
    Ok(HttpResponse::Ok().json(EndpointOut::with_secret(&rotated)))
}

/// Sends a message of the type webhook.test now, also to a disabled endpoint, and says what it
/// answered.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints/{id}/test", tag = "webhooks", operation_id = "testWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "What the endpoint answered", body = TestOut),
        (status = 404, description = "No such endpoint", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn test(
    merchant: Merchant,
    path: EndpointPath,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let found = path.find(&merchant, webhooks)?;
    expect_empty(&body.read_or_empty()?)?;
    let timeout = TEST_TIMEOUT.min(state.options.request_timeout * 4 / 5);
    let (event, answer) = webhooks.test(found, timeout).await?;
    Ok(HttpResponse::Ok().json(TestOut::of(&event, &answer)))
}

/// Sends events again, in order, each once.
#[utoipa::path(
    post, path = "/v1/webhook-endpoints/{id}/replay", tag = "webhooks", operation_id = "replayWebhookEvents",
    params(("id" = String, Path, description = "The endpoint's id")),
    request_body = ReplayIn,
    responses(
        (status = 202, description = "They are being sent", body = ReplayOut),
        (status = 404, description = "No such endpoint, or no such event", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 409, description = "The endpoint is disabled", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 422, description = "Invalid fields", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn replay(
    merchant: Merchant,
    path: EndpointPath,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let webhooks = webhooks(&state)?;
    let found = path.find(&merchant, webhooks)?;
    let wanted = ReplayIn::read(&body.read()?)?;
    expect_enabled(&found)?;
    let id = found.id;
    let replay = blocking(webhooks, move |webhooks| resolve(webhooks, &found, wanted)).await?;
    webhooks.replay(id, replay).await?;
    let Replay { after, until, filtered: _ } = replay;
    Ok(HttpResponse::Accepted().json(ReplayOut { object: "webhook_replay", after, until }))
}

/// The sequences that are meant. A range ends with what there is now.
fn resolve(
    webhooks: &Webhooks,
    endpoint: &Endpoint,
    wanted: ReplayWanted,
) -> Result<Replay, Problem> {
    let source = webhooks.feed()?.source;
    match wanted {
        ReplayWanted::One(event) => {
            let found = source.find(endpoint.merchant, &event)?;
            let found = found.ok_or_else(|| Problem::plain(Kind::WEBHOOK_EVENT_NOT_FOUND))?;
            let until = found.sequence;
            Ok(Replay { after: until.saturating_sub(1), until, filtered: false })
        }
        ReplayWanted::Range { after, until } => {
            let last = source.last(endpoint.merchant)?;
            let until = until.map_or(last, |until| until.min(last));
            Ok(Replay { after: after.min(until), until, filtered: true })
        }
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .post("/v1/webhook-endpoints/{id}/rotate-secret", rotate)
        .post("/v1/webhook-endpoints/{id}/test", test)
        .post("/v1/webhook-endpoints/{id}/replay", replay);
}
