//! The engine against the real store and a scripted provider: deaths, restarts, and time turned by
//! hand. Inside the crate because only here an actor can be made to die in the middle of a turn.

mod clocks;
mod deaths;
mod golden;
mod lives;
mod moderation;
mod orphans;
mod questions;
mod restarts;
mod scripted;
mod settlement;
mod snapshots;
mod verifying;
mod verifying_beside;

use crate::clock::TurnedClock;
use crate::desk::Signature;
use crate::gateway::{Created, MerchantDoor, View};
use crate::scrub::ScrubOptions;
use crate::{Engine, EngineOptions};
use domain::entry::Request;
use domain::id::{Fingerprint, IdKey, MerchantId, PayoutId};
use domain::method::Method;
use domain::money::Amount;
use domain::recipient::{Recipient, RecipientInput};
use scripted::Scripted;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub const MERCHANT: MerchantId = MerchantId(7);

/// An engine on a directory of its own.
pub struct Rig {
    pub engine: Engine,
    pub clock: TurnedClock,
    pub provider: Arc<Scripted>,
}

impl Rig {
    pub async fn start(dir: &Path, provider: Arc<Scripted>) -> Rig {
        Rig::start_with(dir, provider, |_| {}).await
    }

    pub async fn start_with(
        dir: &Path,
        provider: Arc<Scripted>,
        prepare: impl FnOnce(&Engine),
    ) -> Rig {
        Rig::build(dir, provider, Vec::new(), ScrubOptions::default(), prepare).await
    }

    /// Which reads everything again by itself.
    pub async fn start_scrubbing(dir: &Path, provider: Arc<Scripted>, scrub: ScrubOptions) -> Rig {
        Rig::build(dir, provider, Vec::new(), scrub, |_| {}).await
    }

    /// Among other providers, which are asked for routes after this one.
    pub async fn start_among(
        dir: &Path,
        provider: Arc<Scripted>,
        others: Vec<Arc<Scripted>>,
    ) -> Rig {
        Rig::build(dir, provider, others, ScrubOptions::default(), |_| {}).await
    }

    async fn build(
        dir: &Path,
        provider: Arc<Scripted>,
        others: Vec<Arc<Scripted>>,
        scrub: ScrubOptions,
        prepare: impl FnOnce(&Engine),
    ) -> Rig {
        let clock = TurnedClock::default();
        let mut options = EngineOptions::new(dir, IdKey([3; 32]));
        options.store.segment_bytes = 1 << 20;
        options.scrub = scrub;
        // Whoever waits falls asleep at once: what is forgotten then, no story may miss.
        options.passivate_after = Duration::from_secs(1);
        let engine = Engine::prepare(options, Arc::new(clock.clone()));
        prepare(&engine);
        let mut all: Vec<Arc<dyn adapters::provider::Provider>> = vec![provider.clone()];
        all.extend(others.into_iter().map(|one| one as Arc<dyn adapters::provider::Provider>));
        engine.recover(all).await.unwrap();
        Rig { engine, clock, provider }
    }

    /// Stops in order and lets go of the directory.
    pub async fn stop(self) {
        self.engine.stop().await;
    }

    pub fn door(&self) -> MerchantDoor {
        self.engine.gateway().for_merchant(MERCHANT)
    }

    pub async fn create(&self, key: &str, change: impl FnOnce(&mut Request)) -> View {
        let mut request = request(&self.clock);
        change(&mut request);
        match self.door().create(key, request).await.unwrap() {
            Created::New(view) | Created::Replayed(view) => view,
        }
    }

    /// Until so many payouts are in memory, and the others have left it for the archive.
    pub async fn until_live(&self, wanted: u64) {
        let live = || self.engine.gateway().counters().live.load(Ordering::Relaxed);
        for _ in 0..2_000 {
            if live() == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} payouts are in memory", live());
    }

    /// A payout that is sent at once, under a key made on the spot.
    pub async fn create_owned(&self, key: String) -> View {
        self.create(&key, |_| {}).await
    }

    /// The payout once it is as wanted. A story that never gets there fails with what it saw.
    pub async fn until(&self, id: PayoutId, wanted: impl Fn(&View) -> bool) -> View {
        for _ in 0..2_000 {
            let view = self.door().get(id).await.unwrap();
            if wanted(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never got there: {:?}", self.door().get(id).await.unwrap().payout.standing());
    }
}

pub fn signed(name: &str) -> Signature {
    let (reason, from) = ("seen on the statement".into(), "127.0.0.1".into());
    Signature { by: name.into(), reason, from }
}

pub fn request(clock: &TurnedClock) -> Request {
    use crate::clock::Clock;
    let input = RecipientInput {
        kind: Some("bank_account".into()),
        name: Some("Anna Schmidt".into()),
        iban: Some("DE89370400440532013000".into()),
        country: Some("DE".into()),
        ..RecipientInput::default()
    };
    let currency = "EUR".parse().unwrap();
    Request {
        merchant: MERCHANT,
        livemode: false,
        body: Fingerprint([1; 16]),
        amount: Amount::parse("125.40", currency).unwrap(),
        currency,
        method: Method::BankTransfer,
        recipient: Recipient::build(input).unwrap(),
        reference: None,
        description: None,
        metadata: Box::new([]),
        autoprocess: true,
        expires_at: clock.now().plus(Duration::from_secs(172_800)),
        provider_account: None,
        max_slippage_bps: None,
    }
}
