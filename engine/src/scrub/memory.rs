//! The payouts in memory against what the log tells of them, while they go on living. Apart from the
//! stores, because here everything moves while it is looked at.

use crate::partition::PartitionHandle;
use crate::payout_supervisor::{Mark, PayoutSupervisor, Settled};
use crate::slot::Copied;
use crate::verify::{Folding, Report, is_the_same};
use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, Message};
use domain::id::PayoutId;
use snapshots::Running;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;
use tokio::runtime::Handle as Runtime;

/// Copied and compared before there is another look whether the gateway ends.
const COPIED_AT_ONCE: usize = 512;
/// Between two looks whether what was on its way to the log is believed.
const SETTLING: Duration = Duration::from_millis(1);

/// The payouts in memory against the fold; and whether any that must still live is nowhere.
pub(super) fn compare(
    store: &Running,
    partitions: &[PartitionHandle],
    runtime: &Runtime,
    is_to_end: &dyn Fn() -> bool,
    folding: &Folding<'_>,
    report: &mut Report,
) -> ControlFlow<()> {
    let mut met: HashSet<PayoutId> = HashSet::new();
    for PartitionHandle { supervisor, slots } in partitions {
        Asked { supervisor, runtime, is_to_end }.until_settled()?;
        let mut ids = slots.ids();
        ids.retain(|id| folding.wants(*id));
        for some in ids.chunks(COPIED_AT_ONCE) {
            if is_to_end() {
                return ControlFlow::Break(());
            }
            for copied in slots.copies(some) {
                met.insert(copied.id());
                compare_one(copied, folding, report);
            }
        }
    }
    let unmet = folding.payouts.iter().filter(|(id, one)| one.in_archive == 0 && !met.contains(id));
    for (id, _) in unmet {
        // What left memory since it was looked for is in the archive by now.
        if store.archive.contains(id.0).is_ok_and(|there| !there) {
            report.amiss("memory", Some(*id), "it is neither in memory nor in the archive");
        }
    }
    ControlFlow::Continue(())
}

fn compare_one(copied: Copied, folding: &Folding<'_>, report: &mut Report) {
    let id = copied.id();
    let payout = match copied.into_payout() {
        Ok(payout) => payout,
        Err(error) => return report.amiss("memory", Some(id), error.to_string()),
    };
    report.live += 1;
    let told = folding.payouts.get(&payout.id()).and_then(|one| one.payout.as_ref());
    if told.is_some_and(|told| !is_the_same(&payout, told, true)) {
        let what = "in memory it is not the payout that the log tells";
        report.amiss("memory", Some(payout.id()), what);
    }
}

/// A supervisor, asked from a thread that may wait.
struct Asked<'a> {
    supervisor: &'a Addr<PayoutSupervisor>,
    runtime: &'a Runtime,
    is_to_end: &'a dyn Fn() -> bool,
}

impl Asked<'_> {
    /// Breaks at the end of the gateway; a supervisor that is gone ends with it.
    fn send<M>(&self, message: M) -> ControlFlow<(), M::Result>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        PayoutSupervisor: Handler<M>,
        <PayoutSupervisor as Actor>::Context: ToEnvelope<PayoutSupervisor, M>,
    {
        if (self.is_to_end)() {
            return ControlFlow::Break(());
        }
        match self.runtime.block_on(self.supervisor.send(message)) {
            Ok(answer) => ControlFlow::Continue(answer),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Waits until what was on its way to the log is believed: the log has been read up to what was
    /// durable, and a payout that is durable and not yet believed would be missed here.
    fn until_settled(&self) -> ControlFlow<()> {
        let mark = self.send(Mark)?;
        while !self.send(Settled(mark))? {
            thread::sleep(SETTLING);
        }
        ControlFlow::Continue(())
    }
}
