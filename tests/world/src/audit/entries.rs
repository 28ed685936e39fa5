//! What entries may do to a payout. Apart from the other checkers because these need nothing but the
//! payout before and after: the small model asks the same questions.

use super::{Audit, Checked, Violation};
use crate::agenda::Time;
use domain::entry::{Act, Attention, By, Deed, Entry, Fact, Hold, HoldCause};
use domain::event::{EventKind, events_of};
use domain::id::PayoutId;
use domain::payout::Payout;
use domain::schedule::Policy;
use domain::standing::{Money, Standing};
use domain::statement::{Outcome, Source};
use domain::status::Status;
use domain::transition::{Trigger, next};
use std::sync::Arc;

impl Audit {
    /// Entries have become true.
    pub(crate) fn took(
        &mut self,
        before: Option<&Standing>,
        after: &Payout,
        entries: &[Entry],
        policy: &Policy,
        _: Time,
    ) -> Checked {
        check(before, after, entries, policy)?;
        let seen = self.seen(after.id());
        let let_go = |entry: &Entry| match &entry.fact {
            Fact::Operated(act) => act.deed == Deed::Release,
            _ => false,
        };
        if policy.resend_is_safe && entries.iter().any(let_go) {
            // Whoever lets it go before anybody was asked relies on the reference being recognised.
            seen.must_ask.clear();
        }
        let on_a_call = |entry: &Entry| match &entry.fact {
            Fact::Learned(learned) => learned.statement.source == Source::Callback,
            _ => false,
        };
        if entries.iter().any(on_a_call) && !seen.called_back {
            return Err(violation("I-16", after.id(), "a callback that may not be believed was"));
        }
        Ok(())
    }

    /// I-38: an order that was accepted is written down as it was given.
    pub(crate) fn ordered(
        &mut self,
        id: PayoutId,
        order: Option<(Arc<Act>, By)>,
        entries: &[Entry],
    ) -> Checked {
        let Some((act, by)) = order else { return Ok(()) };
        let own = |entry: &Entry| {
            entry.by == by && matches!(&entry.fact, Fact::Operated(one) if *one == act)
        };
        match entries.iter().any(own) {
            true => Ok(()),
            false => Err(violation("I-38", id, "an operator's deed that is not written down")),
        }
    }
}

/// Whether the newest evidence is a person's word, or contradicts what is believed: then a person was called, and
/// has looked.
pub(super) fn ends_on_a_person(payout: &Payout) -> bool {
    let last = payout.entries().iter().rev().find_map(|entry| match &entry.fact {
        Fact::Learned(learned) => Some(learned),
        _ => None,
    });
    last.is_some_and(|learned| {
        learned.statement.source == Source::Manual || is_discrepancy(learned.attention)
    })
}

/// Whether any evidence contradicted what was believed.
pub(super) fn was_contradicted(payout: &Payout) -> bool {
    payout.entries().iter().any(|entry| match &entry.fact {
        Fact::Learned(learned) => is_discrepancy(learned.attention),
        _ => false,
    })
}

pub(crate) fn is_discrepancy(attention: Attention) -> bool {
    matches!(attention, Attention::Raise(Hold { cause: HoldCause::Discrepancy, .. }))
}

/// Everything that must hold after a step, whoever caused it.
///
/// # Errors
/// The promise that does not.
pub fn check(
    before: Option<&Standing>,
    after: &Payout,
    entries: &[Entry],
    policy: &Policy,
) -> Result<(), Violation> {
    let id = after.id();
    let mut status = before.map_or(Status::Created, |standing| standing.status);
    let broken = |invariant, what: &str| Err(violation(invariant, id, what));
    for entry in entries {
        let Some(step) = entry.moved else { continue };
        if status.is_final() {
            return broken("I-10", "something left a final status");
        }
        if next(status, step.on) != Some(step.to) {
            return broken("I-9", "a step that the table does not have");
        }
        evidence(id, entry, step.on, policy)?;
        status = step.to;
    }
    if status != after.status() {
        return broken("I-11", "the fold comes to another status than its steps");
    }
    let history = after.entries();
    operators_sign(id, entries)?;
    for pair in history.windows(2).rev().take(entries.len()) {
        if pair[0].at > pair[1].at || pair[0].version + 1 != pair[1].version {
            return broken("I-11", "time or version goes back");
        }
        approved_by_another(id, &pair[0], &pair[1])?;
        vouched_by_two(id, &pair[0], &pair[1])?;
    }
    holds_are_told(before, after, entries)?;
    sends(before, after, entries, policy)?;
    amounts(after)
}

