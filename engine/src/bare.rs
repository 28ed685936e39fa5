//! What of the engine needs neither actor nor thread nor file: reading a journal back, a snapshot's
//! bytes, a restore's records, and the events of a record. Apart so that a simulated world can run
//! these very lines over a disk that it made up (`tests/world`); the gateway itself comes here for
//! nothing.

use crate::card::Card;
use crate::codec::{self, Unreadable};
use crate::desk::{self, DESK, DeskState};
use crate::event_feed::{given_before, sort_in};
use crate::recovery::{self, Contracts, RecoveryError};
use crate::restore::{self, Orders, Plan, RestoreError};
use crate::retire;
use crate::sleeper::{Asleep, Notes, unpack};
use domain::entry::Entry;
use domain::id::{MerchantId, PayoutId};
use domain::payout::Payout;
use domain::time::Timestamp;
use snapshots::codec::CodecError;
use snapshots::events::Happened;
use snapshots::{ArchiveStore, Record, RecordRef};
use std::time::Duration;

/// A payout back from the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    /// A start has something to do for it.
    Awake(Box<Payout>),
    /// It only waits, and is called then.
    Asleep(Box<Payout>, Option<Timestamp>),
}

impl Back {
    /// The payout.
    pub fn payout(&self) -> &Payout {
        match self {
            Back::Awake(payout) | Back::Asleep(payout, _) => payout,
        }
    }
}

/// What was read back.
#[derive(Debug)]
pub struct ReadBack {
    /// Every live payout, in the order of their ids.
    pub live: Vec<Back>,
    /// What operators decided.
    pub desk: DeskState,
    /// Records of the log that were read.
    pub records: u64,
}

/// Reads a journal back as a start does: the states of a snapshot, then the records behind its base.
/// What is finished goes to the archive.
///
/// # Errors
/// The journal does not make payouts.
pub fn read_back<'r>(
    archive: &dyn ArchiveStore,
    snapshot: impl Iterator<Item = ([u8; 16], &'r [u8])>,
    records: impl Iterator<Item = RecordRef<'r>>,
    watch_for: &(dyn Fn(&Payout) -> Option<Timestamp> + Sync),
    first_pause: &(dyn Fn(&str) -> Duration + Sync),
    now: Timestamp,
) -> Result<ReadBack, RecoveryError> {
    let contracts = Contracts { watch_for, first_pause, now };
    let held = recovery::recollect_from(archive, 1, &contracts, snapshot, records)?;
    let mut live = Vec::new();
    for kept in held.shares {
        live.extend(kept.awake.into_iter().map(|payout| Back::Awake(Box::new(payout))));
        for met in kept.asleep {
            let id = met.id;
            let (asleep, due) = met.fall_asleep();
            let (payout, _) = asleep.wake(id).map_err(|why| RecoveryError::State { id, why })?;
            live.push(Back::Asleep(Box::new(payout), due));
        }
    }
    live.sort_by_key(|back| back.payout().id());
    Ok(ReadBack { live, desk: held.desk, records: held.records })
}

/// A live payout as a snapshot keeps it: its card, and its entries as they are stored.
///
/// # Errors
/// It cannot be encoded.
pub fn snapshot_body(payout: &Payout) -> Result<Vec<u8>, CodecError> {
    let asleep = Asleep::of(payout, &Notes::default())?;
    codec::sleeper(&Card::of(payout), asleep.entries())
}

/// The desk as a snapshot keeps it, under this id.
///
/// # Errors
/// It cannot be encoded.
pub fn snapshot_desk(desk: &DeskState) -> Result<([u8; 16], Vec<u8>), CodecError> {
    Ok((DESK, desk::state_body(desk)?))
}

/// The payout asleep and awake again, as idle ones are in memory.
///
/// # Errors
/// It cannot be encoded, or does not wake as it fell asleep.
pub fn through_sleep(payout: &Payout) -> Result<Payout, Unreadable> {
    let mut bytes = Vec::new();
    crate::sleeper::pack(payout, &mut bytes)?;
    unpack(payout.id(), &bytes)
}

/// The payout as its creation was answered, and as every repetition of the request is.
pub fn as_created(payout: &Payout) -> Payout {
    crate::payout_actor::as_created(payout)
}

/// Whether a payout leaves memory for the archive.
pub fn is_finished(payout: &Payout) -> bool {
    retire::is_finished(payout)
}

/// The frames that a restore adds behind those that it keeps.
///
/// # Errors
/// Something cannot be encoded.
pub fn restored_records(plan: &Plan, orders: &Orders) -> Result<Vec<Vec<Record>>, RestoreError> {
    restore::additions(plan, orders).collect()
}

/// What a payout's record says.
///
/// # Errors
/// The record cannot be read.
pub fn entry(record: RecordRef<'_>) -> Result<Entry, CodecError> {
    codec::entry(record.body)
}

/// The events of a record, to be numbered above what an earlier epoch can have told.
///
/// # Errors
/// The record cannot be read, or nobody knows whose it is.
pub fn events_of_record(
    record: RecordRef<'_>,
    desk: &DeskState,
    merchant: &mut dyn FnMut(PayoutId, Option<MerchantId>) -> Result<MerchantId, String>,
) -> Result<Vec<Happened>, String> {
    let mut events = Vec::new();
    let above = given_before(desk.epoch_at(record.sequence));
    sort_in(record, above, &mut events, merchant)?;
    Ok(events)
}
