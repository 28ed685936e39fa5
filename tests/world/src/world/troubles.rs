//! The acts of a script, and what befalls the process. Apart from the process, which does not know
//! beforehand.

use super::gateway::{To, Turn, steps_of};
use super::{Go, Happening, Stop, World};
use crate::agenda::{HOUR, SECOND, Time};
use crate::script::What;
use crate::tally::{Point, edge_number};
use domain::entry::Entry;
use domain::id::PayoutId;
use domain::status::Status;
use domain::transition::Trigger;
use snapshots::log::image::judge;

/// A death that waits for its step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trap {
    point: Point,
    edge: Option<(Status, Trigger)>,
    skip: u8,
    down: Time,
}

impl World<'_> {
    pub(super) fn act(&mut self, number: usize) -> Go {
        self.trace.note(number as u64);
        match self.script.acts[number].what.clone() {
            What::Create { merchant, key, body } => self.wish(merchant, key, body),
            What::CreateTwice { merchant, key, body } => {
                self.wish(merchant, key, body);
                self.wish(merchant, key, body);
            }
            What::Command { merchant, key, order, token } => {
                return self.command(merchant, key, order, token);
            }
            What::Peek { merchant, key } => return self.peek(merchant, key),
            What::Operate { pick, mood, who } => return self.operate(pick, mood, who),
            What::Pause { pick, who } => return self.pause(pick, who),
            What::Kill { down } if self.process.is_some() => {
                return Err(Stop::Dies { down, why: "killed" });
            }
            What::Kill { .. } => {}
            What::CrashAt { point, edge, skip, down } => {
                self.lying_in_wait.push(Trap { point, edge, skip, down });
            }
            What::CrashReading { records } => {
                self.dies_reading = Some(records);
                if self.process.is_some() {
                    return Err(Stop::Dies { down: SECOND, why: "killed" });
                }
            }
            What::SyncFails { down } => self.disk.sync_fails = Some(down),
            What::DiskFull { lasts } => self.disk.full_until = self.now + lasts,
            What::Snapshot { dies } => return self.take_snapshot(dies),
            What::Copy => self.put_a_copy_aside(),
            What::Restore { copy, back_permille } => return self.restore(copy, back_permille),
            What::Swap { copy } => return self.swap(copy),
            What::Flip { bit } => return self.flip(bit),
            What::Jump { by } => {
                self.tally.strike("clock jump");
                self.offset += by;
            }
            What::Freeze { lasts } => {
                self.tally.strike("frozen");
                self.frozen_until = self.frozen_until.max(self.now + lasts);
            }
        }
        Ok(())
    }

    /// The process may die here, if a trap was set for this point of such a step. Each step it might have
    /// died at is counted when it does.
    pub(super) fn crash_point(&mut self, point: Point, id: PayoutId, entries: &[Entry]) -> Go {
        if self.healed || self.lying_in_wait.is_empty() || entries.is_empty() {
            return Ok(());
        }
        let steps = self.steps_behind(id, entries);
        let fits =
            |trap: &Trap| trap.point == point && trap.edge.is_none_or(|edge| steps.contains(&edge));
        let Some(place) = self.lying_in_wait.iter().position(fits) else { return Ok(()) };
        let trap = &mut self.lying_in_wait[place];
        if trap.skip > 0 {
            trap.skip -= 1;
            return Ok(());
        }
        let Trap { down, .. } = self.lying_in_wait.remove(place);
        for (from, on) in steps {
            if let Some(edge) = edge_number(from, on) {
                *self.tally.cells.entry((edge, point)).or_default() += 1;
            }
        }
        Err(Stop::Dies { down, why: "crashed at a point" })
    }

    /// The steps that entries take, each with the status it begins in, whether or not they are believed yet.
    fn steps_behind(&self, id: PayoutId, entries: &[Entry]) -> Vec<(Status, Trigger)> {
        let Some(first) = entries.first() else { return Vec::new() };
        let payout = self.look(id).filter(|_| first.version > 1);
        let before = payout.map(|payout| payout.as_of(first.version - 1).status());
        steps_of(before, entries)
    }

    /// A bit of the log flips while nobody runs. Below the anchor, a start must notice it; then the log is put
    /// right again.
    fn flip(&mut self, bit: u64) -> Go {
        if self.process.is_some() {
            self.die(SECOND, "stopped");
        }
        let Some(anchor) = self.disk.anchor else { return Ok(()) };
        let Ok(found) = judge(&self.disk.log, Some(anchor)) else { return Ok(()) };
        let whole = found.torn.is_none() && found.writer.last_sequence() == anchor.sequence();
        if !whole || anchor.sequence() == 0 {
            return Ok(());
        }
        self.tally.strike("bit flipped");
        let mut hurt = self.disk.log.clone();
        // Behind the last frame nothing was promised: what lies there is a write that was lost.
        let bit = bit % (found.end as u64 * 8);
        // Within usize: less than the log's own length.
        hurt[(bit / 8) as usize] ^= 1 << (bit % 8);
        let what = format!("bit {bit} of the log flipped, and a start takes it");
        self.lay_in_place_of_the_log(hurt, "I-26", what)
    }

    /// An older copy lies where the log was. The anchor must notice.
    fn swap(&mut self, copy: u16) -> Go {
        if self.disk.copies.is_empty() {
            return Ok(());
        }
        if self.process.is_some() {
            self.die(SECOND, "stopped");
        }
        let copy = &self.disk.copies[usize::from(copy) % self.disk.copies.len()];
        let Some(anchor) = self.disk.anchor else { return Ok(()) };
        let reaches = judge(&copy.log, None)
            .is_ok_and(|found| found.writer.last_sequence() >= anchor.sequence());
        if copy.log_id == anchor.log_id() && reaches {
            return Ok(());
        }
        self.tally.strike("older copy swapped in");
        let what = "an older copy of the log is taken for the log".to_owned();
        self.lay_in_place_of_the_log(copy.log.clone(), "I-25", what)
    }

    /// The gateway starts over this log, or refuses to, as it must.
    fn lay_in_place_of_the_log(
        &mut self,
        log: Vec<u8>,
        invariant: &'static str,
        what: String,
    ) -> Go {
        let right = std::mem::replace(&mut self.disk.log, log);
        if self.judged().is_ok() {
            return Err(self.audit.broken(invariant, PayoutId([0; 16]), what).into());
        }
        self.disk.log = right;
        Ok(())
    }

    /// A merchant's word reaches the gateway, if somebody is there.
    pub(super) fn at_the_door(&mut self, id: PayoutId, turn: Turn, to: To) -> Go {
        if self.process.is_none() || self.now < self.frozen_until {
            return Ok(());
        }
        self.hand(id, turn, to)
    }

    /// Something of the world that is no one's in particular comes again.
    pub(super) fn ask_again_in(&mut self, by: Time, client: usize, round: u32) {
        self.later(by.min(HOUR), Happening::Ask { client, round });
    }
}
