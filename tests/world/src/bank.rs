//! What the providers know, and the ledger of the money that really moved: the oracle. Apart from how
//! they answer (`lying`), because here nothing is a lie: an order has one fate, and money moves when it
//! moves, whatever anybody is told.

use crate::agenda::Time;
use domain::id::PayoutId;
use std::collections::BTreeMap;

/// How a provider finds an order: the payout and the attempt that our reference names.
pub type Reference = (PayoutId, u8);

/// Where an order really is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Taken.
    Accepted,
    /// Waits at the provider.
    Queued,
    /// At the bank or network.
    AtNetwork,
    /// Under review.
    Held,
    /// Paid; how much, in minor units.
    Paid(u64),
    /// Failed; no money moved.
    Failed,
    /// Given up by the provider; no money moved.
    Expired,
    /// Paid, and the money came back.
    Returned,
    /// Recalled before it was paid.
    Revoked,
    /// Undone after it was paid.
    Reversed,
}

impl Stage {
    /// Nothing more happens to it by itself, but that paid money may come back.
    pub fn is_over(self) -> bool {
        !matches!(self, Stage::Accepted | Stage::Queued | Stage::AtNetwork | Stage::Held)
    }
}

/// How an order will end, unless somebody recalls it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is paid: this much, and perhaps it comes back so long after.
    Pays { amount: u64, comes_back: Option<Time> },
    /// It fails.
    Fails,
    /// The provider lets it lie until it gives up.
    Expires,
    /// Nothing happens until the world is healed; then it is paid, or fails.
    Stuck { pays: bool },
}

/// One order at a provider.
#[derive(Clone, Debug)]
pub struct Order {
    /// What was asked for, in minor units.
    pub asked: u64,
    /// Questions are answered with "not found" before this.
    pub visible: Time,
    /// Where it is.
    pub stage: Stage,
    /// How it will end.
    pub fate: Fate,
    /// The stages that were passed, for those who tell old news.
    pub passed: Vec<Stage>,
    /// It was called a failure to somebody, and is none: it is told until somebody listens.
    pub owes_the_truth: bool,
    /// A recall was confirmed to somebody, and does not hold.
    pub pays_all_the_same: bool,
}

/// Money that moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Of which order.
    pub reference: Reference,
    /// How much, in minor units; negative when it came back.
    pub amount: i64,
}

/// One provider.
#[derive(Clone, Debug, Default)]
pub struct Bank {
    /// Its orders. More than one under a reference only where references are not recognised.
    pub orders: BTreeMap<Reference, Vec<Order>>,
    /// What really happened.
    pub ledger: Vec<Movement>,
    /// Orders on their way to it, by reference.
    pub under_way: BTreeMap<Reference, u32>,
    /// References of which a question was answered, with when that was.
    pub asked: BTreeMap<Reference, Time>,
}

/// What became of a payout's money, by the ledgers of all providers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// How often money was paid.
    pub paid_times: u32,
    /// What was paid and did not come back.
    pub net: i64,
    /// Something came back.
    pub came_back: bool,
    /// An order exists, or is on its way, whose end is open.
    pub open: bool,
    /// An order exists.
    pub known: bool,
}

impl Bank {
    /// What is true of one payout here.
    pub fn truth(&self, payout: PayoutId) -> Truth {
        let of = (payout, u8::MIN)..=(payout, u8::MAX);
        let mut truth = Truth::default();
        for order in self.orders.range(of.clone()).flat_map(|(_, orders)| orders) {
            truth.known = true;
            truth.open |= !order.stage.is_over();
            if let (Stage::Paid(_), Fate::Pays { comes_back: Some(_), .. }) =
                (order.stage, order.fate)
            {
                truth.open = true;
            }
        }
        truth.open |= self.under_way.range(of).any(|(_, count)| *count > 0);
        for movement in self.ledger.iter().filter(|one| one.reference.0 == payout) {
            truth.net += movement.amount;
            truth.paid_times += u32::from(movement.amount > 0);
            truth.came_back |= movement.amount < 0;
        }
        truth
    }
}

impl Truth {
    /// What two providers know together.
    pub fn and(self, other: Truth) -> Truth {
        Truth {
            paid_times: self.paid_times + other.paid_times,
            net: self.net + other.net,
            came_back: self.came_back || other.came_back,
            open: self.open || other.open,
            known: self.known || other.known,
        }
    }
}
