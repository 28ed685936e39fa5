//! Every row of the repertoire, against the world alone. Apart from the tests over HTTP, because
//! here an hour takes no time.

mod chance;
mod rows;
mod undo;

use super::{Asked, Manner, Outgoing, Reply, World};
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::wire::{LedgerRow, RecipientBody, Said};
use domain::id::PayoutId;
use domain::money::{Amount, Currency};
use domain::time::Timestamp;
use std::time::Duration;

/// A world, a clock that is turned by hand, and one payout's worth of questions.
struct Stage {
    world: World,
    now: Timestamp,
    recipient: RecipientBody<'static>,
    payout: PayoutId,
}

impl Stage {
    fn new(suffix: u16) -> Stage {
        Stage::with(suffix, &SandboxSettings::default())
    }

    fn with(suffix: u16, settings: &SandboxSettings) -> Stage {
        let account_number = Some(format!("12345{suffix:03}").into());
        let recipient = RecipientBody { account_number, ..RecipientBody::default() };
        let now = Timestamp(1_700_000_000_000_000);
        Stage { world: World::new(settings), now, recipient, payout: PayoutId([7; 16]) }
    }

    fn submit_as(&mut self, reference: &str, amount: &str, code: &str) -> Reply {
        let currency = Currency::parse(code).unwrap();
        let asked = Asked {
            payout: self.payout,
            reference,
            amount: Amount::parse(amount, currency).unwrap(),
            currency,
            recipient: &self.recipient,
            quote: None,
            callback_url: Some("http://gateway"),
        };
        self.world.submit(self.now, &asked)
    }

    fn submit(&mut self) -> Reply {
        self.submit_as("ref-1", "125.40", "EUR")
    }

    fn fetch(&mut self) -> Reply {
        self.world.fetch(self.now, "ref-1")
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now.plus(Duration::from_millis(millis));
        self.world.run_until(self.now);
    }

    fn callbacks(&mut self) -> Vec<String> {
        self.world.take_callbacks().iter().map(told).collect()
    }

    fn ledger(&self) -> Option<LedgerRow> {
        self.world.ledger(Some(self.payout), 0, 10).data.pop()
    }

    /// Paid, returned, revoked.
    fn money(&self) -> [u32; 3] {
        self.ledger().map_or([0, 0, 0], |row| [row.paid, row.returned, row.revoked])
    }
}

/// "settled#1": the word and the number of the event; "!" before a forged one.
fn told(callback: &Outgoing) -> String {
    let number = callback.body.event_id.rsplit('_').next().unwrap_or_default();
    format!("{}{}#{number}", if callback.forged { "!" } else { "" }, callback.body.status)
}

/// "201 processing", "422 invalid_recipient", "silence".
fn said(reply: &Reply) -> String {
    let text = match &reply.said {
        Said::Payout(payout) => payout.status.to_string(),
        Said::Problem(problem) => problem.code.to_string(),
        Said::Deferred(_) => "deferred".to_owned(),
        Said::Quote(_) => "quote".to_owned(),
        Said::Rate(_) => "rate".to_owned(),
        Said::Transactions(page) => format!("{} rows", page.data.len()),
    };
    match reply.manner {
        Manner::Plain => format!("{} {text}", reply.status),
        Manner::AfterCallbacks => format!("after callbacks {} {text}", reply.status),
        Manner::Silence => "silence".to_owned(),
        Manner::Reset => "reset".to_owned(),
        Manner::Page => "page".to_owned(),
    }
}
