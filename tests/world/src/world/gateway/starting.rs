//! A start: what the disk has is judged and read back by the product's own code. Apart from running,
//! because here the process may die again at any record, and because here the world knows what a start
//! must come to: nothing that anybody was told may be missing.

use super::{Life, Process, Teller, To, Turn};
use crate::agenda::{HOUR, SECOND, Time};
use crate::world::setting::Setting;
use crate::world::{Go, Happening, Purpose, Stop, WATCH_EVERY, World};
use domain::effect::pending_effects;
use domain::entry::{Entry, Fact};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::{Watch, next_due, next_return_check};
use engine::bare::{self, Back, ReadBack};
use engine::clock::SureTime;
use snapshots::RecordRef;
use snapshots::log::FrameSource;
use snapshots::log::image::{ImageFrames, ImageRefused, ImageWriter, Judged, judge};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

impl World<'_> {
    /// The first log of a gateway.
    pub(crate) fn begin_log(&mut self) {
        self.log_ids += 1;
        let (writer, header) = ImageWriter::begin(self.log_ids);
        self.disk.replace(header, writer.mark());
    }

    pub(crate) fn start_at(&mut self, at: Time) {
        if self.process.is_none() && self.starts_at.is_none_or(|then| at < then) {
            self.starts_at = Some(at);
            self.agenda.put(at, Happening::Start);
        }
    }

    /// The process is dead. What it had not synced may be gone.
    pub(crate) fn die(&mut self, down: Time, why: &'static str) {
        self.tally.crashes += 1;
        self.tally.strike(why);
        self.process = None;
        self.life += 1;
        let mut chance = self.chance(Purpose::Crash, 0);
        let fate = self.disk.crash(&mut chance, self.script.knobs.tears);
        self.tally.strike(fate);
        let dropped = planted!(self, LastWebhookDropped);
        self.receivers.crash(&mut chance, self.script.knobs.events_lost, dropped);
        self.trace.note(self.disk.log.len() as u64);
        self.starts_at = None;
        let down = if self.healed { SECOND } else { down };
        self.start_at(self.now + down.max(1));
    }

    /// Judges the log, reads it back, and goes on where it was.
    pub(crate) fn start(&mut self) -> Go {
        if self.process.is_some() || self.starts_at.is_none_or(|at| at > self.now) {
            return Ok(());
        }
        self.starts_at = None;
        let judged = self.judged();
        let Judged { writer, end, torn } = judged.map_err(|refused| {
            let what = format!("a start refuses what no one has touched: {refused}");
            self.audit.broken("I-18", PayoutId([0; 16]), what)
        })?;
        if let Some(torn) = torn {
            self.tally.strike("torn tail erased");
            self.disk.erase(end, torn);
        }
        self.disk.cut(end);
        let records = records_of(&self.disk.log);
        if let Some(most) = self.dies_reading.take().filter(|_| !self.healed) {
            // Whatever of it was carried over to the archive stays there.
            let some = records.iter().take(usize::from(most));
            let _ = self.read_back(some);
            self.tally.crashes_reading += 1;
            return Err(Stop::Dies { down: SECOND, why: "died while reading" });
        }
        let understood = |record: &&OwnRecord| !planted!(self, FoldSkips) || !is_an_order(record);
        let back = self.read_back(records.iter().filter(understood)).map_err(|why| {
            self.audit.broken("I-14", PayoutId([0; 16]), format!("the journal reads: {why}"))
        })?;
        self.check_what_came_back(&records, &back)?;
        self.disk.anchor = Some(writer.mark());
        self.adopt(writer, back)
    }

    /// The log as a start judges it.
    pub(crate) fn judged(&self) -> Result<Judged, ImageRefused> {
        if planted!(self, AnchorIgnored) {
            return judge(&self.disk.log, None);
        }
        if planted!(self, DamageEndsTheLog) {
            let whole = whole_frames(&self.disk.log);
            return judge(&self.disk.log[..whole], None);
        }
        judge(&self.disk.log, self.disk.anchor)
    }

    fn read_back<'r>(
        &'r self,
        records: impl Iterator<Item = &'r OwnRecord>,
    ) -> Result<ReadBack, engine::RecoveryError> {
        let wall = self.wall();
        let policies = &self.setting.policies;
        let base = self.disk.snapshot.as_ref().map_or(0, |snapshot| snapshot.base);
        let states = self.disk.snapshot.iter().flat_map(|snapshot| &snapshot.states);
        let watch_for = |payout: &Payout| {
            next_return_check(payout, wall, &policies[Setting::account_of(payout)])
        };
        let first_pause = |account: &str| {
            let number = Setting::account(account).unwrap_or(0);
            policies[number].poll.pause(0)
        };
        bare::read_back(
            &self.disk.archive,
            states.map(|(id, body)| (*id, body.as_slice())),
            records.filter(|record| record.sequence > base).map(OwnRecord::as_ref),
            &watch_for,
            &first_pause,
            wall,
        )
    }

    /// I-14: from a snapshot or from nothing, the same payouts come back. I-18: nobody is missing.
    fn check_what_came_back(&mut self, records: &[OwnRecord], back: &ReadBack) -> Go {
        let (folded, _) =
            sorted(records).map_err(|why| self.audit.broken("I-14", PayoutId([0; 16]), why))?;
        for (id, entries) in &folded {
            let whole = Payout::from_entries(*id, entries.iter().cloned())
                .map_err(|why| self.audit.broken("I-11", *id, why.to_string()))?;
            let live = back.live.iter().find(|one| one.payout().id() == *id);
            let came = live.map(|one| one.payout().clone()).or_else(|| self.archived(*id));
            if came.as_ref() != Some(&whole) {
                let what = "what came back is not what its journal says".to_owned();
                return Err(self.audit.broken("I-14", *id, what).into());
            }
        }
        self.audit.came_back(&folded)?;
        Ok(())
    }

    fn adopt(&mut self, writer: ImageWriter, back: ReadBack) -> Go {
        let wall = self.wall();
        let tellers = self.script.knobs.accounts.iter().map(|one| Teller::new(one.calls));
        self.process = Some(Process {
            lives: BTreeMap::new(),
            due: BTreeSet::new(),
            looks_at: None,
            ahead: self.offset,
            queue: Vec::new(),
            writing: None,
            commit_wanted: false,
            durable: writer.last_sequence(),
            writer,
            anchored_at: self.now,
            anchor_wanted: false,
            desk: back.desk,
            tellers: tellers.collect(),
            calls: BTreeMap::new(),
            begun: self.now,
            budget_since: if planted!(self, LimiterReset) { self.now - 2 * HOUR } else { self.now },
            sure: SureTime::beginning(wall),
            woken: BTreeMap::new(),
            ready: VecDeque::new(),
        });
        let mut wakes = Vec::new();
        for one in back.live {
            let (payout, armed) = match one {
                Back::Asleep(payout, due) => (*payout, due),
                Back::Awake(payout) => {
                    if !pending_effects(&payout, wall).is_empty() || bare::is_finished(&payout) {
                        wakes.push(payout.id());
                    }
                    let plan = &self.setting.policy_of(&payout).poll;
                    let watch = Watch::default();
                    let armed = next_due(&payout, watch, plan, wall);
                    (*payout, armed)
                }
            };
            let armed = armed.filter(|_| !planted!(self, TimersLost));
            #[cfg(feature = "planted")]
            let armed = crate::planted::armed(self.planted, &payout, armed);
            self.audit.adopted(&payout, armed, wakes.last() == Some(&payout.id()))?;
            let id = payout.id();
            self.process().lives.insert(id, Life { armed, ..Life::of(payout) });
            self.set_timer(id, None, armed);
        }
        #[cfg(feature = "planted")]
        self.submit_again();
        self.publish()?;
        self.later_here(WATCH_EVERY, |life| Happening::Watch { life });
        for id in wakes {
            self.put_in_mailbox(id, Turn::Wake, To::Nobody);
        }
        self.take_turns()
    }
}

