//! The providers: each has its orders, a ledger of the money that really moved, and lies. Apart from the audit,
//! which believes only the ledger, and from the tellers, who are called.
//!
//! A call's bytes leave when the adapter makes it, and what becomes of them is on the world's agenda: a request
//! arrives though the process that sent it is dead by then.

mod teller;

pub use teller::providers;

use crate::life::Life;
use crate::world::World;
use adapters::provider::{Lookup, Order};
use domain::failure::{Failure, Origin};
use domain::id::{PayoutId, read_provider_reference};
use domain::money::{Amount, Currency};
use domain::report::{Found, ProviderState, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use teller::send_back;
use tokio::sync::oneshot;

/// Where an order really is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    Accepted,
    AtNetwork,
    Paid,
    Failed,
    Returned,
    Revoked,
    Reversed,
}

impl Stage {
    fn is_over(self) -> bool {
        !matches!(self, Stage::Accepted | Stage::AtNetwork)
    }

    fn shown(self) -> ProviderState {
        match self {
            Stage::Accepted => ProviderState::Accepted,
            Stage::AtNetwork => ProviderState::AtNetwork,
            Stage::Paid => ProviderState::Settled,
            Stage::Failed => ProviderState::Failed,
            Stage::Returned => ProviderState::Returned,
            Stage::Revoked => ProviderState::Revoked,
            Stage::Reversed => ProviderState::Reversed,
        }
    }

    fn of_word(word: &str) -> Option<Stage> {
        use Stage::*;
        let all = [Accepted, AtNetwork, Paid, Failed, Returned, Stage::Revoked, Stage::Reversed];
        all.into_iter().find(|stage| stage.shown().word() == word)
    }
}

/// One order at a provider.
struct Taken {
    payout: PayoutId,
    amount: (Amount, Currency),
    stage: Stage,
    stuck: bool,
    /// Questions are answered with "not found" before this.
    shown_from: Duration,
}

/// What became of a payout's money.
#[derive(Clone, Copy, Debug, Default)]
pub struct Truth {
    pub paid_times: u32,
    /// Payments that did not come back.
    pub net: i32,
}

/// All providers together.
#[derive(Default)]
pub struct Bank {
    orders: BTreeMap<(usize, String), Vec<Taken>>,
    ledger: BTreeMap<PayoutId, Truth>,
    under_way: BTreeMap<usize, usize>,
    calls: BTreeMap<usize, VecDeque<Duration>>,
    /// Requests on their way.
    travelling: usize,
}

impl Bank {
    /// What is true of a payout.
    pub fn truth(&self, payout: PayoutId) -> Truth {
        self.ledger.get(&payout).copied().unwrap_or_default()
    }

    /// What an account shows whoever asks about an order.
    fn shows(&self, place: &(usize, String), now: Duration) -> Option<Found> {
        let order = self.orders.get(place)?.first()?;
        (order.shown_from <= now).then(|| shown(order))
    }

    /// How an order ended, as an account tells whoever asks about it; none while there is nothing to tell.
    pub fn tells(&self, number: usize, reference: &str, now: Duration) -> Option<Stage> {
        let order = self.orders.get(&(number, reference.to_owned()))?.first()?;
        (order.stage.is_over() && order.shown_from <= now).then_some(order.stage)
    }

    /// Nothing more happens by itself.
    pub fn is_at_rest(&self) -> bool {
        self.travelling == 0 && self.orders.values().flatten().all(|order| order.stage.is_over())
    }
}

fn failure(resolution: Resolution) -> Failure {
    Failure::new(resolution, Origin::Provider)
}

fn shown(order: &Taken) -> Found {
    let failed = order.stage == Stage::Failed;
    Found {
        amount: Some(order.amount),
        failure: failed.then(|| failure(Resolution::DeclinedError)),
        ..Found::new(order.stage.shown())
    }
}

/// A submission is there.
fn arrives(world: &World, number: usize, order: &Order, tell: oneshot::Sender<SubmitOutcome>) {
    world.bank().travelling -= 1;
    let (lies, place) = (world.setting.lies, (number, order.reference.clone()));
    let knows = world.bank().orders.contains_key(&place);
    if knows && world.setting.accounts[number].policy.resend_is_safe {
        let why = failure(Resolution::DuplicatedId);
        return send_back(world, tell, SubmitOutcome::Duplicate { why });
    }
    if !knows && world.errs(lies.refuses) {
        let why = failure(Resolution::DeclinedError);
        return send_back(world, tell, SubmitOutcome::Refused { why });
    }
    let late = world.errs(lies.is_slow_to_show);
    let shown_from = match late {
        true => world.now() + Duration::from_secs(world.draw(|chance| chance.below(110))),
        false => world.now(),
    };
    let (payout, amount) = (order.payout, (order.amount, order.currency));
    let stuck = world.errs(lies.gets_stuck);
    let taken = Taken { payout, amount, stage: Stage::Accepted, stuck, shown_from };
    let nth = {
        let mut bank = world.bank();
        let orders = bank.orders.entry(place.clone()).or_default();
        orders.push(taken);
        orders.len() - 1
    };
    world.tell(|| format!("takes {} (stuck: {stuck})", order.reference));
    if !stuck {
        go_on(world, place, nth);
    }
    if world.errs(lies.answers_an_error) {
        let why = failure(Resolution::ProviderInternalError);
        return send_back(world, tell, SubmitOutcome::Ambiguous { why });
    }
    let provider_id = Some(format!("p-{}", order.reference).into());
    send_back(world, tell, SubmitOutcome::Accepted { provider_id, raw_status: None });
}

