//! The sandbox as a bank whose list may lie, with an engine beside it, and a restore that knows nothing.
//! Apart from the stories, which are told with these.

use crate::clock::{Clock, TurnedClock};
use crate::gateway::{Created, MerchantDoor};
use crate::orphans::{ListSeen, OrphanPage};
use crate::quarantine::Quarantine;
use crate::restore::{Beyond, Orders, Point, carry_out, plan};
use crate::tests::{MERCHANT, request, signed};
use crate::{Engine, EngineOptions};
use adapters::provider::*;
use adapters::sandbox::{InlineSandbox, SandboxSettings, VirtualClock};
use domain::entry::Request;
use domain::failure::Failure;
use domain::id::{IdKey, PayoutId, provider_reference};
use domain::money::Amount;
use domain::payout::Payout;
use domain::recipient::{Recipient, RecipientInput};
use domain::report::{FetchOutcome, Found, ProviderState, SubmitOutcome, UndoOutcome};
use domain::status::Status;
use domain::time::Timestamp;
use futures_util::future::BoxFuture;
use snapshots::log::{Frame, FrameSource, LogError, LogFrames};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// The sandbox, with a list that lies for as long as it was told to.
#[derive(Clone)]
pub(super) struct Bank {
    pub(super) sandbox: InlineSandbox,
    pub(super) caps: Caps,
    pub(super) lies: Arc<Mutex<VecDeque<ListOutcome>>>,
    /// So many payments are on the list that nobody here made.
    pub(super) flood: Arc<AtomicU32>,
    pub(super) asked: Arc<Mutex<Vec<ListWish>>>,
}

impl Bank {
    pub(super) fn new(clock: &TurnedClock) -> Bank {
        let settings =
            SandboxSettings { visibility_lag: 30 * SECOND, ..SandboxSettings::default() };
        let standing = Arc::new(VirtualClock::standing(clock.now()));
        let sandbox = InlineSandbox::new(&settings, standing);
        let (lies, flood, asked) = (Arc::default(), Arc::default(), Arc::default());
        Bank { caps: sandbox.caps().clone(), sandbox, lies, flood, asked }
    }

    pub(super) fn submissions(&self, id: PayoutId) -> u32 {
        self.sandbox.calls(Some(id)).iter().map(|row| row.submits).sum()
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Provider for Bank {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn prepare(&self, order: &Order) -> Result<(), Failure> {
        self.sandbox.prepare(order)
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        self.sandbox.submit(order)
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        self.sandbox.fetch_status(lookup)
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.sandbox.revoke(lookup)
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        self.sandbox.cancel(lookup)
    }

    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        self.sandbox.callback(raw)
    }

    fn quote(&self, wish: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        self.sandbox.quote(wish)
    }

    fn list(&self, wish: ListWish) -> BoxFuture<'static, ListOutcome> {
        self.asked.lock().unwrap().push(wish.clone());
        let flood = self.flood.load(Ordering::SeqCst);
        if flood > 0 {
            let page = many(wish.cursor.as_deref(), flood);
            return Box::pin(async move { page });
        }
        match self.lies.lock().unwrap().pop_front() {
            Some(lie) => Box::pin(async move { lie }),
            // Two on a page: every story has several pages.
            None => self.sandbox.list(ListWish { limit: 2, ..wish }),
        }
    }
}

/// An engine with its bank, on clocks that are turned together.
pub(super) struct Running {
    pub(super) engine: Engine,
    pub(super) bank: Bank,
    pub(super) clock: TurnedClock,
}

impl Running {
    pub(super) async fn start(dir: &Path, bank: &Bank, clock: &TurnedClock) -> Running {
        let mut options = EngineOptions::new(dir, IdKey([3; 32]));
        options.store.segment_bytes = 1 << 20;
        let engine = Engine::prepare(options, Arc::new(clock.clone()));
        engine.recover(vec![Arc::new(bank.clone())]).await.unwrap();
        Running { engine, bank: bank.clone(), clock: clock.clone() }
    }

    pub(super) fn door(&self) -> MerchantDoor {
        self.engine.gateway().for_merchant(MERCHANT)
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.bank.sandbox.advance(time);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }

    pub(super) async fn create(&self, key: &str, request: Request) -> PayoutId {
        match self.door().create(key, request).await.unwrap() {
            Created::New(view) | Created::Replayed(view) => view.payout.id(),
        }
    }

    pub(super) async fn until(&self, id: PayoutId, status: Status) -> Payout {
        for _ in 0..2_000 {
            let payout = self.door().get(id).await.unwrap().payout;
            if payout.status() == status {
                return payout;
            }
            self.pass(SECOND).await;
        }
        panic!("never {status:?}: {:?}", self.door().get(id).await.unwrap().payout.standing());
    }

    pub(super) async fn orphans(&self) -> OrphanPage {
        self.engine.gateway().orphans(None, 100).await.unwrap()
    }

    pub(super) fn quarantine(&self) -> Quarantine {
        self.engine.gateway().quarantine().unwrap().unwrap()
    }

    pub(super) fn list(&self) -> ListSeen {
        self.quarantine().lists.pop().unwrap()
    }

    pub(super) fn through(&self) -> u64 {
        self.engine.gateway().store().unwrap().journal.durable_sequence()
    }

    pub(super) async fn stop(self) {
        self.engine.stop().await;
    }
}

pub(super) fn paying(clock: &TurnedClock, suffix: &str, amount: &str) -> Request {
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        account_number: Some(format!("12345{suffix}")),
        bank_code: Some("021000021".into()),
        country: Some("US".into()),
        ..RecipientInput::default()
    };
    let request = request(clock);
    let amount = Amount::parse(amount, request.currency).unwrap();
    Request { amount, recipient: Recipient::build(input).unwrap(), ..request }
}

/// The frames of a log up to a record: all that an older copy has.
pub(super) struct Copy(LogFrames, u64);

impl FrameSource for Copy {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, LogError> {
        let last = self.1;
        Ok(self.0.next_frame()?.filter(|frame| frame.last_sequence() <= last))
    }
}

/// Restores what stood up to a record; what followed nobody knows.
pub(super) fn restore(dir: &Path, into: &Path, point: u64, clock: &TurnedClock) {
    let source = || Copy(LogFrames::open(&dir.join("log")).unwrap(), point);
    let planned = plan(&mut source(), Point::End, Beyond::Unknown, None, &mut |_| {}).unwrap();
    assert!(!planned.known);
    let orders = Orders {
        into: into.to_owned(),
        signed: signed("ann"),
        now: clock.now(),
        ask_first_for: Duration::from_secs(3_600),
        segment_bytes: 1 << 20,
        side_files: Vec::new(),
    };
    carry_out(&mut source(), &planned, &orders, &mut |_| {}).unwrap();
}

/// A page of payments that were sent under references of our form.
pub(super) fn many(cursor: Option<&str>, all: u32) -> ListOutcome {
    let row = |number: u32| Listed {
        reference: provider_reference(id_of(number), 1),
        asked: None,
        found: Found {
            provider_id: Some("x".repeat(60).into()),
            ..Found::new(ProviderState::Settled)
        },
        at: Timestamp(1),
    };
    let from = cursor.map_or(0, |cursor| cursor.parse().unwrap());
    let end = all.min(from + 1_500);
    let next = (end < all).then(|| end.to_string().into());
    ListOutcome::Page(ListPage { rows: (from..end).map(row).collect(), next })
}

pub(super) fn id_of(number: u32) -> PayoutId {
    PayoutId::derive(&IdKey([3; 32]), MERCHANT, &format!("many-{number}"))
}
