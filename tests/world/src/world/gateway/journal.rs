//! Writing and believing: a model of the log's writer (`snapshots/src/log/writer.rs`) over the product's
//! own frames, and of the second half of a turn. Apart from deciding because between the two the process
//! may die with the disk in any state.

use super::{Appended, Decided, Reply};
use crate::agenda::{HOUR, MINUTE, SECOND};
use crate::tally::Point;
use crate::world::{Go, Happening, Purpose, Stop, World};
use domain::decide::Step;
use domain::entry::{Entry, Fact};
use domain::id::PayoutId;
use domain::payout::Payout;
use engine::ledger::Intended;
use snapshots::{ArchiveStore, Record};

/// How far the anchor may lag behind the log.
const ANCHOR_INTERVAL: i64 = SECOND / 10;

impl World<'_> {
    /// Wakes the writer if something waits and it is not at work.
    pub(crate) fn stir_writer(&mut self) {
        let process = self.process();
        if process.commit_wanted || process.writing.is_some() || process.queue.is_empty() {
            return;
        }
        process.commit_wanted = true;
        let wait = self.chance(Purpose::Disk, 0).between(0, 500);
        self.later_here(wait, |life| Happening::Commit { life });
    }

    /// Takes what waits, and puts it into one frame.
    pub(crate) fn commit(&mut self) -> Go {
        let process = self.process();
        process.commit_wanted = false;
        let taken = std::mem::take(&mut process.queue);
        let records: Vec<Record> =
            taken.iter().flat_map(|append| append.records.iter().cloned()).collect();
        let (at, bytes) = process.writer.frame(&records);
        if self.disk.write(at, &bytes, self.now).is_err() {
            self.tally.strike("disk_full");
            // The log cannot be written: the process ends, and nobody is told anything.
            return Err(Stop::Dies { down: 60 * SECOND, why: "disk full" });
        }
        self.trace.note_bytes(&bytes[bytes.len() - 32..]);
        for append in &taken {
            self.crash_point(Point::Written, append.id, &append.decided.step.entries)?;
        }
        self.process().writing = Some(taken);
        let mut chance = self.chance(Purpose::Disk, 1);
        let slow = self.strikes(self.script.knobs.slow_disk, &mut chance, "slow_disk");
        let takes = match (slow, slow && chance.permille(100)) {
            // It hangs, and comes back as if nothing had been.
            (_, true) => chance.spread(MINUTE, 2 * HOUR),
            (true, false) => chance.spread(SECOND / 20, 20 * SECOND),
            (false, _) => 300,
        };
        self.later_here(takes, |life| Happening::Synced { life });
        if planted!(self, AckBeforeSync) {
            return self.release();
        }
        Ok(())
    }

    /// The disk has taken it, or has said that it has not.
    pub(crate) fn synced(&mut self) -> Go {
        if let Some(down) = self.disk.sync_fails.take() {
            self.tally.strike("sync_fails");
            if planted!(self, GoesOnAfterFailedSync) {
                return self.release();
            }
            return Err(Stop::Dies { down, why: "the disk did not sync" });
        }
        self.disk.sync();
        self.release()
    }

    /// Behind the sync: everybody who waits is told, and believes.
    fn release(&mut self) -> Go {
        let process = self.process();
        let Some(taken) = process.writing.take() else { return Ok(()) };
        process.durable = process.writer.last_sequence();
        self.publish()?;
        self.note_for_the_anchor();
        for append in &taken {
            self.crash_point(Point::Durable, append.id, &append.decided.step.entries)?;
        }
        for Appended { id, decided, .. } in taken {
            if let Some(life) = self.process().lives.get_mut(&id) {
                life.in_turn = false;
            }
            self.end_turn(id, decided)?;
            self.again(id)?;
            self.take_turns()?;
        }
        self.stir_writer();
        Ok(())
    }

    fn note_for_the_anchor(&mut self) {
        let now = self.now;
        let process = self.process();
        if now - process.anchored_at >= ANCHOR_INTERVAL {
            self.write_anchor();
        } else if !process.anchor_wanted {
            process.anchor_wanted = true;
            self.later_here(ANCHOR_INTERVAL, |life| Happening::Anchor { life });
        }
    }

    /// The anchor remembers as much as is durable.
    pub(crate) fn write_anchor(&mut self) {
        let now = self.now;
        let process = self.process();
        process.anchor_wanted = false;
        if process.writing.is_some() {
            // The writer is between write and sync; it is due again behind it.
            return;
        }
        process.anchored_at = now;
        self.disk.anchor = Some(self.process().writer.mark());
    }

    /// A submission goes into the ledger of intents, where there is one, before it goes out.
    pub(crate) fn note_intent(&mut self, id: PayoutId, step: &Step) {
        if !self.script.knobs.ledger {
            return;
        }
        let sent = step.entries.iter().find_map(|entry| match &entry.fact {
            Fact::Invoked(intent) => Some((intent.clone(), entry.at)),
            _ => None,
        });
        let Some((intent, at)) = sent else { return };
        let life = self.process().lives.get(&id);
        let line =
            life.and_then(|life| Intended::of(life.payout.as_ref()?, &intent, at).line().ok());
        self.disk.ledger.extend(line);
    }

    /// The second half of a turn: what was decided is durable.
    pub(crate) fn end_turn(&mut self, id: PayoutId, decided: Decided) -> Go {
        let Decided { step, permit, reply, to } = decided;
        let Step { entries, effects } = step;
        self.believe(id, &entries)?;
        self.crash_point(Point::Believed, id, &entries)?;
        self.act_on(id, &entries, effects, permit)?;
        self.crash_point(Point::Acted, id, &entries)?;
        let replayed = matches!(reply, Reply::Given(_));
        let shown = match reply {
            Reply::Given(then) => Some(*then),
            Reply::Created => self.look(id).map(|payout| match payout.is_sought() {
                true => engine::bare::as_created(&payout),
                false => payout,
            }),
            Reply::Seen if to != super::To::Nobody => self.look(id),
            Reply::Seen | Reply::Nothing => None,
        };
        self.tell(id, to, Ok(shown), replayed);
        self.crash_point(Point::Answered, id, &entries)?;
        self.settle_down(id)
    }

    /// Makes durable entries true.
    fn believe(&mut self, id: PayoutId, entries: &[Entry]) -> Go {
        if entries.is_empty() {
            return Ok(());
        }
        let (now, running) = (self.now, self.running());
        let life = self.process.as_mut().and_then(|process| process.lives.get_mut(&id));
        let Some(life) = life else { return Ok(()) };
        if entries.iter().any(is_a_step) {
            life.watch.asked = 0;
        }
        let before = life.payout.as_ref().map(|payout| payout.standing().clone());
        for entry in entries {
            if entry.begins_a_doubt() {
                life.still_since = running;
            }
            let applied = match &mut life.payout {
                Some(payout) => payout.apply(entry.clone()),
                none => Payout::begin(id, entry.clone()).map(|payout| *none = Some(payout)),
            };
            applied.map_err(|error| self.audit.broken("I-11", id, error.to_string()))?;
        }
        let Some(payout) = &life.payout else { return Ok(()) };
        let policy = self.setting.policy_of(payout);
        self.audit.took(before.as_ref(), payout, entries, policy, now)?;
        self.trace.note(u64::from(payout.version()) << 8 | payout.status() as u64);
        for (from, on) in steps_of(before.map(|one| one.status), entries) {
            if let Some(number) = crate::tally::edge_number(from, on) {
                *self.tally.steps.entry(number).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Leaves memory when there is nothing left to do here, or sleeps: see `engine/src/retire.rs`.
    pub(crate) fn settle_down(&mut self, id: PayoutId) -> Go {
        let wall = self.wall();
        let sleepy = self.chance(Purpose::Sleep, crate::world::number_of(id)).permille(250);
        let Some(life) = self.process().lives.get_mut(&id) else { return Ok(()) };
        let finished = life.payout.as_ref().is_some_and(engine::bare::is_finished);
        let waits = !finished && (life.waits_for_permit || !life.deferred.is_empty());
        let quiet = !waits
            && !life.verifying
            && !life.rang
            && life.try_again.is_none()
            && life.under_way == 0
            && life.mailbox.is_empty();
        let Some(payout) = &life.payout else {
            if life.mailbox.is_empty() {
                self.process().lives.remove(&id);
            }
            return Ok(());
        };
        let payout = payout.clone();
        if finished {
            if !quiet {
                return Ok(());
            }
            let policy = self.setting.policy_of(&payout);
            let due = domain::schedule::next_return_check(&payout, wall, policy);
            let archived = engine::codec::archived(&payout, due)
                .map_err(|error| self.audit.broken("I-11", id, error.to_string()))?;
            // The archive's own trouble is not the world's subject.
            let _ = self.disk.archive.put(vec![archived]);
            self.process().lives.remove(&id);
            self.process().due.retain(|(_, one)| *one != id);
            return Ok(());
        }
        if quiet && sleepy {
            let woken = engine::bare::through_sleep(&payout)
                .map_err(|error| self.audit.broken("I-14", id, error.to_string()))?;
            if woken != payout {
                let what = "it woke as another than it fell asleep".to_owned();
                return Err(self.audit.broken("I-14", id, what).into());
            }
        }
        Ok(())
    }
}

/// Whether an entry is more than another word about the same: only then the questions begin anew.
fn is_a_step(entry: &Entry) -> bool {
    entry.moved.is_some() || !matches!(entry.fact, Fact::Learned(_))
}

/// The steps that entries take, each with the status it begins in.
pub(crate) fn steps_of(
    before: Option<domain::status::Status>,
    entries: &[Entry],
) -> Vec<(domain::status::Status, domain::transition::Trigger)> {
    let mut status = before.unwrap_or(domain::status::Status::Created);
    let mut steps = Vec::new();
    for step in entries.iter().filter_map(|entry| entry.moved) {
        steps.push((status, step.on));
        status = step.to;
    }
    steps
}
