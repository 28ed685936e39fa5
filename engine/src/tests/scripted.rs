//! A provider that does as it is told and counts what it is asked.

use adapters::provider::*;
use domain::failure::{Failure, Origin};
use domain::method::Method;
use domain::money::Amount;
use domain::report::{FetchOutcome, Found, ProviderState, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use domain::schedule::{Policy, PollPlan, ReturnWatch};
use futures_util::future::{BoxFuture, FutureExt};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// What the provider does with a submission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes it and pays.
    Pays,
    /// Takes it, pays, and never answers.
    PaysInSilence,
    /// Never hears of it.
    Deaf,
    /// Never hears of it, and is called until the story lets go.
    Hangs,
    /// Takes it, and answers no question about it.
    Mute,
    /// Takes it, and answers every second question with an error.
    Wavers,
}

pub struct Scripted {
    caps: Caps,
    pub manner: Mutex<Manner>,
    /// References submitted, and how often.
    pub submitted: Mutex<HashMap<String, u32>>,
    /// References paid.
    pub paid: Mutex<HashMap<String, u32>>,
    /// What was paid has come back.
    pub returned: AtomicBool,
    /// Questions asked.
    pub asked: AtomicU32,
    /// Ends the calls that hang.
    pub let_go: Arc<Notify>,
    /// How the next questions are answered, before the manner has its say again.
    pub answers: Mutex<VecDeque<NextAnswer>>,
    /// From now on every question is answered by a callback, with the token "t" and the question's number.
    pub defers: AtomicBool,
}

/// How one question is answered.
pub enum NextAnswer {
    /// It is in vain.
    Vain,
    /// "Not found", when the story lets go.
    NotFoundLater(oneshot::Receiver<()>),
}

impl Scripted {
    pub fn new(manner: Manner) -> Arc<Scripted> {
        Scripted::with(manner, |_| {})
    }

    pub fn with(manner: Manner, change: impl FnOnce(&mut Caps)) -> Arc<Scripted> {
        let poll = PollPlan {
            first: Duration::from_millis(50),
            factor: 2,
            cap: Duration::from_secs(60),
            give_up: Duration::from_secs(86_400),
        };
        let watch = ReturnWatch {
            first: Duration::from_secs(3_600),
            factor: 2,
            window: Duration::from_secs(86_400),
        };
        let policy = Policy {
            poll,
            can_revoke: true,
            can_cancel: true,
            not_found_final_after: None,
            visibility_lag: Duration::ZERO,
            resend_is_safe: true,
            late_return: Some(watch),
            believe_signed_callbacks: false,
        };
        let limits = Limits {
            calls: 0,
            per: Duration::from_secs(1),
            verify_share: 25,
            concurrency: 64,
            timeout: Duration::from_secs(5),
            queue: 100_000,
            in_doubt_max: Vec::new(),
        };
        let (account, methods) = ("scripted".into(), Method::ALL.to_vec());
        let mut caps = Caps { account, methods, policy, limits, lists: None };
        change(&mut caps);
        Arc::new(Scripted {
            caps,
            manner: Mutex::new(manner),
            submitted: Mutex::default(),
            paid: Mutex::default(),
            returned: AtomicBool::new(false),
            asked: AtomicU32::new(0),
            let_go: Arc::default(),
            answers: Mutex::default(),
            defers: AtomicBool::new(false),
        })
    }

    pub fn submissions(&self) -> u32 {
        self.submitted.lock().unwrap().values().sum()
    }
}

impl NextAnswer {
    async fn given(self) -> FetchOutcome {
        match self {
            NextAnswer::Vain => {
                let why = Failure::new(Resolution::ProviderInternalError, Origin::Provider);
                FetchOutcome::Unknown { why, retry_after: None }
            }
            NextAnswer::NotFoundLater(when) => {
                // A story that has ended lets go of everything.
                let _ = when.await;
                FetchOutcome::NotFound
            }
        }
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
        if !matches!(manner, Manner::Deaf | Manner::Hangs) {
            *self.paid.lock().unwrap().entry(order.reference.clone()).or_default() += 1;
        }
        let let_go = self.let_go.clone();
        async move {
            if manner == Manner::Hangs {
                let_go.notified().await;
            }
            if matches!(manner, Manner::Pays | Manner::Mute | Manner::Wavers) {
                return SubmitOutcome::Accepted { provider_id: None, raw_status: None };
            }
            let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
            SubmitOutcome::Ambiguous { why }
        }
        .boxed()
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        let paid = self.paid.lock().unwrap().contains_key(&lookup.reference);
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.defers.load(Ordering::SeqCst) {
            let token = format!("t{asked}").into();
            return async move { FetchOutcome::Deferred { token } }.boxed();
        }
        if let Some(answer) = self.answers.lock().unwrap().pop_front() {
            return async move { answer.given().await }.boxed();
        }
        if *self.manner.lock().unwrap() == Manner::Wavers {
            let why = Failure::new(Resolution::ProviderInternalError, Origin::Provider);
            let known = FetchOutcome::Found(Found::new(ProviderState::Accepted));
            let vain = FetchOutcome::Unknown { why, retry_after: None };
            return async move { if asked.is_multiple_of(2) { vain } else { known } }.boxed();
        }
        if *self.manner.lock().unwrap() == Manner::Mute {
            return futures_util::future::pending().boxed();
        }
        let returned = self.returned.load(Ordering::SeqCst);
        let state = if returned { ProviderState::Returned } else { ProviderState::Settled };
        let found = FetchOutcome::Found(Found::new(state));
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
        // "reference", or "reference event", or "reference event amount", or with a token behind it: signed, all
        // of them; a stranger begins with a question mark.
        let text = String::from_utf8_lossy(&raw.body).into_owned();
        if let Some(reference) = text.strip_prefix('?') {
            let reference = Some(reference.to_owned());
            return CallbackOutcome::Unauthenticated { why: "no signature", reference };
        }
        let mut words = text.split(' ').map(str::to_owned);
        let (reference, event) = (words.next().unwrap_or_default(), words.next());
        let currency = "EUR".parse().unwrap();
        let found = words.next().map(|amount| Found {
            amount: Some((Amount::parse(&amount, currency).unwrap(), currency)),
            ..Found::new(ProviderState::Settled)
        });
        let token = words.next().map(String::into_boxed_str);
        CallbackOutcome::Doorbell { reference, event, token, found }
    }

    fn quote(&self, _: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        async { Err(Failure::new(Resolution::InvalidMethod, Origin::Provider)) }.boxed()
    }
}
