//! What outlives the process under test: time, chance, the agenda of what happens, the trace, and the first
//! promise that was broken. Apart from everybody in it, because they know each other only through it.

use crate::audit::Audit;
use crate::bank::Bank;
use crate::disk::Disk;
use crate::life::Life;
use crate::merchants::Merchants;
use crate::setting::{Pace, Setting};
use ::world::chance::{Chance, Trace};
use domain::time::Timestamp;
use engine::clock::Clock;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The wall clock at the beginning, in microseconds: the first second of 2026.
const BEGINNING: i64 = 1_767_225_600_000_000;

/// What happens at some time; handed the life that the process leads then.
pub type Happening = Box<dyn FnOnce(&World, &Life) + Send>;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    pub invariant: &'static str,
    pub what: String,
    pub at: Duration,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {:?}: {}", self.invariant, self.at, self.what)
    }
}

/// Cheap to clone; all clones are one world.
#[derive(Clone)]
pub struct World(Arc<Inner>);

pub struct Inner {
    pub setting: Setting,
    began: Instant,
    agenda: Mutex<BTreeMap<(Duration, u64), Happening>>,
    pub changed: Notify,
    chance: Mutex<Chance>,
    trace: Mutex<Trace>,
    story: Option<Mutex<Vec<String>>>,
    violation: Mutex<Option<Violation>>,
    dead: AtomicBool,
    calm: AtomicBool,
    /// What the wall clock is wrong by, in microseconds.
    wrong: AtomicI64,
    bank: Mutex<Bank>,
    audit: Mutex<Audit>,
    disk: Mutex<Disk>,
    merchants: Mutex<Merchants>,
    tally: Mutex<BTreeMap<&'static str, u64>>,
}

impl std::ops::Deref for World {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

macro_rules! parts {
    ($($name:ident: $kind:ty),*) => { $(
        /// One's own for a moment; never while something is awaited.
        pub fn $name(&self) -> MutexGuard<'_, $kind> {
            self.$name.lock().unwrap()
        }
    )* };
}

impl World {
    /// Begins now, on a runtime whose clock stands still.
    pub fn begin(setting: Setting, told: bool) -> World {
        let chance = Mutex::new(Chance::of(setting.seed, &[2]));
        let disk = Mutex::new(Disk::new(setting.seed));
        let audit = Mutex::new(Audit::new(&setting));
        World(Arc::new(Inner {
            chance,
            disk,
            audit,
            setting,
            began: Instant::now(),
            agenda: Mutex::default(),
            changed: Notify::new(),
            trace: Mutex::default(),
            story: told.then(Mutex::default),
            violation: Mutex::default(),
            dead: AtomicBool::new(false),
            calm: AtomicBool::new(false),
            wrong: AtomicI64::new(0),
            bank: Mutex::default(),
            merchants: Mutex::default(),
            tally: Mutex::default(),
        }))
    }

