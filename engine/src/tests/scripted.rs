//! A provider that does as it is told and counts what it is asked.

use adapters::provider::*;
use domain::failure::{Failure, Origin};
use domain::method::Method;
use domain::report::{FetchOutcome, Found, ProviderState, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use domain::schedule::{Policy, PollPlan};
use futures_util::future::{BoxFuture, FutureExt};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the provider does with a submission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes it and pays.
    Pays,
    /// Takes it, pays, and never answers.
    PaysInSilence,
    /// Never hears of it.
    Deaf,
}

pub struct Scripted {
    caps: Caps,
    pub manner: Mutex<Manner>,
    /// References submitted, and how often.
    pub submitted: Mutex<HashMap<String, u32>>,
    /// References paid.
    pub paid: Mutex<HashMap<String, u32>>,
}

impl Scripted {
    pub fn new(manner: Manner) -> Arc<Scripted> {
        let poll = PollPlan {
            first: Duration::from_millis(50),
            factor: 2,
            cap: Duration::from_secs(60),
            give_up: Duration::from_secs(86_400),
        };
        let policy = Policy {
            poll,
            can_revoke: true,
            can_cancel: true,
            not_found_final_after: None,
            visibility_lag: Duration::ZERO,
            resend_is_safe: true,
        };
        let limits = Limits {
            calls: 0,
            per: Duration::from_secs(1),
            verify_share: 25,
            concurrency: 64,
            timeout: Duration::from_secs(5),
            queue: 100_000,
        };
        let caps =
            Caps { account: "scripted".into(), methods: Method::ALL.to_vec(), policy, limits };
        let manner = Mutex::new(manner);
        Arc::new(Scripted { caps, manner, submitted: Mutex::default(), paid: Mutex::default() })
    }

    pub fn submissions(&self) -> u32 {
        self.submitted.lock().unwrap().values().sum()
    }
}

impl Provider for Scripted {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn prepare(&self, _: &Order) -> Result<(), Failure> {
        Ok(())
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        let manner = *self.manner.lock().unwrap();
        *self.submitted.lock().unwrap().entry(order.reference.clone()).or_default() += 1;
        if manner != Manner::Deaf {
            *self.paid.lock().unwrap().entry(order.reference.clone()).or_default() += 1;
        }
        async move {
            if manner == Manner::Pays {
                return SubmitOutcome::Accepted { provider_id: None, raw_status: None };
            }
            let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
            SubmitOutcome::Ambiguous { why }
        }
        .boxed()
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        let paid = self.paid.lock().unwrap().contains_key(&lookup.reference);
        let found = FetchOutcome::Found(Found::new(ProviderState::Settled));
        async move { if paid { found } else { FetchOutcome::NotFound } }.boxed()
    }

    fn revoke(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        async { UndoOutcome::Pending }.boxed()
    }

    fn cancel(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let why = Failure::new(Resolution::DeclinedError, Origin::Provider);
        async { UndoOutcome::Refused { why } }.boxed()
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        let reference = String::from_utf8_lossy(&raw.body).into_owned();
        CallbackOutcome::Doorbell { reference, event: None, answer: None }
    }

    fn quote(&self, _: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        async { Err(Failure::new(Resolution::InvalidMethod, Origin::Provider)) }.boxed()
    }
}
