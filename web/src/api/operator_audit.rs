//! What operators did, for operators: who, what, why, when and from where. Read from the journal, so
//! that nothing can be done without standing here.

use super::parameters::Parameters;
use crate::app::{AppState, Endpoints};
use crate::auth::{Operator, ToView};
use crate::problem::Problem;
use crate::render::TimeOut;
use actix_web::{HttpResponse, web};
use engine::Audited;
use serde::Serialize;
use utoipa::ToSchema;

const PAGE_DEFAULT: usize = 25;
const PAGE_MAX: usize = 100;

/// One page of the audit list.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub struct AuditPageOut {
    /// What was done, the newest first.
    data: Vec<AuditRowOut>,
    /// Whether there is more, further back.
    has_more: bool,
    /// What to give as `before` for it.
    #[schema(example = 118)]
    next_before: Option<u64>,
}

/// One thing that an operator did.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditRow)]
pub struct AuditRowOut {
    /// Its place on the list: 1, 2, 3 … without gaps.
    #[schema(example = 142)]
    sequence: u64,
    /// When.
    at: TimeOut,
    /// Who.
    #[schema(example = "ann")]
    by: String,
    /// release, resubmit, pause, statement, approve, reject, set_mode, take_snapshot, verify_snapshot,
    /// prune_snapshots, verify, restored or close_orphan; and found_orphans, forget_orphans and read_list,
    /// which the engine itself did.
    #[schema(example = "resubmit")]
    action: &'static str,
    /// The payout that it was about.
    payout: Option<String>,
    /// The provider account that it was about.
    provider_account: Option<String>,
    /// The mode, the outcome or the snapshot that was wanted, the last journal record that a restore
    /// kept, or how many orphans or payments were listed.
    value: Option<String>,
    /// Why, in their words.
    reason: Option<String>,
    /// The network address that the order came from.
    #[schema(example = "10.0.0.7")]
    from: Option<String>,
}

/// What operators did, the newest first.
#[utoipa::path(
    get, path = "/v1/ops/audit", tag = "operators", operation_id = "listAudit",
    params(
        ("before" = Option<u64>, Query, description = "Only what stands before this place"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "At most so many; 25"),
    ),
    responses((status = 200, description = "One page", body = AuditPageOut)),
    security(("operator_key" = [])),
)]
pub(crate) async fn list(
    _: Operator<ToView>,
    mut given: Parameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let before = given.parse::<u64>("before", "a place on the list")?;
    let limit = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let limit = given.take_with("limit", "a whole number from 1 to 100", limit)?;
    given.finish()?;
    let limit = limit.unwrap_or(PAGE_DEFAULT) as u64;
    let end = state.gateway.audit_newest()?.saturating_add(1);
    let end = before.map_or(end, |before| before.min(end)).max(1);
    let first = end.saturating_sub(limit).max(1);
    let mut rows = state.gateway.audit(first - 1, (end - first) as usize)?;
    rows.reverse();
    let has_more = first > 1;
    Ok(HttpResponse::Ok().json(AuditPageOut {
        data: rows.into_iter().map(AuditRowOut::of).collect(),
        has_more,
        next_before: has_more.then_some(first),
    }))
}

impl AuditRowOut {
    fn of(row: Audited) -> AuditRowOut {
        let Audited { sequence, at, by, action, payout, account, value, reason, from } = row;
        AuditRowOut {
            sequence,
            at: TimeOut(at),
            by: by.to_string(),
            action,
            payout: payout.map(|id| id.to_string()),
            provider_account: account.map(Into::into),
            value: value.map(Into::into),
            reason: reason.map(Into::into),
            from: from.map(Into::into),
        }
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    endpoints.get("/v1/ops/audit", list);
}
