//! Snapshots, for operators: taken, listed, verified and deleted. What is asked for is written to the
//! journal with who and why before it is done.

use super::moderation_in::judge_reason;
use super::parameters::NoParameters;
use crate::app::{AppState, Endpoints, last_piece};
use crate::auth::{Operator, ToOperate, ToView};
use crate::json::{Fields, JsonBody};
use crate::problem::{Faults, Kind, Problem, ProblemOut};
use crate::render::{SnapshotOut, snapshot};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use engine::SnapshotError;
use serde::Serialize;
use utoipa::ToSchema;

/// All snapshots.
#[derive(Serialize, ToSchema)]
#[schema(as = Snapshots)]
pub struct SnapshotsOut {
    /// The newest first.
    data: Vec<SnapshotOut>,
    /// Whether one is being taken or deleted at this moment.
    under_way: bool,
}

/// What a verification found.
#[derive(Serialize, ToSchema)]
#[schema(as = SnapshotVerification)]
pub struct VerificationOut {
    /// The snapshot.
    id: u64,
    /// Whether every chunk is there and matches its hash, and all of them the hash over all.
    good: bool,
    /// What is wrong, if it is not good.
    why: Option<String>,
}

/// What was deleted, or would be.
#[derive(Serialize, ToSchema)]
#[schema(as = SnapshotPruning)]
pub struct PruningOut {
    /// Whether nothing was deleted, because only that was asked for.
    dry_run: bool,
    /// The ids of those that are gone, or would be, the newest first.
    removed: Vec<u64>,
    /// How many bytes they hold.
    removed_bytes: u64,
    /// The ids of those that stay.
    kept: Vec<u64>,
    /// The size of the database file. The room in it is used again; the file never gets shorter.
    file_bytes: u64,
}

/// Why something is done with snapshots.
#[derive(ToSchema)]
#[schema(as = SnapshotRequest, example = json!({"reason": "before the upgrade"}))]
#[allow(dead_code, reason = "the form that the documentation shows")]
pub struct SnapshotDoc<'n> {
    /// Why, for the record; 1 to 500 characters.
    reason: &'n str,
}

/// Why snapshots are deleted.
#[derive(ToSchema)]
#[schema(as = PruneRequest, example = json!({"reason": "the disk is filling", "dry_run": true}))]
#[allow(dead_code, reason = "the form that the documentation shows")]
pub struct PruneDoc<'n> {
    /// Why, for the record; 1 to 500 characters.
    reason: &'n str,
    /// Delete nothing, and say what would be deleted.
    dry_run: bool,
}

/// Takes a snapshot now, while everything goes on. It is carried to its end even if the answer takes
/// longer than a request may; the list has it then.
#[utoipa::path(
    post, path = "/v1/ops/snapshots", tag = "operators", operation_id = "takeSnapshot",
    request_body = SnapshotDoc,
    responses(
        (status = 201, description = "The snapshot, written and read back", body = SnapshotOut),
        (status = 409, description = "One is being taken already", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn create(
    operator: Operator<ToOperate>,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let Wish { reason, dry_run: _ } = wish(&body, false)?;
    let taken = state.gateway.take_snapshot(operator.signed(&reason)).await?;
    let place = format!("/v1/ops/snapshots/{}", taken.id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, place)).json(snapshot(&taken)))
}

/// All snapshots, the newest first.
#[utoipa::path(
    get, path = "/v1/ops/snapshots", tag = "operators", operation_id = "listSnapshots",
    responses((status = 200, description = "All of them", body = SnapshotsOut)),
    security(("operator_key" = [])),
)]
pub(crate) async fn list(
    _: Operator<ToView>,
    _: NoParameters,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (all, under_way) = state.gateway.snapshots().await?;
    let data = all.iter().map(snapshot).collect();
    Ok(HttpResponse::Ok().json(SnapshotsOut { data, under_way }))
}

