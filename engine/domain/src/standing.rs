//! What a payout's entries fold to: where it stands. Apart from `payout.rs`, which keeps the entries
//! and answers for them; this file is the fold and nothing else.

use crate::entry::{
    Act, Attention, By, Deed, Entry, Fact, Hold, HoldCause, Intent, Learned, Proposal, Request,
};
use crate::money::Amount;
use crate::resolution::Resolution;
use crate::statement::Outcome;
use crate::status::Status;
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// What the entries fold to; nothing here is known from anywhere else.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// At what stage it is.
    pub status: Status,
    /// Where the money is.
    pub money: Money,
    /// How the last request to the provider ended; none before the first.
    pub resolution: Option<Resolution>,
    /// Why the engine stopped acting on it, and since when.
    pub hold: Option<(Hold, Timestamp)>,
    /// Since when it is held because a restore may have lost a submission of it. Whatever else holds it,
    /// the provider is asked before it is sent.
    pub sought_since: Option<Timestamp>,
    /// What was verified as paid.
    pub amount_processed: Option<Amount>,
    /// The current attempt; 0 before the first.
    pub attempt: u8,
    /// How many times the current attempt was sent.
    pub sends: u16,
    /// A send whose outcome is not known yet.
    pub open_send: bool,
    /// An earlier send of the same attempt whose outcome was never learned stands behind it.
    pub in_doubt: bool,
    /// The process command was given, or is not needed.
    pub process_asked: bool,
    /// An operator ordered the same attempt to be sent again.
    pub resubmit_asked: bool,
    /// Not sent again before this.
    pub not_before: Option<Timestamp>,
    /// At its turn the rate was outside the merchant's bound; it waits for a better one.
    pub rate_missed: bool,
    /// Ready and asked to be sent since then: what it waits for is ours, and eats none of its life.
    pub queued_since: Option<Timestamp>,
    /// How long it waited so, before it was sent.
    pub queued_for: Duration,
    /// When it was last verified as paid: what a late return is watched from.
    pub settled_at: Option<Timestamp>,
    /// An outcome that an operator proposed. Whatever happens to the payout voids it.
    pub proposed: Option<Box<Proposed>>,
}

/// An outcome that waits for a second person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposed {
    /// The version of the entry that proposes it.
    pub version: u32,
    /// What.
    pub proposal: Proposal,
    /// Who.
    pub by: Arc<str>,
    /// Why.
    pub reason: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// Where the money is, apart from the status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Money {
    /// Never left.
    NotSent,
    /// It may have left.
    Unknown,
    /// The provider has the order.
    InFlight,
    /// Verified paid.
    Paid,
    /// Came back.
    Returned,
}

impl Money {
    /// The word as spelled on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Money::NotSent => "not_sent",
            Money::Unknown => "unknown",
            Money::InFlight => "in_flight",
            Money::Paid => "paid",
            Money::Returned => "returned",
        }
    }
}

impl Standing {
    /// What a request alone makes.
    pub(crate) fn begin(request: &Request) -> Standing {
        Standing {
            status: Status::Created,
            money: Money::NotSent,
            resolution: None,
            hold: None,
            sought_since: None,
            amount_processed: None,
            attempt: 0,
            sends: 0,
            open_send: false,
            in_doubt: false,
            process_asked: request.autoprocess,
            resubmit_asked: false,
            not_before: None,
            rate_missed: false,
            queued_since: None,
            queued_for: Duration::ZERO,
            settled_at: None,
            proposed: None,
        }
    }

    /// Folds one entry in, its change of status first. What follows the creation, that is: a creation
    /// is the beginning of the fold and no step of it. The status is the one that was written down, also
    /// where today's table has another.
    pub(crate) fn step(&mut self, entry: &Entry) {
        if let Some(step) = entry.moved {
            self.status = step.to;
        }
        self.take_in(entry);
    }

    fn take_in(&mut self, entry: &Entry) {
        self.proposed = None;
        match &entry.fact {
            Fact::Created(_) | Fact::DetailsGiven(_) | Fact::Moved | Fact::Commanded { .. } => {}
            Fact::DetailsRejected(why) => self.resolution = Some(why.resolution),
            Fact::ProcessAsked => self.process_asked = true,
            Fact::Invoked(intent) => {
                // Sent though it may have been sent before, in the time that a restore has lost.
                self.in_doubt |= entry.moved.is_some() && self.sought_since.is_some();
                self.sought_since = self.sought_since.filter(|_| entry.moved.is_none());
                self.invoked(intent);
            }
            Fact::Adopted(intent) => self.invoked(intent),
            Fact::UndoSent => {}
            Fact::Held(hold) => self.held(*hold, entry.at),
            Fact::Released => self.released(),
            Fact::ResubmitAsked => (self.hold, self.resubmit_asked) = (None, true),
            Fact::Learned(learned) => self.learned(learned, entry.at),
            Fact::Operated(act) => self.operated(act, entry),
            Fact::Quoted(_) => {}
            Fact::RateMissed(_) => self.rate_missed = true,
        }
        if entry.moved.is_some_and(|step| step.to.is_settled()) {
            self.settled_at = Some(entry.at);
        }
        self.count_queueing(entry.at);
    }

