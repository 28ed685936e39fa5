//! What happened to a payout, and on what evidence: its two records, for merchants and auditors.

use super::parameters::{NoParameters, PathId};
use crate::app::Endpoints;
use crate::auth::Merchant;
use crate::problem::{Problem, ProblemOut};
use crate::render::{self, HistoryRowOut, StatementOut};
use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// Every change of status.
#[derive(Serialize, ToSchema)]
#[schema(as = History)]
pub struct HistoryOut {
    /// In order, the creation first.
    data: Vec<HistoryRowOut>,
}

/// All evidence.
#[derive(Serialize, ToSchema)]
#[schema(as = Statements)]
pub struct StatementsOut<'p> {
    /// In the order in which it came.
    data: Vec<StatementOut<'p>>,
}

/// Every change of status of a payout.
#[utoipa::path(
    get, path = "/v1/payouts/{id}/history", tag = "payouts", operation_id = "getPayoutHistory",
    params(("id" = String, Path, description = "The payout's id")),
    responses(
        (status = 200, description = "The changes, in order", body = HistoryOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn history(
    merchant: Merchant,
    PathId(id): PathId,
    _: NoParameters,
) -> Result<HttpResponse, Problem> {
    let view = merchant.door.get(id).await?;
    Ok(HttpResponse::Ok().json(HistoryOut { data: render::history(&view.payout) }))
}

/// The resolution history of a payout: every piece of evidence.
#[utoipa::path(
    get, path = "/v1/payouts/{id}/statements", tag = "payouts", operation_id = "getPayoutStatements",
    params(("id" = String, Path, description = "The payout's id")),
    responses(
        (status = 200, description = "The evidence, in order", body = StatementsOut),
        (status = 404, description = "No such payout", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("merchant_key" = [])),
)]
pub(crate) async fn statements(
    merchant: Merchant,
    PathId(id): PathId,
    _: NoParameters,
) -> Result<HttpResponse, Problem> {
    let view = merchant.door.get(id).await?;
    Ok(HttpResponse::Ok().json(StatementsOut { data: render::statements(&view.payout) }))
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints
        .get("/v1/payouts/{id}/history", history)
        .get("/v1/payouts/{id}/statements", statements);
}
