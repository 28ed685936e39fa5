//! The world inside the process, its clock and its callbacks. Apart from `inline.rs`, which is the
//! provider: this is the far side.

use super::CallbackSink;
use crate::provider::{Caps, Order, RawCallback};
use crate::sandbox::clock::{VirtualClock, seconds};
use crate::sandbox::map::{self, Heard, order};
use crate::sandbox::settings::SandboxSettings;
use crate::sandbox::signature::CallbackKey;
use crate::sandbox::wire::{RecipientBody, SIGNATURE_HEADER};
use crate::sandbox::world::{Asked, Manner, Outgoing, Reply, World};
use domain::report::SubmitOutcome;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// How long the thread that keeps a running clock's time sleeps when nothing is due.
const IDLE: Duration = Duration::from_millis(10);

/// What all copies share.
pub(super) struct Shared {
    pub caps: Caps,
    world: Mutex<World>,
    pub clock: Arc<VirtualClock>,
    pub key: CallbackKey,
    forger: CallbackKey,
    sink: OnceLock<CallbackSink>,
}

impl Shared {
    /// A new world, and on a running clock the thread that keeps its time.
    pub fn start(settings: &SandboxSettings, clock: Arc<VirtualClock>) -> Arc<Shared> {
        let key = CallbackKey::new(&settings.callback_secret);
        Shared::go_on(settings.caps(), World::new(settings), key, clock)
    }

    /// A world that has come as far as this one.
    pub fn fork(&self, clock: Arc<VirtualClock>) -> Arc<Shared> {
        Shared::go_on(self.caps.clone(), self.world().clone(), self.key.clone(), clock)
    }

    fn go_on(caps: Caps, world: World, key: CallbackKey, clock: Arc<VirtualClock>) -> Arc<Shared> {
        let shared = Arc::new(Shared {
            caps,
            world: Mutex::new(world),
            clock,
            key,
            forger: CallbackKey::of_a_forger(),
            sink: OnceLock::new(),
        });
        if shared.clock.runs() {
            let watched = Arc::downgrade(&shared);
            // Without the thread callbacks are only late: every call makes happen what is due.
            let _ = thread::Builder::new()
                .name("sandbox-clock".into())
                .spawn(move || keep_time(&watched));
        }
        shared
    }

    /// The first sink stays: two would split the callbacks of one payout between them.
    pub fn call_back_to(&self, sink: CallbackSink) {
        let _ = self.sink.set(sink);
    }

    /// The lock is held for one call of the world and never across anything that waits; a caller
    /// that panicked with it in hand left the world as whole as it was.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever is due happens, and its callbacks are heard.
    pub fn make_due_happen(&self) {
        let callbacks = {
            let mut world = self.world();
            world.run_until(self.clock.now());
            world.take_callbacks()
        };
        for callback in callbacks {
            self.deliver(&callback);
        }
    }

    fn deliver(&self, callback: &Outgoing) {
        let Some(sink) = self.sink.get() else { return };
        // Texts always encode.
        let Ok(body) = serde_json::to_vec(&callback.body) else { return };
        let at = seconds(self.clock.now());
        let key = if callback.forged { &self.forger } else { &self.key };
        let signature = key.sign(at, &body);
        sink(RawCallback {
            headers: vec![(SIGNATURE_HEADER.to_owned(), signature)],
            body,
            received_at: at,
        });
    }

    /// Submits as the account over HTTP does: once more if the token was an old one.
    pub fn submit(&self, order: &Order) -> SubmitOutcome {
        let recipient = order::recipient(&order.recipient);
        let mut heard = self.submit_once(order, &recipient);
        if heard.token_expired() {
            heard = self.submit_once(order, &recipient);
        }
        map::submitted(heard, &order.reference)
    }

    fn submit_once(&self, order: &Order, recipient: &RecipientBody<'_>) -> Heard {
        let asked = Asked {
            payout: order.payout,
            reference: &order.reference,
            amount: order.amount,
            currency: order.currency,
            recipient,
            quote: order.settlement.as_ref().and_then(|settlement| settlement.quote.as_deref()),
            callback_url: self.sink.get().map(|_| "inline"),
        };
        let now = self.clock.now();
        let reply = self.world().submit(now, &asked);
        self.heard(reply)
    }

    /// What a caller over HTTP would hear of that answer in the end.
    pub fn heard(&self, reply: Reply) -> Heard {
        match reply.manner {
            Manner::Plain => {}
            Manner::AfterCallbacks => self.make_due_happen(),
            Manner::Silence => return Heard::TimedOut,
            Manner::Reset => return Heard::Broken,
            Manner::Page => return Heard::Answer { status: 200, said: None, retry_after: None },
        }
        let retry_after = reply.retry_after.map(|seconds| Duration::from_secs(u64::from(seconds)));
        Heard::Answer { status: reply.status, said: Some(reply.said), retry_after }
    }
}

/// Makes happen what is due, for as long as anyone holds the sandbox.
fn keep_time(watched: &Weak<Shared>) {
    while let Some(shared) = watched.upgrade() {
        shared.make_due_happen();
        let next = shared.world().next_due();
        let pause = next.map_or(IDLE, |next| next.since(shared.clock.now()));
        drop(shared);
        thread::sleep(pause.clamp(Duration::from_millis(1), IDLE));
    }
}
