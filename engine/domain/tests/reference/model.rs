//! What becomes of a payout, written a second time: from what the design says about statuses, money, doubt
//! and holds, and from nothing of the product. It imports none of it, has no table of steps and keeps no
//! history. Where the two disagree, one of them is wrong.

mod people;
mod slip;
mod words;

use crate::happens::*;
pub use slip::Slip;
use words::Stage::*;
pub use words::{Cause, Money, Stage};
use words::{Says, Word};

/// The contract with the provider, and what the merchant asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Terms {
    pub autoprocess: bool,
    pub complete: bool,
    pub can_revoke: bool,
    pub can_cancel: bool,
    /// It recognises a reference that it has seen.
    pub recognises: bool,
    /// "Not found" is proof so many seconds after the last send.
    pub not_found_final: Option<i64>,
    /// "Not found" means nothing before so many seconds.
    pub lag: i64,
    /// After so many seconds a person must look.
    pub give_up: i64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    pub terms: Terms,
    pub slip: Option<Slip>,
    pub now: i64,
    pub stage: Stage,
    pub money: Money,
    pub sends: u16,
    pub held: Option<(Cause, Reason)>,
    pub processed: Option<u32>,
    /// What became of the last event: taken or refused, sent or not.
    pub taken: bool,
    pub sent: bool,
    wanted: bool,
    ordered_again: bool,
    not_before: i64,
    /// The last send is unanswered; an earlier one is.
    open: bool,
    behind: bool,
    /// Since when a restore may have lost a send.
    lost_since: Option<i64>,
    /// The last restore. Whatever was heard of the payout since, a send that it lost may have left until then.
    restored_at: i64,
    first_send: Option<i64>,
    last_send: i64,
    queued_since: Option<i64>,
    queued_for: i64,
    /// What was heard last since it was sent, and whether it contradicted us.
    heard: Option<(Word, bool)>,
    /// What was proposed, and whether it was Ann.
    proposed: Option<(Claim, bool)>,
}

impl Model {
    pub fn new(terms: Terms, now: i64) -> Model {
        let stage = if terms.complete { Ready } else { Created };
        let queues = terms.complete && terms.autoprocess;
        Model {
            terms,
            slip: None,
            now,
            stage,
            money: Money::NotSent,
            sends: 0,
            held: None,
            processed: None,
            taken: true,
            sent: false,
            wanted: terms.autoprocess,
            ordered_again: false,
            not_before: 0,
            open: false,
            behind: false,
            lost_since: None,
            restored_at: 0,
            first_send: None,
            last_send: 0,
            queued_since: queues.then_some(now),
            queued_for: 0,
            heard: None,
            proposed: None,
        }
    }

    pub fn attempt(&self) -> u8 {
        self.sends.min(1) as u8
    }

    fn slips(&self, slip: Slip) -> bool {
        self.slip == Some(slip)
    }

    fn unsent(&self) -> bool {
        matches!(self.stage, Created | Ready)
    }

    /// The provider may have it, and its word is waited for.
    pub fn with_provider(&self) -> bool {
        matches!(self.stage, Invoking | Processing | Pending | Revoking | Cancelling)
    }

    pub fn is_final(&self) -> bool {
        self.stage >= CreateFailed
    }

    pub fn sought(&self) -> bool {
        self.unsent() && self.lost_since.is_some()
    }

    fn held_by(&self, causes: &[Cause]) -> bool {
        self.held.is_some_and(|(cause, _)| causes.contains(&cause))
    }

    fn held_for_a_person(&self) -> bool {
        self.held.is_some_and(|(cause, _)| cause >= Cause::Discrepancy)
    }

    /// Whether a permit would send it, now.
    pub fn may_be_sent(&self) -> bool {
        let free = self.held.is_none() || self.slips(Slip::SendsWhatIsHeld);
        let turn = free && self.wanted && self.not_before <= self.now;
        self.stage == Ready && turn || self.stage == Invoking && self.ordered_again
    }

    /// Whether only the provider can tell how it ends, or whether it began.
    pub fn asks(&self) -> bool {
        let adrift = matches!(self.money, Money::InFlight | Money::Unknown);
        self.with_provider() || self.stage == RevokeFailed && adrift || self.sought()
    }

