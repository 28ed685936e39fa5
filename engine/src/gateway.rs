//! The one door into the engine: all that the web may call. Merchants get a door of their own, so
//! that an unscoped read does not compile; operators and providers have theirs.
//!
//! next → `payout_supervisor`

use crate::adapter_supervisor::AdapterSupervisor;
use crate::clock::{Clock, SureClock};
use crate::desk::Desk;
use crate::event_feed::EventHub;
use crate::finding::unreadable;
use crate::listing::{self, ListQuery, Page};
use crate::live_index::LiveIndex;
use crate::moderation_book::ModerationBook;
use crate::orphans::OrphanBook;
use crate::partition::{Counters, PartitionHandle, read_archived, view};
use crate::payout_actor::{Answer, Precaution, Turn, as_created, question};
use crate::payout_supervisor::Deliver;
use crate::refusal::Refusal;
use crate::scrub::{For, Grounds, Scrub, ScrubFigures};
use crate::verify;
use adapters::rates::{NoRate, RateSource, Rates};
use domain::command::Command;
use domain::conversion::Rate;
use domain::entry::{By, Entry, Request};
use domain::id::{Fingerprint, IdKey, MerchantId, PayoutId};
use domain::method::Method;
use domain::payout::Payout;
use domain::report::{Report, Waited};
use domain::statement::Statement;
use domain::time::Timestamp;
use snapshots::Running as Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// A payout as its readers see it.
#[derive(Clone, Debug)]
pub struct View {
    /// The payout with its whole history.
    pub payout: Payout,
    /// When the provider is asked next, if it is.
    pub next_check_at: Option<Timestamp>,
}

/// How a create ended.
#[derive(Clone, Debug)]
pub enum Created {
    /// Made and durable.
    New(View),
    /// Made before under the same key with the same body; the view is as it was answered then.
    Replayed(View),
}

/// How a command ended.
#[derive(Clone, Debug)]
pub enum Commanded {
    /// Done just now.
    Done(View),
    /// Done before under the same key; the view is as it was answered then.
    Replayed(View),
}

/// A payout before and after the provider was asked on request.
#[derive(Clone, Debug)]
pub struct Reconciled {
    /// Before the question.
    pub before: View,
    /// After the answer.
    pub after: View,
    /// The newest stored evidence.
    pub statement: Option<(Entry, Statement)>,
}

/// The one door into the engine. Cheap to clone; answers `NotReady` until recovery is through.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

/// The same door for a task that must not keep a stopped engine in memory.
#[derive(Clone)]
pub(crate) struct WeakGateway(Weak<Inner>);

impl WeakGateway {
    /// The door, while somebody else holds it and it was not closed.
    pub fn open(&self) -> Option<Gateway> {
        let gateway = Gateway { inner: self.0.upgrade()? };
        gateway.is_ready().then_some(gateway)
    }
}

struct Inner {
    parts: OnceLock<Parts>,
    closed: AtomicBool,
    clock: Arc<SureClock>,
    counters: Arc<Counters>,
    rates: OnceLock<Rates>,
    /// Requests that may be under way at once.
    in_flight_max: u64,
    /// Payouts that may be live at once.
    live_max: u64,
}

/// What is there once recovery is through.
pub(crate) struct Parts {
    pub id_key: IdKey,
    pub partitions: Vec<PartitionHandle>,
    pub store: Arc<Store>,
    pub index: Arc<LiveIndex>,
    pub adapters: Arc<AdapterSupervisor>,
    pub book: Arc<ModerationBook>,
    pub desk: Arc<Desk>,
    pub orphans: Arc<OrphanBook>,
    pub hub: Arc<EventHub>,
    /// What the journal had when recovery was through.
    pub recovered: u64,
    pub scrub: Arc<Scrub>,
}

impl Parts {
    /// The partition that owns a payout.
    pub fn owner(&self, id: PayoutId) -> &PartitionHandle {
        &self.partitions[partition_of(id, self.partitions.len())]
    }
}

/// The number of the partition that owns a payout.
pub(crate) fn partition_of(id: PayoutId, partitions: usize) -> usize {
    usize::from(id.0[15]) % partitions
}

