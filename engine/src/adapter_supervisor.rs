//! Which provider serves a payout, and the way to it. Not an actor: the adapters are, and a hop
//! that only looks up a name would cost a wake on every call and decide nothing.
//!
//! ← `payout_actor/act` / the adapters crate →

use crate::desk::DeskState;
use crate::refusal::Refusal;
use actix::Recipient;
use adapters::adapter_actor::AdapterHandle;
use adapters::adapter_actor::messages::{Mode, PermitGranted, RequestPermit, UndoKind};
use adapters::fair_queue::QueueFull;
use adapters::permit::Permit;
use adapters::provider::{CallbackOutcome, Caps, Lookup, Order, QuoteWish, RawCallback};
use adapters::registry::Registry;
use domain::method::Method;
use domain::money::{Amount, Currency};
use domain::payout::Payout;
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::schedule::{Policy, PollPlan};
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The provider accounts, and what may be concluded from each.
pub struct AdapterSupervisor {
    registry: Registry,
    /// For a payout whose account is gone: asked seldom, nothing concluded.
    orphan: Policy,
}

impl AdapterSupervisor {
    /// Serves these accounts.
    pub fn new(registry: Registry) -> AdapterSupervisor {
        let poll = PollPlan {
            first: Duration::from_secs(60),
            factor: 2,
            cap: Duration::from_secs(3_600),
            give_up: Duration::from_secs(86_400),
        };
        let orphan = Policy {
            poll,
            can_revoke: false,
            can_cancel: false,
            not_found_final_after: None,
            visibility_lag: Duration::MAX,
            resend_is_safe: false,
            late_return: None,
            believe_signed_callbacks: false,
        };
        AdapterSupervisor { registry, orphan }
    }

    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &AdapterHandle> {
        self.registry.iter()
    }

    /// The account of this name.
    pub fn by_name(&self, account: &str) -> Option<Adapter> {
        self.registry.get(account).cloned().map(Adapter)
    }

    /// The account that a new payout of this method goes to.
    pub fn route(&self, method: Method, wished: Option<&str>) -> Result<Adapter, Refusal> {
        self.registry.route(method, wished).cloned().map(Adapter).ok_or(Refusal::NoRoute)
    }

    /// The account that a payout went to, or goes to next.
    pub fn for_payout(&self, payout: &Payout) -> Option<Adapter> {
        match payout.account() {
            Some(account) => self.by_name(account),
            None => self.route(payout.request().method, None).ok(),
        }
    }

    /// Every account that a payout may have gone to in a time that a restore has lost, each with its name.
    pub(crate) fn may_have(&self, payout: &Payout) -> Vec<(Box<str>, Adapter)> {
        let (asked, method) = (payout.asked_of(), payout.request().method);
        let may_have = |caps: &Caps| match asked {
            Some(account) => *caps.account == *account,
            None => payout.is_made_blindly() || caps.methods.contains(&method),
        };
        let all = self.registry.iter().filter(|one| may_have(one.caps()));
        all.map(|one| (one.caps().account.clone(), Adapter(one.clone()))).collect()
    }

    /// What may be concluded about a payout that any of several accounts may have: what all of them allow.
    pub(crate) fn weakest_policy(&self, payout: &Payout) -> Policy {
        let serving = self.may_have(payout);
        let policies = serving.iter().map(|(_, adapter)| &adapter.0.caps().policy);
        let weakest = policies.cloned().reduce(Policy::of_either);
        weakest.unwrap_or_else(|| self.orphan.clone())
    }

    /// The modes that operators set before the last stop.
    pub(crate) async fn set_modes(&self, desk: &DeskState) {
        for (account, set) in &desk.modes {
            let mode = Mode::ALL.into_iter().find(|mode| mode.word() == &*set.mode);
            if let (Some(handle), Some(mode)) = (self.registry.get(account), mode) {
                tracing::info!(%account, mode = mode.word(), "the mode that an operator set");
                handle.set_mode(mode).await;
            }
        }
    }

    /// Too much money is in doubt at an account, or no longer: its sending stops, or goes on.
    pub(crate) fn stop_for_exposure(&self, account: &str, stop: bool) {
        let Some(handle) = self.registry.get(account) else { return };
        if stop {
            tracing::error!(account, "too much money is in doubt: nothing more is sent there");
        } else {
            tracing::warn!(account, "less money is in doubt: sending goes on");
        }
        handle.set_stopped(stop);
    }

    /// How much of each currency may be in doubt at each account.
    pub(crate) fn exposure_limits(&self) -> HashMap<Box<str>, Vec<(Currency, Amount)>> {
        let accounts = self.registry.iter().map(AdapterHandle::caps);
        accounts.map(|caps| (caps.account.clone(), caps.limits.in_doubt_max.clone())).collect()
    }

    /// What may be concluded about a payout from its provider's words.
    pub fn policy_of(&self, payout: &Payout) -> &Policy {
        if let Some(account) = payout.account() {
            return self.policy_at(account);
        }
        let handle = self.registry.route(payout.request().method, None);
        handle.map_or(&self.orphan, |handle| &handle.caps().policy)
    }

    /// From no word of any provider anything is concluded but what it says it has.
    pub(crate) fn nothing_is_concluded(&self) -> &Policy {
        &self.orphan
    }

    /// What is agreed with this account.
    pub fn policy_at(&self, account: &str) -> &Policy {
        self.registry.get(account).map_or(&self.orphan, |handle| &handle.caps().policy)
    }
}

/// One provider account, as the engine calls it.
#[derive(Clone)]
pub struct Adapter(AdapterHandle);

impl Adapter {
    /// Queues a payout for a permit; the grant comes to `grant_to` later.
    pub(crate) fn ask_permit(
        &self,
        payout: &Payout,
        grant_to: Recipient<PermitGranted>,
    ) -> BoxFuture<'static, Result<(), QueueFull>> {
        let request = payout.request();
        let converts = request.method == Method::Crypto;
        let quote = converts.then(|| QuoteWish {
            payout: payout.id(),
            amount: request.amount,
            currency: request.currency,
            recipient: payout.recipient().clone(),
        });
        let adapter = self.0.clone();
        let (payout, merchant) = (payout.id(), request.merchant);
        let ask = RequestPermit { payout, merchant, quote, grant_to };
        Box::pin(async move { adapter.request_permit(ask).await })
    }

    /// Sends an order, exactly once.
    pub(crate) fn submit(
        &self,
        permit: Permit,
        order: Arc<Order>,
    ) -> BoxFuture<'static, SubmitOutcome> {
        let adapter = self.0.clone();
        Box::pin(async move { adapter.submit(permit, order).await })
    }

    /// Asks for a status.
    pub(crate) fn fetch(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        let adapter = self.0.clone();
        Box::pin(async move { adapter.fetch(lookup).await })
    }

    /// Sends a recall or undo.
    pub(crate) fn undo(&self, kind: UndoKind, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let adapter = self.0.clone();
        Box::pin(async move { adapter.undo(kind, lookup).await })
    }

    /// What a callback is worth.
    pub(crate) fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        self.0.callback(raw)
    }

    /// The handle itself, for health and modes.
    pub fn handle(&self) -> &AdapterHandle {
        &self.0
    }
}
