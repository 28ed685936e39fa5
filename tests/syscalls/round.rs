//! One round: a scene is played while one call goes wrong, and then everything is judged.

use crate::gateway::Gateway;
use crate::ground::{Ground, place};
use crate::judge::{Verdict, judge};
use crate::scene::{Scene, Told};
use crate::strace::{self, Call, Fault, Target};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Round {
    pub scene: Scene,
    pub target: Target,
    pub fault: Fault,
}

impl Round {
    /// Whether a sync fails on which acknowledgements rest.
    fn may_not_be_lived_through(&self) -> bool {
        let syncs = matches!(self.target.name.as_str(), "fsync" | "fdatasync");
        let rests_on = matches!(
            self.target.kind.as_str(),
            "log/#.seg" | "log" | "anchor" | "ledger/intents-#.ledger" | "identity.new"
        );
        syncs && rests_on && self.fault != Fault::Kill
    }
}

/// How the gateway took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// The scene went by without the call: threads differ from run to run.
    NotHit,
    Killed,
    /// It ended by itself, with an exit code and a message.
    Stopped,
    /// It answered with problems, and lived.
    Refused,
    /// Nobody noticed anything.
    WentOn,
}

pub struct Outcome {
    pub taken: Taken,
    /// How many calls failed.
    pub injected: usize,
    pub thread: String,
    pub verdict: Verdict,
}

/// The calls of a scene in which nothing goes wrong.
pub async fn count(ground: &mut Ground, scene: Scene) -> Vec<Call> {
    ground.clear().await;
    let (dir, log) = (scene.directory(ground), place());
    let log = log.path().join("log");
    let mut told = Told::default();
    let mut gateway = Gateway::start(dir.path(), &ground.sandbox.url, &strace::counting(&log), &[]);
    scene.play(&mut gateway, ground, &mut told).await;
    gateway.kill();
    gateway.quiet().await;
    assert!(told.wrong.is_empty() && told.refusals.is_empty(), "{:?}", (told.wrong, told.refusals));
    strace::calls(&std::fs::read_to_string(log).unwrap(), dir.path())
}

pub async fn play(ground: &mut Ground, round: &Round) -> Outcome {
    ground.clear().await;
    let (dir, log) = (round.scene.directory(ground), place());
    let log = log.path().join("log");
    let before = round.scene.image(ground).map(|image| image.heard.clone()).unwrap_or_default();
    let wrapper = strace::hitting(&log, dir.path(), &round.target, round.fault);
    let mut told = Told::default();
    let mut gateway = Gateway::start(dir.path(), &ground.sandbox.url, &wrapper, &[]);
    round.scene.play(&mut gateway, ground, &mut told).await;
    let by_itself = match round.may_not_be_lived_through() && has_failed(&log, dir.path()) {
        // Whoever failed may still be about to say so, and to end.
        true => gateway.ends().await.is_some(),
        false => gateway.ends_by_itself().await,
    };
    let status = gateway.kill();
    gateway.quiet().await;
    let calls = calls(&log, dir.path());
    let injected = calls.iter().filter(|call| call.injected).count();
    let thread = calls.last().map(|call| call.thread.clone()).unwrap_or_default();
    let taken = match round.fault {
        Fault::Kill if status.signal() == Some(9) && round.target.is_reached_by(&calls) => {
            Taken::Killed
        }
        Fault::Kill => Taken::NotHit,
        _ if injected == 0 => Taken::NotHit,
        _ if by_itself && !status.success() => Taken::Stopped,
        _ if !told.refusals.is_empty() => Taken::Refused,
        _ => Taken::WentOn,
    };
    let said = gateway.said();
    let mut verdict = ends_well(round, taken, by_itself.then_some(status), &said);
    if verdict.is_ok() {
        verdict = judge(ground, &before, dir.path(), told).await;
    }
    let verdict = verdict.map_err(|why| format!("{why}\n    it had said: {}", said.trim_end()));
    Outcome { taken, injected, thread, verdict }
}

fn calls(log: &Path, dir: &Path) -> Vec<Call> {
    strace::calls(&std::fs::read_to_string(log).unwrap_or_default(), dir)
}

/// Whether the call that is to fail has failed by now.
fn has_failed(log: &Path, dir: &Path) -> bool {
    calls(log, dir).iter().any(|call| call.injected)
}

/// Whoever stops says why; and a failed sync of what acknowledgements rest on is never lived through.
fn ends_well(round: &Round, taken: Taken, ended: Option<ExitStatus>, said: &str) -> Verdict {
    if let Some(status) = ended {
        if taken == Taken::Stopped && said.trim().is_empty() {
            return Err(format!("it ended ({status}) without a word"));
        }
        // Nobody has told it to stop in these.
        if matches!(round.scene, Scene::Life | Scene::Restart) && status.success() {
            return Err("it ended by itself, as if that were in order".to_owned());
        }
    }
    if round.may_not_be_lived_through() && matches!(taken, Taken::WentOn | Taken::Refused) {
        return Err("a sync failed, and it went on".to_owned());
    }
    Ok(())
}
