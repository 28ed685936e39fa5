//! The gateway as operators and providers use it: decisions that are signed, what is held, and
//! callbacks at the door. Apart from the merchants' side because nobody here owns a payout.
//!
//! ← `web` / `payout_supervisor`, `desk`, `moderation_book` →

use crate::desk::{DeskOrder, ModeSet, Signature};
use crate::gateway::{Gateway, View};
use crate::moderation_book::ModerationBook;
use crate::payout_actor::{Answer, Ring, Turn};
use crate::refusal::Refusal;
use adapters::adapter_actor::messages::Mode;
use adapters::provider::{CallbackOutcome, RawCallback};
use domain::command::Command;
use domain::entry::{Act, By, Deed};
use domain::id::{Fingerprint, PayoutId, read_provider_reference};
use domain::incident::Recommended;
use domain::payout::Payout;
use std::sync::Arc;

/// What arrived at the callback door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackTaken {
    /// It named a payout; the payout asks the provider.
    Rang,
    /// It was from nobody we know, or about nothing we know.
    Ignored,
}

impl Gateway {
    /// An operator's order. Every merchant's payouts are within reach; who, why and from where are
    /// written down with it.
    pub async fn operate(
        &self,
        id: PayoutId,
        deed: Deed,
        signed: Signature,
    ) -> Result<View, Refusal> {
        let Signature { by, reason, from } = signed;
        let command = Command::Operate(Arc::new(Act { deed, reason, from }));
        let turn = Turn::Command { command, key: None, by: By::Operator(by) };
        match self.deliver(id, turn).await? {
            Answer::Seen(view) => Ok(*view),
            _ => Err(Refusal::Internal),
        }
    }

    /// What is held: the incidents, the list, and the money in doubt.
    pub fn moderation(&self) -> Result<&Arc<ModerationBook>, Refusal> {
        Ok(&self.parts()?.book)
    }

    /// What a provider account may be used for from now on, over restarts.
    pub async fn set_mode(
        &self,
        account: &str,
        mode: Mode,
        signed: Signature,
    ) -> Result<(), Refusal> {
        let adapter = self.parts()?.adapters.by_name(account).ok_or(Refusal::NoSuchAccount)?;
        let order = DeskOrder::SetMode { account: account.into(), mode: mode.word().into() };
        // Carried to its end even when the caller hangs up: what is written must also be done.
        let gateway = self.clone();
        let decided = actix_rt::spawn(async move {
            let parts = gateway.parts()?;
            let set = adapter.handle().set_mode(mode);
            parts.desk.decide(&parts.store, order, signed, gateway.clock().now(), set).await
        });
        decided.await.unwrap_or(Err(Refusal::Internal))
    }

    /// Who set an account's mode last, why and when; none if it was never set.
    pub fn mode_set(&self, account: &str) -> Option<ModeSet> {
        self.parts().ok()?.desk.state().modes.remove(account)
    }

    /// What an operator had best do about a payout; none unless it is held.
    pub fn recommended(&self, payout: &Payout) -> Option<Recommended> {
        let policy = self.parts().ok()?.adapters.policy_of(payout);
        Recommended::for_payout(payout, policy)
    }

    /// A provider's callback: authenticated by its adapter, and even then only a hint to ask.
    pub async fn callback(
        &self,
        account: &str,
        raw: RawCallback,
    ) -> Result<CallbackTaken, Refusal> {
        let parts = self.parts()?;
        let adapter = parts.adapters.by_name(account).ok_or(Refusal::NoSuchAccount)?;
        let Some((reference, ring)) = judge_ring(account, adapter.callback(&raw)) else {
            return Ok(CallbackTaken::Ignored);
        };
        let Ok((id, attempt)) = read_provider_reference(&reference) else {
            return Ok(CallbackTaken::Ignored);
        };
        match self.deliver(id, Turn::Doorbell(Box::new(Ring { attempt, ..ring }))).await {
            Ok(_) | Err(Refusal::Refused(_)) => Ok(CallbackTaken::Rang),
            Err(Refusal::NotFound) => Ok(CallbackTaken::Ignored),
            Err(refusal) => Err(refusal),
        }
    }
}

/// What a callback amounts to, and the reference it names; nothing if it names none.
fn judge_ring(account: &str, outcome: CallbackOutcome) -> Option<(String, Ring)> {
    let account = Box::from(account);
    let nothing =
        Ring { account, authentic: false, attempt: 0, event: None, token: None, found: None };
    match outcome {
        CallbackOutcome::Doorbell { reference, event, token, found } => {
            let event = event.map(|event| hash_event(&nothing.account, &event));
            Some((reference, Ring { authentic: true, event, token, found, ..nothing }))
        }
        CallbackOutcome::Unauthenticated { why, reference } => {
            tracing::warn!(account = %nothing.account, why, "an unauthenticated callback");
            reference.map(|reference| (reference, nothing))
        }
        CallbackOutcome::Ignored => None,
    }
}

fn hash_event(account: &str, event: &str) -> u64 {
    let Fingerprint(hash) = Fingerprint::of(format!("{account}/{event}").as_bytes());
    hash.iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte))
}