impl Gateway {
    pub(crate) fn new(
        clock: Arc<SureClock>,
        counters: Arc<Counters>,
        in_flight_max: u64,
        live_max: u64,
    ) -> Gateway {
        let closed = AtomicBool::new(false);
        let (parts, rates) = (OnceLock::new(), OnceLock::new());
        Gateway {
            inner: Arc::new(Inner {
                parts,
                closed,
                clock,
                counters,
                rates,
                in_flight_max,
                live_max,
            }),
        }
    }

    pub(crate) fn convert_by(&self, rates: Rates) {
        // Said twice, it would be a mistake in the composition; the first word stands.
        let _ = self.inner.rates.set(rates);
    }

    /// Whose rates convert what is about to be sent; none: the provider accounts' own offers.
    pub(crate) fn rates_at_execution(&self) -> Option<Arc<dyn RateSource>> {
        self.inner.rates.get()?.at_execution.clone()
    }

    pub(crate) fn open(&self, parts: Parts) {
        // Opening twice would be a mistake in the composition; the first opening stands.
        let _ = self.inner.parts.set(parts);
    }

    pub(crate) fn downgrade(&self) -> WeakGateway {
        WeakGateway(Arc::downgrade(&self.inner))
    }

    pub(crate) fn close(&self) {
        self.inner.closed.store(true, Ordering::SeqCst);
    }

    /// Recovery is through and nobody has asked the gateway to stop.
    pub fn is_ready(&self) -> bool {
        self.inner.parts.get().is_some() && !self.inner.closed.load(Ordering::SeqCst)
    }

    /// The engine's clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The same, for whoever keeps it.
    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        self.inner.clock.clone()
    }

    /// What the engine counts.
    pub fn counters(&self) -> &Counters {
        &self.inner.counters
    }

    pub(crate) fn shared_counters(&self) -> Arc<Counters> {
        self.inner.counters.clone()
    }

    /// The store's figures, once recovery is through.
    pub fn store(&self) -> Option<&Arc<Store>> {
        self.inner.parts.get().map(|parts| &parts.store)
    }

    /// The provider accounts, once recovery is through.
    pub fn adapters(&self) -> Option<&Arc<AdapterSupervisor>> {
        self.inner.parts.get().map(|parts| &parts.adapters)
    }

    /// Whose rates are told to merchants, and noted when a payout is made that will be converted;
    /// none: nobody's.
    pub fn rates(&self) -> Option<&Arc<dyn RateSource>> {
        self.inner.rates.get()?.asked.as_ref()
    }

    /// The door of one merchant, and of no other.
    pub fn for_merchant(&self, merchant: MerchantId) -> MerchantDoor {
        MerchantDoor { gateway: self.clone(), merchant }
    }

    /// A payout as an operator sees it, whosever it is.
    pub async fn inspect(&self, id: PayoutId) -> Result<View, Refusal> {
        Ok(self.see(id)?.0)
    }

    /// A payout, and for how long its provider's answer has been waited for.
    fn see(&self, id: PayoutId) -> Result<(View, Waited), Refusal> {
        let (parts, clock) = (self.parts()?, &self.inner.clock);
        // What is believed is durable, so looking needs no turn, and nobody's leave.
        let seen = parts.owner(id).slots.see(id, clock.running());
        if let Some((payout, watch, waited)) = seen.map_err(|error| unreadable(id, &error))? {
            return Ok((view(&parts.adapters, payout, watch, clock.now()), waited));
        }
        let payout = read_archived(&parts.store, id)?.ok_or(Refusal::NotFound)?;
        Ok((View { payout, next_check_at: None }, Waited::default()))
    }

    /// Reads everything again at once, beside whatever goes on, and says what it found. One at a time.
    pub async fn verify(&self) -> Result<verify::Report, Refusal> {
        let parts = self.parts()?;
        parts.scrub.run(self.grounds(parts), For::Program).await.ok_or(Refusal::NotReady)
    }

    pub(crate) fn grounds(&self, parts: &Parts) -> Grounds {
        Grounds {
            store: Arc::downgrade(&parts.store),
            partitions: parts.partitions.clone(),
            clock: self.inner.clock.clone(),
        }
    }

    /// What was found by reading everything again, since the start.
    pub fn scrubbed(&self) -> Option<&ScrubFigures> {
        self.inner.parts.get().map(|parts| &parts.scrub.figures)
    }

    #[cfg(test)]
    pub(crate) async fn deliver_in_test(&self, id: PayoutId, turn: Turn) -> Result<(), Refusal> {
        self.deliver(id, turn).await.map(|_| ())
    }

    pub(crate) fn parts(&self) -> Result<&Parts, Refusal> {
        if self.inner.closed.load(Ordering::SeqCst) {
            return Err(Refusal::NotReady);
        }
        self.inner.parts.get().ok_or(Refusal::NotReady)
    }

    pub(crate) async fn deliver(&self, id: PayoutId, turn: Turn) -> Result<Answer, Refusal> {
        let parts = self.parts()?;
        let _place = self.take_place()?;
        parts.owner(id).supervisor.send(Deliver { id, turn }).await.map_err(|error| {
            tracing::error!(payout = %id, %error, "a supervisor does not answer");
            Refusal::Internal
        })?
    }

    /// A place among the requests under way, given back when dropped.
    fn take_place(&self) -> Result<Place<'_>, Refusal> {
        let before = self.inner.counters.in_flight.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.inner.counters);
        if before >= self.inner.in_flight_max { Err(Refusal::Overloaded) } else { Ok(place) }
    }
}

