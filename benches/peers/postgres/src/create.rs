//! The merchant's side: a payout made, and a payout read.
//!
//! A create is one statement, so one round trip and one commit, and the answer waits for it. Other connections'
//! commits share its fsync.

use crate::Shared;
use actix_web::{HttpRequest, HttpResponse, web};
use deadpool_postgres::{Pool, PoolError};
use payout::{Asked, Judged};
use serde::Serialize;
use std::sync::atomic::Ordering;
use tokio_postgres::{Row, error::SqlState, types::Json};
use uuid::Uuid;

const MERCHANT: &str = "acme";

const CREATE: &str = "
WITH made AS (
    INSERT INTO payouts (id, merchant, idempotency_key, fingerprint, amount_minor, currency, method,
                         recipient, reference, description, metadata, autoprocess, status)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'READY')
    ON CONFLICT (merchant, idempotency_key) DO NOTHING
    RETURNING id
), due AS (
    INSERT INTO ready SELECT id FROM made WHERE $12
), told AS (
    INSERT INTO payout_history (payout_id, version, to_status) SELECT id, 1, 'READY' FROM made
), sent AS (
    INSERT INTO outbox (payout_id, merchant, type, payload)
    SELECT id, $2, 'payout.ready', jsonb_build_object('id', id, 'status', 'READY', 'version', 1) FROM made
)
SELECT id FROM made";

const COLUMNS: &str = "id, fingerprint, amount_minor, currency, method, reference, status, version";

/// A payout as its merchant sees it.
#[derive(Serialize)]
struct Shown<'a> {
    id: Uuid,
    object: &'static str,
    status: &'a str,
    version: i32,
    amount: String,
    currency: &'a str,
    method: &'a str,
    reference: Option<&'a str>,
}

pub async fn create(
    request: HttpRequest,
    body: web::Bytes,
    shared: web::Data<Shared>,
    pool: web::Data<Pool>,
) -> HttpResponse {
    if !may(&request, &shared) {
        return HttpResponse::Unauthorized().finish();
    }
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key.filter(|key| (1..=255).contains(&key.len())) else {
        return HttpResponse::BadRequest().body("Idempotency-Key: 1 to 255 characters");
    };
    let asked: Asked = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return HttpResponse::BadRequest().body(error.to_string()),
    };
    match asked.judge() {
        Ok(judged) => {
            insert(key, &asked, judged, &shared, &pool).await.unwrap_or_else(|error| failed(&error))
        }
        Err(fault) => HttpResponse::UnprocessableEntity()
            .body(format!("{}: allowed is {}", fault.field, fault.allowed)),
    }
}

async fn insert(
    key: &str,
    asked: &Asked,
    judged: Judged,
    shared: &Shared,
    pool: &Pool,
) -> Result<HttpResponse, PoolError> {
    let client = pool.get().await?;
    let statement = client.prepare_cached(CREATE).await?;
    let id = Uuid::now_v7();
    let Asked {
        currency, method, recipient, reference, description, metadata, autoprocess, ..
    } = asked;
    let made = client
        .query_opt(
            &statement,
            &[
                &id,
                &MERCHANT,
                &key,
                &judged.fingerprint.as_slice(),
                &judged.amount_minor,
                currency,
                method,
                &Json(recipient),
                reference,
                description,
                &Json(metadata),
                autoprocess,
            ],
        )
        .await?;
    if made.is_some() {
        if *autoprocess {
            shared.due.notify_one();
        }
        let amount = decimal(judged.amount_minor);
        let (object, status, version) = ("payout", "READY", 1);
        let reference = reference.as_deref();
        let shown = Shown { id, object, status, version, amount, currency, method, reference };
        return Ok(HttpResponse::Created().json(shown));
    }
    let text =
        format!("SELECT {COLUMNS} FROM payouts WHERE merchant = $1 AND idempotency_key = $2");
    let statement = client.prepare_cached(&text).await?;
    let row = client.query_one(&statement, &[&MERCHANT, &key]).await?;
    if row.get::<_, &[u8]>(1) != judged.fingerprint {
        return Ok(HttpResponse::UnprocessableEntity().body("this key had another body"));
    }
    Ok(HttpResponse::Created().insert_header(("Idempotent-Replayed", "true")).json(shown(&row)))
}

pub async fn get(
    request: HttpRequest,
    id: web::Path<Uuid>,
    shared: web::Data<Shared>,
    pool: web::Data<Pool>,
) -> HttpResponse {
    if !may(&request, &shared) {
        return HttpResponse::Unauthorized().finish();
    }
    let found = async {
        let client = pool.get().await?;
        let text = format!("SELECT {COLUMNS} FROM payouts WHERE id = $1 AND merchant = $2");
        let statement = client.prepare_cached(&text).await?;
        Ok::<_, PoolError>(client.query_opt(&statement, &[&*id, &MERCHANT]).await?)
    };
    match found.await {
        Ok(Some(row)) => HttpResponse::Ok().json(shown(&row)),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(error) => failed(&error),
    }
}

fn shown(row: &Row) -> Shown<'_> {
    Shown {
        id: row.get(0),
        object: "payout",
        status: row.get(6),
        version: row.get(7),
        amount: decimal(row.get(2)),
        currency: row.get(3),
        method: row.get(4),
        reference: row.get(5),
    }
}

fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn may(request: &HttpRequest, shared: &Shared) -> bool {
    let given = request.headers().get("authorization").and_then(|given| given.to_str().ok());
    given.and_then(|given| given.strip_prefix("Bearer ")) == Some(shared.key.as_str())
}

fn failed(error: &PoolError) -> HttpResponse {
    if let PoolError::Backend(error) = error
        && error.code() == Some(&SqlState::UNIQUE_VIOLATION)
    {
        return HttpResponse::Conflict().body("another payout has this reference");
    }
    eprintln!("{error}");
    HttpResponse::InternalServerError().finish()
}

/// So many are paid.
pub fn finished(shared: &Shared, count: u64) {
    shared.finished.fetch_add(count, Ordering::Relaxed);
}
