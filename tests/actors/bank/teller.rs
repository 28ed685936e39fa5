//! The providers as the gateway calls them: bytes that leave, answers that come back or do not. Apart from what is
//! true at a provider (`bank`), because here is where messages are late and lost.

use super::{Stage, answer_by_callback, arrives, failure, undo};
use crate::setting::Setting;
use crate::world::World;
use adapters::provider::{
    CallbackOutcome, Caps, Lookup, Order, Provider, Quote, QuoteWish, RawCallback,
};
use domain::failure::Failure;
use domain::money::{Amount, Currency};
use domain::report::{FetchOutcome, Found, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// One provider account, as the gateway calls it.
pub struct Teller {
    world: World,
    number: usize,
    caps: Caps,
}

/// A call that is under way; over when dropped, whoever gave it up.
struct UnderWay(World, usize);

impl Drop for UnderWay {
    fn drop(&mut self) {
        *self.0.bank().under_way.entry(self.1).or_default() -= 1;
    }
}

/// All accounts of a world.
pub fn providers(world: &World) -> Vec<Arc<dyn Provider>> {
    let Setting { accounts, .. } = &world.setting;
    let teller = |(number, caps): (usize, &Caps)| {
        Arc::new(Teller { world: world.clone(), number, caps: caps.clone() }) as Arc<dyn Provider>
    };
    accounts.iter().enumerate().map(teller).collect()
}

impl Teller {
    /// A call leaves. None: the process is dead, and nothing leaves it.
    fn called(&self, what: &str, reference: &str) -> Option<UnderWay> {
        let world = &self.world;
        if world.boundary("before a call") {
            return None;
        }
        world.note(what, reference.as_bytes());
        world.tell(|| format!("{} is called: {what} {reference}", self.caps.account));
        world.count("calls");
        let (limits, now) = (&self.caps.limits, world.now());
        let mut bank = world.bank();
        let under_way = bank.under_way.entry(self.number).or_default();
        *under_way += 1;
        if *under_way > limits.concurrency {
            let what = format!("{under_way} calls at once, {} agreed", limits.concurrency);
            world.broken("I-31", what);
        }
        let calls = bank.calls.entry(self.number).or_default();
        calls.push_back(now);
        if calls.len() > limits.calls as usize + 1 {
            calls.pop_front();
        }
        let first = calls.front().copied().unwrap_or(now);
        if limits.calls > 0 && calls.len() > limits.calls as usize && now - first < limits.per {
            let what = format!("{} calls within {:?}", calls.len(), now - first);
            world.broken("I-30", what);
        }
        Some(UnderWay(world.clone(), self.number))
    }

    /// A question travels there, is answered by `found`, and the answer travels back.
    fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        lookup: Lookup,
        vain: impl FnOnce(Failure) -> T + Send + 'static,
        found: impl FnOnce(&World, usize, &Lookup) -> T + Send + 'static,
    ) -> BoxFuture<'static, T> {
        let Some(under_way) = self.called(what, &lookup.reference) else {
            return pending().boxed();
        };
        let (tell, told) = oneshot::channel();
        let number = self.number;
        let transit = self.world.delay(self.world.setting.wire);
        self.world.after(transit, move |world, _| {
            let lies = world.setting.lies;
            let answer = if world.errs(lies.answers_nothing_asked) {
                vain(failure(Resolution::ProviderInternalError))
            } else {
                found(world, number, &lookup)
            };
            send_back(world, tell, answer);
        });
        wait(under_way, told)
    }
}

/// An answer on its way back; it may be lost, and whoever waits for it may be dead.
pub(super) fn send_back<T: Send + 'static>(world: &World, tell: oneshot::Sender<T>, answer: T) {
    if world.errs(world.setting.lies.loses_answer) {
        return world.tell(|| "an answer is lost".to_owned());
    }
    let transit = world.delay(world.setting.wire);
    world.after(transit, move |world, _| {
        if !world.boundary("before a provider's answer") {
            // Whoever has stopped waiting has stopped caring.
            let _ = tell.send(answer);
        }
    });
}

