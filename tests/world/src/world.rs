//! The world: one agenda, one clock, and everybody who lives by it. Apart from those who live in it,
//! because here alone it is decided what comes next; whatever happens, happens in `happen`.

mod clients;
pub(crate) mod gateway;
mod healing;
mod looking;
mod lying;
mod operators;
mod receivers;
mod restores;
pub(crate) mod setting;
mod troubles;

use crate::Outcome;
use crate::agenda::{Agenda, DAY, HOUR, SECOND, Time};
use crate::audit::{Audit, Violation};
use crate::bank::{Bank, Reference};
use crate::chance::{Chance, Trace};
use crate::disk::Disk;
use crate::script::Script;
use crate::tally::Tally;
use clients::Client;
use domain::id::PayoutId;
use domain::report::Found;
use domain::time::Timestamp;
use gateway::{Answered, CallId, Process};
use receivers::Receivers;
use setting::Setting;
use std::collections::BTreeMap;

/// When the world begins, by a clock that nobody has turned: microseconds since 1970.
const EPOCH: i64 = 1_780_000_000_000_000;
/// How long the world is given to come to rest after it was healed.
const REST: Time = 25 * DAY;

/// No world of this size has so much to do; the busiest have some ten thousand.
const EVENTS_MAX: u64 = 1_000_000;

/// Something that is to come.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// An act of the script.
    Act(usize),
    /// The process starts, or starts again.
    Start,
    /// The journal's writer takes what waits.
    Commit { life: u32 },
    /// The disk has done it.
    Synced { life: u32 },
    /// The anchor is due.
    Anchor { life: u32 },
    /// The timer looks.
    Timer { life: u32 },
    /// An account's budget has room again.
    Pump { life: u32, account: usize },
    /// A call that waited at the door leaves.
    Depart { life: u32, call: CallId },
    /// A permit reaches its payout.
    Permit { life: u32, account: usize, payout: PayoutId },
    /// A call of the gateway reaches a provider.
    Arrive(Box<lying::Arriving>),
    /// An answer, or the end of patience, reaches the gateway.
    Answer { life: u32, call: CallId, answer: Box<Answered> },
    /// A provider's callback reaches the gateway.
    Callback(Box<lying::Calling>),
    /// An order goes on.
    Progress { account: usize, reference: Reference, nth: usize },
    /// A provider tells what it owes to be known.
    Nag { account: usize, reference: Reference },
    /// A client asks, or asks again.
    Ask { client: usize, round: u32 },
    /// A client hears.
    Hear { client: usize, told: Box<clients::Told> },
    /// A webhook goes out.
    Deliver { life: u32, merchant: u64, payout: PayoutId },
    /// The archive is looked through for what is due.
    Watch { life: u32 },
    /// Chaos ends.
    Heal,
}

/// Why a handler stopped in the middle.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The process is dead, for so long.
    Dies { down: Time, why: &'static str },
    /// Something must not be.
    Broken(Violation),
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Stop {
        Stop::Broken(violation)
    }
}

/// What handlers give back.
pub(crate) type Go = Result<(), Stop>;

/// Everything.
pub struct World<'s> {
    pub(crate) script: &'s Script,
    pub(crate) setting: Setting,
    pub(crate) now: Time,
    /// How far the wall clock is from the world's own.
    pub(crate) offset: Time,
    pub(crate) agenda: Agenda<Happening>,
    pub(crate) trace: Trace,
    pub(crate) tally: Tally,
    pub(crate) audit: Audit,
    pub(crate) disk: Disk,
    pub(crate) banks: Vec<Bank>,
    pub(crate) clients: Vec<Client>,
    pub(crate) receivers: Receivers,
    pub(crate) process: Option<Process>,
    /// Which life of the process it is.
    pub(crate) life: u32,
    pub(crate) starts_at: Option<Time>,
    pub(crate) frozen_until: Time,
    pub(crate) lying_in_wait: Vec<troubles::Trap>,
    pub(crate) dies_reading: Option<u16>,
    pub(crate) healed: bool,
    pub(crate) log_ids: u64,
    draws: BTreeMap<(u64, u64), u64>,
    /// A fault that was planted in this world.
    #[cfg(feature = "planted")]
    pub planted: Option<crate::planted::Planted>,
}

