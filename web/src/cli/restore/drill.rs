//! `bursar restore --drill`: a restore tried beside production, to know before it is needed how long it
//! takes and what it leaves to ask about. Nothing of it is kept but the figures, and no provider is
//! called.

use super::source::Source;
use super::{RestoreArgs, carry_out_of, make_plan, orders, show};
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::identity::{DataDir, write_private};
use crate::serve::{cores, engine_options, sandbox_settings};
use adapters::provider::*;
use domain::failure::{Failure as Refused, Origin};
use domain::report::{FetchOutcome, SubmitOutcome, UndoOutcome};
use domain::resolution::Resolution;
use engine::Engine;
use engine::clock::SystemClock;
use engine::quarantine::time_for;
use engine::restore::Point;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the data directory keeps the figures of its last drill, for its gateway's metrics.
pub const FILE: &str = "restore-drill.json";

/// The figures of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDrill {
    /// When, in seconds since 1970.
    pub at: u64,
    /// The last journal record that the restore kept.
    pub through: u64,
    /// From the order to a gateway that answers: planned, written, opened and replayed.
    pub ready_milliseconds: u64,
    /// Payouts that would be asked about before they are sent.
    pub quarantined: u64,
    /// Questions that would have to be asked: those, and what is in doubt anyway.
    pub verify_calls: u64,
    /// How long they take at the pace that the account allows; none where its contract leaves the end
    /// to a person.
    pub verify_milliseconds: Option<u64>,
}

impl LastDrill {
    /// The figures of the last drill, if there was one and they can be read.
    pub fn read(path: &Path) -> Option<LastDrill> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }
}

/// Tries the restore and throws it away.
pub fn run(
    config: &Config,
    args: &RestoreArgs,
    source: &Source,
    point: Point,
    output: &Output,
) -> Result<(), Failure> {
    let into = args.into.clone().unwrap_or_else(|| beside(&config.store.data_dir));
    super::must_be_free(&into)?;
    let began = Instant::now();
    let plan = make_plan(source, point, args, output)?;
    show::plan(&plan, source, None, config, output);
    carry_out_of(source, &plan, &orders(config, args, source, &into)?, output)?;
    let opened = open(config, &into);
    let took = began.elapsed();
    std::fs::remove_dir_all(&into)
        .map_err(|error| Failure::failed(format!("{}: {error}", into.display())))?;
    opened?;
    let caps = sandbox_settings(config).caps();
    let verify_calls = plan.quarantined() + plan.in_doubt().count();
    let needed = time_for(verify_calls, &caps.limits, &caps.policy);
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let drill = LastDrill {
        at,
        through: plan.through,
        ready_milliseconds: millis(took),
        quarantined: plan.quarantined(),
        verify_calls,
        verify_milliseconds: needed.map(millis),
    };
    keep(&config.store.data_dir, &drill)?;
    tell(&drill, &show::json(&plan), output);
    Ok(())
}

/// A gateway on the restored directory, until it would answer.
fn open(config: &Config, dir: &Path) -> Result<(), Failure> {
    let data = DataDir::open(dir)?;
    let id_key = data.identity()?;
    let mut options = engine_options(config, id_key, cores());
    options.store.data_dir = dir.to_owned();
    (options.store.anchor_path, options.store.intent_ledger) = (None, None);
    actix_rt::System::new().block_on(async move {
        let engine = Engine::prepare(options, Arc::new(SystemClock));
        let provider: Arc<dyn Provider> = Arc::new(Untouched(sandbox_settings(config).caps()));
        let recovered = engine.recover(vec![provider]).await;
        engine.stop().await;
        recovered.map(drop).map_err(Failure::damaged)
    })
}

fn beside(data_dir: &Path) -> PathBuf {
    let mut name = data_dir.as_os_str().to_owned();
    name.push(".drill");
    PathBuf::from(name)
}

/// A drill of a file may be run where there is no data directory: then nobody counts it.
fn keep(data_dir: &Path, drill: &LastDrill) -> Result<(), Failure> {
    if !data_dir.is_dir() {
        return Ok(());
    }
    let path = data_dir.join(FILE);
    let bytes = serde_json::to_vec(drill).map_err(Failure::failed)?;
    write_private(&path, &bytes)
        .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

fn tell(drill: &LastDrill, plan: &serde_json::Value, output: &Output) {
    let asking = match drill.verify_milliseconds {
        Some(time) => format!("{} questions, which take {time} ms", drill.verify_calls),
        None => format!("{} questions, whose end is left to a person", drill.verify_calls),
    };
    let text = format!(
        "a restore to record {} is ready after {} ms and holds {} payouts; then {asking}",
        drill.through, drill.ready_milliseconds, drill.quarantined
    );
    let mut answer = json!(drill);
    answer["plan"] = plan.clone();
    output.say(&text, &answer);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The account's contract without the account: nothing is sent, and nobody is asked.
struct Untouched(Caps);

impl Untouched {
    fn refused() -> Refused {
        Refused::new(Resolution::ConnectionError, Origin::Platform)
    }
}

impl Provider for Untouched {
    fn caps(&self) -> &Caps {
        &self.0
    }

    fn prepare(&self, _: &Order) -> Result<(), Refused> {
        Err(Untouched::refused())
    }

    fn submit(&self, _: Arc<Order>) -> BoxFuture<'static, SubmitOutcome> {
        let nothing = SubmitOutcome::NotSent { why: Untouched::refused(), retry_after: None };
        Box::pin(async move { nothing })
    }

    fn fetch_status(&self, _: Lookup) -> BoxFuture<'static, FetchOutcome> {
        Box::pin(async { FetchOutcome::Unknown { why: Untouched::refused(), retry_after: None } })
    }

    fn revoke(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        Box::pin(async { UndoOutcome::Ambiguous { why: Untouched::refused() } })
    }

    fn cancel(&self, _: Lookup) -> BoxFuture<'static, UndoOutcome> {
        Box::pin(async { UndoOutcome::Ambiguous { why: Untouched::refused() } })
    }

    fn callback(&self, _: &RawCallback) -> CallbackOutcome {
        CallbackOutcome::Ignored
    }

    fn quote(&self, _: QuoteWish) -> BoxFuture<'static, Result<Quote, Refused>> {
        Box::pin(async { Err(Untouched::refused()) })
    }
}
