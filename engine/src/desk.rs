//! The desk: what operators decide about the gateway rather than about one payout, such as what a
//! provider account may be used for. A journal of its own among the payouts' journals, under an id
//! that no payout has, so that it is durable, ordered, restored and audited like everything else.

use crate::orphans::{ListRead, Orphan, OrphanKey};
use crate::refusal::Refusal;
use bincode::{Decode, Encode};
use domain::id::PayoutId;
use domain::time::Timestamp;
use snapshots::codec::{CodecError, Kind, open, seal};
use snapshots::{JournalPort, Record, Running};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the desk's records stand in the journal. Payout ids are keyed hashes: none is all zeros.
pub const DESK: [u8; 16] = [0; 16];

/// One decision.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct DeskEntry {
    /// 1, 2, 3 … without gaps.
    pub version: u32,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Arc<str>,
    /// Why, in the operator's words.
    pub reason: Box<str>,
    /// The network address that the order came from.
    pub from: Box<str>,
    /// What.
    pub order: DeskOrder,
}

/// What can be decided at the desk. New ones go to the end.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum DeskOrder {
    /// What a provider account may be used for, as a mode's word.
    SetMode {
        /// The account.
        account: Box<str>,
        /// The mode.
        mode: Box<str>,
    },
    /// Everything was put back to an earlier time.
    Restored(Restored),
    // About snapshots: nothing that the desk has to remember.
    /// A snapshot is taken now.
    TakeSnapshot,
    /// A snapshot is read back and compared with its hashes.
    VerifySnapshot {
        /// Which.
        id: u64,
    },
    /// The snapshots are deleted that the retention policy does not keep.
    PruneSnapshots,
    /// Everything is read again beside the running gateway. Nothing for the desk to remember either.
    Verify,
    // About payments that a restore has forgotten; all but the closing are the engine's own words.
    /// A provider has these payments, and no payout here accounts for them.
    FoundOrphans(Vec<Arc<Orphan>>),
    /// What became of such a payment was dealt with outside.
    CloseOrphan {
        /// The payout that it would have been of.
        payout: PayoutId,
    },
    /// The list of what an account did in the lost time was read to its end.
    ReadList {
        /// The account.
        account: Box<str>,
        /// The last restore whose lost time it covers, and what stood on it.
        read: ListRead,
    },
    /// These have payouts by now: their ids are all that is remembered of them.
    ForgetOrphans(Vec<OrphanKey>),
}

/// One restore to an earlier time: what the log was cut from, and what may have happened since.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Restored {
    /// 1, 2, 3 … over the life of the gateway.
    pub epoch: u32,
    /// The log it was cut from.
    pub log_id: u64,
    /// The last record that was kept; it has the same sequence in both logs.
    pub through: u64,
    /// What that log hashed to there.
    pub chain: [u8; 32],
    /// When the last record that was kept was written: the lost time begins here.
    pub lost_from: Timestamp,
    /// Whether every submission of the lost time is known, from a log or a ledger that goes on.
    pub known: bool,
    /// Until then a new payout may repeat a key of the lost time, and is asked about first.
    pub ask_first_until: Timestamp,
}

/// What the decisions fold to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct DeskState {
    /// The number of the last decision.
    pub version: u32,
    /// The mode of each account whose mode was ever set.
    pub modes: BTreeMap<Box<str>, ModeSet>,
    /// Every restore, the first first.
    pub restores: Vec<Restored>,
    /// Payments that nobody here knew when a provider listed them.
    pub orphans: BTreeMap<OrphanKey, Arc<Orphan>>,
    /// Those that were dealt with outside, and some that have payouts.
    pub closed_orphans: BTreeSet<OrphanKey>,
    /// What the lists of lost times came to, by account.
    pub lists: BTreeMap<Box<str>, ListRead>,
}

/// The state as snapshots kept it before providers were asked for lists.
#[derive(Decode)]
struct DeskStateUnlisted {
    version: u32,
    modes: BTreeMap<Box<str>, ModeSet>,
    restores: Vec<Restored>,
}

/// The state as snapshots kept it before there were restores.
#[derive(Decode)]
struct DeskStateBefore {
    version: u32,
    modes: BTreeMap<Box<str>, ModeSet>,
}

/// A mode, and who set it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ModeSet {
    /// The mode's word.
    pub mode: Box<str>,
    /// Who.
    pub by: Arc<str>,
    /// Why.
    pub reason: Box<str>,
    /// When.
    pub at: Timestamp,
}