/// An order goes its way.
fn go_on(world: &World, place: (usize, String), nth: usize) {
    let lies = world.setting.lies;
    let end = if world.errs(lies.fails) { Stage::Failed } else { Stage::Paid };
    let spread = |most| world.draw(|chance| chance.spread(100, most)).unsigned_abs();
    let (network, over) = (spread(20_000), spread(200_000));
    let then = place.clone();
    world.after(Duration::from_millis(network), move |world, _| {
        become_(world, &then, nth, Stage::AtNetwork);
    });
    let then = place.clone();
    world.after(Duration::from_millis(network + over), move |world, _| {
        become_(world, &then, nth, end);
    });
    if end == Stage::Paid && world.errs(lies.returns) {
        let back = spread(900_000);
        world.after(Duration::from_millis(network + over + back), move |world, _| {
            become_(world, &place, nth, Stage::Returned);
        });
    }
}

/// An order gets there, unless it has been recalled or undone.
fn become_(world: &World, place: &(usize, String), nth: usize, stage: Stage) {
    {
        let mut bank = world.bank();
        let Some(order) = bank.orders.get_mut(place).and_then(|orders| orders.get_mut(nth)) else {
            return;
        };
        let goes = match stage {
            Stage::Returned => order.stage == Stage::Paid,
            _ => !order.stage.is_over(),
        };
        if !goes {
            return;
        }
        order.stage = stage;
        let payout = order.payout;
        let truth = bank.ledger.entry(payout).or_default();
        match stage {
            Stage::Paid => (truth.paid_times, truth.net) = (truth.paid_times + 1, truth.net + 1),
            Stage::Returned => truth.net -= 1,
            _ => {}
        }
        world.tell(|| format!("{} is {stage:?}: {truth:?}", place.1));
        if truth.paid_times > 1 {
            world.broken("I-2", format!("the money of {payout} moved {} times", truth.paid_times));
        }
    }
    if stage.is_over() {
        call_back(world, place, stage);
    }
}

/// Tells the gateway, perhaps, perhaps twice, perhaps late; and others do in its name.
fn call_back(world: &World, place: &(usize, String), stage: Stage) {
    let lies = world.setting.lies;
    let reference = &place.1;
    let account = account(world, place);
    let signed = body(world, place, stage, stage.shown().word());
    let bodies = [(lies.calls_back, signed.clone()), (lies.calls_back / 3, signed)];
    for (often, body) in bodies.into_iter().chain([(lies.is_impersonated, format!("?{reference}"))])
    {
        if world.errs(often) {
            let late = world.draw(|chance| chance.spread(1, 60_000)).unsigned_abs();
            let account = account.clone();
            world.after(Duration::from_millis(late), move |world, life| {
                life.ring(world, account, body);
            });
        }
    }
}

/// Answers a question that was put off.
fn answer_by_callback(world: &World, life: &Life, place: &(usize, String), token: &str) {
    let stage = world.bank().orders[place][0].stage;
    life.ring(
        world,
        account(world, place),
        format!("{} {token}", body(world, place, stage, token)),
    );
}

fn account(world: &World, (number, _): &(usize, String)) -> String {
    world.setting.accounts[*number].account.to_string()
}

/// What a callback says of an order: one event has one name.
fn body(world: &World, place: &(usize, String), stage: Stage, event: &str) -> String {
    let (amount, currency) = world.bank().orders[place][0].amount;
    let (reference, word) = (&place.1, stage.shown().word());
    format!("{reference} {event} {word} {} {}", amount.value(), currency.code())
}

fn undo(
    world: &World,
    number: usize,
    lookup: &Lookup,
    to: Stage,
    may: impl Fn(Stage) -> bool,
) -> UndoOutcome {
    let why = failure(Resolution::DeclinedError);
    let mut bank = world.bank();
    let orders = bank.orders.get_mut(&(number, lookup.reference.clone()));
    let Some(order) = orders.and_then(|orders| orders.first_mut()) else {
        return UndoOutcome::Refused { why };
    };
    if !may(order.stage) {
        return UndoOutcome::Refused { why };
    }
    let (before, payout) = (order.stage, order.payout);
    order.stage = to;
    if before == Stage::Paid {
        bank.ledger.entry(payout).or_default().net -= 1;
    }
    world.tell(|| format!("{} is {to:?}", lookup.reference));
    UndoOutcome::Done
}

/// What was stuck goes on.
pub fn heal(world: &World) {
    let stuck: Vec<_> = {
        let mut bank = world.bank();
        let all = bank.orders.iter_mut().flat_map(|(place, orders)| {
            let stuck = orders.iter_mut().enumerate().filter(|(_, order)| order.stuck);
            stuck.map(|(nth, order)| {
                order.stuck = false;
                (place.clone(), nth)
            })
        });
        all.collect()
    };
    for (place, nth) in stuck {
        go_on(world, place, nth);
    }
}

/// Whose an order is that a reference names.
pub fn payout_of(reference: &str) -> Option<(PayoutId, u8)> {
    read_provider_reference(reference).ok()
}
