//! The provider's side: takes what waits, in batches, and brings each batch to its end in three commits:
//! the intent before anything is sent, the provider's answer, and what asking it afterwards found.
//!
//! A payout whose intent is there and whose outcome is not is never sent again: the next start asks.

use crate::{Shared, create::finished, database::Database};
use std::{error::Error, time::Duration};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// Takes due payouts that no other worker has, and writes the intent to send them.
const TAKE: &str = "
WITH due AS (
    DELETE FROM ready WHERE payout_id IN (
        SELECT payout_id FROM ready ORDER BY payout_id LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING payout_id
), moved AS (
    UPDATE payouts SET status = 'INVOKING', attempt = 1, version = version + 1, updated_at = now()
    FROM due WHERE id = due.payout_id AND status = 'READY'
    RETURNING id, merchant, version, amount_minor
), told AS (
    INSERT INTO payout_history (payout_id, version, from_status, to_status)
    SELECT id, version, 'READY', 'INVOKING' FROM moved
), sent AS (
    INSERT INTO outbox (payout_id, merchant, type, payload)
    SELECT id, merchant, 'payout.invoking',
           jsonb_build_object('id', id, 'status', 'INVOKING', 'version', version) FROM moved
)
SELECT id, amount_minor FROM moved";

/// Moves the payouts `$1` from the status `$3` to `$4`, on the evidence `$2` of each.
const MOVE: &str = "
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[]) AS given (id, evidence)
), moved AS (
    UPDATE payouts SET status = $4, version = version + 1, updated_at = now(),
                       provider_id = coalesce(payouts.provider_id, given.evidence)
    FROM given WHERE payouts.id = given.id AND payouts.status = $3
    RETURNING payouts.id, merchant, version, given.evidence
), told AS (
    INSERT INTO payout_history (payout_id, version, from_status, to_status, evidence)
    SELECT id, version, $3, $4, evidence FROM moved
), sent AS (
    INSERT INTO outbox (payout_id, merchant, type, payload)
    SELECT id, merchant, 'payout.' || lower($4),
           jsonb_build_object('id', id, 'status', $4, 'version', version) FROM moved
)
SELECT count(*) FROM moved";

/// Left open by a process that ended.
const OPEN: &str =
    "SELECT id, amount_minor, status FROM payouts WHERE status IN ('INVOKING', 'PROCESSING')";

/// How long an idle worker sleeps at most, should it miss a call.
const IDLE: Duration = Duration::from_millis(50);

/// Works until the database fails.
pub async fn run(database: &Database, shared: &Shared, batch: i64) -> Result<(), Box<dyn Error>> {
    let worker = Worker::prepare(database.connect().await?).await?;
    loop {
        let taken = worker.client.query(&worker.take, &[&batch]).await?;
        if taken.is_empty() {
            let _ = tokio::time::timeout(IDLE, shared.due.notified()).await;
            continue;
        }
        let (mut ids, mut answers) = (Vec::new(), Vec::new());
        for row in &taken {
            let (id, amount_minor): (Uuid, i64) = (row.get(0), row.get(1));
            answers.push(shared.sandbox.submit(&reference(id), amount_minor));
            ids.push((id, amount_minor));
        }
        worker.move_all(&ids, &answers, "INVOKING", "PROCESSING").await?;
        worker.verify(&ids, "PROCESSING", shared).await?;
    }
}

/// Asks about what an earlier process left open; to be done before any worker runs.
pub async fn ask_about_open(database: &Database, shared: &Shared) -> Result<(), Box<dyn Error>> {
    let worker = Worker::prepare(database.connect().await?).await?;
    for row in worker.client.query(OPEN, &[]).await? {
        let status: &str = row.get(2);
        worker.verify(&[(row.get(0), row.get(1))], status, shared).await?;
    }
    Ok(())
}

struct Worker {
    client: Client,
    take: Statement,
    step: Statement,
}

impl Worker {
    async fn prepare(client: Client) -> Result<Worker, Box<dyn Error>> {
        let (take, step) = (client.prepare(TAKE).await?, client.prepare(MOVE).await?);
        Ok(Worker { client, take, step })
    }

    /// Asks the provider about each and keeps what is paid in full.
    async fn verify(
        &self,
        payouts: &[(Uuid, i64)],
        from: &str,
        shared: &Shared,
    ) -> Result<(), Box<dyn Error>> {
        let paid =
            |(id, amount): &&(Uuid, i64)| shared.sandbox.status(&reference(*id)) == Some(*amount);
        let paid: Vec<(Uuid, i64)> = payouts.iter().filter(paid).copied().collect();
        let evidence = vec!["PAYMENT_SETTLED".to_owned(); paid.len()];
        let moved = self.move_all(&paid, &evidence, from, "PROCESSED").await?;
        finished(shared, moved);
        Ok(())
    }

    async fn move_all(
        &self,
        payouts: &[(Uuid, i64)],
        evidence: &[String],
        from: &str,
        to: &str,
    ) -> Result<u64, Box<dyn Error>> {
        let ids: Vec<Uuid> = payouts.iter().map(|(id, _)| *id).collect();
        let moved = self.client.query_one(&self.step, &[&ids, &evidence, &from, &to]).await?;
        Ok(u64::try_from(moved.get::<_, i64>(0))?)
    }
}

/// Under which the provider knows the only attempt.
fn reference(id: Uuid) -> String {
    format!("{}-1", id.simple())
}