fn violation(invariant: &'static str, id: PayoutId, what: &str) -> Violation {
    Violation { invariant, what: format!("{id}: {what}"), at: 0 }
}

/// I-13, I-16: what finishes a payout, or takes money for paid, is a provider's word after a question, a
/// callback that may be believed, or a person's with a second one's.
fn evidence(id: PayoutId, entry: &Entry, on: Trigger, policy: &Policy) -> Result<(), Violation> {
    let source = match &entry.fact {
        Fact::Learned(learned) => Some(learned.statement.source),
        _ => None,
    };
    use Trigger::*;
    let allowed = match on {
        ProviderPaid | ProviderPaidPart | ProviderFailed | ProviderReturned | UndoDone => {
            matches!(source, Some(Source::Reconciliation | Source::Callback | Source::Manual))
        }
        ProviderRefused => source == Some(Source::ApiResponse),
        ProviderAccepted | ProviderQueued | UndoRefused => source.is_some(),
        // Given back to us: by proof, of an answer or of a contract.
        NothingSent => match source {
            Some(Source::Reconciliation) => policy.not_found_final_after.is_some(),
            other => other.is_some(),
        },
        _ => true,
    };
    match allowed {
        true => Ok(()),
        false => Err(violation("I-16", id, &format!("{} on the word of {source:?}", on.word()))),
    }
}

/// I-1, I-6, I-12, I-39: what is sent, and what is given up, against what may be under way.
fn sends(
    before: Option<&Standing>,
    after: &Payout,
    entries: &[Entry],
    policy: &Policy,
) -> Result<(), Violation> {
    let id = after.id();
    let broken = |invariant, what: &str| Err(violation(invariant, id, what));
    let invoked = entries.iter().any(|entry| matches!(entry.fact, Fact::Invoked(_)));
    let open = before.is_some_and(|standing| standing.open_send || standing.in_doubt);
    let ordered = before.is_some_and(|standing| standing.resubmit_asked);
    if invoked && open && !(ordered && policy.resend_is_safe) {
        return broken("I-1", "sent while an earlier send is in doubt");
    }
    let sought = |standing: &Standing| {
        // What was sent by our books is recognised there, or not sent again at all.
        let unsent = matches!(standing.status, Status::Created | Status::Ready);
        // Who does not find it may be sent it only where it would be recognised.
        let let_go = policy.resend_is_safe && standing.hold.is_none();
        unsent && standing.sought_since.is_some() && !let_go
    };
    if invoked && before.is_some_and(sought) {
        return broken("I-24", "sent before the provider was asked");
    }
    let stopped = |standing: &Standing| {
        // An order to send again stands whatever doubt comes meanwhile; nothing else does.
        standing.hold.is_some_and(|(hold, _)| !(ordered && hold.cause.released_by_evidence()))
    };
    if invoked && before.is_some_and(stopped) {
        return broken("I-40", "sent while it is held");
    }
    let accounts: Vec<&str> = after.intents().map(|(_, intent)| intent.account.as_ref()).collect();
    if invoked && open && accounts.windows(2).any(|pair| pair[0] != pair[1]) {
        return broken("I-6", "sent to another account while the first may have it");
    }
    let doubted = before.is_some_and(|standing| standing.in_doubt);
    let proven = entries.iter().any(|entry| proves_unsent(entry, doubted, policy));
    let gave_up = entries.iter().any(|entry| {
        entry.moved.is_some_and(|step| matches!(step.to, Status::Expired | Status::Terminated))
    });
    if gave_up && open && !proven {
        return broken("I-12", "given up while it may have been sent");
    }
    if invoked && entries.iter().any(|entry| matches!(entry.by, By::Operator(_))) {
        return broken("I-39", "a person's word sends money");
    }
    Ok(())
}

/// Whether an entry proves that nothing of the payout is at its provider. An answer speaks of its own send;
/// of an earlier one only the provider's books do, where the contract makes their silence final.
fn proves_unsent(entry: &Entry, doubted: bool, policy: &Policy) -> bool {
    let Fact::Learned(learned) = &entry.fact else { return false };
    let said = &learned.statement;
    match said.source {
        Source::Manual => true,
        _ if said.outcome != Outcome::NotSent => false,
        Source::ApiResponse => !doubted,
        Source::Reconciliation => policy.not_found_final_after.is_some(),
        Source::Callback => false,
    }
}