    fn operated(&mut self, act: &Act, entry: &Entry) {
        match &act.deed {
            Deed::Release => self.released(),
            Deed::Resubmit => (self.hold, self.resubmit_asked) = (None, true),
            Deed::Pause => {
                let reason = self.resolution.unwrap_or(Resolution::Ok);
                self.hold = Some((Hold { cause: HoldCause::Paused, reason }, entry.at));
                self.resubmit_asked = false;
            }
            Deed::Propose { proposal, .. } => {
                let By::Operator(by) = &entry.by else { return };
                self.proposed = Some(Box::new(Proposed {
                    version: entry.version,
                    proposal: proposal.clone(),
                    by: by.clone(),
                    reason: act.reason.clone(),
                    at: entry.at,
                }));
            }
            // What follows an approval is written down as evidence of its own.
            Deed::Approve { .. } | Deed::Reject { .. } => {}
        }
    }

    /// Whoever releases what is held for a restore takes its submission upon himself, and no more: it may have
    /// been sent. Whoever releases what is held for another reason does not.
    fn released(&mut self) {
        let restored = self.hold.is_some_and(|(hold, _)| hold.cause == HoldCause::Restored);
        let unsent = matches!(self.status, Status::Created | Status::Ready);
        self.sought_since = self.sought_since.filter(|_| unsent || !restored);
        let reason = Resolution::Unknown;
        let hold = Hold { cause: HoldCause::Restored, reason };
        self.hold = self.sought_since.filter(|_| !restored).map(|since| (hold, since));
    }

    /// What only a person releases also takes back an order to send again that was not carried out.
    fn held(&mut self, hold: Hold, at: Timestamp) {
        if hold.cause == HoldCause::Restored {
            self.sought_since = Some(at);
            if self.hold.is_some_and(|(now, _)| !now.cause.released_by_evidence()) {
                return;
            }
        }
        self.hold = Some((hold, at));
        self.resubmit_asked &= hold.cause.released_by_evidence();
    }

    fn count_queueing(&mut self, at: Timestamp) {
        // Waiting for a better rate is the merchant's own wish, and its own time.
        let queues = self.status == Status::Ready && self.process_asked && !self.rate_missed;
        match self.queued_since {
            None if queues => self.queued_since = Some(at),
            Some(since) if !queues => {
                self.queued_for = self.queued_for.saturating_add(at.since(since));
                self.queued_since = None;
            }
            _ => {}
        }
    }

    fn invoked(&mut self, intent: &Intent) {
        self.in_doubt |= self.open_send;
        self.open_send = true;
        (self.attempt, self.sends) = (intent.attempt, intent.send);
        self.resubmit_asked = false;
        self.rate_missed = false;
        self.not_before = None;
        self.money = Money::Unknown;
    }

    fn learned(&mut self, learned: &Learned, at: Timestamp) {
        let said = &learned.statement;
        self.resolution = Some(said.resolution);
        match learned.attention {
            Attention::Unchanged => {}
            Attention::Clear => self.hold = None,
            Attention::Raise(hold) => self.held(hold, at),
        }
        self.not_before = learned.not_before;
        let contradicted = matches!(
            learned.attention,
            Attention::Raise(Hold { cause: HoldCause::Discrepancy, .. })
        );
        if says_whether_it_was_sent(said.outcome) {
            self.sought_since = None;
        }
        // A discrepancy changes neither the status nor the amount, but a verified payment of what
        // we call failed must show where the money is.
        match said.outcome {
            Outcome::Paid | Outcome::PaidInPart => {
                self.money = Money::Paid;
                (self.open_send, self.in_doubt) = (false, false);
                if !contradicted {
                    self.amount_processed = said.amount.or(self.amount_processed);
                }
            }
            Outcome::Accepted | Outcome::Queued | Outcome::Held if self.money != Money::Paid => {
                self.money = Money::InFlight;
                (self.open_send, self.in_doubt) = (false, false);
            }
            Outcome::Refused | Outcome::NotSent if !self.status.is_with_provider() => {
                // Money that the provider says it paid is not unsaid by the answer to a call.
                if self.money != Money::Paid {
                    self.money = Money::NotSent;
                }
                (self.open_send, self.in_doubt) = (false, false);
            }
            Outcome::Failed if !contradicted => {
                // Once out, it can only have come back, however often that is said.
                let went_out = matches!(self.money, Money::Paid | Money::Returned);
                self.money = if went_out { Money::Returned } else { Money::NotSent };
            }
            Outcome::Returned | Outcome::UndoDone => self.money = Money::Returned,
            _ => {}
        }
    }
}

/// Whether after such a word nobody needs to ask any more if there was a submission.
fn says_whether_it_was_sent(outcome: Outcome) -> bool {
    use Outcome::*;
    match outcome {
        Accepted | Queued | Held | Paid | PaidInPart | Failed | Returned | Refused | NotSent
        | UndoPending | UndoDone | UndoRefused => true,
        Duplicate | Ambiguous | NotFound => false,
    }
}