impl<'s> World<'s> {
    /// The world of a script, before anything has happened.
    pub fn new(script: &'s Script) -> World<'s> {
        let setting = Setting::of(script);
        let banks = script.knobs.accounts.iter().map(|_| Bank::default()).collect();
        let mut world = World {
            script,
            setting,
            now: 0,
            offset: 0,
            agenda: Agenda::default(),
            trace: Trace::default(),
            tally: Tally::default(),
            audit: Audit::default(),
            disk: Disk::default(),
            banks,
            clients: Vec::new(),
            receivers: Receivers::default(),
            process: None,
            life: 0,
            starts_at: None,
            frozen_until: 0,
            lying_in_wait: Vec::new(),
            dies_reading: None,
            healed: false,
            log_ids: 0,
            draws: BTreeMap::new(),
            #[cfg(feature = "planted")]
            planted: None,
        };
        world.begin_log();
        world.start_at(0);
        for (number, act) in script.acts.iter().enumerate() {
            world.agenda.put(act.at, Happening::Act(number));
        }
        world.agenda.put(world.chaos_ends(), Happening::Heal);
        world
    }

    /// Plays it to its end.
    pub fn live(mut self) -> Outcome {
        let violation = self.play().err();
        self.tally.days = u64::from(self.script.knobs.days);
        self.tally.payouts = self.audit.payouts() as u64;
        Outcome { tally: self.tally, trace: self.trace, violation }
    }

    fn play(&mut self) -> Result<(), Violation> {
        while let Some((at, happening)) = self.agenda.next(self.chaos_ends() + REST) {
            self.now = at;
            self.tally.events += 1;
            self.trace.note(at as u64);
            if self.tally.events > EVENTS_MAX {
                let what = "time does not go on for all that happens".to_owned();
                let endless = self.audit.broken("bounded", PayoutId([0; 16]), what);
                return Err(endless.at(self.now));
            }
            let went = self.happen(happening);
            self.audit.found().map_err(|violation| violation.at(self.now))?;
            match went {
                Ok(()) => {}
                Err(Stop::Dies { down, why }) => self.die(down, why),
                Err(Stop::Broken(violation)) => return Err(violation.at(self.now)),
            }
        }
        self.come_to_rest().map_err(|violation| violation.at(self.now))
    }

    fn happen(&mut self, happening: Happening) -> Go {
        if self.now < self.frozen_until && happening.is_of_the_process() {
            self.agenda.put(self.frozen_until, happening);
            return Ok(());
        }
        if happening.life().is_some_and(|life| life != self.life || self.process.is_none()) {
            // Whoever was waiting for it has died.
            return Ok(());
        }
        match happening {
            Happening::Act(number) => self.act(number),
            Happening::Start => self.start(),
            Happening::Commit { .. } => self.commit(),
            Happening::Synced { .. } => self.synced(),
            Happening::Anchor { .. } => {
                self.write_anchor();
                Ok(())
            }
            Happening::Timer { .. } => self.timer_looks(),
            Happening::Pump { account, .. } => {
                self.pump(account);
                Ok(())
            }
            Happening::Depart { call, .. } => {
                self.at_the_exit(call);
                Ok(())
            }
            Happening::Permit { account, payout, .. } => self.permitted(account, payout),
            Happening::Arrive(arriving) => self.arrives(*arriving),
            Happening::Answer { call, answer, .. } => self.answered(call, *answer),
            Happening::Callback(calling) => self.callback(*calling),
            Happening::Progress { account, reference, nth } => {
                self.progress(account, reference, nth)
            }
            Happening::Nag { account, reference } => self.nag(account, reference),
            Happening::Ask { client, round } => self.ask(client, round),
            Happening::Hear { client, told } => self.hear(client, *told),
            Happening::Deliver { merchant, payout, .. } => self.deliver(merchant, payout),
            Happening::Watch { .. } => self.watch_returns(),
            Happening::Heal => {
                self.heal();
                Ok(())
            }
        }
    }

    /// Chance for a purpose, about a thing; another each time.
    pub(crate) fn chance(&mut self, purpose: Purpose, about: u64) -> Chance {
        let nth = self.draws.entry((purpose as u64, about)).or_default();
        *nth += 1;
        Chance::of(self.script.seed, &[2, purpose as u64, about, *nth])
    }

    /// What the gateway's clock says. A process that looks at it remembers what it saw.
    pub(crate) fn wall(&self) -> Timestamp {
        let wall = Timestamp(EPOCH + self.now + self.offset);
        if let Some(process) = &self.process {
            process.sure.see(wall, process.running(self.now));
        }
        wall
    }

    pub(crate) fn chaos_ends(&self) -> Time {
        Time::from(self.script.knobs.days) * DAY
    }

    pub(crate) fn later(&mut self, by: Time, happening: Happening) {
        self.agenda.put(self.now + by.max(0), happening);
    }

    /// A fault that strikes this often, while there is chaos.
    pub(crate) fn strikes(&mut self, often: u16, chance: &mut Chance, what: &'static str) -> bool {
        let struck = !self.healed && chance.permille(often);
        if struck {
            self.tally.strike(what);
        }
        struck
    }
}

/// What a draw is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Net = 1,
    Fate,
    Answer,
    Callback,
    Disk,
    Crash,
    Client,
    Webhook,
    Undo,
    Sleep,
}

impl Happening {
    /// In which life of the process it makes sense; none: in any.
    fn life(&self) -> Option<u32> {
        match self {
            Happening::Commit { life }
            | Happening::Synced { life }
            | Happening::Anchor { life }
            | Happening::Timer { life }
            | Happening::Pump { life, .. }
            | Happening::Depart { life, .. }
            | Happening::Permit { life, .. }
            | Happening::Answer { life, .. }
            | Happening::Deliver { life, .. }
            | Happening::Watch { life } => Some(*life),
            _ => None,
        }
    }

    fn is_of_the_process(&self) -> bool {
        let asks = matches!(self, Happening::Ask { .. } | Happening::Callback(_));
        self.life().is_some() || asks
    }
}

/// The first eight bytes of an id, to draw by.
pub(crate) fn number_of(payout: PayoutId) -> u64 {
    payout.0.iter().take(8).fold(0, |all, byte| (all << 8) | u64::from(*byte))
}

/// A callback's word, shortened for the trace.
pub(crate) fn word_of(found: &Found) -> u64 {
    found.state.word().len() as u64
}

/// How long an adapter waits for an answer.
pub(crate) const PATIENCE: Time = 30 * SECOND;
/// How often the archive is looked through. The product does it every ten seconds.
pub(crate) const WATCH_EVERY: Time = 6 * HOUR;
