//! What people may ask of the model's payout, and what time does to it. Apart from `model.rs`, which weighs
//! what the provider says.

use super::*;

impl Model {
    fn goes(&mut self, to: Stage) -> bool {
        self.stage = to;
        self.news();
        true
    }

    /// Whether a merchant's wish is taken.
    pub(super) fn asked(&mut self, wish: Wish) -> bool {
        let believed = !self.held_by(&[Cause::Discrepancy, Cause::Quarantine]) && !self.sought();
        let believed = believed || self.slips(Slip::TerminatesWhatWasRestored);
        match (wish, self.stage) {
            (Wish::Process, Ready) if self.held.is_none() => {
                if !std::mem::replace(&mut self.wanted, true) {
                    self.news();
                }
                true
            }
            (Wish::Details { complete: true, fault: true }, Created) if believed => {
                self.goes(CreateFailed)
            }
            (Wish::Details { complete: true, .. }, Created) => self.goes(Ready),
            (Wish::Details { complete: false, .. }, Created) => self.goes(Created),
            (Wish::Terminate, Created | Ready) if believed => self.goes(Terminated),
            (Wish::Revoke, Processing | Pending) => {
                self.terms.can_revoke && !self.held_for_a_person() && self.goes(Revoking)
            }
            (Wish::Cancel, Processed | PartiallyProcessed) => {
                self.terms.can_cancel && !self.held_for_a_person() && self.goes(Cancelling)
            }
            (Wish::Reconcile, _) => self.sends > 0 || self.sought(),
            _ => false,
        }
    }

    pub(super) fn undo(&mut self, undo: Undo, why: Reason) {
        let (done, refused) = match self.stage {
            Revoking => (Revoked, RevokeFailed),
            Cancelling => (Cancelled, CancelFailed),
            _ => return,
        };
        match undo {
            Undo::Done if self.slips(Slip::BelievesAnInlineUndo) => {
                self.hear(Says::Undone, Reason::Fine, Some(done), None);
            }
            // An inline word finishes nothing.
            Undo::Done | Undo::Pending => self.hear(Says::Undoing, Reason::Fine, None, None),
            Undo::Ambiguous => self.hear(Says::Unclear, why, None, Some(Cause::Doubt)),
            Undo::Refused => {
                let on_its_way = (refused == RevokeFailed).then_some(Cause::Doubt);
                self.hear(Says::UndoRefused, why, Some(refused), on_its_way);
            }
        }
    }

    /// Past the deadline: not in our own queue, and not while somebody else is waited for.
    pub(super) fn too_late(&self) -> bool {
        let lives_on = self.with_provider() && !self.held_for_a_person();
        let runs = self.queued_since.is_none() && (self.held.is_none() || lives_on);
        runs && self.now >= PATIENCE + self.queued_for
    }

    pub(super) fn tick(&mut self) {
        let old = self.first_send.is_some_and(|sent| self.now - sent >= self.terms.give_up);
        match self.stage {
            // It may be out: too late to be sent, and not over.
            Created | Ready if self.sought() && self.too_late() => {
                self.hold(Cause::Overdue, Reason::General);
            }
            Created | Ready if self.too_late() => self.stage = Expired,
            Invoking if self.too_late() && self.slips(Slip::ExpiresWhatWasSent) => {
                self.stage = Expired;
            }
            Processing | Pending if self.too_late() && self.terms.can_revoke => {
                self.goes(Revoking);
            }
            _ if self.asks() && old && self.held.is_none() => {
                self.hold(Cause::Overdue, Reason::General);
            }
            _ => {}
        }
    }

    /// Whether an operator's order is taken.
    pub(super) fn ordered(&mut self, ann: bool, order: Order) -> bool {
        match order {
            Order::Release => self.release(),
            Order::Resubmit => {
                let doubtful = self.held.is_some() && !self.held_for_a_person();
                let may = self.stage == Invoking && !self.ordered_again && self.terms.recognises;
                if may && doubtful {
                    (self.held, self.ordered_again) = (None, true);
                    self.news();
                }
                may && doubtful
            }
            Order::Pause => {
                let may = !self.is_final() && self.held.is_none();
                if may {
                    self.hold(Cause::Paused, Reason::Paused);
                }
                may
            }
            Order::Propose { claim, fresh } => {
                let may = self.held.is_some() && fresh && self.vouched(claim).is_some();
                if may {
                    self.proposed = Some((claim, ann));
                }
                may
            }
            Order::Reject => self.proposed.take().is_some(),
            Order::Approve => self.approve(ann),
        }
    }

    fn release(&mut self) -> bool {
        let contradicted = self.held_by(&[Cause::Discrepancy, Cause::Quarantine]);
        let heard_of = self.unsent() && (self.sends > 0 && contradicted || self.sought());
        if self.held.is_none() || heard_of && !self.terms.recognises {
            return false;
        }
        // Whoever releases it from something else has not said that it may go out.
        let restored = self.held_by(&[Cause::Restored]);
        if restored && !self.unsent() {
            self.lost_since = None;
        }
        self.held = None;
        if !restored && self.lost_since.is_some() {
            // It is held for the restore again, and waits anew.
            self.restored();
        }
        self.news();
        true
    }

    fn approve(&mut self, ann: bool) -> bool {
        let Some((claim, proposer)) = self.proposed else { return false };
        let another = ann != proposer || self.slips(Slip::OneManApproves);
        let Some((word, to)) = self.vouched(claim).filter(|_| another) else { return false };
        self.stage = to.unwrap_or(self.stage);
        (self.held, self.lost_since, self.not_before) = (None, None, 0);
        self.follow_the_money(word, false);
        (self.heard, self.proposed) = (Some((word, false)), None);
        true
    }

    /// What a person's word would do; none where it cannot be true by what is known.
    fn vouched(&self, claim: Claim) -> Option<(Word, Option<Stage>)> {
        let under_way = matches!(self.stage, Invoking | Processing | Pending);
        let settled = matches!(self.stage, Processed | PartiallyProcessed);
        let over = match self.stage {
            Processed | PartiallyProcessed | Cancelling => Some(Cancelled),
            Revoking => Some(Revoked),
            _ => under_way.then_some(ProcessFailed),
        };
        let unsent = self.unsent().then_some(Terminated);
        let (says, amount, fits, to) = match claim {
            Claim::Paid(part) => {
                let cents = part.unwrap_or(ASKED);
                let fits = cents <= ASKED && !self.unsent();
                let fits = fits && (!settled || self.processed == Some(cents));
                let whole = if cents == ASKED { Processed } else { PartiallyProcessed };
                let to = match self.stage {
                    Revoking => Some(RevokeFailed),
                    Cancelling => Some(CancelFailed),
                    _ => under_way.then_some(whole),
                };
                (Says::Paid, Some(cents), fits, to)
            }
            Claim::Failed => (Says::Failed, None, !self.unsent(), over),
            Claim::Returned => {
                let left = !matches!(self.money, Money::NotSent | Money::Returned);
                (Says::Returned, None, left, over.or(unsent))
            }
            Claim::NotSent => {
                let stopped = (self.stage == Invoking).then_some(Terminated).or(unsent);
                (Says::NotSent, None, self.money != Money::Paid, stopped.or(over))
            }
        };
        fits.then_some((Word { says, why: Reason::Declined, amount }, to))
    }
}
