//! A payout that sleeps: one piece of memory with its entries as they are stored, and the little that is
//! remembered beside them. Apart from `card`, which says who may sleep, and from `slot`, which wakes it.
//!
//! Nearly every payout alive waits for its provider, for hours or days. As bytes it takes a fifth of the
//! memory, is copied for a snapshot as it is, and comes back at a start without being decoded.
//!
//! The piece: `due i64 | asked u32 | last asked i64 | still since u64 | heard u8 | so many u64`, little
//! endian, then the entries, encoded one behind the other. It never leaves the process.

use crate::codec::Unreadable;
use bincode::Decode;
use domain::entry::{Entry, Move};
use domain::id::{MerchantId, PayoutId};
use domain::listening::Heard;
use domain::payout::{BrokenHistory, Payout};
use domain::schedule::Watch;
use domain::time::Timestamp;
use snapshots::codec::{CodecError, decode_first, encode_onto};
use std::time::Duration;

/// A payout that sleeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asleep(Box<[u8]>);

/// What is remembered beside the entries of a payout that sleeps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Notes {
    /// When the timer is to call.
    pub armed: Option<Timestamp>,
    /// The questions asked since the last news.
    pub watch: Watch,
    /// Since when nothing of it has been on its way, by the time that this process has been running for.
    pub still_since: Duration,
    /// The last events that callbacks told of.
    pub heard: Heard,
}

/// Of the notes of a payout of which no events were heard.
pub(crate) const NOTES_BYTES: usize = 29;
/// Later than any time that a payout is due at.
const NOT_DUE: i64 = i64::MAX;

impl Asleep {
    /// Puts a payout to sleep.
    pub fn of(payout: &Payout, notes: &Notes) -> Result<Asleep, CodecError> {
        let mut bytes = Vec::with_capacity(512);
        notes.write(&mut bytes);
        pack(payout, &mut bytes)?;
        Ok(Asleep(bytes.into()))
    }

    /// A payout that comes back asleep; its entries stand behind so many bytes as notes take, which are
    /// overwritten.
    pub fn since_start(mut bytes: Vec<u8>, armed: Option<Timestamp>) -> Asleep {
        let mut notes = Vec::with_capacity(NOTES_BYTES);
        Notes { armed, ..Notes::default() }.write(&mut notes);
        for (place, byte) in bytes.iter_mut().zip(notes) {
            *place = byte;
        }
        Asleep(bytes.into())
    }

    /// The payout, awake, and what was remembered beside it.
    pub fn wake(&self, id: PayoutId) -> Result<(Payout, Notes), Unreadable> {
        let (notes, entries) = Notes::read(&self.0);
        Ok((unpack(id, entries)?, notes))
    }

    /// The entries as they are stored.
    pub fn entries(&self) -> &[u8] {
        Notes::read(&self.0).1
    }

    /// Whose it is: what its first entry begins with, behind its head.
    pub fn merchant(&self) -> Result<MerchantId, Unreadable> {
        let (_, created): (Head, _) = decode_first(self.entries())?;
        let (_, request): (u32, _) = decode_first(created)?;
        Ok(decode_first(request)?.0)
    }
}

impl Notes {
    fn write(&self, bytes: &mut Vec<u8>) {
        let due = self.armed.map_or(NOT_DUE, |time| time.0);
        bytes.extend_from_slice(&due.to_le_bytes());
        bytes.extend_from_slice(&self.watch.asked.to_le_bytes());
        bytes.extend_from_slice(&self.watch.last.0.to_le_bytes());
        let still_since = u64::try_from(self.still_since.as_micros()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&still_since.to_le_bytes());
        let events = self.heard.events();
        let heard = events.len().min(usize::from(u8::MAX));
        // Within u8: bounded one line above.
        bytes.push(heard as u8);
        for event in &events[..heard] {
            bytes.extend_from_slice(&event.to_le_bytes());
        }
    }

    /// What was written, and what stands behind it. Bytes that nobody wrote make empty notes, and no
    /// payout behind them.
    fn read(bytes: &[u8]) -> (Notes, &[u8]) {
        let parts = || {
            let (due, rest) = bytes.split_first_chunk::<8>()?;
            let (asked, rest) = rest.split_first_chunk::<4>()?;
            let (last, rest) = rest.split_first_chunk::<8>()?;
            let (still_since, rest) = rest.split_first_chunk::<8>()?;
            let (heard, rest) = rest.split_first()?;
            let (events, rest) = rest.split_at_checked(usize::from(*heard) * 8)?;
            let due = i64::from_le_bytes(*due);
            let last = Timestamp(i64::from_le_bytes(*last));
            let (events, _) = events.as_chunks::<8>();
            let notes = Notes {
                armed: (due != NOT_DUE).then_some(Timestamp(due)),
                watch: Watch { asked: u32::from_le_bytes(*asked), last },
                still_since: Duration::from_micros(u64::from_le_bytes(*still_since)),
                heard: events.iter().map(|event| u64::from_le_bytes(*event)).collect(),
            };
            Some((notes, rest))
        };
        parts().unwrap_or_default()
    }
}