/// One of the requests under way.
struct Place<'a>(&'a Counters);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The door of one merchant: what comes through it belongs to that merchant.
#[derive(Clone)]
pub struct MerchantDoor {
    pub(crate) gateway: Gateway,
    pub(crate) merchant: MerchantId,
}

impl MerchantDoor {
    /// Whose door it is.
    pub fn merchant(&self) -> MerchantId {
        self.merchant
    }

    /// Makes a payout, or finds the one that the same key made. Durable when it returns. Carried to
    /// its end even when the caller hangs up: a reference is either a payout's or free.
    ///
    /// # Errors
    /// Refused before anything is created: reused key, duplicate reference, no route, overload.
    pub async fn create(
        &self,
        idempotency_key: &str,
        request: Request,
    ) -> Result<Created, Refusal> {
        let (door, key) = (self.clone(), idempotency_key.to_owned());
        let made = actix_rt::spawn(async move { door.make(&key, request).await });
        made.await.unwrap_or(Err(Refusal::Internal))
    }

    async fn make(&self, idempotency_key: &str, request: Request) -> Result<Created, Refusal> {
        debug_assert_eq!(request.merchant, self.merchant);
        let parts = self.gateway.parts()?;
        let id = PayoutId::derive(&parts.id_key, self.merchant, idempotency_key);
        if let Err(refusal) = self.admit(parts, &request) {
            return self.known(id, request.body).await.unwrap_or(Err(refusal));
        }
        let reserved = listing::reserve(parts, self.merchant, request.reference.as_deref(), id);
        let reserved = match reserved {
            // The same key again is answered as before, whatever its reference.
            Err(refusal) => return self.known(id, request.body).await.unwrap_or(Err(refusal)),
            Ok(reserved) => reserved,
        };
        let quoted = match self.quote(&request).await {
            Ok(quoted) => quoted,
            Err(refusal) => {
                reserved.give_back();
                return self.known(id, request.body).await.unwrap_or(Err(refusal));
            }
        };
        // While a list is not read to its end its key may be that of a payment further down.
        let listed = parts.orphans.has_met(id) || parts.orphans.is_under_way();
        let asks_first =
            listed || parts.desk.asks_first(self.gateway.inner.clock.not_put_forward());
        let precaution = if asks_first { Precaution::AskFirst } else { Precaution::None };
        let turn = Turn::Create(Box::new(request), quoted, precaution);
        let answer = self.gateway.deliver(id, turn).await;
        if matches!(answer, Ok(Answer::Created(_) | Answer::Replayed(_))) {
            parts.orphans.exists(id);
        }
        match &answer {
            // Whether it was made nobody can say behind a failure of our own.
            Ok(_) | Err(Refusal::Internal) => reserved.keep(),
            Err(_) => reserved.give_back(),
        }
        match answer {
            Ok(Answer::Created(view)) => Ok(Created::New(*view)),
            Ok(Answer::Replayed(view)) => Ok(Created::Replayed(*view)),
            Ok(_) => Err(Refusal::Internal),
            Err(refusal) => Err(refusal),
        }
    }

    /// One payout of this merchant.
    pub async fn get(&self, id: PayoutId) -> Result<View, Refusal> {
        Ok(self.see(id)?.0)
    }

    fn see(&self, id: PayoutId) -> Result<(View, Waited), Refusal> {
        let (view, waited) = self.gateway.see(id)?;
        // Somebody else's is as absent as one that never was.
        if view.payout.request().merchant == self.merchant {
            Ok((view, waited))
        } else {
            Err(Refusal::NotFound)
        }
    }