    pub fn apply(mut self, next: &Next) -> Model {
        self.now += next.pause;
        (self.taken, self.sent) = (true, false);
        match &next.event {
            Event::Permit => self.permit(),
            Event::Answer(_, _, Attempt::Another) => {}
            Event::Answer(answer, why, Attempt::This) => self.answer(*answer, *why),
            Event::Fetched { ago, answer } => self.fetched(self.now - ago, answer),
            Event::Callback(seen) => {
                self.has_it_after_all();
                self.found(*seen);
            }
            Event::Undo(undo, why) => self.undo(*undo, *why),
            Event::Asks(wish) => self.taken = self.asked(*wish),
            Event::Orders { ann, order } => self.taken = self.ordered(*ann, *order),
            Event::Tick => self.tick(),
            Event::Wakes => {}
            Event::Restored if self.is_final() => {}
            Event::Restored => self.restored(),
            Event::Breaks => self.hold(Cause::Quarantine, Reason::Internal),
        }
        // In our own queue its merchant's time stands still.
        let queues = self.stage == Ready && self.wanted;
        match self.queued_since {
            None if queues => self.queued_since = Some(self.now),
            Some(since) if !queues => {
                self.queued_for += self.now - since;
                self.queued_since = None;
            }
            _ => {}
        }
        self
    }

    fn hold(&mut self, cause: Cause, why: Reason) {
        let why = if why == Reason::Fine { Reason::Unknown } else { why };
        self.held = Some((cause, why));
        // What only a person decides takes back an order that was not carried out.
        self.ordered_again &= !self.held_for_a_person();
        self.news();
    }

    /// Whatever happens voids a proposal.
    fn news(&mut self) {
        if !self.slips(Slip::ProposalsOutliveNews) {
            self.proposed = None;
        }
    }

    fn permit(&mut self) {
        self.taken = self.may_be_sent();
        if self.taken {
            // What a restore may have lost is behind it from here on, like any other earlier send.
            let sought = self.sought();
            self.behind |= sought;
            self.lost_since = self.lost_since.filter(|_| !sought);
            self.goes_out();
            self.sent = true;
        }
    }

    fn goes_out(&mut self) {
        self.behind |= self.open;
        self.open = true;
        self.sends += 1;
        (self.stage, self.money) = (Invoking, Money::Unknown);
        (self.ordered_again, self.not_before) = (false, 0);
        self.first_send = self.first_send.or(Some(self.now));
        self.last_send = self.now;
        // What was heard before is news again.
        self.heard = None;
        self.news();
    }

    fn restored(&mut self) {
        self.lost_since = Some(self.now);
        self.restored_at = self.now;
        if self.held_for_a_person() {
            self.news();
        } else {
            self.hold(Cause::Restored, Reason::Unknown);
        }
    }

    fn answer(&mut self, answer: Answer, why: Reason) {
        if self.stage != Invoking {
            // Somebody else was faster, and knew more.
            return;
        }
        let trusted = !self.behind || self.slips(Slip::BelievesTheSecondRefusal);
        let (says, to, trouble) = match answer {
            Answer::Accepted => {
                return self.hear(Says::Taken, Reason::Fine, Some(Processing), None);
            }
            Answer::Duplicate if self.slips(Slip::FailsOnDuplicate) => {
                (Says::Refused, Some(InvokeFailed), None)
            }
            Answer::Duplicate => (Says::Known, None, None),
            Answer::Refused if trusted => (Says::Refused, Some(InvokeFailed), None),
            Answer::NotSent(_) if trusted => (Says::NotSent, Some(self.comes_back_to()), None),
            // The word is about this call; an earlier one may have arrived.
            Answer::Refused | Answer::NotSent(_) | Answer::Ambiguous => {
                (Says::Unclear, None, Some(Cause::Doubt))
            }
        };
        self.hear(says, why, to, trouble);
        if let (Answer::NotSent(wait), Ready) = (answer, self.stage) {
            let rarer = 1 << (self.sends - 1).min(6);
            self.not_before = self.now + wait.unwrap_or(rarer);
        }
    }

    fn fetched(&mut self, asked_at: i64, answer: &Fetched) {
        match answer {
            Fetched::Deferred | Fetched::NotAsked => {}
            Fetched::Found(seen) => {
                self.has_it_after_all();
                self.found(*seen);
            }
            Fetched::NotFound if self.sought() => self.not_found_in_the_lost_time(asked_at),
            Fetched::NotFound => self.not_found(asked_at),
            Fetched::Failed(why) if self.with_provider() => {
                self.hear(Says::Unclear, *why, None, Some(Cause::Doubt));
            }
            Fetched::Failed(_) => {}
        }
    }

