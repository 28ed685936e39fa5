//! What events need to know of a journal entry, read without decoding all of it. Apart from the feed, which
//! numbers: here is only what stands where in the bytes.
//!
//! Most entries are a change of status and a fact that events do not speak of; requests are the largest
//! facts, and all that is wanted of one is whose it is.

use crate::codec::{packed_entry, unpacked_entry};
use crate::sleeper::Head;
use domain::entry::{By, Entry};
use domain::id::MerchantId;
use domain::status::Status;
use domain::time::Timestamp;
use snapshots::RecordRef;
use snapshots::codec::{CodecError, decode_first};

/// A journal entry at a glance.
pub(crate) enum Glance {
    /// A payout was made, for this merchant.
    Created(MerchantId, Timestamp),
    /// Its status changed, and no more that makes events.
    Became(Status, Timestamp),
    /// Nothing that makes events.
    Silent,
    /// Only the whole entry tells.
    Whole(Entry),
}

impl Glance {
    /// At the entry in a record that was read from the log.
    pub fn at(record: RecordRef<'_>) -> Result<Glance, CodecError> {
        let packed = packed_entry(record)?;
        let (head, fact): (Head, _) = decode_first(packed)?;
        if matches!(head.by, By::Operator(_)) {
            return unpacked_entry(packed).map(Glance::Whole);
        }
        let (fact, rest): (u32, _) = decode_first(fact)?;
        Ok(match (fact, head.moved) {
            (fact::CREATED, _) => Glance::Created(decode_first(rest)?.0, head.at),
            (fact::DETAILS_GIVEN..=fact::INVOKED | fact::UNDO_SENT, Some(step)) => {
                Glance::Became(step.to, head.at)
            }
            (fact::DETAILS_GIVEN..=fact::INVOKED | fact::UNDO_SENT, None) => Glance::Silent,
            _ => Glance::Whole(unpacked_entry(packed)?),
        })
    }
}

/// The facts, numbered as they are stored: by their order in `domain::entry::Fact`, which never changes.
mod fact {
    pub(super) const CREATED: u32 = 0;
    pub(super) const DETAILS_GIVEN: u32 = 1;
    pub(super) const INVOKED: u32 = 5;
    pub(super) const UNDO_SENT: u32 = 7;
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    //! A glance sees what a whole look sees.

    use super::*;
    use crate::codec::records;
    use crate::sleeper::tests::{new, taken_by_the_provider};
    use domain::entry::{Fact, Hold, HoldCause};
    use domain::event::{EventKind, events_of};
    use domain::id::PayoutId;
    use domain::resolution::Resolution;

    fn seen(entry: &Entry) -> Vec<EventKind> {
        let record = records(PayoutId([1; 16]), std::slice::from_ref(entry)).unwrap().remove(0);
        let record = RecordRef { sequence: 1, payout: [1; 16], version: 1, body: &record.body };
        match Glance::at(record).unwrap() {
            Glance::Created(merchant, at) => {
                let Fact::Created(request) = &entry.fact else { panic!("not a creation") };
                assert_eq!((merchant, at), (request.merchant, entry.at));
                vec![EventKind::Became(Status::Created)]
            }
            Glance::Became(status, at) => {
                assert_eq!(at, entry.at);
                vec![EventKind::Became(status)]
            }
            Glance::Silent => Vec::new(),
            Glance::Whole(whole) => {
                assert_eq!(whole, *entry);
                events_of(entry).collect()
            }
        }
    }

    #[test]
    fn every_entry_is_seen_as_it_is() {
        let mut entries = new(true).entries().to_vec();
        entries.extend(new(false).entries().to_vec());
        entries.extend(taken_by_the_provider().entries().to_vec());
        let plain = entries[0].clone();
        let hold = Hold { cause: HoldCause::Quarantine, reason: Resolution::GeneralError };
        let facts = [Fact::ProcessAsked, Fact::Moved, Fact::UndoSent, Fact::Held(hold)];
        let moved = entries[1].moved;
        for fact in facts.into_iter().chain([Fact::Released, Fact::ResubmitAsked]) {
            for moved in [None, moved] {
                entries.push(Entry { fact: fact.clone(), moved, ..plain.clone() });
            }
        }
        let signed = By::Operator("ann".into());
        entries.push(Entry { by: signed, fact: Fact::Moved, ..plain });
        for entry in &entries {
            assert_eq!(seen(entry), events_of(entry).collect::<Vec<_>>(), "{entry:?}");
        }
    }
}