    /// A command for one payout of this merchant. With `key`, the fingerprints of the idempotency
    /// key and of the command with its body, a repetition gets the same answer.
    pub async fn command(
        &self,
        id: PayoutId,
        command: Command,
        key: Option<(Fingerprint, Fingerprint)>,
    ) -> Result<Commanded, Refusal> {
        let view = self.get(id).await?;
        if command == Command::Revoke && view.payout.status().is_with_provider() {
            // Look before you recall: what is paid already is PROCESSED, not a failed recall.
            if let Err(refusal) = self.reconcile(id).await {
                tracing::debug!(payout = %id, %refusal, "not asked before the recall");
            }
        }
        let turn = Turn::Command { command, key, by: By::Merchant };
        match self.gateway.deliver(id, turn).await? {
            Answer::Seen(view) => Ok(Commanded::Done(*view)),
            Answer::Replayed(view) => Ok(Commanded::Replayed(*view)),
            _ => Err(Refusal::Internal),
        }
    }

    /// Asks the provider now, and waits for what the answer changes.
    pub async fn reconcile(&self, id: PayoutId) -> Result<Reconciled, Refusal> {
        let (before, waited) = self.see(id)?;
        let parts = self.gateway.parts()?;
        if before.payout.standing().attempt == 0 && !before.payout.is_sought() {
            let status = before.payout.status();
            let refused = domain::command::Refused::NotAllowed { status, command: "reconcile" };
            return Err(refused.into());
        }
        let now = self.gateway.inner.clock.now();
        let asked = question(&parts.adapters, &before.payout, now).ok_or(Refusal::NoRoute)?;
        let (account, outcome) = asked.await;
        let report = Box::new(Report::Fetched { waited, account, outcome });
        let Answer::Seen(after) = self.gateway.deliver(id, Turn::Reconcile(report)).await? else {
            return Err(Refusal::Internal);
        };
        let newest = after.payout.learned().next_back();
        let statement = newest.map(|(entry, learned)| (entry.clone(), learned.statement.clone()));
        Ok(Reconciled { before, after: *after, statement })
    }

    /// The merchant's payouts, newest first.
    pub async fn list(&self, query: &ListQuery) -> Result<Page, Refusal> {
        let parts = self.gateway.parts()?;
        listing::list(&self.gateway, parts, self.merchant, query).await
    }

    /// What the key made before, if anything: for a request that would not be accepted any more,
    /// though it was once. The same key is answered the same for the life of its payout.
    pub async fn replay(
        &self,
        idempotency_key: &str,
        body: Fingerprint,
    ) -> Option<Result<Created, Refusal>> {
        let parts = self.gateway.parts().ok()?;
        let id = PayoutId::derive(&parts.id_key, self.merchant, idempotency_key);
        self.known(id, body).await
    }

    /// The rate at the creation of a payout that will be converted. Without a rate there is none: a
    /// bound could not be kept.
    async fn quote(&self, request: &Request) -> Result<Option<Rate>, Refusal> {
        if request.method != Method::Crypto {
            return Ok(None);
        }
        let asset = request.recipient.settles_in();
        match (self.gateway.rates(), asset) {
            (Some(source), Some(asset)) => Ok(Some(source.rate(request.currency, asset).await?)),
            _ if request.max_slippage_bps.is_some() => Err(NoRate::NotOffered.into()),
            _ => Ok(None),
        }
    }

    /// Whether a new payout may be made at all.
    fn admit(&self, parts: &Parts, request: &Request) -> Result<(), Refusal> {
        parts.adapters.route(request.method, request.provider_account.as_deref())?;
        let inner = &self.gateway.inner;
        let full = inner.counters.live.load(Ordering::Relaxed) >= inner.live_max;
        if full { Err(Refusal::Overloaded) } else { Ok(()) }
    }

    /// What is already known under this id, when a new payout was refused.
    async fn known(&self, id: PayoutId, body: Fingerprint) -> Option<Result<Created, Refusal>> {
        let view = self.get(id).await.ok()?;
        if view.payout.request().body != body {
            return Some(Err(Refusal::KeyReused));
        }
        let payout = as_created(&view.payout);
        Some(Ok(Created::Replayed(View { payout, next_check_at: None })))
    }
}