#[cfg(feature = "planted")]
impl World<'_> {
    /// What no recovery may do.
    fn submit_again(&mut self) {
        if !planted!(self, RecoverySubmits) {
            return;
        }
        let lives = self.process().lives.values().filter_map(|life| life.payout.as_ref());
        let calls: Vec<super::Call> = lives.filter_map(crate::planted::again).collect();
        calls.into_iter().for_each(|call| self.depart(call));
    }
}

/// How far a log reads, for somebody who takes the first that does not for its end.
fn whole_frames(log: &[u8]) -> usize {
    let Ok(mut frames) = ImageFrames::of(log) else { return log.len() };
    while let Ok(Some(_)) = frames.next_frame() {}
    frames.offset()
}

/// An operator's order: what an older build might not understand.
fn is_an_order(record: &OwnRecord) -> bool {
    let entry = engine::codec::entry(&record.body);
    entry.is_ok_and(|entry| matches!(entry.fact, Fact::Operated(_)))
}

/// A record with a body of its own.
pub(crate) struct OwnRecord {
    pub sequence: u64,
    pub payout: [u8; 16],
    pub version: u32,
    pub body: Vec<u8>,
}

impl OwnRecord {
    fn as_ref(&self) -> RecordRef<'_> {
        let OwnRecord { sequence, payout, version, ref body } = *self;
        RecordRef { sequence, payout, version, body }
    }
}

/// The entries of each payout, and how many records are the desk's.
pub(crate) type Sorted = (BTreeMap<PayoutId, Vec<Entry>>, usize);

fn sorted(records: &[OwnRecord]) -> Result<Sorted, String> {
    let (mut folded, mut desk) = (BTreeMap::<_, Vec<Entry>>::new(), 0);
    for record in records {
        if record.payout == engine::desk::DESK {
            desk += 1;
            continue;
        }
        let entry = engine::codec::entry(&record.body).map_err(|why| why.to_string())?;
        folded.entry(PayoutId(record.payout)).or_default().push(entry);
    }
    Ok((folded, desk))
}

/// The same of a log that was judged to be sound.
pub(crate) fn records_by_payout(log: &[u8]) -> Result<Sorted, String> {
    sorted(&records_of(log))
}

fn records_of(log: &[u8]) -> Vec<OwnRecord> {
    let mut all = Vec::new();
    let Ok(mut frames) = ImageFrames::of(log) else { return all };
    while let Ok(Some(frame)) = frames.next_frame() {
        all.extend(frame.records().map(|record| OwnRecord {
            sequence: record.sequence,
            payout: record.payout,
            version: record.version,
            body: record.body.to_vec(),
        }));
    }
    all
}
