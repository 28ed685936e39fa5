//! A payout while its records are read, and what recovery makes of it at the end. Apart from the share,
//! which says in what order that happens: here nothing is known but one payout.
//!
//! While it is read it stays as bytes: a payout that only waits is not decoded at a start from a
//! snapshot, and once at the end of a log.

use super::{Contracts, RecoveryError};
use crate::card::{Card, Next, UNDERSTANDING};
use crate::codec::{self, Unreadable};
use crate::live_index::LiveRow;
use crate::sleeper::{Asleep, Head, NOTES_BYTES, follows, pack, unpack};
use domain::id::{MerchantId, PayoutId};
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
    /// Room for the notes of a sleeper, and its entries, packed.
    pub bytes: Vec<u8>,
    /// From its card; none once something has happened since.
    pub known: Option<Known>,
    /// The last record of the log that was taken in; none while all is from elsewhere.
    pub last: Option<u64>,
}

/// What a card says, by the contracts of today.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    merchant: MerchantId,
    created_at: Timestamp,
    facets: Facets,
    reference: Option<[u8; 16]>,
    due: Option<Timestamp>,
    restless: bool,
}

impl Known {
    fn of(card: &Card<'_>, contracts: &Contracts<'_>) -> Known {
        let Card {
            understanding: _,
            version: _,
            merchant,
            created_at,
            facets,
            reference,
            ref next,
        } = *card;
        let due = next.due(contracts.first_pause, contracts.now);
        let (facets, restless) = (Facets(facets), *next == Next::Restless);
        Known { merchant, created_at, facets, reference, due, restless }
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
        if card.understanding != UNDERSTANDING {
            return Met::of(&unpack(id, entries).map_err(bad)?, contracts);
        }
        let facets = Facets(card.facets);
        let status = codec::status_of(facets).ok_or(RecoveryError::Card(id))?;
        let known = Some(Known::of(&card, contracts));
        Ok(Met {
            id,
            version: card.version,
            status,
            bytes: with_room(entries, 1),
            known,
            last: None,
        })
    }

    /// A payout that is already made.
    pub fn of(payout: &Payout, contracts: &Contracts<'_>) -> Result<Met, RecoveryError> {
        let (id, version, status) = (payout.id(), payout.version(), payout.status());
        let mut bytes = vec![0; NOTES_BYTES];
        pack(payout, &mut bytes).map_err(|why| RecoveryError::State { id, why: why.into() })?;
        let known = Some(Known::of(&Card::of(payout), contracts));
        Ok(Met { id, version, status, bytes, known, last: None })
    }

    /// A payout that the log tells of from its first entry on.
    pub fn begun(id: PayoutId, record: &RecordRef<'_>) -> Result<Met, Unreadable> {
        let entry = codec::packed_entry(*record)?;
        let head = Head::of(entry)?;
        follows(id, 0, head.version)?;
        // Nearly all of them get a few entries more.
        let bytes = with_room(entry, 2);
        let status = head.moved.map_or(Status::Created, |moved| moved.to);
        Ok(Met { id, version: 1, status, bytes, known: None, last: Some(record.sequence) })
    }

    /// Takes in its next entry. One that it has already changes nothing.
    pub fn follow(&mut self, record: &RecordRef<'_>) -> Result<(), Unreadable> {
        let entry = codec::packed_entry(*record)?;
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
        (self.known, self.last) = (None, Some(record.sequence));
        Ok(())
    }

    /// Whether it may be finished: only then is it worth folding before the log ends.
    pub fn may_be_finished(&self) -> bool {
        self.status.is_final() || self.status.is_settled()
    }

    /// The payout, folded.
    pub fn fold(&self) -> Result<Payout, RecoveryError> {
        let id = self.id;
        let folded = unpack(id, &self.bytes[NOTES_BYTES..]).and_then(|payout| {
            let (expected, found) = (self.version, payout.version());
            let whole = (expected == found).then_some(payout);
            whole.ok_or_else(|| BrokenHistory::Gap { id, expected, found }.into())
        });
        folded.map_err(|why| match self.last {
            None => RecoveryError::State { id, why },
            Some(sequence) => RecoveryError::UpTo { sequence, id, why },
        })
    }

