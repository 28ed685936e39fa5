//! One live payout in memory: awake, with its actor and what is remembered beside it, or asleep as
//! bytes. Apart from the partition, which knows who is alive and not how.

use crate::card::Card;
use crate::codec::{self, Unreadable};
use crate::payout_actor::PayoutActor;
use crate::sleeper::{Asleep, Notes};
use actix::Addr;
use domain::id::PayoutId;
use domain::listening::{Deferred, Heard, look_again};
use domain::payout::Payout;
use domain::report::{FetchOutcome, Waited};
use domain::schedule::{Policy, Watch};
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One live payout.
pub(crate) enum Slot {
    /// It may have an actor, and may get one at any moment.
    Awake(Awake),
    /// It has nothing to do for long: its entries, and when it is to be called.
    Asleep(Asleep),
}

/// A payout that is awake.
pub(crate) struct Awake {
    pub life: Arc<LifeCell>,
    pub actor: Option<Addr<PayoutActor>>,
    /// Turns sent to the actor and not yet begun.
    pub pending: u32,
}

/// A payout copied out of memory as it stood there.
pub(crate) enum Copied {
    /// It was awake.
    Awake(Box<Payout>),
    /// It was asleep.
    Asleep(PayoutId, Asleep),
}

impl Copied {
    /// Whose copy it is.
    pub fn id(&self) -> PayoutId {
        match self {
            Copied::Awake(payout) => payout.id(),
            Copied::Asleep(id, _) => *id,
        }
    }

    /// The payout itself.
    pub fn into_payout(self) -> Result<Payout, Unreadable> {
        match self {
            Copied::Awake(payout) => Ok(*payout),
            Copied::Asleep(id, asleep) => Ok(asleep.wake(id)?.0),
        }
    }

    /// The payout with its state as snapshots keep it.
    pub fn for_snapshot(self) -> Result<(Payout, Vec<u8>), Unreadable> {
        let (payout, asleep) = match self {
            Copied::Awake(payout) => {
                let asleep = Asleep::of(&payout, &Notes::default())?;
                (*payout, asleep)
            }
            Copied::Asleep(id, asleep) => (asleep.wake(id)?.0, asleep),
        };
        let body = codec::sleeper(&Card::of(&payout), asleep.entries())?;
        Ok((payout, body))
    }
}

impl Slot {
    /// A payout that is awake, without an actor yet.
    pub fn new(life: Life) -> Slot {
        Slot::Awake(Awake { life: Arc::new(LifeCell(Mutex::new(life))), actor: None, pending: 0 })
    }

    /// The payout awake, woken if it slept.
    pub fn awake(&mut self, id: PayoutId) -> Result<&mut Awake, Unreadable> {
        if let Slot::Asleep(asleep) = self {
            let (payout, Notes { armed, watch, still_since, heard }) = asleep.wake(id)?;
            *self = Slot::new(Life { armed, watch, heard, ..Life::new(Some(payout), still_since) });
        }
        match self {
            Slot::Awake(awake) => Ok(awake),
            Slot::Asleep(_) => unreachable!("it was woken above"),
        }
    }

    /// The payout if it is awake.
    pub fn if_awake(&self) -> Option<&Awake> {
        match self {
            Slot::Awake(awake) => Some(awake),
            Slot::Asleep(_) => None,
        }
    }

    /// The same, to change it.
    pub fn if_awake_mut(&mut self) -> Option<&mut Awake> {
        match self {
            Slot::Awake(awake) => Some(awake),
            Slot::Asleep(_) => None,
        }
    }

    /// Whether turns are on their way to it.
    pub fn is_expected(&self) -> bool {
        self.if_awake().is_some_and(|awake| awake.pending > 0)
    }
}

/// A life that any thread may look at. Only its actor changes it.
pub(crate) struct LifeCell(Mutex<Life>);

impl LifeCell {
    /// The life. Held for a moment, and never while a table is waited for.
    pub fn lock(&self) -> MutexGuard<'_, Life> {
        // Whoever panics over it dies, and its payout is read from the journal again.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A payout and what is remembered beside it. Everything but `payout` may be lost in a crash.
pub(crate) struct Life {
    pub payout: Option<Payout>,
    pub watch: Watch,
    /// Submissions of this process that have not been answered or given up: they may leave yet.
    pub under_way: u8,
    /// When the last of them was, or what is waited for began, by the time that this process has been running
    /// for. What an earlier process sent has left or never will.
    pub still_since: Duration,
    /// When the timer will call.
    pub armed: Option<Timestamp>,
    /// A permit was asked for and not answered yet.
    pub waits_for_permit: bool,
    /// Something did not come about that nothing else would repeat; it is tried again then.
    pub try_again: Option<Timestamp>,
    /// A status fetch is under way.
    pub verifying: bool,
    /// Something rang while the fetch was under way: ask once more.
    pub rang: bool,
    /// The provider answers our last questions by callbacks.
    pub deferred: Deferred,
    /// The version that was last handed to the archive.
    pub archiving: u32,
    /// The version that the archive has.
    pub archived: u32,
    /// The next look for a late return, as last handed to the archive; unknown after a rest.
    pub watched: Option<Option<Timestamp>>,
    /// The last events that callbacks told of, to know a repetition.
    pub heard: Heard,
}

impl Life {
    pub fn new(payout: Option<Payout>, still_since: Duration) -> Life {
        Life {
            payout,
            watch: Watch::default(),
            under_way: 0,
            still_since,
            armed: None,
            waits_for_permit: false,
            try_again: None,
            verifying: false,
            rang: false,
            deferred: Deferred::default(),
            archiving: 0,
            archived: 0,
            watched: None,
            heard: Heard::default(),
        }
    }

    /// Remembers what is still to come behind the answer to a question.
    pub fn answered<'a>(
        &mut self,
        outcome: &FetchOutcome,
        policy_of: impl FnOnce(&Payout) -> &'a Policy,
    ) {
        self.deferred.answered(outcome);
        let Some(payout) = &self.payout else { return };
        if let Some(again) = look_again(payout, self.watch, policy_of(payout), outcome) {
            self.try_again = again;
        }
    }

    /// For how long an answer about it has been waited for, after this process has been running for so long.
    pub fn waited(&self, running: Duration) -> Waited {
        match &self.payout {
            Some(payout) if self.under_way == 0 => waited(payout, self.still_since, running),
            _ => Waited::default(),
        }
    }

    /// The same asleep. What is forgotten here may be lost in a crash as well.
    pub fn asleep(&self) -> Option<Asleep> {
        let payout = self.payout.as_ref()?;
        let (armed, watch, still_since) = (self.armed, self.watch, self.still_since);
        let notes = Notes { armed, watch, still_since, heard: self.heard.clone() };
        // One that cannot be encoded stays awake: memory is all there is of it then.
        let asleep = Asleep::of(payout, &notes).inspect_err(|error| {
            tracing::error!(payout = %payout.id(), %error, "a payout cannot be encoded");
        });
        asleep.ok()
    }

    /// A payout back from the archive.
    pub fn rested(payout: Payout, still_since: Duration) -> Life {
        let version = payout.version();
        Life { archiving: version, archived: version, ..Life::new(Some(payout), still_since) }
    }
}

/// For how long an answer about this payout has been waited for, nothing of which has been on its way since
/// then: both by the time that this process has been running for, which no clock that is turned can change.
pub(crate) fn waited(payout: &Payout, still_since: Duration, running: Duration) -> Waited {
    let behind = payout.began_a_doubt().map(|entry| entry.version);
    Waited { behind, time: running.saturating_sub(still_since) }
}