/// I-7: amounts are what they can be.
fn amounts(after: &Payout) -> Result<(), Violation> {
    let (asked, standing) = (after.request().amount, after.standing());
    let processed = standing.amount_processed;
    let right = match standing.status {
        Status::Processed => processed == Some(asked),
        Status::PartiallyProcessed => processed.is_some_and(|some| some < asked),
        _ => processed.is_none_or(|some| some <= asked),
    };
    if !right {
        return Err(violation("I-7", after.id(), "the amount does not fit the status"));
    }
    if standing.status.is_settled() && standing.money != Money::Paid {
        return Err(violation("I-7", after.id(), "settled, and the money is not called paid"));
    }
    Ok(())
}

/// I-38: what an operator did has a name, a reason and a place.
fn operators_sign(id: PayoutId, entries: &[Entry]) -> Result<(), Violation> {
    for entry in entries {
        let signed = match (&entry.fact, &entry.by) {
            (Fact::Operated(act), By::Operator(name)) => {
                !name.is_empty() && !act.reason.is_empty() && !act.from.is_empty()
            }
            (Fact::Operated(_), _) => false,
            _ => true,
        };
        if !signed {
            return Err(violation("I-38", id, "an operator's deed without name, reason or place"));
        }
    }
    Ok(())
}

/// I-39: what a person vouches for stands behind a second person's approval, and is written as his.
fn vouched_by_two(id: PayoutId, first: &Entry, second: &Entry) -> Result<(), Violation> {
    let Fact::Learned(learned) = &second.fact else { return Ok(()) };
    if learned.statement.source != Source::Manual {
        return Ok(());
    }
    let approved = match &first.fact {
        Fact::Operated(act) => matches!(act.deed, Deed::Approve { .. }),
        _ => false,
    };
    match approved && first.by == second.by {
        true => Ok(()),
        false => Err(violation("I-39", id, "one person's word was taken for an outcome")),
    }
}

/// I-33: who begins or ceases to be held for a person, or is held for something else, is told so.
fn holds_are_told(
    before: Option<&Standing>,
    after: &Payout,
    entries: &[Entry],
) -> Result<(), Violation> {
    let held = |standing: &Standing| standing.hold.map(|(hold, _)| hold.cause);
    let (was, is) = (before.and_then(held), held(after.standing()));
    let told = |kind| entries.iter().flat_map(events_of).any(|one| one == kind);
    let silent = match (was, is) {
        (was, Some(cause)) => was != Some(cause) && !told(EventKind::ModerationRequired),
        (Some(_), None) => !told(EventKind::ModerationReleased),
        (None, None) => false,
    };
    match silent {
        true => Err(violation("I-33", after.id(), "what holds it has changed, and nobody is told")),
        false => Ok(()),
    }
}

/// I-33: a step is one event, and so is a creation; nothing else tells of a status.
pub(super) fn told_once(id: PayoutId, entry: &Entry) -> Result<(), Violation> {
    let told: Vec<EventKind> =
        events_of(entry).filter(|kind| matches!(kind, EventKind::Became(_))).collect();
    let right = match (&entry.fact, entry.moved) {
        (Fact::Created(_), None) => told == [EventKind::Became(Status::Created)],
        (_, Some(step)) => told == [EventKind::Became(step.to)],
        (_, None) => told.is_empty(),
    };
    match right {
        true => Ok(()),
        false => Err(violation("I-33", id, "its events are not those of its steps")),
    }
}

/// I-37: whoever approves is not who proposed, and nothing happened in between.
fn approved_by_another(id: PayoutId, first: &Entry, second: &Entry) -> Result<(), Violation> {
    let deed = |entry: &Entry| match &entry.fact {
        Fact::Operated(act) => Some(act.deed.clone()),
        _ => None,
    };
    let Some(Deed::Approve { proposed }) = deed(second) else { return Ok(()) };
    let right = matches!(deed(first), Some(Deed::Propose { .. }))
        && proposed == first.version
        && first.by != second.by;
    match right {
        true => Ok(()),
        false => Err(violation("I-37", id, "approved by the wrong person, or too late")),
    }
}