    /// If restored books have lost a send, they have it now.
    fn has_it_after_all(&mut self) {
        if self.sought() {
            self.goes_out();
        }
    }

    fn not_found_in_the_lost_time(&mut self, asked_at: i64) {
        let waited = asked_at - self.lost_since.unwrap_or(0);
        if waited < self.terms.lag {
            return;
        }
        let proof = self.terms.not_found_final.is_some_and(|after| waited >= after);
        if proof {
            self.hear(Says::NotSent, Reason::Unknown, None, None);
            (self.lost_since, self.proposed) = (None, None);
            return;
        }
        self.hear(Says::NotFound, Reason::Unknown, None, None);
        if self.terms.recognises && self.held_by(&[Cause::Restored]) {
            // A second one would be recognised: it may go, and may still turn up.
            self.held = None;
            self.news();
        }
    }

    fn not_found(&mut self, asked_at: i64) {
        let forgets = self.slips(Slip::ForgetsWhenItWasRestored);
        let since = if forgets { self.last_send } else { self.restored_at.max(self.last_send) };
        let since = if self.slips(Slip::BelievesOldNotFound) { i64::MIN / 2 } else { since };
        if !self.with_provider() || asked_at - since < self.terms.lag {
            return;
        }
        let proof = self.terms.not_found_final.is_some_and(|after| asked_at - since >= after);
        if self.stage == Invoking && (proof || self.slips(Slip::SendsAgainOnNotFound)) {
            let to = self.comes_back_to();
            self.hear(Says::NotSent, Reason::Unknown, Some(to), None);
        } else {
            self.hear(Says::NotFound, Reason::Unknown, None, Some(Cause::Doubt));
        }
    }

    /// What never left is sent again, unless it is too late for that.
    fn comes_back_to(&self) -> Stage {
        if self.too_late() { Expired } else { Ready }
    }

    /// What the provider shows, weighed against what is believed.
    fn found(&mut self, seen: Seen) {
        use Shown::*;
        let (mut says, mut why) = (Says::Waiting, seen.why.unwrap_or(Reason::Fine));
        let mut amount = seen.amount;
        let (mut odd, mut all_of_less) = (None, false);
        match seen.state {
            Settled => {
                amount = amount.or(Some((ASKED, true)));
                says = Says::Paid;
                // All of something else than what was asked for.
                all_of_less = amount.is_some_and(|(cents, _)| cents < ASKED);
            }
            PartlySettled if amount.is_some() => says = Says::Paid,
            // A part of unknown size says as little as a strange word.
            PartlySettled | Strange => (why, odd) = (Reason::Unknown, Some(Cause::Doubt)),
            Held => {
                (says, why, odd) = (Says::Stuck, Reason::General, Some(Cause::ProviderHold));
            }
            Accepted => says = Says::Taken,
            Queued | AtNetwork => {}
            Failed | Expired => {
                says = Says::Failed;
                why = seen.why.unwrap_or(Reason::Processing);
            }
            Shown::Returned => says = Says::Returned,
            Shown::Revoked | Reversed => says = Says::Undone,
            Shown::Revoking | Reversing => says = Says::Undoing,
        }
        let (to, contradicts) = self.weighed(says, amount);
        let contradicts = contradicts || all_of_less;
        let trouble = odd.filter(|_| self.with_provider());
        let trouble = if contradicts { Some(Cause::Discrepancy) } else { trouble };
        let word = Word { says, why, amount: amount.map(|(cents, _)| cents) };
        self.hear_word(word, to.filter(|_| !contradicts), trouble);
    }

