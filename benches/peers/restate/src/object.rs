//! A payout as a virtual object: `create` makes it and answers, `process` brings it to its end, `get` shows it.

use crate::Shared;
use payout::Asked;
use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, atomic::Ordering};

/// Under which the object keeps itself.
const PAYOUT: &str = "payout";

/// What is known of a payout, and how it came about.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Kept {
    asked: Asked,
    amount_minor: i64,
    fingerprint: [u8; 16],
    status: String,
    provider_id: Option<String>,
    history: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Step {
    to: String,
    evidence: Option<String>,
}

/// A payout as its merchant sees it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Shown {
    id: String,
    object: String,
    status: String,
    version: usize,
    amount: String,
    currency: String,
    method: String,
    reference: Option<String>,
}

pub struct Payout {
    pub shared: Arc<Shared>,
}

// A finished invocation's journal is of no use here: the object has its own history.
#[object(journal_retention = "0s")]
impl Payout {
    /// Makes the payout under its key, or shows the one that is there.
    #[handler]
    async fn create(
        &self,
        ctx: ObjectContext<'_>,
        Json(asked): Json<Asked>,
    ) -> HandlerResult<Json<Shown>> {
        let judged = asked.judge().map_err(|fault| {
            let text = format!("{}: allowed is {}", fault.field, fault.allowed);
            TerminalError::new_with_code(422, text)
        })?;
        if let Some(Json(kept)) = ctx.get::<Json<Kept>>(PAYOUT).await? {
            if kept.fingerprint != judged.fingerprint {
                return Err(TerminalError::new_with_code(422, "this key had another body").into());
            }
            return Ok(Json(kept.show(ctx.key())));
        }
        let mut kept = Kept {
            amount_minor: judged.amount_minor,
            fingerprint: judged.fingerprint,
            status: String::new(),
            provider_id: None,
            history: Vec::new(),
            asked,
        };
        kept.step("READY", None);
        let shown = kept.show(ctx.key());
        let autoprocess = kept.asked.autoprocess;
        ctx.set(PAYOUT, Json(kept));
        if autoprocess {
            // Durable with the answer: from here on Restate sees to it that it happens. It is the intent.
            ctx.object_client::<PayoutClient>(ctx.key()).process().send();
        }
        Ok(Json(shown))
    }

    /// Sends it, asks about it, and says how it went; each outcome is durable before the next step.
    #[handler]
    async fn process(&self, ctx: ObjectContext<'_>) -> HandlerResult<()> {
        let Some(Json(mut kept)) = ctx.get::<Json<Kept>>(PAYOUT).await? else {
            return Err(TerminalError::new_with_code(404, "there is no such payout").into());
        };
        kept.step("INVOKING", None);
        ctx.set(PAYOUT, Json(kept.clone()));

        let (shared, reference) = (self.shared.clone(), format!("{}-1", ctx.key()));
        let amount = kept.amount_minor;
        let submitted = reference.clone();
        let provider_id = ctx
            .run(async move || Ok(shared.sandbox.submit(&submitted, amount)))
            .name("submit")
            .await?;
        kept.provider_id = Some(provider_id);
        kept.step("PROCESSING", kept.provider_id.clone());
        ctx.set(PAYOUT, Json(kept.clone()));

        let shared = self.shared.clone();
        let asked = async move || Ok(shared.sandbox.status(&reference) == Some(amount));
        if ctx.run(asked).name("verify").await? {
            kept.step("PROCESSED", Some("PAYMENT_SETTLED".to_owned()));
            ctx.set(PAYOUT, Json(kept));
            self.shared.finished.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The payout as it is.
    #[handler]
    async fn get(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Shown>> {
        match ctx.get::<Json<Kept>>(PAYOUT).await? {
            Some(Json(kept)) => Ok(Json(kept.show(ctx.key()))),
            None => Err(TerminalError::new_with_code(404, "there is no such payout").into()),
        }
    }
}

impl Kept {
    fn step(&mut self, to: &str, evidence: Option<String>) {
        to.clone_into(&mut self.status);
        self.history.push(Step { to: to.to_owned(), evidence });
    }

    fn show(&self, key: &str) -> Shown {
        Shown {
            id: key.to_owned(),
            object: "payout".to_owned(),
            status: self.status.clone(),
            version: self.history.len(),
            amount: format!("{}.{:02}", self.amount_minor / 100, self.amount_minor % 100),
            currency: self.asked.currency.clone(),
            method: self.asked.method.clone(),
            reference: self.asked.reference.clone(),
        }
    }
}
