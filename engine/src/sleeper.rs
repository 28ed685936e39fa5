//! A payout that sleeps: its entries as bytes, and the card that says what must be known of it
//! without waking it. Apart from `codec`, which knows envelopes: here it is decided who may sleep.
//!
//! Nearly every payout alive waits for its provider, for hours or days. As bytes it takes a fifth of the
//! memory, is copied for a snapshot as it is, and comes back at a start without being decoded.

use crate::codec::{self, Unreadable};
use crate::moderation_book::Contribution;
use crate::retire::is_finished;
use domain::entry::{Entry, Move};
use domain::id::{MerchantId, PayoutId};
use domain::payout::{BrokenHistory, Payout};
use domain::schedule::{PollPlan, Watch, needs_asking, next_due};
use domain::status::Status;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use snapshots::codec::{CodecError, decode_first, encode_onto};
use std::time::Duration;

/// The entries of one payout, encoded one behind the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Packed(Box<[u8]>);

impl Packed {
    /// Packs a payout.
    pub fn of(payout: &Payout) -> Result<Packed, CodecError> {
        let mut bytes = Vec::with_capacity(512);
        payout.entries().iter().try_for_each(|entry| encode_onto(entry, &mut bytes))?;
        Ok(Packed(bytes.into()))
    }

    /// Bytes that were packed before.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Packed {
        Packed(bytes.into())
    }

    /// The payout.
    pub fn unpack(&self, id: PayoutId) -> Result<Payout, Unreadable> {
        unpack(id, &self.0)
    }

    /// The entries as they are stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The payout that packed entries make.
pub(crate) fn unpack(id: PayoutId, mut bytes: &[u8]) -> Result<Payout, Unreadable> {
    let mut entries: Vec<Entry> = Vec::with_capacity(4);
    while !bytes.is_empty() {
        let (entry, rest) = decode_first(bytes)?;
        entries.push(entry);
        bytes = rest;
    }
    Ok(Payout::from_history(id, entries)?)
}

/// What an entry begins with: all that can be read of it without its fact.
#[derive(Deserialize)]
pub(crate) struct Head {
    /// The payout's version once the entry is applied.
    pub version: u32,
    #[allow(dead_code, reason = "stands between what is read")]
    at: Timestamp,
    #[allow(dead_code, reason = "stands between what is read")]
    by: domain::entry::By,
    /// The change of status, if it was one.
    pub moved: Option<Move>,
}

impl Head {
    /// The head of an encoded entry.
    pub fn of(entry: &[u8]) -> Result<Head, CodecError> {
        Ok(decode_first(entry)?.0)
    }
}

/// What must be known of a payout that sleeps. Written with its state, and held against it by
/// verifications.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Card<'a> {
    /// Its last entry.
    pub(crate) version: u32,
    pub(crate) merchant: MerchantId,
    pub(crate) created_at: Timestamp,
    /// What lists filter by, packed.
    pub(crate) facets: u64,
    /// The merchant's reference, by its hash.
    pub(crate) reference: Option<[u8; 16]>,
    #[serde(borrow)]
    pub(crate) next: Next<'a>,
}

/// What a sleeping payout waits for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Next<'a> {
    /// It may not sleep through a start: there is something to do, or something that others must know.
    Restless,
    /// Nothing but a person's word.
    Never,
    /// That time.
    At(Timestamp),
    /// A question to its provider account, by that account's plan.
    Question {
        /// Since when.
        since: Timestamp,
        /// Which account.
        #[serde(borrow)]
        account: &'a str,
    },
}

