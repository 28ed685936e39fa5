//! The events, numbered: a thread reads the durable journal behind the writer, makes of each entry the
//! events that it is, and numbers them for each merchant. Apart from the actors because nothing waits
//! for it: an event cannot be lost, so it need not be hurried.
//!
//! ← the log / `gateway` (events are read there), and webhooks behind it →

use crate::desk::{DESK, DeskEntry, DeskState};
use crate::gateway::partition_of;
use crate::glance::Glance;
use crate::live_table::LiveTable;
use crate::partition::read_archived;
use crate::recovery;
use crate::refusal::Refusal;
use crate::spread_map::SpreadMap;
use domain::entry::{By, Entry, Fact};
use domain::event::{EventKind, events_of};
use domain::id::{EventId, MerchantId, PayoutId};
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::events::{EventRow, EventStore, Happened};
use snapshots::{LogVisitor, RecordRef, Running};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::watch;

/// The stream of what operators did. No merchant's: their ids are hashes of names.
pub(crate) const AUDIT: u64 = 0;

/// What an audit row's detail is: a payout's entry, or a decision of the desk.
pub(crate) const OF_PAYOUT: u8 = 0;
pub(crate) const OF_DESK: u8 = 1;

/// Payouts whose merchant is remembered, the last ones made or met; of any other it is looked up.
const REMEMBERED: usize = 65_536;

/// One event of one merchant.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the merchant's sequence: 1, 2, 3 … without gaps.
    pub sequence: u64,
    /// What happened.
    pub kind: EventKind,
    /// To which payout.
    pub payout: PayoutId,
    /// The payout's version by then.
    pub version: u32,
    /// Which of the version's events.
    pub nth: u8,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// Its id; the same whenever the journal is read.
    pub fn id(&self) -> EventId {
        EventId::derive(self.sequence, self.payout, self.version, self.nth)
    }

    pub(crate) fn of(row: EventRow) -> Result<Event, Refusal> {
        let EventRow { stream: _, sequence, payout, version, kind, nth, at, detail: _ } = row;
        let kind = EventKind::from_byte(kind).ok_or_else(|| {
            tracing::error!(sequence, kind, "an event of a kind that is not known");
            Refusal::Internal
        })?;
        let (payout, at) = (PayoutId(payout), Timestamp(at));
        Ok(Event { sequence, kind, payout, version, nth, at })
    }
}

/// Tells whoever waits for a merchant's events that there are more.
#[derive(Default)]
pub(crate) struct EventHub {
    newest: Mutex<HashMap<u64, watch::Sender<u64>>>,
}

impl EventHub {
    /// The newest sequence of a merchant, now and whenever it rises.
    pub fn subscribe(&self, merchant: MerchantId, newest: u64) -> watch::Receiver<u64> {
        let mut all = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = all.entry(merchant.0).or_insert_with(|| watch::Sender::new(newest));
        sender.send_if_modified(|known| rise(known, newest));
        sender.subscribe()
    }

    fn announce(&self, newest: &[(u64, u64)]) {
        let mut all = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        for (stream, sequence) in newest {
            let Some(sender) = all.get(stream) else { continue };
            if sender.receiver_count() == 0 {
                all.remove(stream);
            } else {
                sender.send_if_modified(|known| rise(known, *sequence));
            }
        }
    }
}

fn rise(known: &mut u64, to: u64) -> bool {
    let higher = to > *known;
    *known = to.max(*known);
    higher
}

/// Makes events of journal records.
pub(crate) struct EventFeed {
    store: Weak<Running>,
    events: Arc<dyn EventStore>,
    hub: Arc<EventHub>,
    /// Whose each payout is; only its first entry says so.
    merchants: SpreadMap<MerchantId>,
    /// Those, the first remembered first.
    remembered: VecDeque<PayoutId>,
    /// Where the live ones are.
    tables: Vec<Arc<LiveTable>>,
    happened: Vec<Happened>,
    /// Which restores there were: numbers are given above all that a lost time can have told. None
    /// comes while the gateway runs.
    desk: DeskState,
    /// Something could not be read: a gap in the events would be worse than a delay.
    broken: bool,
}

impl EventFeed {
    /// Follows the store's log from where its events end.
    pub fn start(
        store: &Arc<Running>,
        hub: Arc<EventHub>,
        tables: Vec<Arc<LiveTable>>,
        desk: DeskState,
    ) -> std::io::Result<()> {
        let feed = EventFeed {
            store: Arc::downgrade(store),
            events: store.events.clone(),
            hub,
            merchants: SpreadMap::default(),
            remembered: VecDeque::new(),
            tables,
            happened: Vec::new(),
            desk,
            broken: false,
        };
        let events = store.events.clone();
        store.follow_from(Box::new(feed), move || events.through())
    }

    fn take(&mut self, record: RecordRef<'_>) -> Result<(), String> {
        let above = given_before(self.desk.epoch_at(record.sequence));
        let mut events = std::mem::take(&mut self.happened);
        let sorted = sort_in(record, above, &mut events, &mut |id, new| match new {
            Some(merchant) => {
                self.remember(id, merchant);
                Ok(merchant)
            }
            None => self.merchant_of(id),
        });
        self.happened = events;
        sorted?;
        Ok(())
    }

    fn merchant_of(&mut self, id: PayoutId) -> Result<MerchantId, String> {
        if let Some(merchant) = self.merchants.get(&id.0) {
            return Ok(*merchant);
        }
        let table = &self.tables[partition_of(id, self.tables.len())];
        let live = table.merchant_of(id).map_err(|error| error.to_string())?;
        let merchant = match live {
            Some(merchant) => merchant,
            None => self.merchant_of_stored(id)?,
        };
        self.remember(id, merchant);
        Ok(merchant)
    }