    /// Makes sure of what must be known of it; the payout itself, if it may not sleep.
    pub fn settle(&mut self, contracts: &Contracts<'_>) -> Result<Option<Payout>, RecoveryError> {
        match self.known {
            Some(Known { restless: false, .. }) => Ok(None),
            Some(Known { restless: true, .. }) => self.fold().map(Some),
            None => {
                let payout = self.fold()?;
                let known = Known::of(&Card::of(&payout), contracts);
                self.known = Some(known);
                Ok(known.restless.then_some(payout))
            }
        }
    }

    /// Its row in the index of live payouts; none before it is settled.
    pub fn row(&self) -> Option<LiveRow> {
        let Known { merchant, created_at, facets, reference, .. } = self.known?;
        Some(LiveRow { id: self.id, merchant, created_at, facets, reference })
    }

    /// The payout asleep, and when the timer is to call.
    pub fn fall_asleep(self) -> (Asleep, Option<Timestamp>) {
        let due = self.known.and_then(|known| known.due);
        (Asleep::since_start(self.bytes, due), due)
    }
}

/// Entries behind the room for notes, in memory for so many times as much of them.
fn with_room(entries: &[u8], times: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(NOTES_BYTES + entries.len() * times);
    bytes.resize(NOTES_BYTES, 0);
    bytes.extend_from_slice(entries);
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    //! A payout is indexed the same, however it came back.

    use super::*;
    use crate::sleeper::tests::{new, taken_by_the_provider};
    use std::time::Duration;

    #[test]
    fn a_card_of_another_build_is_not_believed() {
        let pause = |_: &str| Duration::from_secs(60);
        let contracts =
            Contracts { watch_for: &|_| None, first_pause: &pause, now: Timestamp(i64::MAX) };
        let (payout, other) = (new(true), taken_by_the_provider());
        let mut packed = Vec::new();
        pack(&payout, &mut packed).unwrap();
        let read = |understanding| {
            let card = Card { understanding, ..Card::of(&other) };
            let body = codec::sleeper(&card, &packed).unwrap();
            Met::in_snapshot(payout.id(), &body, &contracts).unwrap()
        };
        assert_eq!(read(UNDERSTANDING).status, other.status());
        let mut met = read(UNDERSTANDING + 1);
        assert_eq!((met.version, met.status), (payout.version(), payout.status()));
        assert_eq!(met.settle(&contracts).unwrap(), Some(payout.clone()), "it wants a permit");
        // What this build does not know stops the start, instead of going to sleep.
        packed.push(255);
        let card = Card { understanding: UNDERSTANDING + 1, ..Card::of(&other) };
        let body = codec::sleeper(&card, &packed).unwrap();
        assert!(Met::in_snapshot(payout.id(), &body, &contracts).is_err());
    }

    #[test]
    fn its_row_is_that_of_its_payout() {
        let pause = |_: &str| Duration::from_secs(60);
        let contracts =
            Contracts { watch_for: &|_| None, first_pause: &pause, now: Timestamp(i64::MAX) };
        for payout in [new(true), new(false), taken_by_the_provider()] {
            let mut packed = Vec::new();
            pack(&payout, &mut packed).unwrap();
            let body = codec::sleeper(&Card::of(&payout), &packed).unwrap();
            let carded = Met::in_snapshot(payout.id(), &body, &contracts).unwrap();
            let whole = codec::body(&payout).unwrap();
            let whole = Met::in_snapshot(payout.id(), &whole, &contracts).unwrap();
            for mut met in [carded, whole] {
                assert_eq!((met.version, met.status), (payout.version(), payout.status()));
                assert_eq!(met.row(), Some(LiveRow::of(&payout)));
                let awake = met.settle(&contracts).unwrap();
                match awake {
                    Some(awake) => assert_eq!(awake, payout),
                    None => assert_eq!(met.fall_asleep().0.wake(payout.id()).unwrap().0, payout),
                }
            }
        }
    }
}
