//! What an operator may do with a payout, whosever it is: look at it, and decide about a held one.

use super::moderation_in::{Decision, ModerationDoc};
use super::parameters::{NoParameters, PathId};
use crate::app::{AppState, Endpoints};
use crate::auth::{Operator, ToDecide, ToView};
use crate::json::JsonBody;
use crate::problem::{Problem, ProblemOut};
use crate::render::OperatorPayoutOut;
use actix_web::{HttpResponse, web};

/// One payout, whosever it is.
#[utoipa::path(
    get, path = "/v1/ops/payouts/{id}", tag = "operators", operation_id = "inspectPayout",
    params(("id" = String, Path, description = "The payout's id")),
    responses(
        (status = 200, description = "The payout", body = OperatorPayoutOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn inspect(
    _: Operator<ToView>,
    PathId(id): PathId,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let view = state.gateway.inspect(id).await?;
    Ok(HttpResponse::Ok().json(OperatorPayoutOut::of(&view, &state)))
}

/// Decides about a payout.
#[utoipa::path(
    post, path = "/v1/ops/payouts/{id}/moderation", tag = "operators", operation_id = "moderatePayout",
    params(("id" = String, Path, description = "The payout's id")),
    request_body = ModerationDoc,
    responses(
        (status = 200, description = "The payout after the decision", body = OperatorPayoutOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 409, description = "Not held, not safe, or no longer what was decided about",
            body = ProblemOut, content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn moderate(
    operator: Operator<ToDecide>,
    PathId(id): PathId,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let decision = Decision::read(&body)?;
    operator.must_be(decision.takes())?;
    // The reason is free text and may name a recipient: it is no business of the log.
    tracing::info!(operator = %operator.name, payout = %id, action = decision.word(), "moderation");
    let seen = state.gateway.inspect(id).await?;
    let deed = decision.about(&seen.payout)?;
    let view = state.gateway.operate(id, deed, operator.signed(&decision.reason)).await?;
    Ok(HttpResponse::Ok().json(OperatorPayoutOut::of(&view, &state)))
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .get("/v1/ops/payouts/{id}", inspect)
        .post("/v1/ops/payouts/{id}/moderation", moderate);
}