impl DeskState {
    /// Makes a decision true; one that is contained already changes nothing.
    pub fn apply(&mut self, entry: DeskEntry) {
        let DeskEntry { version, at, by, reason, from: _, order } = entry;
        if version <= self.version {
            return;
        }
        self.version = version;
        match order {
            DeskOrder::SetMode { account, mode } => {
                self.modes.insert(account, ModeSet { mode, by, reason, at });
            }
            DeskOrder::Restored(restored) => self.restores.push(restored),
            DeskOrder::FoundOrphans(found) => {
                let news = found.into_iter().map(|orphan| (orphan.key(), orphan));
                self.orphans.extend(news.filter(|(key, _)| !self.closed_orphans.contains(key)));
            }
            DeskOrder::CloseOrphan { payout } => {
                let of = (payout, u8::MIN)..=(payout, u8::MAX);
                let keys: Vec<_> = self.orphans.range(of).map(|(key, _)| *key).collect();
                for key in keys {
                    self.orphans.remove(&key);
                    self.closed_orphans.insert(key);
                }
            }
            DeskOrder::ForgetOrphans(keys) => {
                keys.iter().for_each(|key| drop(self.orphans.remove(key)));
                // By their ids alone: they take a tenth of the room, and stay asked about first.
                self.closed_orphans.extend(keys);
            }
            DeskOrder::ReadList { account, read } => {
                self.lists.insert(account, read);
            }
            DeskOrder::TakeSnapshot
            | DeskOrder::VerifySnapshot { id: _ }
            | DeskOrder::PruneSnapshots
            | DeskOrder::Verify => {}
        }
    }

    /// Until then a new payout may repeat a key that was used in a lost time.
    pub fn ask_first_until(&self) -> Timestamp {
        let unknown = self.restores.iter().filter(|restored| !restored.known);
        unknown.map(|restored| restored.ask_first_until).max().unwrap_or(Timestamp(0))
    }

    /// How many restores lie before this place in the log.
    pub fn epoch_at(&self, sequence: u64) -> u32 {
        let before = self.restores.iter().rev().find(|restored| restored.through < sequence);
        before.map_or(0, |restored| restored.epoch)
    }
}

/// The desk while the engine runs: one decision at a time, each durable before it is true.
pub(crate) struct Desk {
    state: Mutex<DeskState>,
    /// Until then a new payout may repeat a key that was used in a lost time. Restores happen while
    /// no gateway runs.
    ask_first_until: Timestamp,
    turn: tokio::sync::Mutex<()>,
}

/// Who decides, why, and from where.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Who.
    pub by: Arc<str>,
    /// Why, in the operator's words.
    pub reason: Box<str>,
    /// The network address that the order came from.
    pub from: Box<str>,
}

impl Desk {
    /// The desk as recovery found it.
    pub fn new(state: DeskState) -> Desk {
        let ask_first_until = state.ask_first_until();
        let (state, turn) = (Mutex::new(state), tokio::sync::Mutex::default());
        Desk { state, ask_first_until, turn }
    }

    /// What was decided so far.
    pub fn state(&self) -> DeskState {
        self.lock().clone()
    }

    /// Looks something up in what was decided so far.
    pub fn look<T>(&self, at: impl FnOnce(&DeskState) -> T) -> T {
        at(&self.lock())
    }

    /// Whether a payout made now may repeat a key that was used in a lost time.
    pub fn asks_first(&self, now: Timestamp) -> bool {
        now < self.ask_first_until
    }

    /// Holds the desk still: what is decided is also true, and nothing is decided meanwhile.
    pub async fn still(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Writes a decision down, makes it true, and carries it out before the next one is taken.
    pub async fn decide(
        &self,
        store: &Running,
        order: DeskOrder,
        signed: Signature,
        at: Timestamp,
        carry_out: impl Future<Output = bool>,
    ) -> Result<(), Refusal> {
        let _turn = self.turn.lock().await;
        let version = self.lock().version + 1;
        let Signature { by, reason, from } = signed;
        let entry = DeskEntry { version, at, by, reason, from, order };
        let body = entry_body(&entry).map_err(|error| {
            tracing::error!(%error, "a decision cannot be encoded");
            Refusal::Internal
        })?;
        let record = Record { payout: DESK, version, body };
        let written = JournalPort::append(&store.journal, vec![record]);
        written.await.map_err(|_| Refusal::NotReady)?;
        self.lock().apply(entry);
        if carry_out.await { Ok(()) } else { Err(Refusal::Internal) }
    }

    fn lock(&self) -> MutexGuard<'_, DeskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A decision as a journal record's body.
pub(crate) fn entry_body(entry: &DeskEntry) -> Result<Vec<u8>, CodecError> {
    seal(Kind::Engine, entry)
}

/// The decision in a journal record.
///
/// # Errors
/// The body is damaged, or of a build that this one does not know.
pub fn entry(body: &[u8]) -> Result<DeskEntry, CodecError> {
    open(Kind::Engine, body)
}

/// The state as a snapshot keeps it.
pub(crate) fn state_body(state: &DeskState) -> Result<Vec<u8>, CodecError> {
    seal(Kind::Engine, state)
}

/// The state in a snapshot.
pub(crate) fn state(body: &[u8]) -> Result<DeskState, CodecError> {
    open(Kind::Engine, body).or_else(|error| {
        // The envelope's checksum has matched, so only the shape can be another one.
        if let Ok(DeskStateUnlisted { version, modes, restores }) = open(Kind::Engine, body) {
            return Ok(DeskState { version, modes, restores, ..DeskState::default() });
        }
        let Ok(DeskStateBefore { version, modes }) = open(Kind::Engine, body) else {
            return Err(error);
        };
        Ok(DeskState { version, modes, ..DeskState::default() })
    })
}
