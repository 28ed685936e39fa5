//! What all requests share: the world behind its lock, the clock, the callbacks, the gate. Apart
//! from the routes because time passes without any request.

use super::SandboxOptions;
use super::gate::Gate;
use crate::sandbox::callbacks::CallbackQueue;
use crate::sandbox::clock::VirtualClock;
use crate::sandbox::world::World;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest sleep between two looks at what is due: new payouts do not wake the sleeper, since
/// at full load it would do nothing but wake.
const TICK: Duration = Duration::from_millis(10);

/// What all requests share.
pub(super) struct Shared {
    world: Mutex<World>,
    clock: VirtualClock,
    callbacks: CallbackQueue,
    pub gate: Gate,
    /// How long an answer is held that is meant never to come.
    pub hold: Duration,
}

impl Shared {
    pub fn new(options: &SandboxOptions, callbacks: CallbackQueue) -> Shared {
        Shared {
            world: Mutex::new(World::new(&options.settings)),
            clock: VirtualClock::running(),
            callbacks,
            gate: Gate::new(&options.settings),
            hold: options.hold,
        }
    }

    /// The world. Held for one call of it and never across an await; a request that panicked with
    /// it in hand left the world as whole as it was.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Turns the clock forward; what falls due happens before this returns.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.make_due_happen();
    }

    /// Whatever is due happens, and its callbacks are on their way.
    pub fn make_due_happen(&self) {
        let callbacks = {
            let mut world = self.world();
            world.run_until(self.clock.now());
            world.take_callbacks()
        };
        for callback in callbacks {
            self.callbacks.push(callback);
        }
    }

    /// Makes time pass, for ever.
    pub async fn keep_time(self: Arc<Self>) {
        loop {
            self.make_due_happen();
            let next = self.world().next_due();
            let pause = next.map_or(TICK, |next| next.since(self.now()));
            tokio::time::sleep(pause.clamp(Duration::from_millis(1), TICK)).await;
        }
    }
}
