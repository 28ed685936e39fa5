//! Payments of a time that a restore has lost, for operators: what a provider has and no payout here
//! accounts for, and that one of them was dealt with outside.

use super::cursor::Cursor;
use super::moderation_in::judge_reason;
use super::parameters::{NoParameters, Parameters, PathId};
use crate::app::{AppState, Endpoints};
use crate::auth::{Operator, ToOperate, ToView};
use crate::json::{Fields, JsonBody};
use crate::problem::{Faults, Kind, Problem, ProblemOut};
use crate::render::{AmountOut, TimeOut};
use actix_web::{HttpResponse, web};
use domain::money::{Amount, Currency};
use engine::Refusal;
use engine::orphans::{ListSeen, ListState, Orphan, OrphanPage};
use serde::Serialize;
use utoipa::ToSchema;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 100;

/// Payments without a payout.
#[derive(Serialize, ToSchema)]
#[schema(as = OrphanPage)]
pub struct OrphanPageOut {
    /// The open ones, the oldest payment first.
    data: Vec<OrphanOut>,
    /// How many are open in all.
    #[schema(example = 2)]
    open: u64,
    /// How far each account's list of the lost time is read; empty when no lost time is unknown.
    lists: Vec<OrphanListOut>,
    /// Whether there is another page.
    has_more: bool,
    /// What to give as `cursor` for it.
    next_cursor: Option<String>,
}

/// A payment that a provider has and no payout here accounts for.
#[derive(Serialize, ToSchema)]
#[schema(as = Orphan)]
pub struct OrphanOut {
    /// The payout that it was of, and will be again when its merchant repeats the request.
    #[schema(example = "po_3k8z2m5v7q9x1c4b6n8d0f2g4h")]
    payout: String,
    /// The provider account.
    #[schema(example = "sandbox")]
    provider_account: String,
    /// Our reference of it, for asking the provider's people.
    #[schema(example = "3k8z2m5v7q9x1c4b6n8d0f2g4h-1")]
    provider_reference: String,
    /// The provider's own id of it.
    provider_id: Option<String>,
    /// What was asked for; null where the provider's list does not say it readably.
    asked: Option<OrphanAmountOut>,
    /// What was paid, as far as the list says.
    paid: Option<OrphanAmountOut>,
    /// What had become of it when it was listed: accepted, queued, at_network, held, settled,
    /// partially_settled, failed, returned, revoking, revoked, reversing, reversed, expired or unmapped.
    #[schema(example = "settled")]
    outcome: String,
    /// When the provider took it, on its own clock.
    at: TimeOut,
    /// When it was found.
    found_at: TimeOut,
}

/// An amount with its currency.
#[derive(Serialize, ToSchema)]
#[schema(as = OrphanAmount)]
pub struct OrphanAmountOut {
    /// How much.
    amount: AmountOut,
    /// In what.
    #[schema(example = "EUR")]
    currency: String,
}

/// How far an account's list of the lost time is read.
#[derive(Serialize, ToSchema)]
#[schema(as = OrphanList)]
pub struct OrphanListOut {
    /// The provider account.
    #[schema(example = "sandbox")]
    provider_account: String,
    /// under_way, read, or not_offered: what such an account paid in the lost time is not looked for.
    #[schema(example = "read")]
    state: &'static str,
    /// Payments on it.
    rows: u64,
    /// Of these, payments of whoever else uses the account.
    others: u64,
    /// It does not reach back to the beginning of the lost time.
    cut_short: bool,
}

/// What was closed.
#[derive(Serialize, ToSchema)]
#[schema(as = OrphanClosed)]
pub struct OrphanClosedOut {
    /// The payments of this payout that were open.
    data: Vec<OrphanOut>,
    /// Who closed them.
    #[schema(example = "ann")]
    by: String,
    /// What was done about them, in their words.
    reason: String,
}

/// That an orphan was dealt with outside.
#[derive(ToSchema)]
#[schema(as = OrphanCloseRequest, example = json!({"reason": "paid twice, and got back from the recipient"}))]
#[allow(dead_code, reason = "the form that the documentation shows")]
pub struct OrphanCloseDoc<'n> {
    /// What was done about it, for the record; 1 to 500 characters.
    reason: &'n str,
}

