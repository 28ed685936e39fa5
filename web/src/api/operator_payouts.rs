//! What an operator may do with a payout, whosever it is: look at it, and let a held one go on.

use super::parameters::{NoParameters, PathId};
use crate::app::{AppState, Endpoints};
use crate::auth::{Operator, ToOperate, ToView};
use crate::json::{Fields, JsonBody, Node};
use crate::problem::{Faults, Problem, ProblemOut};
use crate::render::{self, PayoutOut};
use actix_web::{HttpResponse, web};
use domain::command::Command;
use utoipa::ToSchema;

const REASON_CHARS_MAX: usize = 500;

/// What to do with a held payout.
#[derive(ToSchema)]
#[schema(as = ModerationRequest, example = json!({
    "action": "resubmit", "reason": "the provider confirmed by phone that it never arrived",
}))]
pub struct ModerationIn<'n> {
    /// release: let it go on; resubmit: send the same attempt again, with the same provider reference.
    #[schema(value_type = String, required = true, example = "resubmit")]
    action: Option<&'n str>,
    /// Why, for the record; 1 to 500 characters.
    #[schema(value_type = String, required = true, max_length = 500)]
    reason: Option<&'n str>,
}

/// One payout, whosever it is.
#[utoipa::path(
    get, path = "/v1/ops/payouts/{id}", tag = "operators", operation_id = "inspectPayout",
    params(("id" = String, Path, description = "The payout's id")),
    responses(
        (status = 200, description = "The payout", body = PayoutOut),
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
    Ok(HttpResponse::Ok().json(render::payout(&view)))
}

/// Decides about a held payout.
#[utoipa::path(
    post, path = "/v1/ops/payouts/{id}/moderation", tag = "operators", operation_id = "moderatePayout",
    params(("id" = String, Path, description = "The payout's id")),
    request_body = ModerationIn,
    responses(
        (status = 200, description = "The payout after the decision", body = PayoutOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
        (status = 409, description = "Not held, or not safe", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn moderate(
    operator: Operator<ToOperate>,
    PathId(id): PathId,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = ModerationIn::read(&body)?;
    // The reason is free text and may name a recipient: it is no business of the log.
    tracing::info!(operator = %operator.name, payout = %id, action = command.word(), "moderation");
    let view = state.gateway.operate(id, command, operator.by()).await?;
    Ok(HttpResponse::Ok().json(render::payout(&view)))
}

impl<'n> ModerationIn<'n> {
    fn read(body: &'n Node<'_>) -> Result<Command, Problem> {
        let mut faults = Faults::default();
        let given = Fields::of_body(body, &mut faults).map(|mut fields| {
            let action = fields.required_text("action", "\"release\" or \"resubmit\"", &mut faults);
            let reason = fields.required_text("reason", "a string", &mut faults);
            fields.finish(&mut faults);
            ModerationIn { action, reason }
        });
        let command = given.and_then(|given| given.judge(&mut faults));
        match command {
            Some(command) if faults.is_empty() => Ok(command),
            _ => Err(Problem::fields(faults.into_vec())),
        }
    }

    fn judge(self, faults: &mut Faults) -> Option<Command> {
        let ModerationIn { action, reason } = self;
        if reason.is_some_and(|text| !(1..=REASON_CHARS_MAX).contains(&text.trim().chars().count()))
        {
            faults.add("reason", "invalid_reason", "a reason has 1 to 500 characters");
        }
        match action? {
            "release" => Some(Command::Release),
            "resubmit" => Some(Command::Resubmit),
            _ => {
                faults.add("action", "invalid_action", "an action is \"release\" or \"resubmit\"");
                None
            }
        }
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .get("/v1/ops/payouts/{id}", inspect)
        .post("/v1/ops/payouts/{id}/moderation", moderate);
}