impl<'a> Card<'a> {
    /// The card of a payout.
    pub(crate) fn of(payout: &'a Payout) -> Card<'a> {
        let request = payout.request();
        Card {
            version: payout.version(),
            merchant: request.merchant,
            created_at: payout.created_at(),
            facets: codec::facets(payout).0,
            reference: request.reference.as_deref().map(codec::reference_hash),
            next: Next::of(payout),
        }
    }
}

impl<'a> Next<'a> {
    fn of(payout: &'a Payout) -> Next<'a> {
        if is_restless(payout) {
            return Next::Restless;
        }
        if needs_asking(payout) {
            return match payout.account() {
                Some(account) => Next::Question { since: payout.updated_at(), account },
                None => Next::Restless,
            };
        }
        // No plan has a say in the times of what was never sent.
        next_due(payout, Watch::default(), &UNASKED).map_or(Next::Never, Next::At)
    }

    /// When the timer is to call after a start; `first_pause` is that of an account's plan.
    pub(crate) fn due(&self, first_pause: impl Fn(&str) -> Duration) -> Option<Timestamp> {
        match self {
            Next::Restless | Next::Never => None,
            Next::At(time) => Some(*time),
            Next::Question { since, account } => Some(since.plus(first_pause(account))),
        }
    }
}

const UNASKED: PollPlan =
    PollPlan { first: Duration::ZERO, factor: 1, cap: Duration::ZERO, give_up: Duration::ZERO };

/// Whether a start has something to do for a payout, or to write into the lists that span payouts.
/// Whatever only waits for its provider is left to the timer.
fn is_restless(payout: &Payout) -> bool {
    let standing = payout.standing();
    let begun = match payout.status() {
        Status::Invoking | Status::Revoking | Status::Cancelling => true,
        Status::Ready => standing.process_asked,
        _ => standing.resubmit_asked,
    };
    begun
        || payout.is_sought()
        || is_finished(payout)
        || Contribution::of(payout) != Contribution::NONE
}

/// Whether the entry that comes next is the next: histories have no gaps.
pub(crate) fn follows(id: PayoutId, version: u32, next: u32) -> Result<(), BrokenHistory> {
    match version + 1 == next {
        true => Ok(()),
        false => Err(BrokenHistory::Gap { id, expected: version + 1, found: next }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    //! Asleep or awake, it is the same payout.

    use super::*;
    use crate::clock::TurnedClock;
    use crate::tests::request;
    use domain::decide::{Input, create, decide};
    use domain::entry::Request;
    use domain::report::{Report, SubmitOutcome};

    fn new(autoprocess: bool) -> Payout {
        let id = PayoutId([3; 16]);
        let expires_at = Timestamp(10_000_000_000);
        let asked = Request { expires_at, autoprocess, ..request(&TurnedClock::default()) };
        Payout::from_entries(id, create(id, asked, None, Timestamp(5)).entries).unwrap()
    }

    fn taken_by_the_provider() -> Payout {
        let mut payout = new(true);
        let policy = adapters::sandbox::SandboxSettings::default().caps().policy;
        let outcome = SubmitOutcome::Accepted { provider_id: None, raw_status: None };
        let permit = Input::Permit { account: "sandbox".into(), settlement: None };
        for input in [permit, Input::Report(Report::Submitted { attempt: 1, outcome })] {
            let step = decide(&payout, input, Watch::default(), Timestamp(9), &policy).unwrap();
            step.entries.into_iter().for_each(|entry| payout.apply(entry).unwrap());
        }
        payout
    }

    #[test]
    fn it_wakes_as_it_fell_asleep() {
        for payout in [new(true), new(false), taken_by_the_provider()] {
            let packed = Packed::of(&payout).unwrap();
            assert_eq!(packed.unpack(payout.id()).unwrap(), payout);
            let body = codec::sleeper(&Card::of(&payout), &packed).unwrap();
            assert_eq!(codec::payout(payout.id(), &body).unwrap(), payout);
            let (card, entries) = codec::card(&body).unwrap();
            assert_eq!((card, entries), (Card::of(&payout), packed.bytes()));
        }
    }

    #[test]
    fn only_who_waits_sleeps() {
        let pause = |account: &str| Duration::from_secs(account.len() as u64);
        let queued = new(true);
        assert_eq!(Card::of(&queued).next, Next::Restless, "it wants a permit");
        let by_hand = new(false);
        assert_eq!(Card::of(&by_hand).next.due(pause), by_hand.deadline());
        let sent = taken_by_the_provider();
        let due = sent.updated_at().plus(Duration::from_secs("sandbox".len() as u64));
        assert_eq!(Card::of(&sent).next.due(pause), Some(due));
    }

    #[test]
    fn bytes_that_are_cut_or_go_on_make_no_payout() {
        let payout = taken_by_the_provider();
        let packed = Packed::of(&payout).unwrap();
        let whole = packed.bytes();
        assert!(unpack(payout.id(), &whole[..whole.len() - 1]).is_err());
        assert!(unpack(payout.id(), &[whole, whole].concat()).is_err(), "versions begin again");
        assert!(unpack(payout.id(), &[]).is_err());
    }
}
