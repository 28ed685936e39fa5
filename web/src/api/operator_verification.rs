//! A verification of everything beside the running gateway, for operators: ordered, and looked at until
//! it has ended. A job and not an answer, because it may take many minutes.

use super::moderation_in::judge_reason;
use super::parameters::NoParameters;
use crate::app::{AppState, Endpoints};
use crate::auth::{Operator, ToOperate, ToView};
use crate::json::{Fields, JsonBody};
use crate::problem::{Faults, Kind, Problem, ProblemOut};
use crate::render::{VerificationOut, verification};
use crate::verification::look_beside;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use utoipa::ToSchema;

const PATH: &str = "/v1/ops/verify";

/// Why everything is verified.
#[derive(ToSchema)]
#[schema(as = VerificationRequest, example = json!({"reason": "the disk has reported errors"}))]
#[allow(dead_code, reason = "the form that the documentation shows")]
pub struct VerificationDoc<'n> {
    /// Why, for the record; 1 to 500 characters.
    reason: &'n str,
}

/// Begins to read everything again, as fast as it goes, while everything goes on: the log, and all that is
/// kept beside it and in memory against that. Who ordered it and why stands in the record.
#[utoipa::path(
    post, path = "/v1/ops/verify", tag = "operators", operation_id = "startVerification",
    request_body = VerificationDoc,
    responses(
        (status = 202, description = "It has begun; look at it by GET", body = VerificationOut),
        (status = 409, description = "One is under way already", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn start(
    operator: Operator<ToOperate>,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let reason = reason(&body)?;
    let beside = look_beside(state.options.data_dir.clone());
    let begun = state.gateway.start_verification(operator.signed(&reason), beside).await?;
    let place = (header::LOCATION, PATH);
    Ok(HttpResponse::Accepted().insert_header(place).json(verification(&begun)))
}

/// The verification that is under way, or the last one that was ordered since the gateway started: how far
/// it is, and what it found.
#[utoipa::path(
    get, path = "/v1/ops/verify", tag = "operators", operation_id = "getVerification",
    responses(
        (status = 200, description = "How far it is, or what it found", body = VerificationOut),
        (status = 404, description = "None was ordered since the start", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn look(
    _: Operator<ToView>,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let last = state.gateway.verification()?;
    let last = last.ok_or_else(|| Problem::plain(Kind::VERIFICATION_NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(verification(&last)))
}

fn reason(body: &JsonBody) -> Result<Box<str>, Problem> {
    let body = body.read()?;
    let mut faults = Faults::default();
    let reason = Fields::of_body(&body, &mut faults).and_then(|mut fields| {
        let reason = fields.required_text("reason", "a string", &mut faults);
        fields.finish(&mut faults);
        judge_reason(reason?, &mut faults)
    });
    match reason {
        Some(reason) if faults.is_empty() => Ok(reason),
        _ => Err(Problem::fields(faults.into_vec())),
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get(PATH, look).post(PATH, start);
}
