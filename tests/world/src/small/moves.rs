//! Everything that can happen in the small world. Apart from where it stands: one function for each of
//! those who can do something.

use super::state::{Awaits, Reply, State, TIMES, There, currency};
use super::{Contract, World};
use crate::audit::{Violation, check_entries, is_a_contradiction};
use domain::command::Command;
use domain::decide::{Input, decide};
use domain::effect::{Effect, pending_effects};
use domain::entry::{Act, By, Deed, Fact, ManualOutcome, Proposal};
use domain::failure::{Failure, Origin};
use domain::report::{
    FetchOutcome, Found, ProviderState, Report, SubmitOutcome, UndoOutcome, Waited,
};
use domain::resolution::Resolution;
use domain::schedule::{Policy, Watch};
use domain::statement::Source;
use domain::status::Status;
use std::sync::Arc;

/// States that may follow, each with what led there.
type Next = Vec<(&'static str, State)>;
/// A violation, and what led to it.
type Broken = (Violation, String);

/// All that may happen now.
pub(super) fn all(state: &State, world: &World) -> Result<Next, Broken> {
    money(state).map_err(|violation| (violation, "and so".to_owned()))?;
    let World { contract, policy } = world;
    let mut moves = Moves { state, contract: *contract, policy, next: Vec::new() };
    moves.time_and_crashes();
    moves.network();
    moves.provider();
    moves.process()?;
    moves.callbacks()?;
    moves.people()?;
    Ok(moves.next)
}

struct Moves<'a> {
    state: &'a State,
    contract: Contract,
    policy: &'a Policy,
    next: Next,
}

