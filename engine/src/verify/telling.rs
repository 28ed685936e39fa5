//! The events as the log makes them, against those that are stored: numbers, order, content. Apart from
//! the feed, which numbers them once and never looks back.

use super::report::Report;
use super::slice::Slice;
use crate::codec;
use crate::desk::{self, DESK, DeskOrder};
use crate::event_feed::{AUDIT, given_before, of_decision, of_entry};
use domain::entry::Fact;
use domain::id::PayoutId;
use snapshots::RecordRef;
use snapshots::events::{EventStore, Happened};
use std::collections::{BTreeMap, HashMap};

/// Events gathered before they are compared.
const AT_ONCE: usize = 256;

/// The streams of one pass.
pub(crate) struct Telling<'a> {
    slice: Slice,
    stored: &'a dyn EventStore,
    /// The log was read for events up to here.
    through: u64,
    /// Whose each payout is; only its first entry says so. Payouts of other streams are absent.
    merchants: HashMap<PayoutId, u64>,
    streams: BTreeMap<u64, Stream>,
    /// Numbers are above this one, since the last restore.
    above: u64,
    /// While the gateway runs there may be more events than were expected.
    live: bool,
    broken: bool,
}

#[derive(Default)]
struct Stream {
    compared: u64,
    waiting: Vec<Happened>,
}

impl<'a> Telling<'a> {
    pub fn new(slice: Slice, stored: &'a dyn EventStore, through: u64, live: bool) -> Telling<'a> {
        let (merchants, streams) = (HashMap::new(), BTreeMap::new());
        Telling { slice, stored, through, merchants, streams, above: 0, live, broken: false }
    }

    /// Takes in the next record of the log.
    pub fn take(&mut self, record: RecordRef<'_>, report: &mut Report) {
        if self.broken || record.sequence > self.through {
            return;
        }
        let mut happened = Vec::new();
        if record.payout == DESK {
            // What cannot be read was reported by whoever folds it.
            let Ok(entry) = desk::entry(record.body) else { return };
            if let DeskOrder::Restored(restored) = &entry.order {
                self.above = given_before(restored.epoch);
            }
            if self.slice.has(stream_byte(AUDIT)) {
                happened.push(of_decision(record, &entry));
            }
        } else {
            self.of_payout(record, &mut happened);
        }
        for event in happened {
            self.expect(event, report);
        }
    }

    fn of_payout(&mut self, record: RecordRef<'_>, happened: &mut Vec<Happened>) {
        let id = PayoutId(record.payout);
        let known = self.merchants.get(&id).copied();
        let audited = self.slice.has(stream_byte(AUDIT));
        if known.is_none() && record.version != 1 && !audited {
            return;
        }
        // What cannot be read was reported by whoever folds it.
        let Ok(entry) = codec::entry(record.body) else { return };
        let merchant = match (&entry.fact, known) {
            (Fact::Created(request), _) => request.merchant.0,
            // A merchant of another pass: only the audit list may be ours.
            (_, None) => u64::MAX,
            (_, Some(merchant)) => merchant,
        };
        let ours = known.is_some() || self.slice.has(stream_byte(merchant));
        if known.is_none() && ours && record.version == 1 {
            self.merchants.insert(id, merchant);
        }
        of_entry(record, &entry, merchant, self.above, happened);
        let known = self.merchants.contains_key(&id);
        happened.retain(|event| if event.stream == AUDIT { audited } else { known });
    }

    fn expect(&mut self, event: Happened, report: &mut Report) {
        let number = event.stream;
        let stream = self.streams.entry(number).or_default();
        stream.waiting.push(event);
        if stream.waiting.len() >= AT_ONCE {
            self.compare(number, report);
        }
    }

    /// Compares what is left, and looks for what the log knows nothing of.
    pub fn finish(mut self, report: &mut Report) {
        let numbers: Vec<u64> = self.streams.keys().copied().collect();
        for number in numbers {
            self.compare(number, report);
        }
        let streams = match self.stored.streams() {
            Ok(streams) => streams,
            Err(error) => return report.amiss("events", None, error.to_string()),
        };
        if self.broken || self.live {
            return;
        }
        for (number, last) in
            streams.into_iter().filter(|(one, _)| self.slice.has(stream_byte(*one)))
        {
            let told = self.streams.get(&number).map_or(0, |stream| stream.compared);
            if last > told {
                let what = format!("event {last} is stored, but the log makes only {told}");
                report.amiss(place(number, told + 1), None, what);
            }
        }
    }

    fn compare(&mut self, number: u64, report: &mut Report) {
        let Some(stream) = self.streams.get_mut(&number) else { return };
        let wanted = std::mem::take(&mut stream.waiting);
        if wanted.is_empty() || self.broken {
            return;
        }
        let rows = match self.stored.after(number, stream.compared, wanted.len()) {
            Ok(rows) => rows,
            Err(error) => {
                self.broken = true;
                return report.amiss(place(number, stream.compared + 1), None, error.to_string());
            }
        };
        let mut rows = rows.into_iter();
        for happened in wanted {
            stream.compared = stream.compared.max(happened.above) + 1;
            let happened = Happened { above: 0, ..happened };
            let payout = (happened.payout != DESK).then_some(PayoutId(happened.payout));
            let what = match rows.next().map(|row| (row.sequence, row.happened())) {
                Some(found) if found == (stream.compared, happened) => {
                    report.events += 1;
                    continue;
                }
                Some(_) => "the event is not the one that the log makes",
                None => "the event is missing",
            };
            report.amiss(place(number, stream.compared), payout, what);
        }
    }
}

fn place(stream: u64, sequence: u64) -> String {
    if stream == AUDIT {
        return format!("events, audit list, row {sequence}");
    }
    format!("events, merchant {stream:016x}, event {sequence}")
}

/// The byte by which streams are spread over passes.
fn stream_byte(stream: u64) -> u8 {
    stream.to_be_bytes()[0]
}