/// The answer comes by a callback, sooner or later than the next question: what is true then.
fn put_off(world: &World, place: (usize, String)) -> FetchOutcome {
    let token = format!("token-{}", world.count("answers put off"));
    let late = world.draw(|chance| chance.spread(100, 400_000)).unsigned_abs();
    let called = token.clone();
    world.after(Duration::from_millis(late), move |world, life| {
        if !world.errs(world.setting.lies.loses_answer) {
            answer_by_callback(world, life, &place, &called);
        }
    });
    FetchOutcome::Deferred { token: token.into() }
}

fn wait<T: Send + 'static>(
    under_way: UnderWay,
    told: oneshot::Receiver<T>,
) -> BoxFuture<'static, T> {
    async move {
        let _under_way = under_way;
        match told.await {
            Ok(answer) => answer,
            Err(_lost) => pending().await,
        }
    }
    .boxed()
}

impl Provider for Teller {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn prepare(&self, _: &Order) -> Result<(), Failure> {
        Ok(())
    }

    fn submit(&self, order: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        let Some(under_way) = self.called("submit", &order.reference) else {
            return pending().boxed();
        };
        let (world, number) = (&self.world, self.number);
        world.count("submissions");
        world.check(world.audit().submits(&order, &self.caps.account));
        let (tell, told) = oneshot::channel();
        let lies = world.setting.lies;
        let mut transit = world.delay(world.setting.wire);
        if world.errs(lies.turns_away) {
            let (why, retry_after) = (failure(Resolution::GeneralError), None);
            world.after(transit, move |world, _| {
                send_back(world, tell, SubmitOutcome::NotSent { why, retry_after });
            });
            return wait(under_way, told);
        }
        if world.errs(lies.loses_request) {
            world.tell(|| "the request is lost".to_owned());
            return wait(under_way, told);
        }
        if world.errs(lies.takes_late) {
            let late = world.draw(|chance| chance.spread(1_000, 300_000));
            transit += Duration::from_millis(late.unsigned_abs());
        }
        world.bank().travelling += 1;
        world.after(transit, move |world, _| arrives(world, number, &order, tell));
        wait(under_way, told)
    }

    fn fetch_status(&self, lookup: Lookup) -> BoxFuture<'static, FetchOutcome> {
        let vain = |why| FetchOutcome::Unknown { why, retry_after: None };
        self.ask("fetch", lookup, vain, |world, number, lookup| {
            let place = (number, lookup.reference.clone());
            let found = world.bank().shows(&place, world.now());
            match found {
                None => FetchOutcome::NotFound,
                Some(_) if world.errs(world.setting.lies.puts_off_answers) => put_off(world, place),
                Some(found) => FetchOutcome::Found(found),
            }
        })
    }

    fn revoke(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let vain = |why| UndoOutcome::Ambiguous { why };
        self.ask("revoke", lookup, vain, |world, number, lookup| {
            undo(world, number, lookup, Stage::Revoked, |stage| !stage.is_over())
        })
    }

    fn cancel(&self, lookup: Lookup) -> BoxFuture<'static, UndoOutcome> {
        let vain = |why| UndoOutcome::Ambiguous { why };
        self.ask("cancel", lookup, vain, |world, number, lookup| {
            undo(world, number, lookup, Stage::Reversed, |stage| stage == Stage::Paid)
        })
    }

    /// "reference event state amount currency", and the token of the question that it answers; a stranger's begins
    /// with a question mark.
    fn callback(&self, raw: &RawCallback) -> CallbackOutcome {
        let text = String::from_utf8_lossy(&raw.body).into_owned();
        if let Some(reference) = text.strip_prefix('?') {
            let reference = Some(reference.to_owned());
            return CallbackOutcome::Unauthenticated { why: "no signature", reference };
        }
        let words: Vec<&str> = text.split(' ').collect();
        let [reference, event, state, amount, currency, ref token @ ..] = words[..] else {
            return CallbackOutcome::Ignored;
        };
        let token = token.first().map(|token| (*token).into());
        let currency: Currency = currency.parse().unwrap();
        let found = Stage::of_word(state).map(|stage| Found {
            amount: Some((Amount::parse(amount, currency).unwrap(), currency)),
            ..Found::new(stage.shown())
        });
        let (reference, event) = (reference.to_owned(), Some(event.to_owned()));
        CallbackOutcome::Doorbell { reference, event, token, found }
    }

    fn quote(&self, _: QuoteWish) -> BoxFuture<'static, Result<Quote, Failure>> {
        async { Err(failure(Resolution::InvalidMethod)) }.boxed()
    }
}
