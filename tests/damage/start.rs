//! A gateway starts on a directory, is asked everything, and stops. Its provider is out of reach, so
//! that nothing new is learned.

use crate::fixture::{Made, store_options};
use adapters::sandbox::{SandboxProvider, SandboxSettings};
use domain::entry::Entry;
use domain::id::{MerchantId, PayoutId};
use engine::clock::TurnedClock;
use engine::{Engine, EngineOptions, ListQuery};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use web::identity::DataDir;
use web::keys::KeyStore;
use web::webhooks::check_endpoints;

/// What a gateway says about everything in the directory.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// By idempotency key: the payout's id and history.
    pub payouts: BTreeMap<String, (PayoutId, Vec<Entry>)>,
    /// The merchant's list, and what each reference finds.
    listed: Vec<PayoutId>,
    references: Vec<Option<PayoutId>>,
    /// The merchant's events: place, payout, version, kind.
    events: Vec<(u64, PayoutId, u32, &'static str)>,
    keys: usize,
    endpoints: usize,
    /// What was not answered.
    errors: Vec<String>,
}

/// How a start ended.
pub enum Outcome {
    Refused(String),
    Answered(Answers),
}

impl Answers {
    /// In what respect the others are not these. What lives may have gone on; nothing may be missing.
    pub fn differ(&self, other: &Answers) -> Option<String> {
        if !other.errors.is_empty() {
            return Some(other.errors.join("; "));
        }
        for (key, (id, entries)) in &self.payouts {
            let Some((found, theirs)) = other.payouts.get(key) else {
                return Some(format!("{key} finds nothing"));
            };
            if found != id || theirs.get(..entries.len()) != Some(entries) {
                return Some(format!("{key} finds another payout, or another history"));
            }
        }
        let events = other.events.get(..self.events.len());
        let same = [
            ("the list", self.listed == other.listed),
            ("the references", self.references == other.references),
            ("the events", events == Some(&self.events)),
            ("the keys", self.keys == other.keys),
            ("the endpoints", self.endpoints == other.endpoints),
        ];
        same.into_iter().find(|(_, same)| !same).map(|(what, _)| format!("{what} differ"))
    }
}

/// Starts as `bursar serve` does, file by file in the same order.
pub async fn start(dir: &Path, made: &[Made]) -> Outcome {
    let opened = || -> Result<_, String> {
        let data = DataDir::open(dir).map_err(|error| error.to_string())?;
        let identity = data.identity().map_err(|error| error.to_string())?;
        let keys = KeyStore::open(&dir.join("keys.json"), &dir.join("pepper"));
        let keys = keys.map_err(|error| error.to_string())?.list().len();
        let endpoints = check_endpoints(dir).map_err(|error| error.to_string())?;
        Ok((data, identity, keys, endpoints))
    };
    let (_data, identity, keys, endpoints) = match opened() {
        Ok(opened) => opened,
        Err(why) => return Outcome::Refused(why),
    };
    let mut options = EngineOptions::new(dir, identity.clone());
    options.store = store_options(dir);
    options.partitions = 1;
    let engine = Engine::prepare(options, Arc::new(TurnedClock::default()));
    let provider = SandboxProvider::new(&SandboxSettings::default(), "http://127.0.0.1:9").unwrap();
    if let Err(error) = engine.recover(vec![Arc::new(provider)]).await {
        engine.stop().await;
        return Outcome::Refused(error.to_string());
    }
    let mut answers = Answers { keys, endpoints, ..Answers::default() };
    let merchant = MerchantId::from_name("test:dev");
    let key_of = |key: &str| PayoutId::derive(&identity, merchant, key);
    ask(&engine, merchant, key_of, made, &mut answers).await;
    engine.stop().await;
    Outcome::Answered(answers)
}

async fn ask(
    engine: &Engine,
    merchant: MerchantId,
    key_of: impl Fn(&str) -> PayoutId,
    all: &[Made],
    answers: &mut Answers,
) {
    let door = engine.gateway().for_merchant(merchant);
    for made in all {
        let id = key_of(&made.key);
        match door.get(id).await {
            Ok(view) => {
                let found = (id, view.payout.entries().to_vec());
                answers.payouts.insert(made.key.clone(), found);
            }
            Err(error) => answers.errors.push(format!("{} is answered: {error}", made.key)),
        }
        let query =
            ListQuery { reference: Some(made.reference.clone()), limit: 9, ..ListQuery::default() };
        let found = door.list(&query).await.map(|page| page.views.first().map(|v| v.payout.id()));
        answers.references.push(found.unwrap_or_default());
    }
    match door.list(&ListQuery { limit: 1_000, ..ListQuery::default() }).await {
        Ok(page) => answers.listed = page.views.iter().map(|view| view.payout.id()).collect(),
        Err(error) => answers.errors.push(format!("the list is answered: {error}")),
    }
    for _ in 0..400 {
        if engine.gateway().events_behind().is_ok_and(|behind| behind == 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    match door.events(0, 10_000) {
        Ok(events) => {
            let row =
                |one: &engine::Event| (one.sequence, one.payout, one.version, one.kind.word());
            answers.events = events.iter().map(row).collect();
        }
        Err(error) => answers.errors.push(format!("the events are answered: {error}")),
    }
}
