//! Events and webhooks: what the log says is read behind the sync, numbered by the product's own code, and
//! told to merchants' receivers, which refuse now and then. A model of `web/src/webhooks`: one lane for
//! each payout, of which only the first event is sent.

use super::{Go, Happening, Purpose, World, number_of};
use crate::agenda::{HOUR, SECOND};
use crate::chance::Chance;
use domain::id::{MerchantId, PayoutId};
use domain::payout::Payout;
use engine::bare::events_of_record;
use engine::desk::DESK;
use snapshots::events::EventRow;
use snapshots::log::FrameSource;
use snapshots::log::image::{ImageFrames, Place};
use snapshots::{EventStore, MemoryEvents};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The stream of what operators did.
const AUDIT: u64 = 0;

/// The store of events, and what is still to be told.
#[derive(Default)]
pub(crate) struct Receivers {
    events: MemoryEvents,
    fed: Option<Place>,
    owners: BTreeMap<PayoutId, MerchantId>,
    /// Up to which number of each stream rows are in the lanes.
    loaded: BTreeMap<u64, u64>,
    lanes: BTreeMap<(u64, PayoutId), VecDeque<EventRow>>,
    /// Notes beside the events: what was delivered.
    done: BTreeSet<(u64, u64)>,
    last_done: Option<(u64, u64)>,
}

impl Receivers {
    /// The memory is gone; perhaps the store with it, and then the notes too.
    pub fn crash(&mut self, chance: &mut Chance, lost: u16, dropped: bool) {
        let first = self
            .lanes
            .iter()
            .find_map(|((merchant, _), lane)| lane.front().map(|row| (*merchant, row.sequence)));
        self.done.extend(first.filter(|_| dropped));
        self.lanes.clear();
        self.loaded.clear();
        if chance.permille(lost) {
            *self = Receivers::default();
        } else if chance.permille(500)
            && let Some(last) = self.last_done.take()
        {
            // The last note was not written down yet.
            self.done.remove(&last);
        }
    }
}

impl World<'_> {
    /// Reads what has become durable, and makes events of it.
    pub(super) fn publish(&mut self) -> Go {
        let log = &self.disk.log[..self.disk.synced()];
        let opened = match self.receivers.fed {
            Some(place) => Ok(ImageFrames::from_place(log, place)),
            None => ImageFrames::of(log),
        };
        let broken = |audit: &crate::audit::Audit, what: String| {
            audit.broken("I-33", PayoutId([0; 16]), what)
        };
        let mut frames = opened.map_err(|error| broken(&self.audit, error.to_string()))?;
        let desk = self.process.as_ref().map(|process| process.desk.clone()).unwrap_or_default();
        loop {
            let frame = frames.next_frame().map_err(|why| broken(&self.audit, why.to_string()))?;
            let Some(frame) = frame else { break };
            let mut happened = Vec::new();
            let owners = &mut self.receivers.owners;
            for record in frame.records() {
                if record.payout != DESK {
                    let id = PayoutId(record.payout);
                    let entry = engine::codec::entry(record.body)
                        .map_err(|why| broken(&self.audit, why.to_string()))?;
                    self.audit.durable(id, &entry)?;
                }
                let events = events_of_record(record, &desk, &mut |id, new| {
                    if let Some(merchant) = new {
                        owners.insert(id, merchant);
                    }
                    owners.get(&id).copied().ok_or_else(|| format!("nobody knows {id}"))
                });
                happened.extend(events.map_err(|why| broken(&self.audit, why))?);
            }
            self.receivers
                .events
                .append(happened, frame.last_sequence())
                .map_err(|why| broken(&self.audit, why.to_string()))?;
        }
        self.receivers.fed = Some(frames.place());
        self.load_lanes();
        Ok(())
    }

    fn load_lanes(&mut self) {
        // In memory it always answers.
        let streams = self.receivers.events.streams().unwrap_or_default();
        for (stream, newest) in streams {
            let after = self.receivers.loaded.insert(stream, newest).unwrap_or(0);
            if stream == AUDIT || newest == after {
                continue;
            }
            let rows = self.receivers.events.after(stream, after, usize::MAX).unwrap_or_default();
            for row in rows {
                if self.receivers.done.contains(&(stream, row.sequence)) {
                    continue;
                }
                let payout = PayoutId(row.payout);
                let lane = self.receivers.lanes.entry((stream, payout)).or_default();
                lane.push_back(row);
                if lane.len() == 1 {
                    let merchant = stream;
                    let delay = SECOND / 100;
                    self.later_here(delay, |life| Happening::Deliver { life, merchant, payout });
                }
            }
        }
    }

    /// The first event of a lane is sent.
    pub(super) fn deliver(&mut self, merchant: u64, payout: PayoutId) -> Go {
        let lane = self.receivers.lanes.get_mut(&(merchant, payout));
        let row = lane.and_then(|lane| match planted!(self, WebhooksUnordered) {
            true => lane.back().cloned(),
            false => lane.front().cloned(),
        });
        let Some(row) = row else { return Ok(()) };
        let mut chance = self.chance(Purpose::Webhook, number_of(payout));
        let refused =
            self.strikes(self.script.knobs.webhook_refused, &mut chance, "webhook_refused");
        let delay = if refused {
            chance.spread(5 * SECOND, 5 * HOUR)
        } else {
            self.tally.webhooks += 1;
            // Of what is at rest only some are read again: that takes more time than all the rest of a message.
            let at_rest = self.process.as_ref().is_some_and(|one| !one.lives.contains_key(&payout));
            if !at_rest || row.sequence % 4 == 0 {
                let then = self.as_told(&row);
                self.audit.shows_that_time(&row, then.as_ref())?;
            }
            self.audit.delivered(&row)?;
            let done = (merchant, row.sequence);
            self.receivers.done.insert(done);
            self.receivers.last_done = Some(done);
            let lane = self.receivers.lanes.entry((merchant, payout)).or_default();
            lane.retain(|one| one.sequence != row.sequence);
            if lane.is_empty() {
                self.receivers.lanes.remove(&(merchant, payout));
                return Ok(());
            }
            SECOND / 100
        };
        self.later_here(delay, |life| Happening::Deliver { life, merchant, payout });
        Ok(())
    }

    /// The payout as an event tells of it: `engine/src/events.rs` makes it from the same version.
    fn as_told(&self, row: &EventRow) -> Option<Payout> {
        let payout = self.look(PayoutId(row.payout))?;
        match planted!(self, TellsOfNow) {
            true => Some(payout),
            false => Some(payout.as_of(row.version)),
        }
    }
}
