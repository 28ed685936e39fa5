//! Merchants: they ask until they are told, and remember what they were told. Apart from the checkers,
//! who compare it. A merchant that was told of a payout asks for it again when the world is healed, and
//! makes the same request again if nobody knows it any more, as the manual says for a restore.

use super::gateway::{Refusal, To, Turn};
use super::setting::merchant_id;
use super::{Go, Happening, Purpose, World, number_of};
use crate::agenda::{DAY, HOUR, MINUTE, SECOND, Time};
use crate::audit::Answer;
use crate::chance::Trace;
use crate::script::Order;
use crate::world::setting::Setting;
use domain::command::Command;
use domain::entry::By;
use domain::failure::{Failure, Origin};
use domain::id::{Fingerprint, PayoutId};
use domain::payout::Payout;
use domain::resolution::Resolution;

/// One request of a merchant, until it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub merchant: u8,
    pub key: u16,
    pub body: u8,
    /// It has its answer.
    pub done: bool,
    /// The answer was a payout.
    pub has_payout: bool,
    wished_at: Time,
    round: u32,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub id: PayoutId,
    pub answer: Option<Answer>,
    /// The key was used with another body: no payout, and no more asking.
    pub reused: bool,
}

impl World<'_> {
    /// A merchant wants a payout.
    pub(super) fn wish(&mut self, merchant: u8, key: u16, body: u8) {
        let (wished_at, round, done, has_payout) = (self.now, 0, false, false);
        self.clients.push(Client { merchant, key, body, done, has_payout, wished_at, round });
        let client = self.clients.len() - 1;
        self.later(0, Happening::Ask { client, round: 0 });
    }

    /// It asks, and will ask again if it hears nothing.
    pub(super) fn ask(&mut self, client: usize, round: u32) -> Go {
        let Client { merchant, key, body, done, round: current, .. } = self.clients[client];
        if done || round != current {
            return Ok(());
        }
        self.clients[client].round += 1;
        let mut chance = self.chance(Purpose::Client, client as u64);
        let most = if self.healed { MINUTE } else { HOUR };
        let pause = chance.spread(SECOND, most);
        self.ask_again_in(pause, client, round + 1);
        if self.process.is_none() {
            return Ok(());
        }
        let id = match (planted!(self, RandomIds), planted!(self, KeysForgotten)) {
            (true, _) => self.setting.payout(merchant, key ^ (self.life as u16) << 8),
            (_, true) if self.made_long_ago(merchant, key) => {
                self.setting.payout(merchant, key ^ 1 << 15)
            }
            _ => self.setting.payout(merchant, key),
        };
        let wall = self.wall();
        let request = Box::new(self.setting.request(merchant, body, wall));
        let now = self.now;
        let process = self.process();
        let sure = process.sure.not_put_forward(wall, process.running(now));
        let unknown = process.desk.ask_first_until() > sure;
        let ask_first = unknown && !planted!(self, RestoreWithoutEpoch);
        let turn = Turn::Create { request, ask_first };
        self.hand(id, turn, To::Client { client, round: round + 1 })
    }

    /// Whether the key was used first more than a day ago.
    fn made_long_ago(&self, merchant: u8, key: u16) -> bool {
        let first = self.clients.iter().find(|one| (one.merchant, one.key) == (merchant, key));
        first.is_some_and(|first| self.now - first.wished_at > DAY)
    }

    /// An answer leaves the gateway for a client.
    pub(super) fn tell_client(
        &mut self,
        client: usize,
        _: u32,
        id: PayoutId,
        told: Result<Option<Payout>, Refusal>,
        replayed: bool,
    ) {
        let (answer, reused) = match told {
            Ok(Some(payout)) => (Some(Answer::of(&payout, replayed)), false),
            Err(Refusal::KeyReused) => (None, true),
            Ok(None) | Err(Refusal::NotFound | Refusal::Refused(_)) => (None, false),
        };
        if let Some(answer) = answer {
            self.audit.answered(id, answer);
        }
        let mut chance = self.chance(Purpose::Client, number_of(id));
        if self.strikes(self.script.knobs.answer_lost, &mut chance, "answer_to_client_lost") {
            return;
        }
        let told = Box::new(Told { id, answer, reused });
        self.later(chance.spread(1_000, SECOND), Happening::Hear { client, told });
    }

    /// A client hears.
    pub(super) fn hear(&mut self, client: usize, told: Told) -> Go {
        let Told { id, answer, reused } = told;
        if let Some(answer) = answer {
            let client = &mut self.clients[client];
            (client.done, client.has_payout) = (true, true);
            let (merchant, key, body) = (client.merchant, client.key, client.body);
            if answer.body != Fingerprint::of(&[merchant, body]) {
                let what = "a key with another body was answered as if it were the same";
                return Err(self.audit.broken("I-19", id, what.to_owned()).into());
            }
            self.audit.under_key(merchant, key, id)?;
            self.audit.told(id, answer)?;
        } else if reused {
            self.clients[client].done = true;
            let Client { merchant, key, body, .. } = self.clients[client];
            let others = self
                .clients
                .iter()
                .any(|other| (other.merchant, other.key) == (merchant, key) && other.body != body);
            if !others {
                let what = "a key is called reused that was used once".to_owned();
                return Err(self.audit.broken("I-19", id, what).into());
            }
        }
        Ok(())
    }

    /// A merchant commands. Nobody waits for what it leads to, and a lost command stays lost.
    pub(super) fn command(&mut self, merchant: u8, key: u16, order: Order, token: u8) -> Go {
        let id = self.setting.payout(merchant, key);
        let command = match order {
            Order::Process => Command::Process,
            Order::GiveDetails => details(None),
            Order::GiveUnservedDetails => {
                details(Some(Failure::new(Resolution::InvalidRecipient, Origin::Platform)))
            }
            Order::Terminate => Command::Terminate,
            Order::Revoke => Command::Revoke,
            Order::Cancel => Command::Cancel,
            Order::Reconcile => Command::Reconcile,
        };
        let own = Fingerprint::of(&[merchant, token]);
        let body = Fingerprint::of(command.word().as_bytes());
        let client = self.clients.iter().position(|one| (one.merchant, one.key) == (merchant, key));
        let Some(client) = client else { return Ok(()) };
        let turn = Turn::Command { command, key: Some((own, body)), by: By::Merchant };
        self.at_the_door(id, turn, To::Commander { client, token })
    }

    /// The answer to a command: the same key, the same answer.
    pub(super) fn tell_commander(
        &mut self,
        client: usize,
        token: u8,
        told: Result<Option<Payout>, Refusal>,
        replayed: bool,
    ) {
        let Client { merchant, key, .. } = self.clients[client];
        let id = self.setting.payout(merchant, key);
        if let Ok(Some(payout)) = told {
            let answer = Answer::of(&payout, replayed);
            self.audit.commanded(id, token, answer);
        }
    }

    /// Every merchant looks after what it was told of.
    pub(super) fn clients_look_after_themselves(&mut self) {
        for client in 0..self.clients.len() {
            let Client { merchant, key, round, done, has_payout, .. } = self.clients[client];
            let lost = has_payout && self.look(self.setting.payout(merchant, key)).is_none();
            if !done || lost {
                self.clients[client].done = false;
                self.later(SECOND, Happening::Ask { client, round });
            }
        }
    }
}

/// The details that are wanted, with what the account finds wrong with them.
fn details(fault: Option<Failure>) -> Command {
    Command::GiveDetails { given: Box::new(Setting::details()), fault: fault.map(Box::new) }
}

impl Answer {
    /// What an answer shows.
    pub(crate) fn of(payout: &Payout, replayed: bool) -> Answer {
        let mut trace = Trace::default();
        trace.note(u64::from(payout.version()));
        trace.note(payout.status() as u64);
        for entry in payout.entries() {
            trace.note(entry.at.0 as u64);
            trace.note(u64::from(entry.version));
        }
        trace.note(payout.request().body.0[0].into());
        debug_assert_ne!(payout.request().merchant, merchant_id(99));
        let (version, body) = (payout.version(), payout.request().body);
        Answer { version, shows: trace.value(), body, replayed }
    }
}