impl Moves<'_> {
    fn put(&mut self, word: &'static str, change: impl FnOnce(&mut State)) {
        let mut next = self.state.clone();
        change(&mut next);
        self.next.push((word, next));
    }

    fn time_and_crashes(&mut self) {
        if usize::from(self.state.time) + 1 < TIMES.len() {
            self.put("time passes", |next| next.time += 1);
        }
        self.put("the process dies, and starts again", restart);
    }

    /// Requests on the network arrive, or are lost, and are answered, or not.
    fn network(&mut self) {
        let waits = self.state.awaits.submission && self.state.awaits.reply.is_none();
        let known = self.state.there != There::Nothing;
        let recognised = known && self.contract.resend_is_safe;
        for (place, (sent, awaited)) in self.state.network.iter().copied().enumerate() {
            let awaited = awaited && waits;
            // Where "not found" is agreed to be final, nothing arrives after that.
            if self.contract.not_found_is_final && self.state.time > sent.max(1) {
                self.put("a request is lost", |next| {
                    next.network.remove(place);
                });
                continue;
            }
            let replies: &[Reply] = match (recognised, awaited) {
                (_, false) => &[Reply::Silence],
                (true, true) => &[Reply::Duplicate, Reply::Silence, Reply::Refused],
                (false, true) => &[Reply::Accepted, Reply::Silence],
            };
            for reply in replies {
                self.put("a request arrives", |next| {
                    next.network.remove(place);
                    if known && !recognised {
                        // A second order under one reference: it is paid as well.
                        next.paid += 1;
                    } else if !known {
                        next.there = There::Accepted;
                    }
                    next.awaits.reply = awaited.then_some(*reply).or(next.awaits.reply);
                });
            }
            if awaited {
                for reply in [Reply::Refused, Reply::TurnedAway] {
                    self.put("a request is not taken", |next| {
                        next.network.remove(place);
                        next.awaits.reply = Some(reply);
                    });
                }
            }
            self.put("a request is lost", |next| {
                next.network.remove(place);
            });
        }
        if waits {
            // It may still arrive, later than anybody waits.
            self.put("nobody answers", |next| next.awaits.reply = Some(Reply::Silence));
        }
    }

    fn provider(&mut self) {
        match self.state.there {
            There::Accepted => {
                self.put("the provider pays", |next| {
                    next.there = There::Paid;
                    next.paid += 1;
                });
                self.put("the provider fails", |next| next.there = There::Failed);
            }
            There::Paid => self.put("the money comes back", |next| {
                next.there = There::Returned;
                next.back = true;
            }),
            There::Nothing | There::Failed | There::Returned | There::Revoked => {}
        }
    }

    /// What the process has been waiting for.
    fn process(&mut self) -> Result<(), Broken> {
        let Awaits { permit, reply, question, undo, .. } = self.state.awaits;
        if permit && self.state.sends_left > 0 {
            let input = Input::Permit { account: "alpha".into(), settlement: None };
            self.take("a permit", input, |next| next.awaits.permit = false)?;
        }
        if let Some(reply) = reply {
            let outcome = outcome(reply);
            let attempt = self.state.payout.standing().attempt;
            let input = Input::Report(Report::Submitted { attempt, outcome });
            self.take("the answer to a submission", input, |next| {
                (next.awaits.submission, next.awaits.reply) = (false, None);
            })?;
        }
        if let Some(asked) = question {
            for answer in self.answers(asked) {
                let waited = Waited::by(&self.state.payout, super::state::at(asked));
                let report = Report::Fetched { waited, account: None, outcome: answer };
                self.take("the answer to a question", Input::Report(report), |next| {
                    next.awaits.question = None;
                })?;
            }
        }
        if let Some(recall) = undo {
            self.undo(recall)?;
        }
        self.take("the timer", Input::Tick, |_| {})
    }

    /// Whatever a provider may say to a question.
    fn answers(&self, asked: u8) -> Vec<FetchOutcome> {
        let why = Failure::new(Resolution::ConnectionTimeoutError, Origin::Transport);
        let mut answers = vec![FetchOutcome::Unknown { why, retry_after: None }];
        let there = self.state.there;
        let visible = self.state.payout.intents().next_back().is_some_and(|(sent, _)| {
            super::state::at(asked) >= sent.plus(self.policy.visibility_lag)
        });
        if there == There::Nothing || !visible || !self.contract.not_found_is_final {
            answers.push(FetchOutcome::NotFound);
        }
        answers.extend(found(self.state).map(FetchOutcome::Found));
        answers
    }

    fn undo(&mut self, recall: bool) -> Result<(), Broken> {
        let why = || Failure::new(Resolution::RequestError, Origin::Provider);
        let answers = [
            (UndoOutcome::Refused { why: why() }, false),
            (UndoOutcome::Ambiguous { why: why() }, false),
            (UndoOutcome::Ambiguous { why: why() }, true),
            (UndoOutcome::Done, true),
            // It says so, and does it not.
            (UndoOutcome::Done, false),
        ];
        for (outcome, works) in answers {
            let there = self.state.there;
            let report = Input::Report(Report::Undone { outcome });
            self.take("the answer to an undo", report, |next| {
                next.awaits.undo = None;
                match (works, recall, there) {
                    (true, true, There::Accepted) => next.there = There::Revoked,
                    (true, false, There::Paid) => {
                        next.there = There::Returned;
                        next.back = true;
                    }
                    _ => {}
                }
            })?;
        }
        Ok(())
    }

    /// A callback that is signed and true; one that nobody has signed is a question at most.
    fn callbacks(&mut self) -> Result<(), Broken> {
        if self.state.payout.standing().attempt == 0 {
            return Ok(());
        }
        if let (true, Some(found)) = (self.contract.believed, found(self.state)) {
            let input = Input::Report(Report::CalledBack { account: None, found });
            self.take("a callback", input, |_| {})?;
        }
        self.put("a callback of anybody", |next| {
            let time = next.time;
            next.awaits.question.get_or_insert(time);
        });
        Ok(())
    }

    fn people(&mut self) -> Result<(), Broken> {
        for command in [Command::Terminate, Command::Revoke, Command::Cancel] {
            let word = command.word();
            let input = Input::Command { command, key: None, by: By::Merchant };
            self.take(word, input, |_| {})?;
        }
        if self.state.orders_left == 0 {
            return Ok(());
        }
        let version = self.state.payout.version();
        let mut deeds = vec![Deed::Release, Deed::Resubmit, Deed::Pause];
        deeds.extend(self.truth().map(|proposal| Deed::Propose { proposal, seen: version }));
        for (deed, by) in deeds.into_iter().map(|deed| (deed, "ann")) {
            self.order(deed, by)?;
        }
        let standing = self.state.payout.standing().proposed.as_ref();
        let stands = standing.map(|one| (one.version, one.proposal.clone()));
        if let Some((proposed, proposal)) = stands {
            if Some(proposal) == self.truth() {
                self.order(Deed::Approve { proposed }, "ann")?;
                self.order(Deed::Approve { proposed }, "bob")?;
            }
            self.order(Deed::Reject { proposed }, "bob")?;
        }
        Ok(())
    }

    fn order(&mut self, deed: Deed, by: &str) -> Result<(), Broken> {
        let word = deed.word();
        let act = Act { deed, reason: "seen".into(), from: "here".into() };
        let (command, by) = (Command::Operate(Arc::new(act)), By::Operator(by.into()));
        let input = Input::Command { command, key: None, by };
        self.take(word, input, |next| next.orders_left -= 1)
    }

    /// What a person may vouch for: the truth, once nothing is open.
    fn truth(&self) -> Option<Proposal> {
        let state = self.state;
        let busy = state.awaits.permit || state.awaits.submission || !state.network.is_empty();
        let outcome = match state.there {
            _ if busy => return None,
            There::Accepted => return None,
            There::Nothing => ManualOutcome::NotSent,
            There::Paid => ManualOutcome::Paid,
            There::Failed | There::Revoked => ManualOutcome::Failed,
            There::Returned => ManualOutcome::Returned,
        };
        Some(Proposal { outcome, resolution: Resolution::DeclinedError, amount: None })
    }

    /// The payout takes an input: its entries become true, and what follows is done, or the process dies
    /// between the two.
    fn take(
        &mut self,
        word: &'static str,
        input: Input,
        change: impl Fn(&mut State),
    ) -> Result<(), Broken> {
        let now = self.state.now();
        let decided = decide(&self.state.payout, input, Watch::default(), now, self.policy);
        let mut next = self.state.clone();
        change(&mut next);
        let Ok(step) = decided else {
            // Refused: whoever asked has asked, and nothing else has changed.
            self.next.push((word, next));
            return Ok(());
        };
        let before = self.state.payout.standing().clone();
        for entry in &step.entries {
            let applied = next.payout.apply(entry.clone());
            if let Err(error) = applied {
                let what = error.to_string();
                return Err((Violation { invariant: "I-11", what, at: 0 }, word.to_owned()));
            }
            if let Fact::Learned(learned) = &entry.fact {
                next.vouched = learned.statement.source == Source::Manual;
                next.contradicted = is_a_contradiction(learned.attention);
            }
        }
        let broken = |violation| (violation, word.to_owned());
        check_entries(Some(&before), &next.payout, &step.entries, self.policy).map_err(broken)?;
        money(&next).map_err(broken)?;
        if !step.entries.is_empty() {
            let mut dead = next.clone();
            restart(&mut dead);
            self.next.push((word, dead));
        }
        step.effects.into_iter().for_each(|effect| act(&mut next, &effect));
        self.next.push((word, next));
        Ok(())
    }
}

