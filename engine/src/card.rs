//! The card of a payout: what must be known of it without decoding its entries, so that it can sleep
//! through a start. Apart from `sleeper`, which is the bytes: here it is decided who may sleep.

use crate::codec;
use crate::moderation_book::Contribution;
use crate::retire::is_finished;
use bincode::{BorrowDecode, Encode};
use domain::id::MerchantId;
use domain::payout::Payout;
use domain::schedule::{PollPlan, Watch, needs_asking, next_due};
use domain::status::Status;
use domain::time::Timestamp;
use std::time::Duration;

/// Goes up whenever entries can say something new, or a card is made otherwise. A card of another number is
/// not believed: its payout is decoded at the start, which refuses what this build does not know.
pub(crate) const UNDERSTANDING: u16 = 3;

/// What must be known of a payout that sleeps. Written with its state, and held against it by
/// verifications.
#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
pub struct Card<'a> {
    /// What the build that wrote it understands by entries and cards: see [`UNDERSTANDING`].
    pub(crate) understanding: u16,
    /// Its last entry.
    pub(crate) version: u32,
    pub(crate) merchant: MerchantId,
    pub(crate) created_at: Timestamp,
    /// What lists filter by, packed.
    pub(crate) facets: u64,
    /// The merchant's reference, by its hash.
    pub(crate) reference: Option<[u8; 16]>,
    pub(crate) next: Next<'a>,
}

/// What a sleeping payout waits for.
#[derive(Clone, PartialEq, Debug, Encode, BorrowDecode)]
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
        account: &'a str,
    },
}

impl<'a> Card<'a> {
    /// The card of a payout.
    pub(crate) fn of(payout: &'a Payout) -> Card<'a> {
        let request = payout.request();
        Card {
            understanding: UNDERSTANDING,
            version: payout.version(),
            merchant: request.merchant,
            created_at: payout.created_at(),
            facets: codec::facets(payout).0,
            reference: request.reference.as_deref().map(codec::reference_hash),
            next: Next::of(payout),
        }
    }

    /// Whether it says what this payout would say. One that another build wrote is not read, and is of
    /// every payout.
    pub(crate) fn is_of(&self, payout: &Payout) -> bool {
        self.understanding != UNDERSTANDING || *self == Card::of(payout)
    }
}

impl<'a> Next<'a> {
    fn of(payout: &'a Payout) -> Next<'a> {
        if is_restless(payout) {
            return Next::Restless;
        }
        if needs_asking(payout) {
            return match payout.asked_of() {
                Some(account) => Next::Question { since: payout.updated_at(), account },
                None => Next::Restless,
            };
        }
        // No plan has a say in the times of what was never sent.
        let now = payout.updated_at();
        next_due(payout, Watch::default(), &UNASKED, now).map_or(Next::Never, Next::At)
    }

    /// When the timer is to call after a start at `now`; `first_pause` is that of an account's plan.
    pub(crate) fn due(
        &self,
        first_pause: impl Fn(&str) -> Duration,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match self {
            Next::Restless | Next::Never => None,
            Next::At(time) => Some(*time),
            // News that are still to come were written by a clock that was turned back since.
            Next::Question { since, account } => Some((*since).min(now).plus(first_pause(account))),
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    //! A card says what its payout would say.

    use super::*;
    use crate::sleeper::tests::{new, taken_by_the_provider};

    #[test]
    fn a_card_of_another_build_accuses_nobody() {
        let (payout, other) = (new(false), taken_by_the_provider());
        assert!(Card::of(&payout).is_of(&payout) && !Card::of(&other).is_of(&payout));
        let foreign = Card { understanding: UNDERSTANDING + 1, ..Card::of(&other) };
        assert!(foreign.is_of(&payout));
    }

    #[test]
    fn only_who_waits_sleeps() {
        let pause = |account: &str| Duration::from_secs(account.len() as u64);
        let queued = new(true);
        assert_eq!(Card::of(&queued).next, Next::Restless, "it wants a permit");
        let by_hand = new(false);
        let late = Timestamp(i64::MAX);
        assert_eq!(Card::of(&by_hand).next.due(pause, late), by_hand.deadline());
        let sent = taken_by_the_provider();
        let due = sent.updated_at().plus(Duration::from_secs("sandbox".len() as u64));
        assert_eq!(Card::of(&sent).next.due(pause, late), Some(due));
        let turned_back = Timestamp(2);
        let due = turned_back.plus(Duration::from_secs("sandbox".len() as u64));
        assert_eq!(Card::of(&sent).next.due(pause, turned_back), Some(due));
    }
}
