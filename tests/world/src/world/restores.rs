//! Snapshots, copies, and going back in time: what is planned and carried over is the product's own
//! (`engine::restore`); the new log is made of its frames as `carry_out` makes it. Apart from the other
//! troubles, because afterwards the world has to know what may rightly be missing.

use super::gateway::{Process, records_by_payout};
use super::{Go, Stop, World};
use crate::agenda::{DAY, MINUTE, SECOND};
use crate::disk::{Copy, KeptSnapshot};
use domain::id::PayoutId;
use domain::payout::Payout;
use engine::bare;
use engine::desk::Signature;
use engine::ledger::{Intended, Ledger};
use engine::restore::{Beyond, Orders, Plan, Point, plan};
use snapshots::log::FrameSource;
use snapshots::log::image::{ImageFrames, ImageWriter, judge};
use snapshots::{ArchiveStore, Record};
use std::time::Duration;

/// How long after a restore a key of the lost time may come again. Longer than anybody waits here.
const ASK_FIRST_FOR: Duration = Duration::from_secs(90 * 86_400);

impl World<'_> {
    /// A snapshot of all live payouts, while everything goes on.
    pub(super) fn take_snapshot(&mut self, dies: bool) -> Go {
        let Some(process) = &self.process else { return Ok(()) };
        // Whatever is durable is believed here before anything else happens; the product waits for it.
        let Process { durable, ref lives, ref desk, .. } = *process;
        let mut states = Vec::new();
        let payouts = lives.values().filter_map(|life| life.payout.as_ref());
        let bodies = payouts.map(|payout| Ok((payout.id().0, bare::snapshot_body(payout)?)));
        let all = std::iter::once_with(|| bare::snapshot_desk(desk)).chain(bodies);
        for state in all {
            let state = state.map_err(|why| {
                self.audit.broken("I-14", PayoutId([0; 16]), format!("no snapshot: {why}"))
            })?;
            states.push(state);
        }
        if dies && !self.healed {
            return Err(Stop::Dies { down: SECOND, why: "died in a snapshot" });
        }
        // In memory both always succeed.
        let _ = self.disk.archive.persist();
        let _ = self.disk.archive.set_covers(durable, self.tally.snapshots + 1);
        self.tally.snapshots += 1;
        let ahead = if planted!(self, SnapshotAhead) { 2 } else { 0 };
        self.disk.snapshot = Some(KeptSnapshot { base: durable + ahead, states });
        Ok(())
    }

    pub(super) fn put_a_copy_aside(&mut self) {
        let log = self.disk.log[..self.disk.synced()].to_vec();
        self.disk.copies.push(Copy { log, log_id: self.log_ids });
    }

    /// Everything is put back to an earlier time.
    pub(super) fn restore(&mut self, copy: Option<u16>, back: u16) -> Go {
        if self.healed {
            return Ok(());
        }
        let of_this_log: Vec<&Copy> =
            self.disk.copies.iter().filter(|one| one.log_id == self.log_ids).collect();
        let copy = match copy {
            Some(_) if of_this_log.is_empty() => return Ok(()),
            Some(number) => Some(of_this_log[usize::from(number) % of_this_log.len()].log.clone()),
            None => None,
        };
        if self.process.is_some() {
            self.die(DAY, "stopped for a restore");
        }
        self.starts_at = None;
        let judged = judge(&self.disk.log, self.disk.anchor).map_err(|refused| {
            let what = format!("the log does not read before a restore: {refused}");
            self.audit.broken("I-18", PayoutId([0; 16]), what)
        })?;
        let (end, last) = (judged.end, judged.writer.last_sequence());
        self.disk.cut(end);
        let (source, point, beyond) = match copy {
            Some(mut log) => {
                // Made behind a crash and before a start, it may end in the middle of a frame.
                let whole = judge(&log, None).map_err(|refused| {
                    let what = format!("a copy does not read: {refused}");
                    self.audit.broken("I-24", PayoutId([0; 16]), what)
                })?;
                log.truncate(whole.end);
                (log, Point::End, Beyond::Unknown)
            }
            None => {
                let back = last * u64::from(back) / 1_000;
                let point = Point::Sequence((last - back).max(1));
                (self.disk.log.clone(), point, Beyond::Nothing)
            }
        };
        self.put_back(&source, point, beyond)?;
        self.tally.restores += 1;
        self.tally.strike(if beyond == Beyond::Unknown { "restored a copy" } else { "went back" });
        self.start_at(self.now + 10 * MINUTE);
        Ok(())
    }

    fn put_back(&mut self, source: &[u8], point: Point, beyond: Beyond) -> Go {
        let broken = |what: String| self.audit.broken("I-24", PayoutId([0; 16]), what);
        let read = self.disk.ledger.iter().filter_map(|line| Intended::read(line).ok());
        let ledger = self.script.knobs.ledger.then(|| Ledger { since: 0, intents: read.collect() });
        let mut frames = ImageFrames::of(source).map_err(|why| broken(why.to_string()))?;
        let planned = plan(&mut frames, point, beyond, ledger.as_ref(), &mut |_| {});
        let planned = match planned {
            Ok(planned) => planned,
            Err(engine::restore::RestoreError::BeforeAll) => return Ok(()),
            Err(why) => return Err(broken(why.to_string()).into()),
        };
        let log = self.carry_out(source, &planned)?;
        let (log, mark) = log;
        self.disk.replace(log, mark);
        self.receivers = Default::default();
        let (books, desk) = records_by_payout(&self.disk.log)
            .map_err(|why| self.audit.broken("I-24", PayoutId([0; 16]), why))?;
        debug_assert!(desk > 0, "a restore writes itself down");
        let mut back: Vec<Payout> = Vec::new();
        for (id, entries) in books {
            let payout = Payout::from_entries(id, entries)
                .map_err(|why| self.audit.broken("I-11", id, why.to_string()))?;
            back.push(payout);
        }
        let audit = &mut self.audit;
        let banks = &self.banks;
        audit.restored(&back, |id| {
            let knows = |account: &usize| {
                let truth = banks[*account].truth(id);
                truth.known || truth.open
            };
            (0..banks.len()).filter(knows).collect()
        });
        Ok(())
    }

    fn carry_out(
        &mut self,
        source: &[u8],
        planned: &Plan,
    ) -> Result<(Vec<u8>, snapshots::log::image::ImageMark), Stop> {
        self.log_ids += 1;
        let orders = Orders {
            into: std::path::PathBuf::new(),
            signed: Signature { by: "ann".into(), reason: "a test".into(), from: "here".into() },
            now: self.wall(),
            ask_first_for: ASK_FIRST_FOR,
            segment_bytes: 1 << 20,
            side_files: Vec::new(),
        };
        let broken = |what: String| self.audit.broken("I-24", PayoutId([0; 16]), what);
        let added =
            bare::restored_records(planned, &orders).map_err(|why| broken(why.to_string()))?;
        let (mut writer, mut log) = ImageWriter::begin(self.log_ids);
        let mut frames = ImageFrames::of(source).map_err(|why| broken(why.to_string()))?;
        while let Some(frame) = frames.next_frame().map_err(|why| broken(why.to_string()))? {
            if frame.last_sequence() > planned.through {
                break;
            }
            let records: Vec<Record> = frame.records().map(|one| one.to_record()).collect();
            log.extend(writer.frame(&records).1);
        }
        for records in added {
            log.extend(writer.frame(&records).1);
        }
        Ok((log, writer.mark()))
    }
}
