//! `bursar serve`: the composition root. Everything is built here, in the order it needs one another,
//! and ended in the opposite order; no other file knows both the store and a provider.

mod account;
mod archiving;
mod http;
mod ledger;
mod open_files;
mod options;
mod rates;
mod welcome;

pub use archiving::side_files_and_trial_keys;
pub use http::cores;
pub use open_files::allow as allow_open_files;
pub use options::{
    engine_options, sandbox_options, sandbox_settings, store_options, webhook_settings,
};

use crate::cli::{Failure, Output, open_keys};
use crate::config::Config;
use crate::dev_keys;
use crate::identity::DataDir;
use crate::keys::KeyStore;
use crate::shutdown::Shutdown;
use crate::webhooks::{EndpointError, OpenError, Webhooks, gateway_feed};
use account::Account;
use engine::clock::{Clock, SystemClock};
use engine::engine::{Recovered, StartError};
use engine::{Engine, Gateway};
use http::Listening;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use welcome::Welcome;

/// How often the events are looked at until they have caught up with the journal.
const EVENTS_LOOK: Duration = Duration::from_millis(20);
/// How long a recovery that is under way may still take once the gateway is asked to stop.
const RECOVERY_GRACE: Duration = Duration::from_secs(5);

/// Serves until a signal.
pub fn run(config: Config, output: &Output) -> Result<(), Failure> {
    crate::telemetry::start(&config.log);
    actix_rt::System::new().block_on(serve(&config, output))
}

async fn serve(config: &Config, output: &Output) -> Result<(), Failure> {
    let mut shutdown = Shutdown::listen().map_err(Failure::failed)?;
    let data = DataDir::open(&config.store.data_dir)?;
    let id_key = data.identity()?;
    let listening = Listening::bind(config)?;
    let keys = Arc::new(open_keys(config)?);
    // A proxy may stand before a loopback address, but nobody gets a live key to try things out.
    let may_be = config.merchants.is_empty() && listening.is_loopback() && !keys.has_live_keys();
    let dev_keys = dev_keys::open(data.path(), &keys, may_be).map_err(Failure::failed)?;
    allow_open_files(config);
    let options = engine_options(config, id_key, cores());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let engine = Engine::prepare(options, clock.clone());
    let account = Account::open(config, &listening, &engine.gateway()).await?;
    engine.convert_by(rates::rates(config, &account, &clock)?);
    warn_of_the_sandbox(config, &keys, &account);
    account.announce(output);
    let url = listening.url();
    let webhooks = open_webhooks(config, &data, listening.is_loopback())?;
    // From here callers are answered, with 503 until recovery is through.
    let server = listening.serve(config, engine.gateway(), keys, webhooks.clone()).await?;
    output.say(&format!("listening on {url}"), &json!({ "event": "listening", "url": url }));
    match recover(&engine, &account, &mut shutdown).await? {
        Some(recovered) => tell(&recovered, output),
        None => return Ok(()),
    }
    archiving::start(config, data.path(), &engine.gateway())?;
    if let Some(webhooks) = &webhooks {
        actix_rt::spawn(connect(webhooks.clone(), engine.gateway()));
    }
    Welcome { url: &url, data_dir: data.path(), keys: dev_keys.as_ref() }.print(output);
    shutdown.asked().await;
    tracing::info!("stopping");
    shutdown.at_once_from_now();
    server.stop().await;
    if let Some(webhooks) = &webhooks {
        webhooks.stop().await;
    }
    engine.stop().await;
    account.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// A live payout that the sandbox has paid looks paid, and nobody has the money.
fn warn_of_the_sandbox(config: &Config, keys: &KeyStore, account: &Account) {
    let is_live = keys.has_live_keys() || config.merchants.values().any(|one| one.livemode);
    if is_live && account.moves_no_money() {
        tracing::warn!(
            "a merchant is live, and the only provider is the sandbox: no payout moves any money"
        );
    }
}

/// Hands the events to the webhooks once they are all numbered again that were before: a book that was
/// opened among half of them would take itself to be ahead.
async fn connect(webhooks: Webhooks, gateway: Gateway) {
    if gateway.events_have_caught_up(EVENTS_LOOK).await.is_ok() {
        webhooks.connect(gateway_feed(gateway));
    }
}

/// Webhooks, if they are on. They send nothing until they are connected to the engine's events.
fn open_webhooks(
    config: &Config,
    data: &DataDir,
    on_loopback: bool,
) -> Result<Option<Webhooks>, Failure> {
    if !config.webhooks.enabled {
        return Ok(None);
    }
    let settings = webhook_settings(config, on_loopback);
    let opened = Webhooks::open(data.path(), settings, Arc::new(SystemClock));
    opened.map(Some).map_err(|error| match error {
        OpenError::Endpoints(EndpointError::Damaged { .. }) => Failure::damaged(error),
        error => Failure::failed(error),
    })
}

/// Recovers; nothing if the gateway was asked to stop meanwhile and is to end now.
async fn recover(
    engine: &Engine,
    account: &Account,
    shutdown: &mut Shutdown,
) -> Result<Option<Recovered>, Failure> {
    let mut recovery = std::pin::pin!(engine.recover(account.providers()));
    let done = tokio::select! {
        biased;
        done = &mut recovery => done,
        () = shutdown.asked() => {
            tracing::info!("stopping during recovery");
            if let Ok(Ok(_)) = tokio::time::timeout(RECOVERY_GRACE, recovery).await {
                engine.stop().await;
                return Ok(None);
            }
            // Recovery runs on a thread that cannot be interrupted, and has written nothing that
            // the next start would miss.
            std::process::exit(0);
        }
    };
    done.map(Some).map_err(failure)
}

fn failure(error: StartError) -> Failure {
    if error.is_damage() { Failure::damaged(error) } else { Failure::failed(error) }
}

fn tell(recovered: &Recovered, output: &Output) {
    let Recovered { live, finished, in_doubt, records, took, notes } = recovered;
    for note in notes {
        tracing::warn!("{note}");
    }
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(live, finished, in_doubt, records, millis, "recovered");
    let mut event = json!({ "event": "ready", "live": live, "finished": finished });
    event["in_doubt"] = json!(in_doubt);
    event["records"] = json!(records);
    event["milliseconds"] = json!(millis);
    output.json_only(&event);
}