    parts! { bank: Bank, audit: Audit, disk: Disk, merchants: Merchants, tally: BTreeMap<&'static str, u64> }

    /// How long the world has lasted.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// When, for those who sleep.
    pub fn instant(&self, at: Duration) -> Instant {
        self.began + at
    }

    /// What the wall clock shows.
    pub fn wall(&self) -> Timestamp {
        let micros = self.now().as_micros() as i64;
        Timestamp(BEGINNING + micros + self.wrong.load(Ordering::SeqCst))
    }

    /// Puts the wall clock wrong by so much more.
    pub fn put_wall(&self, micros: i64) {
        self.wrong.fetch_add(micros, Ordering::SeqCst);
    }

    /// Draws.
    pub fn draw<T>(&self, of: impl FnOnce(&mut Chance) -> T) -> T {
        of(&mut self.chance.lock().unwrap())
    }

    /// True so often in a thousand, while the world is not healed.
    pub fn errs(&self, permille: u16) -> bool {
        let drawn = self.draw(|chance| chance.permille(permille));
        drawn && !self.is_calm()
    }

    /// How long a message takes.
    pub fn delay(&self, pace: Pace) -> Duration {
        self.draw(|chance| pace.next(chance))
    }

    /// Puts something on the agenda.
    pub fn after(&self, delay: Duration, what: impl FnOnce(&World, &Life) + Send + 'static) {
        let mut agenda = self.agenda.lock().unwrap();
        let number = self.count("happenings");
        agenda.insert((self.now() + delay, number), Box::new(what));
        self.changed.notify_one();
    }

    /// The next that is due by now, and else when it will be.
    pub fn next(&self) -> Result<Happening, Option<Duration>> {
        let mut agenda = self.agenda.lock().unwrap();
        let Some(first) = agenda.first_entry() else { return Err(None) };
        let at = first.key().0;
        if at <= self.now() { Ok(first.remove()) } else { Err(Some(at)) }
    }

    /// Takes something into the fingerprint of this world.
    pub fn note(&self, word: &str, bytes: &[u8]) {
        self.tell(|| format!("noted, {word}: {}", bytes.escape_ascii()));
        let mut trace = self.trace.lock().unwrap();
        trace.note(self.now().as_micros() as u64);
        trace.note_bytes(word.as_bytes());
        trace.note_bytes(bytes);
    }

    pub fn trace(&self) -> Trace {
        *self.trace.lock().unwrap()
    }

    /// Tells what happens, where somebody listens.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if let Some(story) = &self.story {
            story.lock().unwrap().push(format!("{:>14.3?} {}", self.now(), what()));
        }
    }

    pub fn story(&self) -> Vec<String> {
        self.story.as_ref().map_or_else(Vec::new, |story| story.lock().unwrap().clone())
    }

    /// Counts something; gives how often it was before.
    pub fn count(&self, what: &'static str) -> u64 {
        let mut tally = self.tally.lock().unwrap();
        let count = tally.entry(what).or_default();
        *count += 1;
        *count - 1
    }

    /// The first is kept.
    pub fn broken(&self, invariant: &'static str, what: String) {
        self.tell(|| format!("BROKEN {invariant}: {what}"));
        let at = self.now();
        self.violation.lock().unwrap().get_or_insert(Violation { invariant, what, at });
        self.changed.notify_one();
    }

    pub fn check(&self, checked: Result<(), (&'static str, String)>) {
        if let Err((invariant, what)) = checked {
            self.broken(invariant, what);
        }
    }

    pub fn violation(&self) -> Option<Violation> {
        self.violation.lock().unwrap().clone()
    }

    /// Something passes from one to the other here, and the process may die before or behind it. True: it is
    /// dead, and does nothing any more.
    pub fn boundary(&self, what: &'static str) -> bool {
        let dies = self.draw(|chance| chance.below(10_000)) < self.setting.dies;
        if dies && !self.is_calm() && !self.is_dead() {
            self.kill(what);
        }
        self.is_dead()
    }

    /// The process dies now.
    pub fn kill(&self, whence: &'static str) {
        self.tell(|| format!("dies at: {whence}"));
        self.count(whence);
        self.dead.store(true, Ordering::SeqCst);
        self.changed.notify_one();
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Another process begins.
    pub fn rise(&self) {
        self.dead.store(false, Ordering::SeqCst);
    }

    /// From now on nothing goes wrong any more.
    pub fn heal(&self) {
        self.tell(|| "healed".to_owned());
        self.calm.store(true, Ordering::SeqCst);
    }

    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }
}

/// The engine's clock in this world: tokio's own time, which stands still until everybody waits for it, and a
/// wall clock that may be put wrong. Whoever waits may get up a little late.
pub struct WorldClock(pub World);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.wall()
    }

    fn running(&self) -> Duration {
        self.0.now()
    }

    fn wait_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        let pause = time.since(self.now()).min(Duration::from_secs(86_400));
        let late = self.0.delay(self.0.setting.timer);
        Box::pin(tokio::time::sleep(pause + late))
    }
}