    /// Where the word leads, and whether it contradicts what we believe.
    fn weighed(&self, says: Says, amount: Option<(u32, bool)>) -> (Option<Stage>, bool) {
        let under_way = matches!(self.stage, Invoking | Processing | Pending);
        if self.unsent() {
            return (None, true);
        }
        if matches!(self.stage, CreateFailed | Terminated | Expired | InvokeFailed) {
            return (None, says != Says::Failed);
        }
        match says {
            Says::Paid => {
                let (cents, own) = amount.unwrap_or((0, false));
                let wrong = !own || cents > ASKED && !self.slips(Slip::TakesTooMuch);
                let another = self.processed.is_some_and(|before| before != cents);
                let failed = matches!(self.stage, ProcessFailed | Cancelled | Revoked);
                let whole = if cents >= ASKED { Processed } else { PartiallyProcessed };
                let to = match self.stage {
                    Stage::Revoking => Some(RevokeFailed),
                    _ => under_way.then_some(whole),
                };
                (to, wrong || another || failed)
            }
            Says::Failed | Says::Returned | Says::Undone => match self.stage {
                Processed | PartiallyProcessed | Cancelling => (Some(Cancelled), false),
                Stage::Revoking => (Some(Stage::Revoked), false),
                stage => (under_way.then_some(ProcessFailed), stage == CancelFailed),
            },
            Says::Taken | Says::Waiting | Says::Stuck => {
                let to = match (says, self.stage) {
                    (Says::Taken, Invoking) => Some(Processing),
                    (Says::Waiting | Says::Stuck, Invoking | Processing) => Some(Pending),
                    _ => None,
                };
                let over = matches!(self.money, Money::NotSent | Money::Returned);
                (to, self.is_final() && over)
            }
            _ => (None, false),
        }
    }

    fn hear(&mut self, says: Says, why: Reason, to: Option<Stage>, trouble: Option<Cause>) {
        self.hear_word(Word { says, why, amount: None }, to, trouble);
    }

    fn hear_word(&mut self, word: Word, to: Option<Stage>, trouble: Option<Cause>) {
        let before = self.clone();
        self.stage = to.unwrap_or(self.stage);
        match (trouble, self.held) {
            (Some(Cause::Discrepancy), _) | (Some(_), None) => {
                self.hold(trouble.unwrap_or(Cause::Doubt), word.why);
            }
            (None, Some((cause, _))) if self.ends(cause, word) => self.held = None,
            _ => {}
        }
        let contradicts = trouble == Some(Cause::Discrepancy);
        self.follow_the_money(word, contradicts);
        self.not_before = 0;
        if !matches!(word.says, Says::Known | Says::Unclear | Says::NotFound) {
            self.lost_since = None;
        }
        // The same again that changes nothing is no news, not even about a time that was lost.
        let known = Model { heard: Some((word, contradicts)), ..before.clone() };
        self.proposed = before.proposed;
        let same = Model { lost_since: before.lost_since, ..self.clone() } == before;
        if same && known == before {
            *self = before;
        } else {
            self.news();
            self.heard = Some((word, contradicts));
        }
    }

    /// Whether a word ends a hold.
    fn ends(&self, cause: Cause, word: Word) -> bool {
        use Says::*;
        let definite =
            matches!(word.says, Paid | Failed | Returned | Undone | Refused | Says::NotSent);
        let open = self.unsent() || self.stage == RevokeFailed;
        let waited_for = self.with_provider() || open && !definite;
        let clear = !matches!(word.why, Reason::Timeout | Reason::Unknown | Reason::General)
            && !matches!(word.says, Known | Unclear | NotFound);
        match cause {
            Cause::Overdue => !waited_for,
            // A refused recall left the money on its way: a person knows until its end is known.
            _ if cause < Cause::Discrepancy && self.stage == RevokeFailed => definite,
            Cause::Doubt | Cause::ProviderHold | Cause::Restored => definite || clear,
            _ => self.slips(Slip::EvidenceFreesWhatAPersonHolds) && definite,
        }
    }

    fn follow_the_money(&mut self, word: Word, contradicts: bool) {
        let was = self.money;
        match word.says {
            Says::Paid => {
                self.money = Money::Paid;
                if !contradicts {
                    self.processed = word.amount;
                }
            }
            // What was paid is not on its way again, nor was it never sent.
            Says::Taken | Says::Waiting | Says::Stuck if was != Money::Paid => {
                self.money = Money::InFlight;
            }
            Says::Refused | Says::NotSent if was != Money::Paid => self.money = Money::NotSent,
            Says::Failed if contradicts => return,
            Says::Failed => {
                let went = matches!(was, Money::Paid | Money::Returned);
                self.money = if went { Money::Returned } else { Money::NotSent };
            }
            Says::Returned | Says::Undone => self.money = Money::Returned,
            _ => return,
        }
        // It is known what became of every send.
        (self.open, self.behind) = (false, false);
    }
}
