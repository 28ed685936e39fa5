//! A payout while its records are read, and what recovery makes of it at the end. Apart from the share,
//! which says in what order that happens: here nothing is known but one payout.
//!
//! While it is read it stays as bytes: a payout that only waits is not decoded at a start from a
//! snapshot, and once at the end of a log.

use super::{Contracts, RecoveryError};
use crate::codec::{self, Unreadable};
use crate::live_index::LiveRow;
use crate::sleeper::{Card, Head, Next, Packed, follows, unpack};
use domain::id::PayoutId;
use domain::payout::{BrokenHistory, Payout};
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::{Facets, RecordRef};

/// A payout as far as it was read.
pub(crate) struct Met {
    pub id: PayoutId,
    /// Its last entry.
    pub version: u32,
    /// Its status after that.
    pub status: Status,
    /// Its entries, packed.
    pub bytes: Vec<u8>,
    /// From its card in the snapshot; none once something has happened since.
    pub card: Option<Known>,
}

/// What a card says, by the contracts of today.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    row: LiveRow,
    due: Option<Timestamp>,
    restless: bool,
}

/// A payout that lives, as recovery hands it on.
pub(crate) enum Back {
    /// It waits, and the timer calls it when it is due.
    Asleep {
        /// Its row in the index of live payouts.
        row: LiveRow,
        /// When the timer is to call.
        due: Option<Timestamp>,
        /// Its entries.
        packed: Packed,
    },
    /// There is something to do for it, or for others to know of it.
    Awake(Box<Payout>),
}

impl Back {
    /// Its id.
    pub fn id(&self) -> PayoutId {
        match self {
            Back::Asleep { row, .. } => row.id,
            Back::Awake(payout) => payout.id(),
        }
    }

    /// Its row in the index of live payouts.
    pub fn row(&self) -> LiveRow {
        match self {
            Back::Asleep { row, .. } => *row,
            Back::Awake(payout) => LiveRow::of(payout),
        }
    }
}

impl Known {
    fn of(id: PayoutId, card: &Card<'_>, contracts: &Contracts<'_>) -> Known {
        let Card { version: _, merchant, created_at, facets, reference, ref next } = *card;
        let row = LiveRow { id, merchant, created_at, facets: Facets(facets), reference };
        let due = next.due(contracts.first_pause);
        Known { row, due, restless: *next == Next::Restless }
    }
}

impl Met {
    /// A payout as a snapshot has it.
    pub fn in_snapshot(
        id: PayoutId,
        body: &[u8],
        contracts: &Contracts<'_>,
    ) -> Result<Met, RecoveryError> {
        let bad = |why: Unreadable| RecoveryError::State { id, why };
        if !codec::has_card(body) {
            let payout = codec::payout(id, body).map_err(bad)?;
            return Met::of(&payout, contracts);
        }
        let (card, entries) = codec::card(body).map_err(|why| bad(why.into()))?;
        let facets = Facets(card.facets);
        let status = codec::status_of(facets).ok_or(RecoveryError::Card(id))?;
        let known = Some(Known::of(id, &card, contracts));
        Ok(Met { id, version: card.version, status, bytes: entries.to_vec(), card: known })
    }

    /// A payout that is already made.
    pub fn of(payout: &Payout, contracts: &Contracts<'_>) -> Result<Met, RecoveryError> {
        let (id, version, status) = (payout.id(), payout.version(), payout.status());
        let packed =
            Packed::of(payout).map_err(|why| RecoveryError::State { id, why: why.into() })?;
        let card = Some(Known::of(id, &Card::of(payout), contracts));
        Ok(Met { id, version, status, bytes: packed.bytes().to_vec(), card })
    }

    /// A payout that the log tells of from its first entry on.
    pub fn begun(id: PayoutId, record: &RecordRef<'_>) -> Result<Met, Unreadable> {
        let entry = codec::packed_entry(record.body)?;
        let head = Head::of(entry)?;
        follows(id, 0, head.version)?;
        // Nearly all of them get a few entries more.
        let mut bytes = Vec::with_capacity(entry.len() * 2);
        bytes.extend_from_slice(entry);
        let status = head.moved.map_or(Status::Created, |moved| moved.to);
        Ok(Met { id, version: 1, status, bytes, card: None })
    }

    /// Takes in its next entry. One that it has already changes nothing.
    pub fn follow(&mut self, record: &RecordRef<'_>) -> Result<(), Unreadable> {
        let entry = codec::packed_entry(record.body)?;
        let head = Head::of(entry)?;
        // A snapshot's states, and the archive's, may be ahead of the record.
        if head.version <= self.version {
            return Ok(());
        }
        follows(self.id, self.version, head.version)?;
        self.bytes.extend_from_slice(entry);
        self.version = head.version;
        if let Some(moved) = head.moved {
            self.status = moved.to;
        }
        self.card = None;
        Ok(())
    }

    /// Whether it may be finished: only then is it worth folding before the log ends.
    pub fn may_be_finished(&self) -> bool {
        self.status.is_final() || self.status.is_settled()
    }

    /// The payout, folded.
    pub fn fold(&self) -> Result<Payout, RecoveryError> {
        let payout = unpack(self.id, &self.bytes)
            .map_err(|why| RecoveryError::State { id: self.id, why })?;
        match payout.version() == self.version {
            true => Ok(payout),
            false => Err(RecoveryError::State {
                id: self.id,
                why: BrokenHistory::Gap {
                    id: self.id,
                    expected: self.version,
                    found: payout.version(),
                }
                .into(),
            }),
        }
    }

    /// What it comes back as.
    pub fn come_back(self, contracts: &Contracts<'_>) -> Result<Back, RecoveryError> {
        let known = match self.card {
            Some(Known { restless: true, .. }) => return Ok(Back::Awake(Box::new(self.fold()?))),
            Some(known) => known,
            None => {
                let payout = self.fold()?;
                let known = Known::of(self.id, &Card::of(&payout), contracts);
                if known.restless {
                    return Ok(Back::Awake(Box::new(payout)));
                }
                known
            }
        };
        let packed = Packed::from_bytes(self.bytes);
        Ok(Back::Asleep { row: known.row, due: known.due, packed })
    }
}
