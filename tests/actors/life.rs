//! One life of the process under test: the real engine and the real web application on one thread, over what the
//! disk holds, until it dies or everything has come to rest. Apart from the world, which goes on.

use crate::bank;
use crate::disk;
use crate::merchants;
use crate::rest;
use crate::world::{World, WorldClock};
use ::web::app::{AppOptions, AppState, app};
use ::web::keys::{KeyStore, Owner, Role, merchant_id};
use actix_web::body::to_bytes;
use actix_web::dev::Service;
use actix_web::test::{TestRequest, init_service};
use actix_web::web;
use domain::id::{IdKey, MerchantId};
use engine::scrub::ScrubOptions;
use engine::{Engine, EngineOptions};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use snapshots::Running;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local, yield_now};
use tokio::time::sleep_until;

pub const ID_KEY: IdKey = IdKey([7; 32]);

/// Keys that are the same in every run: two merchants', and an operator's.
pub const SECRETS: [&str; 3] = [
    "sk_live_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "sk_live_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "ok_ccccccccccccccccccccccccccccccccccccccccccc",
];

/// The merchants' names.
const MERCHANTS: [&str; 2] = ["acme", "globex"];

/// The operator's name.
pub const OPERATOR: &str = "ann";

/// Who a merchant is to the engine.
pub fn merchant(number: usize) -> MerchantId {
    merchant_id(MERCHANTS[number], true)
}

/// The keys are in a file, as always; all worlds share it, for nothing of it is changed.
static KEYS: LazyLock<Arc<KeyStore>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let keys = KeyStore::open(&path("keys.json"), &path("pepper")).unwrap();
    for (name, secret) in MERCHANTS.into_iter().zip(SECRETS) {
        let owner = Owner::Merchant { name: name.to_owned(), livemode: true };
        keys.insert_known(secret, owner).unwrap();
    }
    let owner = Owner::Operator { name: OPERATOR.to_owned(), roles: vec![Role::Operator] };
    keys.insert_known(SECRETS[2], owner).unwrap();
    Arc::new(keys)
});

/// One answer, read whole.
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub body: Value,
}

type Call = Rc<dyn Fn(TestRequest, &'static str) -> LocalBoxFuture<'static, Answer>>;

/// The process, as those outside see it.
#[derive(Clone)]
pub struct Life {
    pub call: Call,
    pub engine: Rc<Engine>,
}

impl Life {
    /// A provider calls back.
    pub fn ring(&self, world: &World, account: String, body: String) {
        let (world, call) = (world.clone(), self.call.clone());
        spawn_local(async move {
            let uri = format!("/v1/callbacks/{account}");
            let request = TestRequest::post().uri(&uri).set_payload(body.clone());
            let answer = call(request, "").await;
            world.tell(|| format!("callback {body}: {}", answer.status));
        });
    }
}

/// Leads one life. True: there is another one to come.
pub async fn lead(world: &World) -> bool {
    let here = LocalSet::new();
    here.run_until(async {
        let Some(life) = begin(world).await else { return };
        merchants::ask_again(world);
        while world.violation().is_none() && !world.is_dead() && !rest::is_over(world) {
            step(world, &life).await;
        }
        let revived = life.engine.gateway().counters().revived.load(Ordering::Relaxed);
        if revived > 0 {
            world.broken("I-11", format!("{revived} actors died in the middle of a turn"));
        }
    })
    .await;
    // Whatever the process was about to do, it does not any more.
    drop(here);
    world.violation().is_none() && !rest::is_over(world)
}

/// The next thing on the agenda, or a wait for it.
async fn step(world: &World, life: &Life) {
    match world.next() {
        Ok(happening) => {
            happening(world, life);
            if world.draw(|chance| chance.permille(500)) {
                yield_now().await;
            }
        }
        Err(at) => {
            let at = at.unwrap_or(world.now() + Duration::from_secs(60));
            tokio::select! {
                biased;
                () = world.changed.notified() => {}
                () = sleep_until(world.instant(at)) => {}
            }
        }
    }
}

async fn begin(world: &World) -> Option<Life> {
    world.count("lives");
    world.tell(|| "a process begins".to_owned());
    let (image, judged) = disk::found(world)?;
    let (archive, events) = {
        let disk = world.disk();
        (disk.archive.clone(), disk.events.clone())
    };
    let (store, hands) = Running::in_memory(image.clone(), judged, archive, events);
    let engine = Engine::prepare(options(world), Arc::new(WorldClock(world.clone())));
    let durable = Rc::new(Notify::new());
    spawn_local(disk::write(world.clone(), hands.log, durable.clone()));
    spawn_local(disk::store(world.clone(), hands.archiver));
    if let Err(error) = engine.recover_in_memory(&image, store, bank::providers(world)).await {
        world.broken("I-14", format!("a start is refused: {error}"));
        return None;
    }
    // Its visitor comes with the engine.
    spawn_local(disk::feed(world.clone(), hands.visitors, durable));
    let options = AppOptions { expires_in: Duration::from_secs(3_600), ..AppOptions::default() };
    let state = AppState::new(engine.gateway(), KEYS.clone(), options);
    let service = Rc::new(init_service(app(web::Data::new(state))).await);
    let call = move |request: TestRequest, secret: &'static str| {
        let service = service.clone();
        async move {
            let request = request
                .insert_header(("Authorization", format!("Bearer {secret}")))
                .insert_header(("X-Request-Id", "world"))
                .peer_addr(([127, 0, 0, 1], 1).into());
            match service.call(request.to_request()).await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let bytes = to_bytes(response.into_body()).await.unwrap_or_default();
                    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                    Answer { status, text: String::from_utf8_lossy(&bytes).into_owned(), body }
                }
                Err(error) => {
                    let response = error.error_response();
                    let status = response.status().as_u16();
                    let bytes = to_bytes(response.into_body()).await.unwrap_or_default();
                    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                    Answer { status, text: String::from_utf8_lossy(&bytes).into_owned(), body }
                }
            }
        }
        .boxed_local()
    };
    Some(Life { call: Rc::new(call), engine: Rc::new(engine) })
}

fn options(world: &World) -> EngineOptions {
    EngineOptions {
        partitions: world.setting.partitions,
        in_flight_max: world.setting.in_flight_max,
        passivate_after: world.setting.passivate_after,
        // It keeps none.
        snapshot_every: 0,
        snapshot_interval: Duration::ZERO,
        scrub: ScrubOptions { every: Duration::ZERO, bytes_per_second: 0 },
        ..EngineOptions::new(PathBuf::new(), ID_KEY)
    }
}