    /// The same of one that is not alive: it rests, or its creation is not believed yet.
    fn merchant_of_stored(&self, id: PayoutId) -> Result<MerchantId, String> {
        let store = self.store.upgrade().ok_or("the store is closing")?;
        let archived = read_archived(&store, id).map_err(|refusal| refusal.to_string())?;
        let payout = match archived {
            Some(payout) => Some(payout),
            None => recovery::find(&store, id).map_err(|error| error.to_string())?,
        };
        let payout = payout.ok_or_else(|| format!("nobody knows the payout {id}"))?;
        Ok(payout.request().merchant)
    }

    fn remember(&mut self, id: PayoutId, merchant: MerchantId) {
        if self.merchants.insert(id.0, merchant).is_some() {
            return;
        }
        self.remembered.push_back(id);
        if self.remembered.len() > REMEMBERED
            && let Some(oldest) = self.remembered.pop_front()
        {
            self.merchants.remove(&oldest.0);
        }
    }
}

impl LogVisitor for EventFeed {
    fn name(&self) -> &'static str {
        "event-feed"
    }

    fn record(&mut self, record: RecordRef<'_>) {
        if self.broken {
            return;
        }
        let sequence = record.sequence;
        if let Err(error) = self.take(record) {
            tracing::error!(sequence, %error, "no events from here on; the next start tries again");
            self.broken = true;
        }
    }

    fn flush(&mut self, through: u64) {
        let mut happened = std::mem::take(&mut self.happened);
        if self.broken {
            return;
        }
        if adapters::planted!(EventLeftOut) && happened.len() > 1 {
            happened.pop();
        }
        match self.events.append(happened, through) {
            Ok(newest) => self.hub.announce(&newest),
            Err(error) => {
                tracing::error!(%error, "no more events; the next start goes on from the last");
                self.broken = true;
            }
        }
    }
}

/// The events that a record makes. `merchant` remembers whose a payout is when that is said, and tells it
/// otherwise.
pub(crate) fn sort_in(
    record: RecordRef<'_>,
    above: u64,
    events: &mut Vec<Happened>,
    merchant: &mut dyn FnMut(PayoutId, Option<MerchantId>) -> Result<MerchantId, String>,
) -> Result<(), String> {
    let id = PayoutId(record.payout);
    if record.payout == DESK {
        let entry = crate::desk::entry(record.body).map_err(|error| error.to_string())?;
        events.push(of_decision(record, &entry));
        return Ok(());
    }
    match Glance::at(record).map_err(|error| error.to_string())? {
        Glance::Created(whose, at) => {
            merchant(id, Some(whose))?;
            let created = EventKind::Became(Status::Created);
            events.push(happened(record, at, whose.0, above, 0, created));
        }
        Glance::Became(status, at) => {
            let stream = merchant(id, None)?.0;
            events.push(happened(record, at, stream, above, 0, EventKind::Became(status)));
        }
        Glance::Silent => {}
        Glance::Whole(entry) => {
            let new = match &entry.fact {
                Fact::Created(request) => Some(request.merchant),
                _ => None,
            };
            let stream = merchant(id, new)?.0;
            of_entry(record, &entry, stream, above, events);
        }
    }
    Ok(())
}

/// Numbers are given anew behind a restore, above all that can have been given in the time it lost.
const NUMBERS_OF_AN_EPOCH: u64 = 1_000_000_000_000;

/// The highest number that a merchant can have been told before this epoch.
pub(crate) fn given_before(epoch: u32) -> u64 {
    u64::from(epoch) * NUMBERS_OF_AN_EPOCH
}

/// The events that a payout's entry makes, in their order: those of its merchant, numbered above that
/// number, and the row of the audit list that it is if an operator signed it.
pub(crate) fn of_entry(
    record: RecordRef<'_>,
    entry: &Entry,
    stream: u64,
    above: u64,
    happened: &mut Vec<Happened>,
) {
    for (nth, kind) in (0_u8..).zip(events_of(entry)) {
        happened.push(self::happened(record, entry.at, stream, above, nth, kind));
    }
    if is_operators(entry) {
        let (payout, version, at) = (record.payout, record.version, entry.at.0);
        let detail = record.body.to_vec();
        let (stream, kind, nth, above) = (AUDIT, OF_PAYOUT, 0, 0);
        happened.push(Happened { stream, payout, version, kind, nth, at, detail, above });
    }
}

fn happened(
    record: RecordRef<'_>,
    at: Timestamp,
    stream: u64,
    above: u64,
    nth: u8,
    kind: EventKind,
) -> Happened {
    let (payout, version, at) = (record.payout, record.version, at.0);
    let (kind, detail) = (kind.byte(), Vec::new());
    Happened { stream, payout, version, kind, nth, at, detail, above }
}

/// The row of the audit list that a decision of the desk is.
pub(crate) fn of_decision(record: RecordRef<'_>, entry: &DeskEntry) -> Happened {
    let (payout, version) = (record.payout, record.version);
    let (at, detail) = (entry.at.0, record.body.to_vec());
    Happened { stream: AUDIT, payout, version, kind: OF_DESK, nth: 0, at, detail, above: 0 }
}

/// What belongs on the audit list: everything an operator did. The evidence that an approval makes is
/// part of the approval.
fn is_operators(entry: &Entry) -> bool {
    matches!(entry.by, By::Operator(_)) && !matches!(entry.fact, Fact::Learned(_))
}
