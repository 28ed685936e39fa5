//! A gateway starts on a directory as `bursar serve` does, is asked everything, and stops. Apart from the
//! judge, because it says what there is and not what there should be.

use crate::witness::Witness;
use domain::entry::Entry;
use domain::id::{EventId, MerchantId, PayoutId};
use domain::status::Status;
use engine::clock::SystemClock;
use engine::{Engine, EngineOptions, ListQuery, MerchantDoor};
use snapshots::StoreOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use web::identity::DataDir;
use web::keys::KeyStore;
use web::webhooks::check_endpoints;

/// How often, and after which pause, it is looked whether everything due has been done.
const LOOKS: u32 = 4_000;
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What a gateway says about everything in the directory.
#[derive(Debug, Default)]
pub struct Answers {
    /// Each payout that the lists have, with its history.
    pub payouts: BTreeMap<PayoutId, Vec<Entry>>,
    /// The merchant's events: place, and id.
    pub events: Vec<(u64, EventId)>,
    pub keys: usize,
    pub endpoints: usize,
    /// What the start submitted.
    pub sent: BTreeSet<(PayoutId, u8)>,
    /// What an operator is told of the recovery.
    pub notes: Vec<String>,
}

pub fn store_options(dir: &Path) -> StoreOptions {
    StoreOptions {
        data_dir: dir.to_owned(),
        segment_bytes: crate::recorder::SEGMENT_BYTES,
        sled_cache_bytes: 1 << 20,
        archive_cache_bytes: 1 << 20,
        events_cache_bytes: 1 << 20,
        memtable_bytes: 64 * 1024,
        open_deadline: Duration::from_secs(20),
        intent_ledger: Some(dir.with_file_name("ledger")),
        ..StoreOptions::default()
    }
}

/// Starts file by file in the same order as `bursar serve`; or why it is refused. `wanted` are asked for by
/// their id as well, as whoever holds an acknowledgement would.
pub async fn start(dir: &Path, wanted: &[PayoutId]) -> Result<Answers, String> {
    fn text(error: impl std::fmt::Display) -> String {
        error.to_string()
    }
    let data = DataDir::open(dir).map_err(text)?;
    let identity = data.identity().map_err(text)?;
    let keys = KeyStore::open(&dir.join("keys.json"), &dir.join("pepper")).map_err(text)?;
    web::dev_keys::open(dir, &keys, true).map_err(text)?;
    let mut answers = Answers { keys: keys.list().len(), ..Answers::default() };
    answers.endpoints = check_endpoints(dir).map_err(text)?;
    let mut options = EngineOptions::new(dir, identity);
    options.store = store_options(dir);
    options.partitions = 1;
    let engine = Engine::prepare(options, Arc::new(SystemClock));
    let witness = Arc::new(Witness::new());
    let recovered = engine.recover(vec![witness.clone()]).await;
    let asked = match recovered {
        Ok(recovered) => {
            answers.notes = recovered.notes;
            ask(&engine, wanted, &mut answers).await
        }
        Err(error) => Err(error.to_string()),
    };
    engine.stop().await;
    answers.sent = witness.sent();
    asked.map(|()| answers)
}

async fn ask(engine: &Engine, wanted: &[PayoutId], answers: &mut Answers) -> Result<(), String> {
    let door = engine.gateway().for_merchant(MerchantId::from_name("test:dev"));
    let mut ids: BTreeSet<PayoutId> = wanted.iter().copied().collect();
    ids.extend(listed(&door).await?);
    for id in ids {
        match at_rest(&door, id).await {
            Ok(entries) => drop(answers.payouts.insert(id, entries)),
            // Whoever was acknowledged is missed by the judge.
            Err(why) if why == "no such payout" => {}
            Err(why) => return Err(format!("{id} is answered: {why}")),
        }
    }
    let gateway = engine.gateway();
    let caught_up = gateway.events_have_caught_up(LOOK_AGAIN);
    let caught_up = tokio::time::timeout(LOOK_AGAIN * LOOKS, caught_up).await;
    caught_up.map_err(|_| "the events never caught up")?.map_err(|error| error.to_string())?;
    let mut after = 0;
    loop {
        let page = door.events(after, 500).map_err(|error| format!("the events: {error}"))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.sequence;
        answers.events.extend(page.iter().map(|one| (one.sequence, one.id())));
    }
}

async fn listed(door: &MerchantDoor) -> Result<Vec<PayoutId>, String> {
    let query = ListQuery { limit: 10_000, ..ListQuery::default() };
    let page = door.list(&query).await.map_err(|error| format!("the list: {error}"))?;
    Ok(page.views.iter().map(|view| view.payout.id()).collect())
}

/// The payout once it waits for nothing that a start does at once: one that may be sent was sent.
async fn at_rest(door: &MerchantDoor, id: PayoutId) -> Result<Vec<Entry>, String> {
    for _ in 0..LOOKS {
        let payout = match door.get(id).await {
            Ok(view) => view.payout,
            Err(engine::Refusal::NotFound) => return Err("no such payout".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let waits = payout.status() == Status::Ready && payout.request().autoprocess;
        if !waits || payout.moderation_required() {
            return Ok(payout.entries().to_vec());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Err("it is never sent".to_owned())
}
