//! The store of a data directory that nobody serves from. Answers in the same JSON as a gateway would.
//! While this lives, no gateway can start on the directory.

use super::progress::Progress;
use crate::api::operator_snapshots::{PruningOut, SnapshotsOut, VerificationOut};
use crate::cli::{Failure, Output};
use crate::config::Config;
use crate::identity::DataDir;
use crate::render;
use crate::serve::store_options;
use domain::time::Timestamp;
use engine::clock::{Clock, SystemClock};
use engine::desk::{DeskOrder, Signature};
use engine::offline::{self, OfflineError};
use engine::{SnapshotError, SnapshotSeen};
use serde::Serialize;
use serde_json::Value;

/// A data directory, locked.
pub struct AtRest<'c> {
    config: &'c Config,
    _lock: DataDir,
}

impl<'c> AtRest<'c> {
    /// Of this configuration's data directory.
    pub fn new(config: &'c Config, lock: DataDir) -> AtRest<'c> {
        AtRest { config, _lock: lock }
    }

    /// All snapshots.
    pub fn list(&self) -> Result<Value, Failure> {
        let store = offline::open(store_options(self.config)).map_err(failure)?;
        let all = SnapshotSeen::all(&store.snapshots).map_err(of_store)?;
        store.close();
        json(&SnapshotsOut::at_rest(&all))
    }

    /// Takes one.
    pub fn create(&self, reason: &str, output: &Output) -> Result<Value, Failure> {
        let progress = Progress::start("snapshot", None, output);
        progress.reached(0);
        let options = store_options(self.config);
        let taken = offline::take_snapshot(options, signed(reason), now()).map_err(failure)?;
        progress.finish();
        json(&render::snapshot(&taken))
    }

    /// Reads one back.
    pub fn verify(&self, id: u64, reason: &str, output: &Output) -> Result<Value, Failure> {
        let store = self.order(DeskOrder::VerifySnapshot { id }, reason)?;
        let progress = Progress::start("verify", None, output);
        let found = store
            .snapshots
            .verify(id, &mut |done, all| progress.reached_of(done as u64, all as u64));
        progress.finish();
        store.close();
        let found = VerificationOut::of(id, found.map(drop).map_err(SnapshotError::from));
        json(&found.map_err(|error| failure(error.into()))?)
    }

    /// Applies the retention policy.
    pub fn prune(&self, dry_run: bool, reason: &str) -> Result<Value, Failure> {
        let store = match dry_run {
            true => offline::open(store_options(self.config)).map_err(failure)?,
            false => self.order(DeskOrder::PruneSnapshots, reason)?,
        };
        let pruned = store.snapshots.prune(dry_run).map_err(of_store)?;
        store.close();
        json(&PruningOut::of(pruned, dry_run))
    }

    fn order(&self, order: DeskOrder, reason: &str) -> Result<snapshots::Running, Failure> {
        let options = store_options(self.config);
        offline::order(options, order, signed(reason), now()).map_err(failure)
    }
}

/// Whoever sits at the machine: the name that the shell gives.
fn signed(reason: &str) -> Signature {
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let by = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    Signature { by: by.into(), reason: reason.into(), from: "the command line".into() }
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn json(value: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(Failure::failed)
}

fn of_store(error: snapshots::SnapshotError) -> Failure {
    failure(OfflineError::Snapshot(error.into()))
}

fn failure(error: OfflineError) -> Failure {
    let damage = match &error {
        OfflineError::Start(error) => error.is_damage(),
        OfflineError::Snapshot(error) => matches!(error, SnapshotError::Damaged(_)),
        OfflineError::ArchiveFirst => false,
    };
    if damage { Failure::damaged(error) } else { Failure::failed(error) }
}
