//! Snapshots as operators see them: when, why, by whom, and what stood where. Apart from taking them,
//! because a store that nobody serves from is looked at in the same words.

use crate::tally::{Tally, TallyRow};
use bincode::{Decode, Encode};
use domain::money::Currency;
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::codec::{CodecError, Kind, open, seal};
use snapshots::{SnapshotInfo, SnapshotStore};
use std::sync::Arc;
use std::time::Duration;

/// Why a snapshot was taken. Stored with it: new ones go to the end.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Why {
    /// Enough time had passed.
    Schedule,
    /// Enough was written.
    Growth,
    /// The gateway stopped.
    Stop,
    /// An operator asked for it.
    Ordered {
        /// Who.
        by: Arc<str>,
        /// Why, in their words.
        reason: Box<str>,
    },
    /// The program that runs the engine asked for it.
    Program,
}

impl Why {
    /// The word as spelled on the wire.
    pub const fn word(&self) -> &'static str {
        match self {
            Why::Schedule => "schedule",
            Why::Growth => "growth",
            Why::Stop => "stop",
            Why::Ordered { .. } => "operator",
            Why::Program => "program",
        }
    }
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotSeen {
    /// Counts up over the life of the store.
    pub id: u64,
    /// Each payout is in it as it was at this sequence of the journal, or later.
    pub base_sequence: u64,
    /// The journal's last sequence when the snapshot was finished.
    pub sealed_at: u64,
    /// Payouts in it.
    pub payouts: u64,
    /// Its size, compressed.
    pub bytes: u64,
    /// BLAKE3 over all that is in it.
    pub content: [u8; 32],
    /// When; none when it was taken by a build that did not note it.
    pub taken_at: Option<Timestamp>,
    /// From the first copy until all was read back; zero when that was not noted.
    pub took: Duration,
    /// Why; none when it was taken by a build that did not note it.
    pub why: Option<Why>,
    /// Its payouts by status and currency; empty when that was not noted.
    pub tally: Tally,
}

/// What is kept with a snapshot beside its payouts.
#[derive(Encode, Decode)]
struct Note {
    why: Why,
    tally: Vec<StoredRow>,
}

/// Status, currency, how many payouts, and how much in all, as text.
type StoredRow = (Status, Currency, u64, String);

fn stored(TallyRow { status, currency, count, amount }: TallyRow) -> StoredRow {
    (status, currency, count, amount.to_string())
}

/// A row that was stored; none if its sum is no number.
fn read((status, currency, count, amount): StoredRow) -> Option<TallyRow> {
    Some(TallyRow { status, currency, count, amount: amount.parse().ok()? })
}

/// The note of a snapshot in its stored form.
pub(crate) fn note(why: &Why, tally: &Tally) -> Result<Vec<u8>, CodecError> {
    seal(Kind::Engine, &Note { why: why.clone(), tally: tally.rows().map(stored).collect() })
}

impl SnapshotSeen {
    /// From what the store says of it.
    pub fn of(info: SnapshotInfo, note: &[u8]) -> SnapshotSeen {
        let note: Option<Note> =
            (!note.is_empty()).then(|| open(Kind::Engine, note)).and_then(|read| {
                let told = |error: &CodecError| {
                    tracing::warn!(snapshot = info.id, %error, "a snapshot's note cannot be read");
                };
                read.inspect_err(told).ok()
            });
        let (why, tally) = match note {
            Some(Note { why, tally }) => {
                (Some(why), tally.into_iter().map(read).collect::<Option<_>>().unwrap_or_default())
            }
            None => (None, Tally::default()),
        };
        SnapshotSeen {
            id: info.id,
            base_sequence: info.base_sequence,
            sealed_at: info.sealed_at,
            // What operators decided lies among the payouts, and is none of them.
            payouts: info.payouts.saturating_sub(1),
            bytes: info.bytes,
            content: info.content,
            taken_at: info.taken_at.map(Timestamp),
            took: info.took,
            why,
            tally,
        }
    }

    /// All snapshots of a store with a manifest that can be read, newest first.
    ///
    /// # Errors
    /// The store's database fails.
    pub fn all(store: &SnapshotStore) -> Result<Vec<SnapshotSeen>, snapshots::SnapshotError> {
        let infos = store.list()?.into_iter();
        // One that is deleted in this very moment is not on the list any more.
        let seen = infos.filter_map(|info| SnapshotSeen::find(store, info.id).ok());
        Ok(seen.collect())
    }

    /// One snapshot of a store.
    ///
    /// # Errors
    /// There is none of this id, or it cannot be read.
    pub fn find(store: &SnapshotStore, id: u64) -> Result<SnapshotSeen, snapshots::SnapshotError> {
        let (info, note) = store.get(id)?;
        Ok(SnapshotSeen::of(info, &note))
    }
}