/// The entries of a payout, encoded one behind the other.
pub(crate) fn pack(payout: &Payout, bytes: &mut Vec<u8>) -> Result<(), CodecError> {
    payout.entries().iter().try_for_each(|entry| encode_onto(entry, bytes))
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
#[derive(Decode)]
pub(crate) struct Head {
    /// The payout's version once the entry is applied.
    pub version: u32,
    /// When.
    pub at: Timestamp,
    /// Who caused it.
    pub by: domain::entry::By,
    /// The change of status, if it was one.
    pub moved: Option<Move>,
}

impl Head {
    /// The head of an encoded entry.
    pub fn of(entry: &[u8]) -> Result<Head, CodecError> {
        Ok(decode_first(entry)?.0)
    }
}

/// Whether the entry that comes next is the next: histories have no gaps.
pub(crate) fn follows(id: PayoutId, version: u32, next: u32) -> Result<(), BrokenHistory> {
    match version.checked_add(1) == Some(next) {
        true => Ok(()),
        false => {
            let expected = version.saturating_add(1);
            Err(BrokenHistory::Gap { id, expected, found: next })
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(crate) mod tests {
    //! Asleep or awake, it is the same payout.

    use super::*;
    use crate::card::Card;
    use crate::clock::TurnedClock;
    use crate::codec;
    use crate::tests::request;
    use domain::decide::{Input, create, decide};
    use domain::entry::Request;
    use domain::report::{Report, SubmitOutcome};

    /// A payout that was made, and waits for its permit, or for somebody's word.
    pub(crate) fn new(autoprocess: bool) -> Payout {
        let id = PayoutId([3; 16]);
        let expires_at = Timestamp(10_000_000_000);
        let asked = Request { expires_at, autoprocess, ..request(&TurnedClock::default()) };
        Payout::from_entries(id, create(id, asked, None, Timestamp(5)).entries).unwrap()
    }

    /// One that the provider has.
    pub(crate) fn taken_by_the_provider() -> Payout {
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
        let watch = Watch { asked: 7, last: Timestamp(99) };
        let still_since = Duration::from_micros(8);
        let heard = Heard::from_iter([1, u64::MAX]);
        let noted = Notes { armed: Some(Timestamp(5)), watch, still_since, heard };
        for payout in [new(true), new(false), taken_by_the_provider()] {
            for notes in [Notes::default(), noted.clone()] {
                let asleep = Asleep::of(&payout, &notes).unwrap();
                assert_eq!(asleep.merchant().unwrap(), payout.request().merchant);
                assert_eq!(asleep.wake(payout.id()).unwrap(), (payout.clone(), notes));
            }
        }
    }

    #[test]
    fn it_comes_back_from_a_snapshot_as_it_went() {
        for payout in [new(true), new(false), taken_by_the_provider()] {
            let asleep = Asleep::of(&payout, &Notes::default()).unwrap();
            let body = codec::sleeper(&Card::of(&payout), asleep.entries()).unwrap();
            assert_eq!(codec::payout(payout.id(), &body).unwrap(), payout);
            let (card, entries) = codec::card(&body).unwrap();
            assert_eq!((&card, entries), (&Card::of(&payout), asleep.entries()));
            let mut bytes = vec![255; NOTES_BYTES];
            bytes.extend_from_slice(entries);
            let back = Asleep::since_start(bytes, Some(Timestamp(3))).wake(payout.id()).unwrap();
            let notes = Notes { armed: Some(Timestamp(3)), ..Notes::default() };
            assert_eq!(back, (payout, notes));
        }
    }

    #[test]
    fn bytes_that_are_cut_or_go_on_make_no_payout() {
        let payout = taken_by_the_provider();
        let asleep = Asleep::of(&payout, &Notes::default()).unwrap();
        let whole = asleep.entries();
        assert!(unpack(payout.id(), &whole[..whole.len() - 1]).is_err());
        assert!(unpack(payout.id(), &[whole, whole].concat()).is_err(), "versions begin again");
        assert!(unpack(payout.id(), &[]).is_err());
        assert!(Asleep(Box::default()).wake(payout.id()).is_err());
        assert!(Asleep(vec![255; NOTES_BYTES].into()).wake(payout.id()).is_err());
    }
}