/// Payments of a lost time that nobody here knows.
#[utoipa::path(
    get, path = "/v1/ops/orphans", tag = "operators", operation_id = "listOrphans",
    params(
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "At most so many; 25"),
        ("cursor" = Option<String>, Query, description = "The next_cursor of the page before"),
    ),
    responses((status = 200, description = "One page", body = OrphanPageOut)),
    security(("operator_key" = [])),
)]
pub(crate) async fn list(
    _: Operator<ToView>,
    mut given: Parameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let limit = given.take_with("limit", "a whole number from 1 to 100", limit)?;
    let after = given.take_with("cursor", "the next_cursor of a page", Cursor::read)?;
    given.finish()?;
    let after = after.map(|Cursor { created_at, id }| (created_at, id));
    let page = state.gateway.orphans(after, limit.unwrap_or(PAGE_DEFAULT)).await?;
    let OrphanPage { orphans, open, next, lists } = page;
    Ok(HttpResponse::Ok().json(OrphanPageOut {
        data: orphans.iter().map(|orphan| OrphanOut::of(orphan)).collect(),
        open,
        lists: lists.into_iter().map(OrphanListOut::of).collect(),
        has_more: next.is_some(),
        next_cursor: next.map(|(created_at, id)| Cursor { created_at, id }.write()),
    }))
}

/// Says that an orphan was dealt with outside: it is no longer shown.
#[utoipa::path(
    post, path = "/v1/ops/orphans/{id}/close", tag = "operators", operation_id = "closeOrphan",
    params(("id" = String, Path, description = "The payout's id")),
    request_body = OrphanCloseDoc,
    responses(
        (status = 200, description = "What was closed", body = OrphanClosedOut),
        (status = 404, description = "No orphan of this payout is open", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn close(
    operator: Operator<ToOperate>,
    _: NoParameters,
    id: PathId,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let reason = reason(&body)?;
    let closed = state.gateway.close_orphan(id.0, operator.signed(&reason)).await;
    let closed = closed.map_err(|refusal| match refusal {
        Refusal::NotFound => Problem::plain(Kind::ORPHAN_NOT_FOUND),
        other => other.into(),
    })?;
    tracing::warn!(operator = %operator.name, payout = %id.0, "an orphan was closed");
    Ok(HttpResponse::Ok().json(OrphanClosedOut {
        data: closed.iter().map(|orphan| OrphanOut::of(orphan)).collect(),
        by: operator.name.to_string(),
        reason: reason.into(),
    }))
}

fn reason(body: &JsonBody) -> Result<Box<str>, Problem> {
    let body = body.read()?;
    let mut faults = Faults::default();
    let reason = Fields::of_body(&body, &mut faults).and_then(|mut fields| {
        let reason = fields.required_text("reason", "a string", &mut faults);
        fields.finish(&mut faults);
        reason.and_then(|text| judge_reason(text, &mut faults))
    });
    match reason {
        Some(reason) if faults.is_empty() => Ok(reason),
        _ => Err(Problem::fields(faults.into_vec())),
    }
}

impl OrphanOut {
    fn of(orphan: &Orphan) -> OrphanOut {
        let amount = |(amount, currency): (Amount, Currency)| OrphanAmountOut {
            amount: AmountOut(amount.value()),
            currency: currency.code().to_owned(),
        };
        OrphanOut {
            payout: orphan.payout.to_string(),
            provider_account: orphan.account.to_string(),
            provider_reference: orphan.reference(),
            provider_id: orphan.provider_id.as_deref().map(str::to_owned),
            asked: orphan.asked.map(amount),
            paid: orphan.paid.map(amount),
            outcome: orphan.outcome.to_string(),
            at: TimeOut(orphan.at),
            found_at: TimeOut(orphan.found_at),
        }
    }
}

impl OrphanListOut {
    fn of(list: ListSeen) -> OrphanListOut {
        let ListSeen { account, state, read } = list;
        OrphanListOut {
            provider_account: account.into(),
            state: match state {
                ListState::UnderWay => "under_way",
                ListState::Read => "read",
                ListState::NotOffered => "not_offered",
            },
            rows: read.rows,
            others: read.others,
            cut_short: read.cut_short,
        }
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/ops/orphans", list).post("/v1/ops/orphans/{id}/close", close);
}
