//! The gateway as operators have everything verified: ordered, written down, and looked at while it
//! reads. Apart from the scrub, which knows neither the desk nor who asks.
//!
//! ← `web` / `scrub`, `desk` →

use crate::desk::{DeskOrder, Signature};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::scrub::{Beside, For, Verification};

/// Why no verification was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerificationRefused {
    /// The engine has not recovered, or has stopped.
    #[error("the engine is not running")]
    NotRunning,
    /// Another one is under way.
    #[error("a verification is under way already")]
    UnderWay,
    /// It could not be written down, or its thread did not start.
    #[error("the verification could not be begun")]
    Failed,
}

impl Gateway {
    /// Begins to read everything again, as fast as it goes, beside whatever goes on. A scrub that only
    /// the clock wanted gives way to it. Begun even when the caller hangs up.
    ///
    /// # Errors
    /// The engine is not running, or another one is under way.
    pub async fn start_verification(
        &self,
        signed: Signature,
        beside: Beside,
    ) -> Result<Verification, VerificationRefused> {
        let gateway = self.clone();
        let begun =
            actix_rt::spawn(async move { gateway.order_verification(signed, beside).await });
        begun.await.unwrap_or(Err(VerificationRefused::Failed))
    }

    async fn order_verification(
        &self,
        signed: Signature,
        beside: Beside,
    ) -> Result<Verification, VerificationRefused> {
        let parts = self.parts().map_err(|_| VerificationRefused::NotRunning)?;
        let (clock, now) = (self.shared_clock(), self.clock().now());
        let place = parts.scrub.take_place(move || clock.now());
        let mut place = place.ok_or(VerificationRefused::UnderWay)?;
        let (order, nothing_more) = (DeskOrder::Verify, async { true });
        let decided =
            parts.desk.decide(&parts.store, order, signed.clone(), now, nothing_more).await;
        decided.map_err(|refusal| match refusal {
            Refusal::NotReady => VerificationRefused::NotRunning,
            _ => VerificationRefused::Failed,
        })?;
        let begun = place.begin(&signed);
        let started =
            parts.scrub.begin(self.grounds(parts), For::Order, beside, |found| place.end(found));
        started.map_err(|error| {
            tracing::error!(%error, "a verification could not be started");
            VerificationRefused::Failed
        })?;
        Ok(begun)
    }

    /// The verification that is under way, or the last one that was ordered since the start.
    ///
    /// # Errors
    /// The engine is not running.
    pub fn verification(&self) -> Result<Option<Verification>, Refusal> {
        Ok(self.parts()?.scrub.last_ordered())
    }
}
