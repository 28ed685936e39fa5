//! What a merchant is told: the events of a payout, each a function of one journal entry. Nothing is
//! written beside the entry, so an event can neither be lost nor be invented; it is numbered where
//! the journal is read (`engine/event_feed`).

use crate::entry::{Attention, Deed, Entry, Fact};
use crate::payout::Payout;
use crate::status::Status;

/// What kind of news an event is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventKind {
    /// The payout came to this status.
    Became(Status),
    /// It is held until evidence or an operator releases it, or held for another reason than before.
    ModerationRequired,
    /// It is held no longer.
    ModerationReleased,
    /// Evidence that changed neither.
    Statement,
}

/// Stored as one byte: statuses by their place, the others from here on.
const OTHERS: u8 = 64;

impl EventKind {
    /// The byte that indexes keep.
    pub const fn byte(self) -> u8 {
        match self {
            EventKind::Became(status) => status as u8,
            EventKind::ModerationRequired => OTHERS,
            EventKind::ModerationReleased => OTHERS + 1,
            EventKind::Statement => OTHERS + 2,
        }
    }

    /// The kind of that byte.
    pub fn from_byte(byte: u8) -> Option<EventKind> {
        match byte.checked_sub(OTHERS) {
            None => Status::from_byte(byte).map(EventKind::Became),
            Some(0) => Some(EventKind::ModerationRequired),
            Some(1) => Some(EventKind::ModerationReleased),
            Some(2) => Some(EventKind::Statement),
            Some(_) => None,
        }
    }

    /// The type as spelled on the wire: `payout.` and the status in lower case, or one of three more.
    pub const fn word(self) -> &'static str {
        match self {
            EventKind::Became(Status::CreateFailed) => "payout.create_failed",
            EventKind::Became(Status::Created) => "payout.created",
            EventKind::Became(Status::Ready) => "payout.ready",
            EventKind::Became(Status::Terminated) => "payout.terminated",
            EventKind::Became(Status::Expired) => "payout.expired",
            EventKind::Became(Status::Invoking) => "payout.invoking",
            EventKind::Became(Status::InvokeFailed) => "payout.invoke_failed",
            EventKind::Became(Status::Processing) => "payout.processing",
            EventKind::Became(Status::Pending) => "payout.pending",
            EventKind::Became(Status::Processed) => "payout.processed",
            EventKind::Became(Status::PartiallyProcessed) => "payout.partially_processed",
            EventKind::Became(Status::ProcessFailed) => "payout.process_failed",
            EventKind::Became(Status::Cancelling) => "payout.cancelling",
            EventKind::Became(Status::Cancelled) => "payout.cancelled",
            EventKind::Became(Status::CancelFailed) => "payout.cancel_failed",
            EventKind::Became(Status::Revoking) => "payout.revoking",
            EventKind::Became(Status::Revoked) => "payout.revoked",
            EventKind::Became(Status::RevokeFailed) => "payout.revoke_failed",
            EventKind::ModerationRequired => "payout.moderation_required",
            EventKind::ModerationReleased => "payout.moderation_released",
            EventKind::Statement => "payout.statement",
        }
    }

    /// Every kind there is.
    pub fn all() -> impl Iterator<Item = EventKind> {
        let others =
            [EventKind::ModerationRequired, EventKind::ModerationReleased, EventKind::Statement];
        Status::ALL.into_iter().map(EventKind::Became).chain(others)
    }
}

/// The events that an entry makes, in order: at most a change of status and one of moderation.
pub fn events_of(entry: &Entry) -> impl Iterator<Item = EventKind> {
    let became = match (&entry.fact, entry.moved) {
        (Fact::Created(_), _) => Some(EventKind::Became(Status::Created)),
        (_, Some(step)) => Some(EventKind::Became(step.to)),
        (_, None) => None,
    };
    let held = match &entry.fact {
        Fact::Learned(learned) => match learned.attention {
            Attention::Raise(_) => Some(EventKind::ModerationRequired),
            Attention::Clear => Some(EventKind::ModerationReleased),
            Attention::Unchanged if became.is_none() => Some(EventKind::Statement),
            Attention::Unchanged => None,
        },
        Fact::Held(_) => Some(EventKind::ModerationRequired),
        Fact::Released | Fact::ResubmitAsked => Some(EventKind::ModerationReleased),
        Fact::Operated(act) => match act.deed {
            Deed::Pause => Some(EventKind::ModerationRequired),
            Deed::Release | Deed::Resubmit => Some(EventKind::ModerationReleased),
            // What is weighed among operators is not news until it is decided.
            Deed::Propose { .. } | Deed::Approve { .. } | Deed::Reject { .. } => None,
        },
        Fact::Created(_) | Fact::DetailsGiven(_) | Fact::DetailsRejected(_) => None,
        Fact::ProcessAsked | Fact::Moved | Fact::Invoked(_) | Fact::UndoSent => None,
        Fact::Adopted(_) => None,
        Fact::Commanded { .. } | Fact::Quoted(_) | Fact::RateMissed(_) => None,
    };
    [became, held].into_iter().flatten()
}

/// The place of an event among its payout's events: 1, 2, 3 … without gaps.
pub fn place_in_life(payout: &Payout, version: u32, nth: u8) -> u32 {
    let earlier = payout.entries().iter().take_while(|entry| entry.version < version);
    let before: usize = earlier.map(|entry| events_of(entry).count()).sum();
    before as u32 + u32::from(nth) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back_from_their_byte_and_have_a_word_each() {
        let mut words = std::collections::BTreeSet::new();
        for kind in EventKind::all() {
            assert_eq!(EventKind::from_byte(kind.byte()), Some(kind));
            assert!(words.insert(kind.word()), "{kind:?}");
            if let EventKind::Became(status) = kind {
                assert_eq!(kind.word(), format!("payout.{}", status.code().to_lowercase()));
            }
        }
        assert_eq!(words.len(), 21);
        assert_eq!(EventKind::from_byte(18), None);
        assert_eq!(EventKind::from_byte(OTHERS + 3), None);
    }
}