/// I-2, I-3: money moves once, and what is called failed has not moved.
fn money(state: &State) -> Result<(), Violation> {
    let broken = |invariant, what: String| Err(Violation { invariant, what, at: 0 });
    if state.paid > 1 {
        return broken("I-2", "money moved twice".to_owned());
    }
    let status = state.payout.status();
    let failed = matches!(
        status,
        Status::InvokeFailed
            | Status::ProcessFailed
            | Status::Expired
            | Status::Terminated
            | Status::Revoked
            | Status::Cancelled
    );
    let with_recipient = state.paid > 0 && !state.back;
    if failed && with_recipient && !state.contradicted && !state.vouched {
        return broken("I-3", format!("{status}, and the money is with the recipient"));
    }
    let paid = status.is_settled() || status == Status::CancelFailed;
    if paid && state.paid == 0 && !state.vouched {
        return broken("I-3", format!("{status}, and no money ever moved"));
    }
    Ok(())
}

fn act(state: &mut State, effect: &Effect) {
    match effect {
        Effect::RequestPermit => state.awaits.permit = true,
        Effect::Submit(_) => {
            state.sends_left -= 1;
            state.network.iter_mut().for_each(|(_, awaited)| *awaited = false);
            state.network.push((state.time, true));
            (state.awaits.submission, state.awaits.reply) = (true, None);
        }
        Effect::Verify => {
            let time = state.time;
            state.awaits.question.get_or_insert(time);
        }
        Effect::Revoke => state.awaits.undo = Some(true),
        Effect::Cancel => state.awaits.undo = Some(false),
        Effect::Alert => {}
    }
}

/// All that was awaited is forgotten; what is pending by the state alone is done.
fn restart(state: &mut State) {
    state.awaits = Awaits::default();
    state.network.iter_mut().for_each(|(_, awaited)| *awaited = false);
    for effect in pending_effects(&state.payout, state.now()) {
        act(state, &effect);
    }
}

fn outcome(reply: Reply) -> SubmitOutcome {
    let why = |resolution, origin| Failure::new(resolution, origin);
    match reply {
        Reply::Accepted => SubmitOutcome::Accepted { provider_id: None, raw_status: None },
        Reply::Duplicate => {
            SubmitOutcome::Duplicate { why: why(Resolution::DuplicatedId, Origin::Provider) }
        }
        Reply::Refused => {
            SubmitOutcome::Refused { why: why(Resolution::InvalidRecipient, Origin::Provider) }
        }
        Reply::TurnedAway => SubmitOutcome::NotSent {
            why: why(Resolution::LimitViolation, Origin::Provider),
            retry_after: None,
        },
        Reply::Silence => SubmitOutcome::Ambiguous {
            why: why(Resolution::ConnectionTimeoutError, Origin::Transport),
        },
    }
}

/// What the provider has, as its adapter tells it.
fn found(state: &State) -> Option<Found> {
    let amount = state.payout.request().amount;
    let told = match state.there {
        There::Nothing => return None,
        There::Accepted => ProviderState::Accepted,
        There::Paid => ProviderState::Settled,
        There::Failed => ProviderState::Failed,
        There::Returned => ProviderState::Returned,
        There::Revoked => ProviderState::Revoked,
    };
    let amount = (state.there == There::Paid).then(|| (amount, currency()));
    Some(Found { amount, ..Found::new(told) })
}
