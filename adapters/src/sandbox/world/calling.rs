//! Callbacks: what is told, to whom, and what becomes of it under way. Apart from `life.rs` because
//! a callback need not be true, need not arrive, and need not arrive once.

use super::World;
use super::behaviour::Call;
use super::life::What;
use super::row::Row;
use super::word::Word;
use crate::sandbox::wire::CallbackBody;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A callback on its way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// Where it goes.
    pub url: Arc<str>,
    /// What it says.
    pub body: CallbackBody,
    /// Signed with a secret that is not the sandbox's.
    pub forged: bool,
    /// Deliveries that failed.
    pub failures: u8,
}

impl World {
    /// Sends a callback, or what the faults make of it.
    pub(super) fn call(&mut self, place: usize, call: Call) {
        let row = &mut self.rows[place];
        let Some(url) = row.callback_url.clone() else { return };
        if call != Call::Again {
            row.events += 1;
        }
        let (word, forged) = match call {
            Call::Truth | Call::Again => (row.word, false),
            Call::Claims(word) => (word, false),
            Call::Forges(word) => (word, true),
        };
        let callback = Outgoing { url, body: row.callback(word), forged, failures: 0 };
        if self.faults.touch_callbacks() {
            self.send_through_faults(callback, place);
        } else {
            self.outgoing.push(callback);
        }
    }

    fn send_through_faults(&mut self, callback: Outgoing, place: usize) {
        let (faults, lots) = (&self.faults.callback, self.lots);
        let (reference, event) = (&*self.rows[place].reference, self.rows[place].events);
        let strikes = |chance, purpose| lots.strikes(chance, purpose, reference, event);
        if strikes(faults.lost, "callback lost") {
            return;
        }
        let copies = if strikes(faults.duplicate, "callback duplicate") { 2 } else { 1 };
        let forged = callback.forged || strikes(faults.bad_signature, "callback bad_signature");
        let longest = faults.delay_p99.map_or(Duration::ZERO, |span| span.0);
        // Half of the delays are below a hundredth of the longest.
        let draw = lots.draw("callback delay", reference, event);
        let usual =
            if draw < 500_000 { longest / 100 } else { longest * (draw - 500_000) / 500_000 };
        let overtaken = strikes(faults.reordered, "callback reordered");
        let pause = if overtaken { usual + Duration::from_secs(10) } else { usual };
        for _ in 0..copies {
            self.plan(pause, What::Send(Box::new(Outgoing { forged, ..callback.clone() })));
        }
    }

    /// Calls back the answer to a deferred question.
    pub(super) fn answer(&mut self, place: usize, token: String) {
        let row = &mut self.rows[place];
        row.events += 1;
        let Some(url) = row.callback_url.clone() else { return };
        let told = row.body();
        let body = CallbackBody {
            token: Some(token),
            settled_amount: told.settled_amount,
            code: told.code,
            origin: told.origin,
            ..row.callback(row.word)
        };
        self.outgoing.push(Outgoing { url, body, forged: false, failures: 0 });
    }
}

impl Row {
    /// The body of a callback about the last event.
    fn callback(&self, word: Word) -> CallbackBody {
        let told = self.body();
        CallbackBody {
            event_id: format!("evt_{}_{}", self.reference, self.events),
            reference: told.reference,
            payout: self.payout.to_string(),
            status: Cow::Borrowed(word.text()),
            amount: told.amount,
            currency: told.currency,
            token: None,
            settled_amount: None,
            code: None,
            origin: None,
        }
    }
}
