//! Everything in one process: sandbox, engine, HTTP, and a clock for both sides that a story turns.

use crate::client::Client;
use adapters::rates::{RateSource, Rates};
use adapters::sandbox::{SandboxOptions, SandboxProvider, SandboxServer, SandboxSettings};
use domain::id::{IdKey, PayoutId};
use engine::clock::TurnedClock;
use engine::{Engine, EngineOptions};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use web::app::AppOptions;
use web::dev_keys::DevKeys;
use web::keys::KeyStore;
use web::webhooks::{Settings, Webhooks};

/// A gateway with its sandbox, its clock and its keys.
pub struct World {
    pub merchant: Client,
    pub other_merchant: Client,
    pub operator: Client,
    pub second_operator: Client,
    pub engine: Engine,
    pub sandbox: SandboxServer,
    pub clock: TurnedClock,
    pub dir: Option<TempDir>,
    pub webhooks: Webhooks,
    server: actix_web::dev::ServerHandle,
}

impl World {
    /// A gateway with an empty store and a sandbox that waits 300 ms for nobody.
    pub async fn start() -> World {
        World::start_with(|_| {}).await
    }

    /// The same with other sandbox settings.
    pub async fn start_with(change: impl FnOnce(&mut SandboxSettings)) -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = SandboxSettings::default();
        settings.limits.timeout = Duration::from_millis(500);
        change(&mut settings);
        let sandbox = adapters::sandbox::serve(SandboxOptions {
            hold: Duration::from_secs(3),
            settings: settings.clone(),
            ..SandboxOptions::default()
        });
        let sandbox = sandbox.await.unwrap();
        let mut world = World::join(dir.path(), sandbox, &settings).await;
        world.dir = Some(dir);
        world
    }

    /// A gateway on an existing directory, with a sandbox that runs already.
    pub async fn join(dir: &Path, sandbox: SandboxServer, settings: &SandboxSettings) -> World {
        let mut options = EngineOptions::new(dir, IdKey([11; 32]));
        options.store.segment_bytes = 4 << 20;
        World::join_with(dir, sandbox, settings, options).await
    }

    /// The same with an engine that is set up otherwise.
    pub async fn join_with(
        dir: &Path,
        sandbox: SandboxServer,
        settings: &SandboxSettings,
        options: EngineOptions,
    ) -> World {
        let clock = TurnedClock::default();
        let engine = Engine::prepare(options, Arc::new(clock.clone()));
        let provider = SandboxProvider::new(settings, &sandbox.url()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        provider.set_callback_url(format!("{base}/v1/callbacks/sandbox"));
        let keys = Arc::new(KeyStore::open(&dir.join("keys.json"), &dir.join("pepper")).unwrap());
        let made: DevKeys = web::dev_keys::open(dir, &keys, true).unwrap().unwrap();
        let options = AppOptions { workers: 2, ..AppOptions::default() };
        let told = Settings { loopback_for_test: true, ..Settings::default() };
        let webhooks = Webhooks::open(dir, told, Arc::new(clock.clone())).unwrap();
        let server =
            web::app::run(listener, engine.gateway(), keys, options, Some(webhooks.clone()));
        let server = server.await.unwrap();
        let handle = server.handle();
        actix_rt::spawn(server);
        let provider = Arc::new(provider);
        let rates: Arc<dyn RateSource> = provider.clone();
        engine.convert_by(Rates { at_execution: None, asked: Some(rates) });
        engine.recover(vec![provider]).await.unwrap();
        webhooks.connect(web::webhooks::gateway_feed(engine.gateway()));
        World {
            merchant: Client::new(&base, &made.merchant_key),
            other_merchant: Client::new(&base, &made.merchant_key_2),
            operator: Client::new(&base, &made.operator_key),
            second_operator: Client::new(&base, &made.operator_key_2),
            engine,
            sandbox,
            clock,
            dir: None,
            webhooks,
            server: handle,
        }
    }

    /// Turns both clocks: the engine's and the provider's.
    pub fn advance(&self, by: Duration) {
        self.sandbox.advance(by);
        self.clock.advance(by);
    }

    /// How often money moved for this payout, and back: paid, returned, revoked.
    pub fn ledger(&self, id: &str) -> (u64, u64, u64) {
        let id: PayoutId = id.parse().unwrap();
        self.sandbox.ledger_of(id).iter().fold((0, 0, 0), |sum, row| {
            (
                sum.0 + u64::from(row.paid),
                sum.1 + u64::from(row.returned),
                sum.2 + u64::from(row.revoked),
            )
        })
    }

    /// The orderly end.
    pub async fn stop(self) {
        self.server.stop(false).await;
        self.webhooks.stop().await;
        self.engine.stop().await;
        self.sandbox.stop().await;
    }
}