/// One snapshot.
#[utoipa::path(
    get, path = "/v1/ops/snapshots/{id}", tag = "operators", operation_id = "getSnapshot",
    params(("id" = u64, Path, description = "The snapshot's id")),
    responses(
        (status = 200, description = "The snapshot", body = SnapshotOut),
        (status = 404, description = "No such snapshot", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn get(
    _: Operator<ToView>,
    _: NoParameters,
    request: HttpRequest,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let seen = state.gateway.snapshot(named(&request)?).await?;
    Ok(HttpResponse::Ok().json(snapshot(&seen)))
}

/// Reads a snapshot back and compares every hash.
#[utoipa::path(
    post, path = "/v1/ops/snapshots/{id}/verify", tag = "operators", operation_id = "verifySnapshot",
    params(("id" = u64, Path, description = "The snapshot's id")),
    request_body = SnapshotDoc,
    responses(
        (status = 200, description = "What was found, good or not", body = VerificationOut),
        (status = 404, description = "No such snapshot", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn verify(
    operator: Operator<ToOperate>,
    _: NoParameters,
    request: HttpRequest,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let Wish { reason, dry_run: _ } = wish(&body, false)?;
    let id = named(&request)?;
    let found = state.gateway.verify_snapshot(id, operator.signed(&reason)).await;
    Ok(HttpResponse::Ok().json(VerificationOut::of(id, found.map(drop))?))
}

/// Deletes the snapshots that the retention policy of `[snapshots]` does not keep. The newest good one
/// always stays.
#[utoipa::path(
    post, path = "/v1/ops/snapshots/prune", tag = "operators", operation_id = "pruneSnapshots",
    request_body = PruneDoc,
    responses(
        (status = 200, description = "What is gone, and what stays", body = PruningOut),
        (status = 409, description = "A snapshot is being taken", body = ProblemOut,
            content_type = "application/problem+json"),
    ),
    security(("operator_key" = [])),
)]
pub(crate) async fn prune(
    operator: Operator<ToOperate>,
    _: NoParameters,
    body: JsonBody,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let Wish { reason, dry_run } = wish(&body, true)?;
    let pruned = match dry_run {
        true => state.gateway.prunable_snapshots().await?,
        false => state.gateway.prune_snapshots(operator.signed(&reason)).await?,
    };
    Ok(HttpResponse::Ok().json(PruningOut::of(pruned, dry_run)))
}

impl VerificationOut {
    /// A damaged snapshot is what was asked after, and no failure.
    ///
    /// # Errors
    /// It could not be found out.
    pub fn of(id: u64, found: Result<(), SnapshotError>) -> Result<VerificationOut, SnapshotError> {
        match found {
            Ok(()) => Ok(VerificationOut { id, good: true, why: None }),
            Err(SnapshotError::Damaged(why)) => {
                Ok(VerificationOut { id, good: false, why: Some(why) })
            }
            Err(error) => Err(error),
        }
    }
}

impl PruningOut {
    /// Renders it.
    pub fn of(pruned: snapshots::Pruned, dry_run: bool) -> PruningOut {
        PruningOut {
            dry_run,
            removed: pruned.removed.iter().map(|info| info.id).collect(),
            removed_bytes: pruned.removed.iter().map(|info| info.bytes).sum(),
            kept: pruned.kept.iter().map(|info| info.id).collect(),
            file_bytes: pruned.file_bytes,
        }
    }
}

impl SnapshotsOut {
    /// Of a store that nobody serves from.
    pub fn at_rest(all: &[engine::SnapshotSeen]) -> SnapshotsOut {
        SnapshotsOut { data: all.iter().map(snapshot).collect(), under_way: false }
    }
}

fn named(request: &HttpRequest) -> Result<u64, Problem> {
    let id = last_piece(request, "id").and_then(|text| text.parse().ok());
    id.ok_or_else(|| Problem::plain(Kind::SNAPSHOT_NOT_FOUND))
}

struct Wish {
    reason: Box<str>,
    dry_run: bool,
}

fn wish(body: &JsonBody, may_be_dry: bool) -> Result<Wish, Problem> {
    let body = body.read()?;
    let mut faults = Faults::default();
    let wish = Fields::of_body(&body, &mut faults).and_then(|mut fields| {
        let reason = fields.required_text("reason", "a string", &mut faults);
        let dry_run = may_be_dry && fields.flag("dry_run", &mut faults).unwrap_or(false);
        fields.finish(&mut faults);
        let reason = reason.and_then(|text| judge_reason(text, &mut faults))?;
        Some(Wish { reason, dry_run })
    });
    match wish {
        Some(wish) if faults.is_empty() => Ok(wish),
        _ => Err(Problem::fields(faults.into_vec())),
    }
}

pub(super) fn configure(endpoints: &mut Endpoints) {
    // The fixed address comes before the one with an id in it.
    endpoints
        .get("/v1/ops/snapshots", list)
        .post("/v1/ops/snapshots", create)
        .post("/v1/ops/snapshots/prune", prune)
        .get("/v1/ops/snapshots/{id}", get)
        .post("/v1/ops/snapshots/{id}/verify", verify);
}
