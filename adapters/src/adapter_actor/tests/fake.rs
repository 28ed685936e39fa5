//! A provider that does what it was told, call by call, and remembers what it saw.

use super::ms;
use crate::provider::{
    CallbackOutcome, Caps, Limits, ListOutcome, ListPage, ListWish, Lists, Lookup, Order, Provider,
    Quote, QuoteWish, RawCallback,
};
use domain::failure::{Failure, Origin};
use domain::method::Method;
use domain::report::{FetchOutcome, Found, ProviderState, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use domain::schedule::{Policy, PollPlan};
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What one call does.
pub(super) enum Script<T> {
    Answer(T),
    After(Duration, T),
    Hang,
    Panic,
}

/// A call that arrived.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Call {
    Submit,
    Fetch,
    Undo,
    Quote,
    List,
}

pub(super) struct Fake {
    pub(super) caps: Caps,
    pub(super) refuses_locally: Mutex<Option<Failure>>,
    pub(super) submits: Mutex<VecDeque<Script<SubmitOutcome>>>,
    pub(super) fetches: Mutex<VecDeque<Script<FetchOutcome>>>,
    pub(super) quotes: Mutex<VecDeque<Script<Result<Quote, Failure>>>>,
    pub(super) lists: Mutex<VecDeque<Script<ListOutcome>>>,
    pub(super) calls: Mutex<Vec<(Instant, Call)>>,
    under_way: Arc<AtomicUsize>,
    pub(super) most_under_way: AtomicUsize,
}

impl Fake {
    pub(super) fn new(limits: Limits) -> Arc<Fake> {
        let poll = PollPlan { first: ms(1), factor: 1, cap: ms(1), give_up: ms(1) };
        let policy = Policy {
            poll,
            can_revoke: true,
            can_cancel: true,
            not_found_final_after: None,
            visibility_lag: Duration::ZERO,
            resend_is_safe: false,
            late_return: None,
            believe_signed_callbacks: false,
        };
        Arc::new(Fake {
            caps: Caps {
                account: "fake_main".into(),
                methods: vec![Method::Wallet],
                policy,
                limits,
                lists: Some(Lists { visibility_lag: Duration::ZERO, reaches_back: None }),
            },
            refuses_locally: Mutex::default(),
            submits: Mutex::default(),
            fetches: Mutex::default(),
            quotes: Mutex::default(),
            lists: Mutex::default(),
            calls: Mutex::default(),
            under_way: Arc::default(),
            most_under_way: AtomicUsize::new(0),
        })
    }

    pub(super) fn will_submit(&self, scripts: impl IntoIterator<Item = Script<SubmitOutcome>>) {
        self.submits.lock().unwrap().extend(scripts);
    }

    pub(super) fn will_fetch(&self, scripts: impl IntoIterator<Item = Script<FetchOutcome>>) {
        self.fetches.lock().unwrap().extend(scripts);
    }

    pub(super) fn will_quote(
        &self,
        scripts: impl IntoIterator<Item = Script<Result<Quote, Failure>>>,
    ) {
        self.quotes.lock().unwrap().extend(scripts);
    }

    pub(super) fn will_list(&self, scripts: impl IntoIterator<Item = Script<ListOutcome>>) {
        self.lists.lock().unwrap().extend(scripts);
    }

    pub(super) fn saw(&self) -> Vec<Call> {
        self.calls.lock().unwrap().iter().map(|(_, call)| call.clone()).collect()
    }

    pub(super) fn saw_at(&self) -> Vec<Instant> {
        self.calls.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    fn act<T: Send + 'static>(&self, call: Call, script: Script<T>) -> BoxFuture<'static, T> {
        self.calls.lock().unwrap().push((Instant::now(), call));
        let under_way = UnderWay::one_more(&self.under_way);
        self.most_under_way.fetch_max(self.under_way.load(SeqCst), SeqCst);
        Box::pin(async move {
            let _under_way = under_way;
            match script {
                Script::Answer(answer) => answer,
                Script::After(time, answer) => {
                    tokio::time::sleep(time).await;
                    answer
                }
                Script::Hang => std::future::pending().await,
                Script::Panic => panic!("the fake provider was told to"),
            }
        })
    }
}

/// Counts a call until its future is gone.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn one_more(count: &Arc<AtomicUsize>) -> UnderWay {
        count.fetch_add(1, SeqCst);
        UnderWay(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

pub(super) fn accepted() -> SubmitOutcome {
    SubmitOutcome::Accepted { provider_id: None, raw_status: None }
}

pub(super) fn settled() -> FetchOutcome {
    FetchOutcome::Found(Found::new(ProviderState::Settled))
}

pub(super) fn empty_page() -> ListOutcome {
    ListOutcome::Page(ListPage { rows: Vec::new(), next: None })
}

fn next<T>(scripts: &Mutex<VecDeque<Script<T>>>, otherwise: impl FnOnce() -> T) -> Script<T> {
    scripts.lock().unwrap().pop_front().unwrap_or_else(|| Script::Answer(otherwise()))
}

impl Provider for Fake {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn prepare(&self, _: &Order) -> Result<(), Failure> {
        self.refuses_locally.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn submit(&self, _: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        self.act(Call::Submit, next(&self.submits, accepted))
    }

    fn fetch_status(&self, _: Lookup) -> BoxFuture<'static, FetchOutcome> {
        self.act(Call::Fetch, next(&self.fetches, settled))
    }

    fn revoke(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.act(Call::Undo, Script::Answer(UndoOutcome::Pending))
    }

    fn cancel(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.act(Call::Undo, Script::Panic)
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        assert!(!raw.body.is_empty(), "the fake provider cannot read this");
        CallbackOutcome::Ignored
    }

    fn quote(&self, _: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        let unsupported = || Err(Failure::new(Resolution::InvalidMethod, Origin::Provider));
        self.act(Call::Quote, next(&self.quotes, unsupported))
    }
    fn list(&self, _: ListWish) -> BoxFuture<'static, ListOutcome> {
        self.act(Call::List, next(&self.lists, empty_page))
    }
}
